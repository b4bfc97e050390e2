"""Webhooks: what happened to a job is told to whoever it named, whatever goes wrong on the way."""

import base64
import json

import pytest

from rig.site import Reply, page
from test_openapi import check
from test_tenants import TOKENS, A, B, call

SECRET = "whsec_" + base64.b64encode(b"a key of 24 bytes, fixed").decode()
ALL = ["job.started", "job.progress", "job.completed", "job.failed", "job.cancelled", "urls.failed"]


def deliveries(crawld, job):
    items = list(crawld.items(f"/v1/jobs/{job['id']}/webhooks"))
    for item in items:
        check(item, "Delivery")
    return items


def test_what_is_secret_is_not_shown(service, site):
    crawld = service()
    webhook = {
        "url": "https://hooks.test/a?b=c",
        "events": ["job.completed"],
        "headers": {"Authorization": "Bearer of-the-receiver", "X-Kind": "of-no-interest"},
        "secret": SECRET,
    }
    check({"urls": ["http://a.test/"], "webhook": webhook}, "NewJob")
    job = crawld.submit([], paused=True, webhook=webhook)
    check(job, "CreatedJob")
    shown = {**webhook, "headers": dict.fromkeys(webhook["headers"], "***"), "secret": "***"}
    assert job["options"]["webhook"] == shown
    answers = [crawld.get("/v1/jobs"), crawld.get(job["hrefs"]["self"]), crawld.get("/metrics")]
    answers += [crawld.get(job["hrefs"]["self"] + "/webhooks")]
    crawld.call("DELETE", job["hrefs"]["self"])
    crawld.stop()
    for secret in (SECRET, SECRET[6:], "of-the-receiver", "of-no-interest"):
        assert not any(secret in a.text for a in answers)
        assert not any(secret in line for line in crawld.log)
    crawld.restart()


def test_a_webhook_that_is_not_one(service):
    crawld = service()
    for webhook in ({}, {"url": "x"}, {"url": "http://a.test/", "secret": "x"}, {"url": "http://a.test/", "x": 1}):
        answer = crawld.post_json("/v1/jobs", {"urls": ["http://a.test/"], "webhook": webhook})
        assert (answer.status, answer.json["code"]) == (400, "invalid_option"), webhook
        check(answer.json, "Problem")
    assert crawld.post_text("/v1/jobs?webhook.url=http://a.test/", "http://a.test/").status == 400
    job = crawld.submit([], paused=True)
    more = {"urls": ["http://a.test/"], "webhook": {"url": "http://a.test/"}}
    assert crawld.post_json(job["hrefs"]["urls"], more).status == 400


def test_the_list(service, site):
    web = site({}, default=page("/x"))
    crawld = service()
    job = crawld.crawl([web.url()], webhook={"url": "http://hooks.test/", "events": ALL})
    items = deliveries(crawld, job)
    assert [i["type"] for i in items if i["type"] != "job.progress"] == ["job.started", "job.completed"]
    assert [i["sequence"] for i in items] == sorted({i["sequence"] for i in items})
    assert all(i["id"] == f"{job['id']}-{i['sequence']}" for i in items)
    target = f"/v1/jobs/{job['id']}/webhooks"
    first = crawld.get(target + "?limit=1")
    assert len(first.json["items"]) == 1 and first.headers["Link"].endswith('rel="next"')
    rest = crawld.get(f"{target}?cursor={first.json['next_cursor']}").json
    assert [i["id"] for i in first.json["items"] + rest["items"]] == [i["id"] for i in items]
    assert deliveries(crawld, crawld.crawl([web.url()])) == []
    for bad in ("limit=0", "limit=1001", "cursor=x", "what=1", f"cursor={first.json['next_cursor']}x"):
        assert crawld.get(f"{target}?{bad}").status == 400, bad
    assert crawld.call("HEAD", target).status == 200
    assert crawld.call("POST", target, "").status == 405
    assert crawld.get(target, Origin="http://evil.test").status == 403
    assert crawld.call("DELETE", f"/v1/jobs/{job['id']}").status == 204
    assert crawld.get(target).status == 404


def test_another_tenants_webhooks(service):
    crawld = service(*TOKENS, "--tenant-requests-per-second", "5")
    body = json.dumps({"urls": [], "paused": True, "webhook": {"url": "http://hooks.test/"}})
    job = call(crawld, "POST", "/v1/jobs", body, A).json["id"]
    target = f"/v1/jobs/{job}/webhooks"
    assert call(crawld, "GET", target, secret=A).status == 200
    assert call(crawld, "GET", target, secret=B).status == 404
    assert call(crawld, "GET", target).status == 401
    statuses = {call(crawld, "GET", target, secret=A).status for _ in range(30)}
    assert statuses == {200, 429}


@pytest.mark.threaded
def test_how_a_job_ends_is_told_once(service, site):
    crawld = service()
    hook = {"url": "http://hooks.test/", "events": ALL}
    job = crawld.submit([site({}, default=Reply(hang=True)).url()], webhook=hook)
    crawld.wait(job["id"], lambda j: j["counts"]["running"])
    for _ in range(2):
        assert crawld.call("POST", f"/v1/jobs/{job['id']}/cancel").status == 200
    crawld.wait(job["id"])
    assert [i["type"] for i in deliveries(crawld, job)] == ["job.started", "job.cancelled"]
