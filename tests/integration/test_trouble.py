"""Hosts in trouble: what they ask for is done, what is dead holds up nobody, and it is remembered."""

import collections
import contextlib
import datetime
import email.utils
import socket
import sqlite3
import time

import pytest

from rig.dns import A, SERVFAIL, SILENT
from rig.site import Reply, page

pytestmark = pytest.mark.threaded

HASTE = {"CRAWLD_TEST_PATIENCE_DIVISOR": "200"}


def codes(crawld, job_id):
    return {r["url"]: r["code"] for r in crawld.items(f"/v1/jobs/{job_id}/urls")}


def gaps(requests):
    at = [r.at for r in requests]
    return [b - a for a, b in zip(at, at[1:])]


def refusing_once(status, **headers):
    """The first request is refused, and all that come later are answered."""
    refusals = [Reply(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})]
    return lambda _: refusals.pop() if refusals else page("/x")


@pytest.mark.parametrize("status, form", [(429, "seconds"), (503, "date")])
def test_retry_after_holds_the_host_for_all_jobs(service, site, status, form):
    until = email.utils.formatdate(time.time() + 3.5, usegmt=True)
    web = site({}, default=refusing_once(status, Retry_After="3" if form == "seconds" else until))
    crawld = service("--host-connections", "1")
    first = crawld.submit([web.url("/a")])["id"]
    crawld.wait(first, lambda _: web.requests, seconds=10)
    second = crawld.submit([web.url(f"/{i}") for i in range(3)] + [web.url("/", "127.0.0.2")])["id"]
    crawld.wait(second, lambda j: j["counts"]["succeeded"] == 1, seconds=2)  # the other host
    (waits,) = [h for h in crawld.items(f"/v1/jobs/{second}/hosts") if h["host"].startswith("127.0.0.1:")]
    assert (waits["blocked_by"], waits["queued"]) == ("retry_after", 3), waits
    assert waits["blocked_until"] and waits["eta_seconds"] >= 1
    for job_id in (first, second):
        job = crawld.wait(job_id)
        assert job["counts"]["succeeded"] == job["counts"]["total"]
    here = [r for r in web.requests if r.address == "127.0.0.1"]
    assert len(here) == 5 and gaps(here)[0] >= (3 if form == "seconds" else 2)


def test_a_long_retry_after_survives_a_restart(service, site):
    web = site({}, default=refusing_once(429, Retry_After="6"))
    crawld = service()
    job_id = crawld.submit([web.url("/a")])["id"]
    crawld.wait(job_id, lambda _: web.requests, seconds=10)
    time.sleep(1)
    crawld.kill()
    crawld.restart()
    other = crawld.submit([web.url("/b")])["id"]
    (host,) = crawld.get(f"/v1/jobs/{other}/hosts").json["items"]
    for id_ in (job_id, other):
        assert crawld.wait(id_)["counts"]["succeeded"] == 1
    assert gaps(web.requests)[0] >= 5.9, host


def test_refusals_without_a_time_slow_down(service, site):
    refusals = [Reply(status=429)] * 2
    web = site({}, default=lambda _: refusals.pop() if refusals else page("/x"))
    crawld = service("--host-connections", "1", "--max-attempts", "3")
    job = crawld.crawl([web.url(f"/{i}") for i in range(4)])
    assert job["counts"]["succeeded"] == 4
    # one second after the first, two after the second, and then less by and by
    assert gaps(web.requests)[0] >= 0.99 and gaps(web.requests)[1] >= 1.99
    assert min(gaps(web.requests)) > 0.9


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def test_dead_hosts_hold_up_nobody(service, site, dns):
    web = site({}, default=page("/x"))
    table = {f"good{i}.test": A("127.0.0.1") for i in range(50)}
    table |= {"servfail.test": SERVFAIL, "silent.test": SILENT}
    names = dns(table)
    port = closed_port()
    dead = [
        f"http://127.0.0.1:{port}/",
        f"http://127.0.0.2:{port}/",
        web.url("/", "servfail.test"),
        web.url("/", "silent.test"),
        web.url("/", "nowhere.test"),
    ]
    good = [web.url(f"/{n}", f"good{i}.test") for i in range(50) for n in range(4)]
    bad = [f"{url}{n}" for url in dead for n in range(20)]
    crawld = service(*names.options, env=HASTE)
    job_id = crawld.submit([u for pair in zip(bad, good) for u in pair] + good[100:], timeout_ms=2000)["id"]
    crawld.wait(job_id, lambda j: j["counts"]["succeeded"] == 200, seconds=20)
    job = crawld.wait(job_id, seconds=60)
    assert (job["counts"]["succeeded"], job["counts"]["failed"]) == (200, 100)
    found = collections.Counter(codes(crawld, job_id)[u] for u in bad)
    assert set(found) <= {"connect_error", "dns_error", "timeout", "host_unavailable"}, found
    assert found["host_unavailable"] > 40, found


