"""Webhooks: what happened to a job is told to whoever it named, whatever goes wrong on the way."""

import base64
import hashlib
import hmac
import json
import time

import pytest

from rig.crawld import LOOPBACK, NO_DELAY
from rig.dns import A as ADDRESS
from rig.site import Reply, page, redirect
from test_openapi import check
from test_tenants import TOKENS, A, B, call

KEY = b"a key of 24 bytes, fixed"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
ALL = ["job.started", "job.progress", "job.completed", "job.failed", "job.cancelled", "urls.failed"]
TOLD = LOOPBACK + NO_DELAY + ("--webhook-allow-net", "127.0.0.0/8")
QUICK = {"CRAWLD_TEST_PATIENCE_DIVISOR": "1000"}  # 5 ms, 30 ms, 300 ms, 1.8 s, ...
AT_ONCE = {"CRAWLD_TEST_PATIENCE_DIVISOR": "1000000"}


class Receiver:
    """Takes messages; what it answers is a list of replies, the last of which stays."""

    def __init__(self, site, *replies):
        self.replies = list(replies) or [Reply(status=204)]
        self.messages = []
        self.site = site({}, default=self._take)
        self.url = self.site.url("/hook")

    def _take(self, request):
        self.messages.append(request)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def told(self):
        return [json.loads(m.body) for m in list(self.messages)]

    def types(self):
        return [m["type"] for m in self.told()]


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "still not so"
        time.sleep(0.02)


def deliveries(crawld, job):
    items = list(crawld.items(f"/v1/jobs/{job['id']}/webhooks"))
    for item in items:
        check(item, "Delivery")
    return items


def await_state(crawld, job, *states):
    """Until its deliveries, by their order, are in these states."""
    until(lambda: tuple(i["state"] for i in deliveries(crawld, job)) == states)
    return deliveries(crawld, job)


def check_message(message, job_id, key=KEY):
    """What a receiver checks, and the shape of what it gets."""
    head = message.headers
    assert (message.method, head["content-type"]) == ("POST", "application/json")
    told = json.loads(message.body)
    check(told, "UrlsMessage" if told["type"] == "urls.failed" else "JobMessage")
    assert head["webhook-id"] == f"{job_id}-{told['sequence']}"
    assert abs(time.time() - int(head["webhook-timestamp"])) < 600
    signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + message.body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert head["webhook-signature"] == f"v1,{wanted}"
    return told


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


@pytest.mark.threaded
def test_what_happens_is_told_in_order(service, site):
    receiver = Receiver(site)
    crawld = service(defaults=TOLD)
    webhook = {
        "url": receiver.url, "events": ["job.started", "job.completed"], "secret": SECRET,
        "headers": {"Authorization": "Bearer of-the-receiver", "X-Empty": ""},
    }  # fmt: skip
    web = site({}, default=page("/x"))
    job = crawld.crawl([web.url("/a"), web.url("/b")], webhook=webhook, metadata={"mine": 7.0})
    items = await_state(crawld, job, "delivered", "delivered")
    assert receiver.types() == ["job.started", "job.completed"]
    started, completed = (check_message(m, job["id"]) for m in receiver.messages)
    assert started["data"]["state"] == "running" and completed["data"] == crawld.job(job["id"])
    assert completed["data"]["metadata"] == {"mine": 7.0}
    assert (started["sequence"], completed["sequence"]) == (1, 2)
    assert completed["timestamp"] == job["finished_at"]
    assert 'crawld_webhook_attempts_total{result="delivered"} 2' in crawld.get("/metrics").text
    for message in receiver.messages:
        assert message.headers["authorization"] == "Bearer of-the-receiver"
        assert message.headers["x-empty"] == ""
        assert message.headers["user-agent"].startswith("crawld/")
        assert "expect" not in message.headers
    for item in items:
        assert (item["attempts"], item["http_status"], item["code"]) == (1, 204, None)
        assert item["delivered_at"] == item["last_attempt_at"] and not item["next_attempt_at"]


def test_the_usual_events_unsigned(service, site):
    receiver = Receiver(site)
    crawld = service(defaults=TOLD)
    job = crawld.crawl([site({}, default=page("/x")).url()], webhook={"url": receiver.url})
    await_state(crawld, job, "delivered")
    assert receiver.types() == ["job.completed"]
    assert not [name for name in receiver.messages[0].headers if name == "webhook-signature"]


