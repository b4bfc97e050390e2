"""POST /v1/jobs/{id}/retry: what failed is put back, and nothing else."""

import collections

import pytest

from rig.site import Reply, page

pytestmark = pytest.mark.threaded

STATUSES = {"/ok": 200, "/flaky": 500, "/gone": 404, "/busy": 429}


def troubled(site):
    web = site({}, default=page("/x"))
    for path, status in STATUSES.items():
        web.table[path] = Reply(status=status, body=page("/x").body)
    return web


def retry(crawld, job_id, query=""):
    return crawld.call("POST", f"/v1/jobs/{job_id}/retry{query}", "")


def outcomes(crawld, job_id):
    records = crawld.items(f"/v1/jobs/{job_id}/urls")
    return {
        r["url"].rsplit("/", 1)[1]: (r["outcome"], r["code"], r["attempts"]) for r in records if r["url"]
    }


def test_transient_failures_are_put_back(service, site):
    web = troubled(site)
    crawld = service("--max-attempts", "1")
    urls = [web.url(path) for path in STATUSES]
    job = crawld.crawl([*urls, "no URL"])
    assert (job["counts"]["succeeded"], job["counts"]["failed"]) == (1, 4)
    assert job["actions"] == ["retry"]
    seqs = {r["url"]: r["seq"] for r in crawld.items(f"/v1/jobs/{job['id']}/urls")}
    for path in STATUSES:
        web.table[path] = page("/y")
    before = len(web.requests)
    answer = retry(crawld, job["id"])
    assert (answer.status, answer.json["retried"]) == (202, 2), answer
    assert answer.json["state"] == "running" and not answer.json["is_finished"]
    job = crawld.wait(job["id"])
    assert (job["state"], job["stop_reason"]) == ("completed", "no_more_urls")
    assert (job["counts"]["succeeded"], job["counts"]["failed"]) == (3, 2)
    assert sorted(web.paths()[before:]) == ["/busy", "/flaky"]
    ended = outcomes(crawld, job["id"])
    assert ended["flaky"] == ended["busy"] == ("succeeded", None, 2)
    assert ended["gone"] == ("failed", "http_4xx", 1)
    after = {r["url"]: r["seq"] for r in crawld.items(f"/v1/jobs/{job['id']}/urls")}
    assert len(after) == len(seqs)
    assert after[web.url("/flaky")] > max(seqs.values()) and after[web.url("/ok")] == seqs[web.url("/ok")]
    links = collections.Counter(source for source, _ in crawld.tsv(job["id"]))
    assert links == {web.url(path): 1 for path in ("/ok", "/flaky", "/busy")}
    assert retry(crawld, job["id"]).json["retried"] == 0
    assert crawld.job(job["id"])["state"] == "completed"


def test_codes_may_be_named(service, site):
    web = troubled(site)
    crawld = service("--max-attempts", "1")
    job = crawld.crawl([web.url(path) for path in STATUSES])
    web.table["/gone"] = page("/y")
    assert retry(crawld, job["id"], "?code=http_4xx,tls_error").json["retried"] == 1
    crawld.wait(job["id"])
    ended = outcomes(crawld, job["id"])
    assert ended["gone"] == ("succeeded", None, 2)
    assert ended["flaky"] == ("failed", "http_5xx", 1)
    for bad in ("?code=", "?code=nonsense", "?code=invalid_url", "?code=job_cancelled", "?odd=1"):
        answer = retry(crawld, job["id"], bad)
        assert answer.status == 400 and answer.json["errors"][0]["parameter"], answer


def test_the_budget_of_attempts_is_fresh(service, site):
    web = troubled(site)
    crawld = service("--max-attempts", "2")
    job = crawld.crawl([web.url("/flaky")])
    assert outcomes(crawld, job["id"])["flaky"] == ("failed", "http_5xx", 2)
    retry(crawld, job["id"])
    crawld.wait(job["id"])
    assert outcomes(crawld, job["id"])["flaky"] == ("failed", "http_5xx", 4)
    assert len(web.requests) == 4


def test_what_a_deadline_left_goes_on(service, site):
    web = site({}, default=Reply(body=page("/x").body, delay=0.05))
    crawld = service()
    job_id = crawld.submit([web.url(f"/{i}") for i in range(60)], deadline_seconds=1, paused=True)["id"]
    job = crawld.wait(job_id, seconds=10)
    assert (job["stop_reason"], job["counts"]["skipped"]) == ("deadline", 60)
    assert retry(crawld, job_id).json["retried"] == 0  # not by default
    answer = retry(crawld, job_id, "?code=deadline")
    assert (answer.status, answer.json["retried"]) == (202, 60)
    job = crawld.wait(job_id)  # the deadline counts from the retry
    assert job["stop_reason"] == "deadline"
    assert 0 < job["counts"]["succeeded"] <= len(web.requests) < 60


def test_a_retry_survives_a_kill(service, site):
    web = troubled(site)
    crawld = service("--max-attempts", "1")
    job_id = crawld.crawl([web.url("/flaky"), web.url("/ok")])["id"]
    web.table["/flaky"] = Reply(body=page("/y").body, delay=1)
    assert retry(crawld, job_id).json["retried"] == 1
    crawld.kill()
    crawld.restart()
    assert crawld.wait(job_id)["counts"]["succeeded"] == 2


def test_what_cannot_be_retried(service, site):
    web = site({}, default=Reply(body=b"x", delay=0.2))
    crawld = service()
    job = crawld.submit([web.url(f"/{i}") for i in range(50)])
    assert crawld.call("POST", f"/v1/jobs/{job['id']}/cancel", "").status == 200
    crawld.wait(job["id"])
    answer = retry(crawld, job["id"])
    assert answer.status == 409 and "cancelled" in answer.json["detail"], answer
    assert retry(crawld, "0190a000-0000-7000-8000-000000000000").status == 404