def seconds_of(web, crawld, urls, n):
    """How long the |n| requests take that the site sees, by their own clock."""
    del web.requests[:]
    job_id = crawld.submit(urls, host_delay_ms=100, timeout_ms=5000)["id"]
    crawld.wait(job_id, lambda j: j["counts"]["succeeded"] == n, seconds=60)
    crawld.post_json(f"/v1/jobs/{job_id}/cancel", {})
    crawld.wait(job_id)
    return web.requests[-1].at - web.requests[0].at


def test_a_thousand_dead_names_cost_others_little(service, site, dns):
    web = site({}, default=page("/x"))
    table = {f"good{i}.test": A("127.0.0.1") for i in range(20)}
    table |= {f"dead{i}.test": (SERVFAIL, SILENT, SILENT)[i % 3] for i in range(700)}
    crawld = service("--ip-connections", "0", *dns(table).options)
    good = [web.url(f"/{n}", f"good{i}.test") for n in range(40) for i in range(20)]
    bad = [web.url(f"/{n}", f"dead{i}.test") for n in range(2) for i in range(1_000)]
    alone = seconds_of(web, crawld, good, len(good))
    beside = seconds_of(web, crawld, bad[:1000] + good + bad[1000:], len(good))
    assert alone > 3.5
    assert beside < alone / 0.9, (alone, beside)


def test_a_dead_host_is_tried_by_one_request_at_a_time(service, site):
    """A listener that closes at once: each connection it sees is a try."""
    web = site({}, default=Reply(raw=b""))
    crawld = service(env={"CRAWLD_TEST_PATIENCE_DIVISOR": "60"})
    job_id = crawld.submit([web.url(f"/{i}") for i in range(200)], max_attempts=1)["id"]
    job = crawld.wait(job_id, seconds=60)
    found = collections.Counter(codes(crawld, job_id).values())
    assert found["host_unavailable"] >= 180, found
    assert len(web.requests) <= 12  # five open it, those under way with them, four probes
    late = gaps(web.requests)[-3:]
    assert all(gap > 0.36 for gap in late), gaps(web.requests)
    assert job["counts"]["failed"] == 200


def test_a_host_that_comes_back_is_served(service, site):
    web = site({}, default=Reply(raw=b""))
    crawld = service(env={"CRAWLD_TEST_PATIENCE_DIVISOR": "15"})
    job_id = crawld.submit([web.url(f"/{i}") for i in range(40)], max_attempts=3)["id"]
    crawld.wait(job_id, lambda _: len(web.requests) >= 5, seconds=20)
    web.default = page("/x")
    job = crawld.wait(job_id, seconds=60)
    assert job["counts"]["succeeded"] >= 34, job["counts"]


def the_host(crawld, job_id):
    (host,) = crawld.get(f"/v1/jobs/{job_id}/hosts").json["items"]
    return host


def test_an_open_circuit_holds_over_a_restart(service, site):
    """And for other jobs, too. When its time is over one request goes first, alone."""
    web = site({}, default=Reply(raw=b""))
    crawld = service("--host-connections", "4", env={"CRAWLD_TEST_PATIENCE_DIVISOR": "4"})
    first = crawld.submit([web.url(f"/{i}") for i in range(20)], max_attempts=1)["id"]
    crawld.wait(first, lambda _: the_host(crawld, first)["blocked_by"] == "backoff", seconds=10)
    crawld.wait(first, lambda _: not web.in_flight, seconds=10)
    crawld.kill()
    opened = len(web.requests)
    web.default = Reply(body=page("/x").body, delay=0.5)
    crawld.restart()
    second = crawld.submit([web.url(f"/other{i}") for i in range(8)])["id"]
    host = the_host(crawld, first)
    assert host["blocked_by"] == "backoff" and 5 <= host["done"] <= opened <= 8, host
    until = datetime.datetime.fromisoformat(host["blocked_until"]).timestamp()
    jobs = [crawld.wait(id_, seconds=30) for id_ in (first, second)]
    assert [j["counts"]["succeeded"] for j in jobs] == [20 - host["done"], 8]
    probe, *rest = web.requests[opened:]
    assert probe.at + time.time() - time.monotonic() >= until - 0.01
    assert rest[0].at >= probe.at + 0.5  # once it was answered