def test_other_ends(service, site):
    receiver = Receiver(site)
    crawld = service(defaults=TOLD)
    hook = {"url": receiver.url}
    stuck = site({}, default=Reply(hang=True))
    cancelled = crawld.submit([stuck.url()], webhook=hook)
    late = crawld.submit([stuck.url("/a"), stuck.url("/b")], webhook=hook, deadline_seconds=1)
    crawld.call("POST", f"/v1/jobs/{cancelled['id']}/cancel")
    until(lambda: len(receiver.messages) == 2)
    told = {m["data"]["id"]: m for m in receiver.told()}
    assert told[cancelled["id"]]["type"] == "job.cancelled"
    assert told[cancelled["id"]]["data"] == crawld.job(cancelled["id"])
    assert told[late["id"]]["type"] == "job.completed"
    assert told[late["id"]]["data"]["stop_reason"] == "deadline"
    assert told[late["id"]]["data"]["counts"]["skipped"] == 2


def test_progress(service, site):
    """The divisor makes ten seconds ten milliseconds."""
    receiver = Receiver(site)
    crawld = service("--host-connections", "1", defaults=TOLD, env=QUICK)
    web = site({}, default=Reply(body=page("/x").body, delay=0.1))
    hook = {"url": receiver.url, "events": ["job.progress", "job.completed"], "secret": SECRET}
    job = crawld.crawl([web.url(f"/{i}") for i in range(30)], webhook=hook)
    until(lambda: "job.completed" in receiver.types())
    told = [check_message(m, job["id"]) for m in receiver.messages]
    progress = [m["data"]["counts"]["succeeded"] for m in told if m["type"] == "job.progress"]
    assert progress and progress == sorted(progress)
    assert [m["sequence"] for m in told] == sorted({m["sequence"] for m in told})


@pytest.mark.threaded
def test_a_failing_receiver_is_tried_again(service, site):
    """The same message each time; the one behind it does not wait."""
    receiver = Receiver(site, Reply(status=500), Reply(status=204), Reply(status=503), Reply(status=200))
    crawld = service(defaults=TOLD, env=QUICK)
    hook = {"url": receiver.url, "events": ["job.started", "job.completed"], "secret": SECRET}
    job = crawld.crawl([site({}, default=page("/x")).url()], webhook=hook)
    items = await_state(crawld, job, "delivered", "delivered")
    assert sum(i["attempts"] for i in items) == 4
    told = [check_message(m, job["id"]) for m in receiver.messages]
    assert told[0]["type"] == "job.started"
    for sequence in (1, 2):
        bodies = {m.body for m in receiver.messages if json.loads(m.body)["sequence"] == sequence}
        assert len(bodies) == 1


def test_the_last_attempt(service, site):
    receiver = Receiver(site, Reply(status=500))
    crawld = service(defaults=TOLD, env=AT_ONCE)
    job = crawld.crawl([site({}, default=page("/x")).url()], webhook={"url": receiver.url})
    (item,) = await_state(crawld, job, "failed")
    assert (item["attempts"], item["http_status"], item["code"]) == (8, 500, "http_5xx")
    assert item["delivered_at"] is None and item["next_attempt_at"] is None
    assert len(receiver.messages) == 8


def test_a_receiver_that_wants_no_more(service, site):
    """What waits behind is not sent, nor written down later."""
    receiver = Receiver(site, Reply(status=410))
    crawld = service(defaults=TOLD)
    web = site({}, default=page("/x"))
    hook = {"url": receiver.url, "events": ["job.started", "job.completed"]}
    job = crawld.crawl([web.url()], webhook=hook)
    until(lambda: receiver.messages and {i["state"] for i in deliveries(crawld, job)} == {"failed"})
    before = deliveries(crawld, job)
    assert (before[0]["attempts"], before[0]["http_status"], before[0]["code"]) == (1, 410, "http_4xx")
    assert crawld.post_text(job["hrefs"]["urls"], web.url("/more")).status == 202
    crawld.wait(job["id"])
    assert deliveries(crawld, job) == before and len(receiver.messages) == 1


def test_a_redirect_is_a_failure(service, site):
    receiver = Receiver(site)
    moved = redirect(receiver.url, 307)
    crawld = service(defaults=TOLD, env=AT_ONCE)
    hook = {"url": site({}, default=moved).url()}
    job = crawld.crawl([site({}, default=page("/x")).url()], webhook=hook)
    (item,) = await_state(crawld, job, "failed")
    assert (item["http_status"], item["code"]) == (307, "http_3xx")
    assert not receiver.messages


def test_a_receiver_that_asks_for_time(service, site):
    receiver = Receiver(site, Reply(status=429, headers={"Retry-After": "1"}), Reply(status=200))
    crawld = service(defaults=TOLD, env=AT_ONCE)
    job = crawld.crawl([site({}, default=page("/x")).url()], webhook={"url": receiver.url})
    await_state(crawld, job, "delivered")
    first, second = (m.at for m in receiver.messages)
    assert second - first > 0.9


