"""kill -9 at any moment: what was acknowledged is there, and nothing is there twice."""

import collections
import random
import time

import pytest

from rig.site import Reply, page

HOSTS = 10
LINKS = ("/x", "/y", "/z")
FETCH_SECONDS = 0.2  # with 2 connections to each host: 100 URLs a second


def slow_page():
    return Reply(body=page(*LINKS).body, delay=FETCH_SECONDS)


def list_of(web, n):
    return [web.url(f"/{i}", host=f"127.0.7.{i % HOSTS + 1}") for i in range(n)]


def begin_upload(crawld):
    """A list of which the last byte never comes."""
    connection = crawld.connection()
    connection.putrequest("POST", "/v1/jobs?name=half")
    connection.putheader("Content-Type", "text/plain")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    lines = b"".join(b"http://half.test/%d\n" % i for i in range(500))
    connection.send(b"%x\r\n%b\r\n" % (len(lines), lines))
    return connection


def await_open_transfers(web, seen, seconds=60):
    end = time.monotonic() + seconds
    while len(web.requests) <= seen or not web.in_flight:
        assert time.monotonic() < end, "no transfer was opened"
        time.sleep(0.005)


def check_jobs(crawld, acknowledged):
    listed = {job["id"] for job in crawld.items("/v1/jobs?limit=100")}
    assert listed == set(acknowledged)  # all of them, and no half upload
    for job_id in acknowledged:
        crawld.job(job_id)


def check_whole(crawld, job_id, urls):
    records = list(crawld.items(f"/v1/jobs/{job_id}/urls"))
    assert collections.Counter(r["url"] for r in records) == collections.Counter(urls)
    assert {r["outcome"] for r in records} == {"succeeded"}
    rows = collections.Counter(map(tuple, crawld.tsv(job_id)))
    assert set(rows.values()) == {1}
    assert len(rows) == len(urls) * len(LINKS)


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(20, marks=pytest.mark.timeout(400)),
        pytest.param(200, marks=[pytest.mark.timeout(3600), pytest.mark.long]),
    ],
)
def test_kills(service, site, kills):
    web = site({}, default=slow_page())
    crawld = service()
    urls = list_of(web, 100 * kills)
    chance = random.Random(9)
    main = crawld.submit(urls)["id"]
    acknowledged = [main]
    repeated_after = 0
    for _ in range(kills):
        seen = len(web.requests)
        half = begin_upload(crawld)
        await_open_transfers(web, seen)
        time.sleep(chance.uniform(0, 1.2))
        acknowledged.append(quick_job(crawld))
        await_open_transfers(web, len(web.requests) - 1)
        assert not crawld.job(main)["is_finished"], "too quick for this test"
        crawld.kill()
        half.close()
        time.sleep(FETCH_SECONDS)  # what was on the wire has arrived
        seen = len(web.requests)
        fetched_before = set(web.paths())
        crawld.restart()
        check_jobs(crawld, acknowledged)
        await_open_transfers(web, seen)
        repeated_after += any(path in fetched_before for path in web.paths()[seen : seen + HOSTS])
    job = crawld.wait(main, seconds=10 * kills)
    assert job["counts"]["succeeded"] == len(urls)
    assert repeated_after > kills / 2
    check_whole(crawld, main, urls)
    check_jobs(crawld, acknowledged)


def quick_job(crawld):
    """A job that is acknowledged just before the kill."""
    return crawld.submit(["http://127.0.0.1:9/"])["id"]
