"""Allocations fail in turn, the libraries' and our own: no crash, and nothing is half done.

What is small and fixed ends the process with a word (base/mem.h); all else goes on.
"""

import collections
import contextlib
import gzip
import http.client
import json
import mmap
import os
import pathlib
import random
import signal
import struct
import time

import pytest

from rig.crawld import LOOPBACK, NO_DELAY, Crawld
from rig.site import Reply, page, redirect

NONE = 1 << 62  # so many allocations succeed
LAST_WORDS = "crawld: out of memory"


class Plan:
    """Which allocations fail: the memory that failing_malloc.c reads."""

    def __init__(self, path):
        path.write_bytes(bytes(mmap.PAGESIZE))
        with path.open("r+b") as file:
            self.memory = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.set(NONE, 0)

    def set(self, left, failing):
        self.memory[:16] = struct.pack("qq", left, failing)

    def left(self):
        return struct.unpack_from("q", self.memory)[0]


class Starved:
    """One service; it is started anew where it ended for want of memory."""

    def __init__(self, folder):
        library = pathlib.Path(os.environ["CRAWLD_BIN"]).parent / "tests" / "libfailing_malloc.so"
        self.plan = Plan(folder / "plan")
        env = {"LD_PRELOAD": library, "FAILING_MALLOC": folder / "plan", "MALLOC_ARENA_MAX": "1"}
        self.crawld = Crawld(
            folder / "crawld", *LOOPBACK, *NO_DELAY, "--max-attempts", "1", "--timeout-ms", "2000",
            env=env, binary=os.environ["CRAWLD_RELEASE_BIN"],
        ).start()  # fmt: skip
        self.deaths = 0

    def restart_if_dead(self):
        with contextlib.suppress(Exception):
            self.crawld.process.wait(0.05)
        if self.crawld.process.poll() is None:
            return
        self.plan.set(NONE, 0)
        status, log = self.crawld.await_end(5), list(self.crawld.log)
        self.deaths += 1
        self.crawld.log.clear()
        self.crawld.start()
        assert status == -signal.SIGABRT and LAST_WORDS in log, "\n".join([str(status), *log[-40:]])

    def asked(self, call):
        """What |call| gives as soon as the service has the memory for it."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                answer = call(self.crawld)
                if answer.status < 500:
                    return answer
            except (OSError, http.client.HTTPException):
                pass
            self.restart_if_dead()
        raise AssertionError("it did not recover")


@pytest.fixture
def starved(request, tmp_path):
    one = Starved(tmp_path)
    request.addfinalizer(one.crawld.close)
    return one


def table():
    return {
        "/": page("/a", "b?x=1&amp;y=2#part", "//other.test/x", *(f"/{i}" for i in range(300))),
        "/zipped": Reply(body=page("/z", "/y").body, gzip=True, chunked=True),
        "/moved": redirect("/deep/"),
        "/deep/": page("rel", "../up"),
        "/latin": Reply(body=b"<a href='/\xe4?\xf6'>", content_type="text/html; charset=iso-8859-1"),
        "/gone": Reply(status=404),
        "/big": page(*(f"/{i}/{'x' * 200}" for i in range(2_000))),
    }


def story(starved, web, name):
    """A list goes in, is crawled, and comes out; gives its records and its links."""
    body = json.dumps({"urls": [web.url(path) for path in table()] + ["http://"], "metadata": {"a": name}})
    fields = {"Content-Type": "application/json", "Idempotency-Key": f'"{name}"'}
    created = starved.asked(lambda crawld: crawld.call("POST", "/v1/jobs", body, fields))
    assert created.status == 202, created
    of_job = f"/v1/jobs/{created.json['id']}"
    end = time.monotonic() + 60
    while not (job := starved.asked(lambda crawld: crawld.get(of_job + "?wait=5")).json)["is_finished"]:
        assert time.monotonic() < end, f"{job} {starved.crawld.log[-5:]}" + starved.crawld.get("/v1/hosts").text
    assert job["state"] == "completed" and job["counts"]["total"] == len(table()) + 1, job
    records = starved.asked(lambda crawld: crawld.get(of_job + "/urls?limit=1000")).json["items"]
    links = starved.asked(lambda crawld: crawld.get(of_job + "/links?format=tsv", Accept_Encoding="gzip"))
    starved.asked(lambda crawld: crawld.get(of_job + "/links?format=ndjson", Accept_Encoding="zstd"))
    starved.asked(lambda crawld: crawld.get(of_job + "/summary"))
    return records, by_source(links)


def by_source(answer):
    body = gzip.decompress(answer.body) if answer.headers["Content-Encoding"] else answer.body
    found = {}
    for line in body.decode().splitlines()[1:]:
        source, target = line.split("\t")
        found.setdefault(source, []).append(target)
    return found


def check(told, whole):
    """|told|: what came of a story with failures; |whole|: of one without."""
    records, links = told
    succeeded = {r["url"] for r in records if r["outcome"] == "succeeded"}
    urls = {r["url"] for r in whole[0]}
    assert {r["url"] for r in records} == urls, [r for r in records if r["url"] not in urls or not r["url"]]
    expected = {source: found for source, found in whole[1].items() if source in succeeded}
    lost = [r for r in records if links.get(r["url"]) != expected.get(r["url"])]
    assert not lost, [(r["url"], r["code"], r["links_found"], links.get(r["url"])) for r in lost]
    before = {r["url"]: r["code"] for r in whole[0]}
    return [r["code"] for r in records if r["code"] != before[r["url"]]]


@pytest.mark.parametrize("most", [60, pytest.param(None, marks=[pytest.mark.long, pytest.mark.timeout(7200)])])
def test_no_allocation_has_to_succeed(starved, site, most):
    web = site(table())
    story(starved, web, "a first one, which sets up much")
    starved.plan.set(NONE, 0)
    whole = story(starved, web, "whole")
    n = NONE - starved.plan.left()
    assert n > 1000 and len(whole[1]) == 6
    dice = random.Random(4711)
    chosen = sorted(dice.sample(range(n), most)) if most else range(n)
    codes, wrong = collections.Counter(), []
    for i in chosen:
        starved.plan.set(i, dice.choice((1, 1, 5)))
        try:
            codes.update(check(story(starved, web, f"{i}"), whole))
        except AssertionError as e:
            wrong.append(f"{i}: {e}")
    assert not wrong, "\n\n".join(wrong)
    print(f"{n} allocations, {len(chosen)} failed, {starved.deaths} deaths, URLs ended otherwise: {codes}")