def test_a_receiver_without_an_answer(service, site):
    receiver = Receiver(site, Reply(hang=True), Reply(raw=b""), Reply(status=200))
    crawld = service(defaults=TOLD, env={**QUICK, "CRAWLD_TEST_DEADLINE_DIVISOR": "10"})
    job = crawld.crawl([site({}, default=page("/x")).url()], webhook={"url": receiver.url})
    (item,) = await_state(crawld, job, "delivered")
    assert item["attempts"] >= 3


def test_a_long_answer_counts_by_its_head(service, site):
    receiver = Receiver(site, Reply(body=b"x" * 300000))
    crawld = service(defaults=TOLD)
    job = crawld.crawl([site({}, default=page("/x")).url()], webhook={"url": receiver.url})
    (item,) = await_state(crawld, job, "delivered")
    assert item["attempts"] == 1


@pytest.mark.threaded
def test_a_slow_receiver_holds_up_nobody(service, site):
    slow, quick = Receiver(site, Reply(hang=True)), Receiver(site)
    crawld = service(defaults=TOLD)
    web = site({}, default=page("/x"))
    stuck = [crawld.submit([web.url()], webhook={"url": slow.url, "events": ALL}) for _ in range(8)]
    until(lambda: slow.messages)
    job = crawld.crawl([web.url(f"/{i}") for i in range(20)], webhook={"url": quick.url})
    await_state(crawld, job, "delivered")
    for other in stuck:
        assert crawld.wait(other["id"])["counts"]["succeeded"] == 1


@pytest.mark.threaded
@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_restart_loses_nothing(service, site, how):
    """Ended while a message is under way, and while another waits for its time."""
    down = Receiver(site, Reply(status=500))
    stuck = Receiver(site, Reply(hang=True), Reply(status=200))
    crawld = service("--drain-ms", "100", defaults=TOLD)
    web = site({}, default=page("/x"))
    jobs = [crawld.crawl([web.url()], webhook={"url": r.url, "secret": SECRET}) for r in (down, stuck)]
    await_state(crawld, jobs[0], "retrying")
    until(lambda: stuck.messages)
    getattr(crawld, how)()
    down.replies = [Reply(status=200)]
    crawld.restart()
    await_state(crawld, jobs[1], "delivered")
    (item,) = await_state(crawld, jobs[0], "delivered")
    assert item["attempts"] >= 2
    assert len({m.headers["webhook-id"] for m in stuck.messages}) == 1 and len(stuck.messages) >= 2
    for receiver, job in ((down, jobs[0]), (stuck, jobs[1])):
        assert check_message(receiver.messages[-1], job["id"])["data"]["state"] == "completed"


@pytest.mark.parametrize("way", ["literal", "name"])
@pytest.mark.parametrize("off", [False, True])
def test_private_addresses_get_nothing(service, site, dns, way, off):
    """That jobs may crawl them opens nothing for webhooks."""
    receiver = Receiver(site)
    names = dns({"hooks.test": ADDRESS("127.0.0.1")})
    guards = "addrguard_names,addrguard_connect,addrguard_reuse"
    env = {**AT_ONCE, **({"CRAWLD_TEST_GUARDS_OFF": guards} if off else {})}
    crawld = service(*names.options, env=env)
    url = receiver.url if way == "literal" else receiver.site.url("/hook", "hooks.test")
    job = crawld.crawl([site({}, default=page("/x")).url()], webhook={"url": url})
    if off:
        await_state(crawld, job, "delivered")
        return
    (item,) = await_state(crawld, job, "failed")
    assert (item["code"], item["http_status"]) == ("blocked_address", None)
    assert any("--webhook-allow-net" in line and job["id"] in line for line in crawld.log)
    assert receiver.site.opened == []


def test_a_name_that_is_none(service, site, dns):
    names = dns({})
    crawld = service(*names.options, defaults=TOLD, env=AT_ONCE)
    hook = {"url": "http://hooks.test/"}
    job = crawld.crawl([site({}, default=page("/x")).url()], webhook=hook)
    (item,) = await_state(crawld, job, "failed")
    assert (item["code"], item["http_status"]) == ("dns_error", None)


def test_a_job_that_is_gone_is_not_told(service, site):
    receiver = Receiver(site, Reply(status=500))
    crawld = service(defaults=TOLD)
    job = crawld.crawl([site({}, default=page("/x")).url()], webhook={"url": receiver.url})
    await_state(crawld, job, "retrying")
    assert crawld.call("DELETE", f"/v1/jobs/{job['id']}").status == 204
    assert crawld.get(f"/v1/jobs/{job['id']}/webhooks").status == 404
    told = len(receiver.messages)
    other = crawld.crawl([site({}, default=page("/x")).url()], webhook={"url": receiver.url})
    await_state(crawld, other, "retrying")
    assert {m["data"]["id"] for m in receiver.told()[told:]} == {other["id"]}


