"""The wall clock jumps by a day, ahead and back, while the service is at work (libfaketime)."""

import os
import pathlib
import time

import pytest

from rig.site import Reply, page

DAY = 86400


@pytest.fixture
def clock(tmp_path):
    """clock.env is for the service; clock.jump(seconds) sets its time so far from ours."""
    (library,) = pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    data = tmp_path / "crawld-0"  # the service's, which reads nothing elsewhere
    data.mkdir()
    return Clock(data / "clock", library)


class Clock:
    def __init__(self, file, library):
        self.file = file
        self.jump(0)
        self.env = {
            "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip

    def jump(self, seconds):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.rename(self.file)


def gaps(requests):
    at = [r.at for r in requests]
    return [b - a for a, b in zip(at, at[1:])]


@pytest.mark.parametrize("jumps", [(DAY, 0), (-DAY, 0), (DAY, -DAY)])
def test_delays_hold_and_nothing_stands_still(service, world, clock, jumps):
    all_ = world({}, default=page("/x"))
    crawld = service(env=clock.env, defaults=(), binary=os.environ["CRAWLD_RELEASE_BIN"])
    job = crawld.submit([all_.url(f"/{i}") for i in range(30)], host_delay_ms=150)["id"]
    for n, seconds in zip((8, 16), jumps):
        crawld.wait(job, lambda _, n=n: len(all_.site.requests) >= n, seconds=30)
        clock.jump(seconds)
    told = crawld.wait(job, seconds=30)
    assert told["counts"]["succeeded"] == 30
    found = gaps(all_.site.requests)
    assert min(found) >= 0.149 and max(found) < 5, found


def test_what_waits_for_a_time_waits_as_long(service, world, clock):
    """A Retry-After of some seconds is neither cut short nor a day longer."""
    refusals = [Reply(status=503, headers={"Retry-After": "4"})]
    all_ = world({}, default=lambda _: refusals.pop() if refusals else page("/x"))
    crawld = service(env=clock.env, defaults=(), binary=os.environ["CRAWLD_RELEASE_BIN"])
    job = crawld.submit([all_.url("/a"), all_.url("/b")], host_delay_ms=100)["id"]
    crawld.wait(job, lambda _: all_.site.requests, seconds=30)
    clock.jump(DAY)
    time.sleep(0.5)
    clock.jump(-DAY)
    assert crawld.wait(job, seconds=30)["counts"]["succeeded"] == 2
    first, second = all_.site.requests[:2]
    assert 3.9 <= second.at - first.at < 10


def test_what_is_finished_stays_for_its_time(service, world, clock):
    """A day ahead: what has a week is there. A week and a day: it has gone, as it was to."""
    all_ = world({}, default=page("/x"))
    crawld = service(env=clock.env, defaults=(), binary=os.environ["CRAWLD_RELEASE_BIN"])
    job = crawld.crawl([all_.url("/")], retention_seconds=7 * DAY)["id"]
    for seconds in (DAY, -DAY, 0):
        clock.jump(seconds)
        time.sleep(2.5)
        assert crawld.get(f"/v1/jobs/{job}").status == 200
    clock.jump(8 * DAY)
    end = time.monotonic() + 20
    while crawld.get(f"/v1/jobs/{job}").status == 200:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert crawld.get(f"/v1/jobs/{job}").status == 404
    assert crawld.crawl([all_.url("/")])["counts"]["succeeded"] == 1


def test_who_waits_is_answered(service, world, clock):
    all_ = world({}, default=Reply(body=b"", delay=3))
    crawld = service(env=clock.env, defaults=(), binary=os.environ["CRAWLD_RELEASE_BIN"])
    job = crawld.submit([all_.url("/")])
    begin = time.monotonic()
    clock.jump(-DAY)
    assert crawld.get(f"/v1/jobs/{job['id']}?wait=20").json["is_finished"]
    assert 2.5 < time.monotonic() - begin < 10
    begin = time.monotonic()
    other = crawld.submit([all_.url("/2")], paused=True)
    clock.jump(DAY)
    assert not crawld.get(f"/v1/jobs/{other['id']}?wait=2&since={other['version']}").json["is_finished"]
    assert 1.5 < time.monotonic() - begin < 10
