"""Finished jobs leave when their time is over, with all that they had."""

import datetime
import time

import pytest

from rig.site import Reply, page

pytestmark = pytest.mark.threaded


def at(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def is_gone(crawld, job_id):
    return crawld.get(f"/v1/jobs/{job_id}").status == 404


def await_gone(crawld, job_id, seconds=20):
    """As a poller does."""
    end = time.monotonic() + seconds
    while not is_gone(crawld, job_id):
        assert time.monotonic() < end, crawld.job(job_id)
        time.sleep(0.1)


def test_a_job_leaves_and_others_stay(service, site):
    web = site({}, default=page("/x"))
    crawld = service("--retention-seconds", "3600")
    kept = crawld.crawl([web.url("/kept")])
    assert at(kept["expires_at"]) == at(kept["finished_at"]) + 3600
    created = crawld.submit([web.url(f"/{i}") for i in range(50)], retention_seconds=2)
    assert created["expires_at"] is None
    job = crawld.wait(created["id"])
    assert at(job["expires_at"]) == at(job["finished_at"]) + 2
    assert job["options"]["retention_seconds"] == 2
    await_gone(crawld, job["id"])
    assert time.time() >= at(job["expires_at"])
    for rest in ("/urls", "/links", "/links?format=tsv", "/events", "/hosts"):
        assert crawld.get(f"/v1/jobs/{job['id']}{rest}").status == 404
    assert crawld.call("POST", f"/v1/jobs/{job['id']}/retry").status == 404
    assert [j["id"] for j in crawld.get("/v1/jobs").json["items"]] == [kept["id"]]
    assert len(crawld.tsv(kept["id"])) == 1


def test_it_leaves_after_a_restart(service, site):
    web = site({}, default=page("/x"))
    crawld = service("--retention-seconds", "3")
    first = crawld.crawl([web.url("/1")])["id"]
    crawld.kill()
    time.sleep(3)
    crawld.restart()
    await_gone(crawld, first)
    second = crawld.crawl([web.url("/2")])["id"]
    crawld.options += ["--retention-seconds", "86400"]  # of jobs to come
    assert crawld.stop() == 0
    crawld.restart()
    await_gone(crawld, second)


def test_a_job_that_runs_again_counts_anew(service, site):
    web = site({}, default=page("/x"))
    crawld = service("--retention-seconds", "4")
    job = crawld.crawl([web.url("/1")])
    web.default = Reply(body=b"x", delay=0.5)
    added = crawld.post_text(f"/v1/jobs/{job['id']}/urls", web.url("/2"))
    assert added.status == 202 and added.json["expires_at"] is None, added
    again = crawld.wait(job["id"])
    assert at(again["expires_at"]) == at(again["finished_at"]) + 4 > at(job["expires_at"])
    await_gone(crawld, job["id"])
    assert time.time() >= at(again["expires_at"])


def test_a_job_may_only_shorten_it(service, site):
    web = site({}, default=page("/x"))
    crawld = service("--retention-seconds", "60")
    answer = crawld.post_json("/v1/jobs", {"urls": [web.url("/")], "retention_seconds": 61})
    assert answer.status == 400 and answer.json["errors"][0]["pointer"] == "#/retention_seconds", answer
    assert crawld.post_text("/v1/jobs?retention_seconds=60", web.url("/")).status == 202


def test_without_a_retention_jobs_stay(service, site):
    web = site({}, default=page("/x"))
    crawld = service("--retention-seconds", "0")
    assert crawld.crawl([web.url("/")])["expires_at"] is None
    asked = crawld.crawl([web.url("/")], retention_seconds=1)
    assert at(asked["expires_at"]) == at(asked["finished_at"]) + 1
    await_gone(crawld, asked["id"])