def test_a_host_that_was_given_up_is_not_asked_after_a_restart(service, site):
    web = site({}, default=Reply(raw=b""))
    crawld = service(env=HASTE)
    crawld.crawl([web.url(f"/{i}") for i in range(30)], max_attempts=1)
    crawld.kill()
    web.default = page("/x")
    crawld.extra_env = {}
    crawld.restart()
    seen = len(web.requests)
    job = crawld.submit([web.url(f"/again{i}") for i in range(5)])
    time.sleep(1)
    assert len(web.requests) <= seen + 5
    assert crawld.wait(job["id"], seconds=30)["is_finished"]


def test_a_retry_asks_a_host_that_was_given_up_at_once(service, site):
    """One request goes first, though the ten minutes are not over."""
    web = site({}, default=Reply(raw=b""))
    crawld = service(env=HASTE)
    job_id = crawld.crawl([web.url(f"/{i}") for i in range(30)], max_attempts=1)["id"]
    crawld.stop()
    with contextlib.closing(sqlite3.connect(crawld.database)) as database:
        until = round(time.time() * 1000) + 600_000
        database.execute("UPDATE host SET blocked_until=?", (until,))
        database.commit()
    crawld.extra_env = {}
    crawld.restart()
    web.default = Reply(body=page("/x").body, delay=0.5)
    seen = len(web.requests)
    assert crawld.call("POST", f"/v1/jobs/{job_id}/retry").json["retried"] == 30
    assert crawld.wait(job_id, seconds=60)["counts"]["succeeded"] == 30
    probe, second = web.requests[seen : seen + 2]
    assert second.at >= probe.at + 0.5


def blocks_until(crawld):
    """By time.monotonic()."""
    with contextlib.closing(sqlite3.connect(crawld.database)) as database:
        (until,) = database.execute("SELECT max(blocked_until) FROM host").fetchone()
    return until / 1000 - time.time() + time.monotonic()


@pytest.mark.parametrize("has_ended", [True, False])
def test_a_retry_asks_a_host_that_was_given_up_while_it_is_known(service, site, has_ended):
    """The engine has not forgotten it yet, and the job may be at work elsewhere."""
    web, slow = site({}, default=Reply(raw=b"")), site({}, default=Reply(body=b"", delay=60))
    crawld = service(env={"CRAWLD_TEST_PATIENCE_DIVISOR": "60"})
    urls = [web.url(f"/{i}") for i in range(30)]
    job_id = crawld.submit(urls if has_ended else [slow.url("/"), *urls], max_attempts=1)["id"]
    crawld.wait(job_id, lambda j: j["counts"]["failed"] == 30, seconds=60)
    until = blocks_until(crawld)
    web.default = Reply(body=page("/x").body, delay=0.5)
    seen = len(web.requests)
    assert crawld.call("POST", f"/v1/jobs/{job_id}/retry").json["retried"] == 30
    crawld.wait(job_id, lambda j: j["counts"]["succeeded"] == 30, seconds=60)
    probe, second = web.requests[seen : seen + 2]
    assert probe.at < until and second.at >= probe.at + 0.5


def test_the_delay_holds_over_spellings_and_restarts(service, site, dns):
    web = site({}, default=page("/x"))
    names = dns({"example.test": A("127.0.0.1")})
    crawld = service(*names.options, "--host-delay-ms", "700")
    spellings = ["example.test", "EXAMPLE.test", "example.test.", "Example.TEST."]
    urls = [f"http://{h}:{web.port}/{n}" for n, h in enumerate(spellings)]
    jobs = [crawld.submit([url])["id"] for url in urls]
    for job_id in jobs[:2]:
        crawld.wait(job_id)
    crawld.kill()
    crawld.restart()
    for job_id in jobs:
        assert crawld.wait(job_id)["counts"]["succeeded"] == 1
    assert len(web.requests) >= 4
    assert all(gap >= 0.7 for gap in gaps(web.requests)), gaps(web.requests)


def test_a_redirect_that_waits_at_a_host_which_is_put_off(service, site):
    """On its own host: the hop goes back with the rest, and nothing is left running."""
    web = site(
        {
            "/b": Reply(status=429, headers={"Retry-After": "60"}, delay=0.8),
            "/a": Reply(status=302, headers={"Location": "/x"}),
            "/x": Reply(body=b"x"),
        }
    )
    crawld = service()
    job = crawld.submit([web.url("/b"), web.url("/a")], host_delay_ms=500)
    crawld.wait(job["id"], lambda _: web.paths() == ["/b", "/a"] and not web.in_flight, seconds=10)
    counts = crawld.wait(job["id"], lambda j: j["counts"]["running"] == 0, seconds=5)["counts"]
    assert counts["queued"] == 2 and web.paths() == ["/b", "/a"]
    crawld.call("POST", f"/v1/jobs/{job['id']}/cancel")
    assert crawld.wait(job["id"], seconds=5)["counts"]["cancelled"] == 2
