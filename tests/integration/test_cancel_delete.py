"""Cancel and delete take effect at once and for good."""

import time

import pytest

from rig.site import Reply

pytestmark = pytest.mark.threaded


def slow_job(service, site, n=200):
    web = site({}, default=Reply(body=b'<a href="/x">x</a>', delay=0.3))
    crawld = service()
    job = crawld.submit([web.url(f"/{i}") for i in range(n)])
    crawld.wait(job["id"], lambda j: j["counts"]["succeeded"] > 0)
    return crawld, web, job["id"]


def settle(web):
    """The requests that come in one second."""
    before = len(web.requests)
    time.sleep(1)
    return len(web.requests) - before


def test_cancel(service, site):
    crawld, web, job_id = slow_job(service, site)
    answer = crawld.call("POST", f"/v1/jobs/{job_id}/cancel", "")
    assert answer.status == 200 and answer.json["state"] in ("cancelling", "cancelled"), answer
    job = crawld.wait(job_id, seconds=5)
    assert (job["state"], job["stop_reason"]) == ("cancelled", "cancelled_by_user")
    counts = job["counts"]
    assert counts["succeeded"] + counts["cancelled"] == counts["total"] == 200
    assert settle(web) == 0
    records = list(crawld.items(f"/v1/jobs/{job_id}/urls"))
    assert sum(r["outcome"] == "succeeded" for r in records) == counts["succeeded"]
    assert len(crawld.tsv(job_id)) == job["links_found"] == counts["succeeded"]
    again = crawld.call("POST", f"/v1/jobs/{job_id}/cancel", "")
    assert again.status == 200 and again.json["state"] == "cancelled"
    assert crawld.stop() == 0
    crawld.restart()
    assert crawld.job(job_id)["counts"] == counts
    assert settle(web) == 0


def test_delete_while_it_runs(service, site):
    crawld, web, job_id = slow_job(service, site)
    assert crawld.call("DELETE", f"/v1/jobs/{job_id}").status == 204
    for target in ("", "/urls", "/links?format=tsv"):
        assert crawld.get(f"/v1/jobs/{job_id}{target}").status == 404
    time.sleep(1)
    assert settle(web) == 0
    assert crawld.call("DELETE", f"/v1/jobs/{job_id}").status == 404
    crawld.kill()
    crawld.restart()
    assert crawld.get(f"/v1/jobs/{job_id}").status == 404
    assert crawld.get("/v1/jobs").json["items"] == []
    assert settle(web) == 0


def test_a_finished_job_cannot_be_cancelled(service, site):
    web = site({}, default=Reply(body=b"x"))
    crawld = service()
    job = crawld.crawl([web.url("/")])
    assert job["actions"] == [] or "cancel" not in job["actions"]
    answer = crawld.call("POST", f"/v1/jobs/{job['id']}/cancel", "")
    assert answer.status == 409 and answer.json["status"] == 409, answer