def test_urls_that_failed(service, site):
    """Each once, with its record; rejects and what did not fail are not among them."""
    receiver = Receiver(site)
    crawld = service("--max-attempts", "1", defaults=TOLD)
    web = site({"/": page("/x")})
    hook = {"url": receiver.url, "events": ["urls.failed", "job.completed"], "secret": SECRET}
    urls = [web.url("/"), *(web.url(f"/gone/{i}") for i in range(120)), "ftp://a.test/"]
    job = crawld.crawl(urls, webhook=hook, name="failing", metadata={"mine": 7})
    until(lambda: "job.completed" in receiver.types())
    told = [check_message(m, job["id"]) for m in receiver.messages]
    assert told[-1]["type"] == "job.completed" and told[-1]["data"]["counts"]["failed"] == 121
    failed = [m["data"] for m in told[:-1]]
    for data in failed:
        assert (data["job_id"], data["name"], data["metadata"]) == (job["id"], "failing", {"mine": 7})
        assert 1 <= len(data["urls"]) <= 100 and data["hosts"] == []
    records = {r["url"]: r for data in failed for r in data["urls"]}
    assert sum(len(data["urls"]) for data in failed) == len(records) == 120
    assert records == {u: r for u, r in crawld.records(job["id"]).items() if r["code"] == "http_4xx"}


def test_a_host_that_is_given_up(service, site):
    receiver = Receiver(site)
    crawld = service(defaults=TOLD, env=QUICK)
    hook = {"url": receiver.url, "events": ["urls.failed", "job.completed"], "secret": SECRET}
    urls = [f"http://127.0.0.1:9/{i}" for i in range(40)]
    job = crawld.crawl(urls, webhook=hook)
    until(lambda: "job.completed" in receiver.types())
    failed = [check_message(m, job["id"])["data"] for m in receiver.messages][:-1]
    hosts = [h for data in failed for h in data["hosts"]]
    assert [(h["host"], h["code"]) for h in hosts] == [("127.0.0.1:9", "host_unavailable")]
    assert sum(len(data["urls"]) for data in failed) + hosts[0]["urls"] == 40


@pytest.mark.threaded
def test_once_more(service, site):
    receiver = Receiver(site, Reply(status=410), Reply(status=200))
    crawld = service(defaults=TOLD)
    web = site({}, default=page("/x"))
    job = crawld.crawl([web.url()], webhook={"url": receiver.url, "secret": SECRET})
    (item,) = await_state(crawld, job, "failed")
    for n in (2, 3):
        again = crawld.call("POST", f"/v1/jobs/{job['id']}/webhooks/{item['id']}/redeliver")
        assert again.status == 202 and again.json["id"] == item["id"]
        assert again.json["state"] == "retrying" and again.json["next_attempt_at"]
        (item,) = await_state(crawld, job, "delivered")
        assert item["attempts"] == n
    assert item["delivered_at"] < item["last_attempt_at"]
    assert len({m.headers["webhook-id"] for m in receiver.messages}) == 1
    assert len({m.body for m in receiver.messages}) == 1
    # it hears of the job again
    assert crawld.post_text(job["hrefs"]["urls"], web.url("/more")).status == 202
    await_state(crawld, job, "delivered", "delivered")
    last = check_message(receiver.messages[-1], job["id"])
    assert (last["sequence"], last["data"]["counts"]["total"]) == (2, 2)


def test_once_more_of_what_is_not_there(service, site):
    crawld = service("--max-attempts", "1", *TOKENS)
    bodies = [json.dumps({"urls": ["http://127.0.0.1:9/"], "webhook": {"url": "http://127.0.0.1:9/"}})] * 2
    job, other = (call(crawld, "POST", "/v1/jobs", body, A).json["id"] for body in bodies)
    until(lambda: call(crawld, "GET", f"/v1/jobs/{job}/webhooks", secret=A).json["items"])
    for delivery in ("x", f"{job}-2", f"{job}-0", f"{job}-", f"{other}-1", job):
        answer = call(crawld, "POST", f"/v1/jobs/{job}/webhooks/{delivery}/redeliver", secret=A)
        assert (answer.status, answer.json["code"]) == (404, "delivery_not_found"), delivery
    target = f"/v1/jobs/{job}/webhooks/{job}-1/redeliver"
    answer = call(crawld, "POST", target, secret=B)
    assert (answer.status, answer.json["code"]) == (404, "job_not_found")
    assert call(crawld, "GET", target, secret=A).status == 405
    assert call(crawld, "POST", target, secret=A).status == 202
