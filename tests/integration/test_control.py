"""Pause, resume and what a job is told at its start: the site's own log is the witness."""

import collections
import time

import pytest

from rig.site import Reply, page

pytestmark = pytest.mark.threaded

HOSTS = 4


def act(crawld, job_id, action):
    return crawld.call("POST", f"/v1/jobs/{job_id}/{action}", "")


def list_of(web, n, tag=""):
    return [web.url(f"/{tag}{i}", host=f"127.0.8.{i % HOSTS + 1}") for i in range(n)]


def running_job(crawld, web, n=300):
    """Of pages that take a while: |n| of them keep it busy for some seconds."""
    job = crawld.submit(list_of(web, n))
    crawld.wait(job["id"], lambda j: j["counts"]["succeeded"] > 0)
    return job["id"]


def check_each_once(crawld, web, job_id, n):
    job = crawld.wait(job_id)
    assert (job["state"], job["stop_reason"]) == ("completed", "no_more_urls")
    assert job["counts"]["succeeded"] == n
    assert set(collections.Counter((r.address, r.path) for r in web.requests).values()) == {1}
    assert len(web.requests) == n


def slow_site(site):
    return site({}, default=Reply(body=page("/x").body, delay=0.05))


def test_pause_and_resume(service, site):
    web = slow_site(site)
    crawld = service()
    job_id = running_job(crawld, web)
    for _ in range(3):
        answer = act(crawld, job_id, "pause")
        answered_at = time.monotonic()
        assert answer.status == 200 and answer.json["state"] == "paused", answer
        assert answer.json["actions"] == ["resume", "cancel"]
        time.sleep(0.7)
        assert [r.path for r in web.requests if r.at > answered_at + 0.1] == []
        job = crawld.job(job_id)
        assert job["state"] == "paused" and job["counts"]["running"] == 0
        assert job["counts"]["queued"] > 0 and not job["is_finished"]
        seen = len(web.requests)
        answer = act(crawld, job_id, "resume")
        assert answer.status == 200 and answer.json["state"] == "running", answer
        crawld.wait(job_id, lambda _: len(web.requests) > seen + 8, seconds=10)
    check_each_once(crawld, web, job_id, 300)


def test_a_pause_is_no_part_of_the_pace(service, site):
    web = slow_site(site)
    crawld = service()
    job_id = crawld.submit([web.url(f"/{i}") for i in range(40)], host_delay_ms=100)["id"]
    crawld.wait(job_id, lambda j: j["counts"]["succeeded"] >= 15)
    assert act(crawld, job_id, "pause").json["eta_seconds"] is None
    time.sleep(2.5)  # as long as all of it takes
    job = act(crawld, job_id, "resume").json
    assert 5 < job["urls_per_second"] < 15 and 1 <= job["eta_seconds"] <= 5, job
    assert job["poll_after_ms"] <= 5000
    job = crawld.wait(job_id)
    assert 5 < job["urls_per_second"] < 15 and job["eta_seconds"] == 0


def test_the_slowest_host_tells_the_end(service, site):
    web = site({}, default=page("/x"))
    crawld = service()
    urls = list_of(web, 40) + [web.url(f"/slow/{i}", host="127.0.8.99") for i in range(40)]
    job_id = crawld.submit(urls, host_delay_ms=250)["id"]  # 40 at one host: ten seconds
    crawld.wait(job_id, lambda j: j["counts"]["succeeded"] > 40)
    job = crawld.job(job_id)
    left = job["counts"]["queued"] + job["counts"]["running"]
    assert abs(job["eta_seconds"] - left * 0.25) <= 2, job
    assert act(crawld, job_id, "cancel").status == 200


def test_pause_and_resume_are_idempotent(service, site):
    web = slow_site(site)
    crawld = service()
    job_id = running_job(crawld, web)
    assert act(crawld, job_id, "resume").json["state"] == "running"
    first, second = act(crawld, job_id, "pause"), act(crawld, job_id, "pause")
    assert (first.status, second.status) == (200, 200)
    assert second.json["state"] == "paused"
    assert crawld.get("/v1/jobs?state=paused").json["items"][0]["id"] == job_id
    for _ in range(2):
        assert act(crawld, job_id, "resume").json["state"] == "running"
    check_each_once(crawld, web, job_id, 300)
    for action in ("pause", "resume", "cancel"):
        answer = act(crawld, job_id, action)
        assert answer.status == 409 and "completed" in answer.json["detail"], answer
    assert crawld.job(job_id)["actions"] == []


def test_a_queued_job_can_be_paused(service, site):
    web = slow_site(site)
    crawld = service("--max-transfers", "1")
    for _ in range(20):  # until one was quick enough
        job_id = crawld.submit(list_of(web, 3, tag="q"))["id"]
        state = act(crawld, job_id, "pause").json["state"]
        assert state in ("paused", "completed")
        if state == "paused":
            break
    seen = len(web.requests)
    time.sleep(0.5)
    assert len(web.requests) <= seen + 1
    assert act(crawld, job_id, "resume").json["state"] in ("queued", "running")
    assert crawld.wait(job_id)["counts"]["succeeded"] == 3


