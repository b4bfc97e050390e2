"""POST /v1/jobs/{id}/urls: a job grows by lists, and crawls each URL once."""

import collections
import gzip
import time

import pytest

from rig.site import Reply, page

pytestmark = pytest.mark.threaded


def add(crawld, job_id, urls):
    return crawld.post_text(f"/v1/jobs/{job_id}/urls", "\n".join(urls))


def act(crawld, job_id, action):
    return crawld.call("POST", f"/v1/jobs/{job_id}/{action}", "")


def check_each_once(crawld, web, job_id, paths):
    job = crawld.wait(job_id)
    assert (job["state"], job["counts"]["succeeded"]) == ("completed", len(paths))
    assert collections.Counter(web.paths()) == collections.Counter(paths)
    records = list(crawld.items(f"/v1/jobs/{job_id}/urls"))
    assert {r["url"] for r in records} == {web.url(p) for p in paths}
    return job


def test_a_job_filled_while_it_is_paused(service, site):
    web = site({}, default=page("/x"))
    crawld = service()
    job_id = crawld.submit([], paused=True, metadata={"batch": 7}, host_delay_ms=1)["id"]
    first = add(crawld, job_id, [web.url(f"/{i}") for i in range(30)])
    assert (first.status, first.json["state"]) == (202, "paused"), first
    assert first.json["submission"]["accepted"] == first.json["counts"]["total"] == 30
    assert first.headers["Location"] == f"/v1/jobs/{job_id}"
    packed = gzip.compress("\n".join(web.url(f"/{i}") for i in range(20, 50)).encode())
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    second = crawld.call("POST", f"/v1/jobs/{job_id}/urls", packed, headers)
    told = second.json["submission"]
    assert (told["received"], told["accepted"], told["duplicates"]) == (30, 20, 10)
    crawld.kill()
    crawld.restart()
    assert crawld.job(job_id)["counts"]["queued"] == 50
    assert len(web.requests) == 0
    assert act(crawld, job_id, "resume").status == 200
    job = check_each_once(crawld, web, job_id, [f"/{i}" for i in range(50)])
    assert (job["metadata"], job["duplicates"]) == ({"batch": 7}, 10)
    indexes = sorted(r["index"] for r in crawld.items(f"/v1/jobs/{job_id}/urls"))
    assert len(set(indexes)) == 50


def test_a_completed_job_opens_again(service, site):
    web = site({}, default=page("/x"))
    crawld = service()
    job_id = crawld.crawl([web.url("/0")])["id"]
    web.default = Reply(body=page("/x").body, delay=0.5)  # longer than the answer takes
    for i in (1, 2):
        answer = crawld.post_json(f"/v1/jobs/{job_id}/urls", {"urls": [web.url("/0"), web.url(f"/{i}")]})
        assert answer.status == 202 and not answer.json["is_finished"], answer
        check_each_once(crawld, web, job_id, [f"/{n}" for n in range(i + 1)])
    again = add(crawld, job_id, [web.url("/0")])
    assert (again.json["submission"]["accepted"], again.json["submission"]["duplicates"]) == (0, 1)
    assert crawld.wait(job_id)["counts"]["total"] == 3


def test_what_cannot_be_added(service, site):
    web = site({}, default=Reply(body=b"x", delay=0.2))
    crawld = service()
    job = crawld.submit([web.url(f"/{i}") for i in range(50)])
    urls = f"/v1/jobs/{job['id']}/urls"
    assert add(crawld, job["id"], []).status == 422
    assert add(crawld, job["id"], ["nonsense"]).status == 422
    refused = crawld.post_json(urls, {"urls": [web.url("/new")], "name": "x"})
    assert refused.status == 400 and refused.json["errors"][0]["pointer"] == "#/name"
    assert crawld.post_text(urls + "?name=x", web.url("/new")).status == 400
    assert add(crawld, "0190a000-0000-7000-8000-000000000000", ["http://a.test/"]).status == 404
    assert act(crawld, job["id"], "cancel").status == 200
    crawld.wait(job["id"])
    answer = add(crawld, job["id"], [web.url("/new")])
    assert answer.status == 409 and "cancelled" in answer.json["detail"], answer
    assert crawld.call("DELETE", f"/v1/jobs/{job['id']}").status == 204
    assert add(crawld, job["id"], [web.url("/new")]).status == 404
    time.sleep(0.3)
    assert "/new" not in web.paths()