def test_cancel_of_a_paused_job(service, site):
    web = slow_site(site)
    crawld = service()
    job_id = running_job(crawld, web)
    assert act(crawld, job_id, "pause").status == 200
    assert act(crawld, job_id, "cancel").json["state"] in ("cancelling", "cancelled")
    job = crawld.wait(job_id, seconds=5)
    assert (job["state"], job["stop_reason"]) == ("cancelled", "cancelled_by_user")
    assert job["counts"]["succeeded"] + job["counts"]["cancelled"] == 300
    for action in ("pause", "resume"):
        assert act(crawld, job_id, action).status == 409


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_a_pause_survives_a_restart(service, site, way):
    web = slow_site(site)
    crawld = service()
    job_id = running_job(crawld, web)
    assert act(crawld, job_id, "pause").status == 200
    time.sleep(1)  # what was under way is committed
    counts = crawld.job(job_id)["counts"]
    crawld.kill() if way == "kill" else crawld.stop()
    seen = len(web.requests)
    crawld.restart()
    job = crawld.job(job_id)
    assert (job["state"], job["counts"]) == ("paused", counts)
    time.sleep(1)
    assert len(web.requests) == seen
    assert act(crawld, job_id, "resume").json["state"] == "running"
    check_each_once(crawld, web, job_id, 300)


# --- what is asked for at the start ---


def test_a_job_created_paused(service, site):
    web = slow_site(site)
    crawld = service()
    job = crawld.submit(list_of(web, 8), paused=True)
    assert (job["state"], job["started_at"], job["counts"]["queued"]) == ("paused", None, 8)
    text = crawld.post_text("/v1/jobs?paused=true", "\n".join(list_of(web, 8, tag="t")))
    assert (text.status, text.json["state"]) == (202, "paused")
    time.sleep(0.7)
    assert len(web.requests) == 0
    assert act(crawld, job["id"], "resume").json["state"] in ("queued", "running")
    check_each_once(crawld, web, job["id"], 8)


def test_a_paused_job_without_a_list(service):
    crawld = service()
    job = crawld.submit([], paused=True, metadata={"batch": 7})
    assert (job["state"], job["counts"]["total"]) == ("paused", 0)
    text = crawld.post_text("/v1/jobs?paused=1", "")
    assert (text.status, text.json["state"]) == (202, "paused")
    crawld.kill()
    crawld.restart()
    assert crawld.job(job["id"])["state"] == "paused"
    ended = act(crawld, job["id"], "resume").json
    assert (ended["state"], ended["stop_reason"]) == ("completed", "no_more_urls")
    assert (ended["progress"], ended["metadata"]) == (1, {"batch": 7})


@pytest.mark.parametrize("state", ["running", "paused"])
def test_a_deadline(service, site, state):
    web = slow_site(site)
    crawld = service()
    job_id = crawld.submit(list_of(web, 600), deadline_seconds=2, paused=state == "paused")["id"]
    begin = time.monotonic()
    job = crawld.wait(job_id, seconds=10)
    assert 1.5 < time.monotonic() - begin < 6
    assert (job["state"], job["stop_reason"], job["actions"]) == ("completed", "deadline", ["retry"])
    counts = job["counts"]
    assert counts["succeeded"] + counts["skipped"] == 600 and counts["skipped"] > 0
    assert (counts["succeeded"] > 0) == (state == "running")
    time.sleep(0.3)
    seen = len(web.requests)
    records = list(crawld.items(f"/v1/jobs/{job_id}/urls"))
    outcomes = collections.Counter((r["outcome"], r["code"]) for r in records)
    expected = {("succeeded", None): counts["succeeded"], ("skipped", "deadline"): counts["skipped"]}
    assert outcomes == {k: n for k, n in expected.items() if n}
    assert crawld.job(job_id)["counts"] == counts
    assert len(web.requests) == seen
    assert act(crawld, job_id, "resume").status == 409


def test_priorities_share_a_host(service, site):
    web = site({}, default=page("/x"))
    crawld = service("--host-connections", "1")
    urls = {p: [web.url(f"/{p}/{i}") for i in range(120)] for p in (9, 1)}
    jobs = [crawld.submit(urls[p], priority=p, paused=True, host_delay_ms=10) for p in urls]
    assert [job["priority"] for job in jobs] == [9, 1]
    for job in jobs:
        act(crawld, job["id"], "resume")
    for job in jobs:
        assert crawld.wait(job["id"])["counts"]["succeeded"] == 120
    share = collections.Counter(path.split("/")[1] for path in web.paths()[20:110])
    assert share["9"] > 3 * share["1"] > 0, share
