"""Tokens, and the tenants they stand for: who has none is let in nowhere, and nobody sees another's jobs."""

import concurrent.futures
import json
import signal
import time

import pytest

from rig.site import page

A, B, NEW = "secret-of-tenant-a", "secret-of-tenant-b", "a-second-one-of-a"
TOKENS = ("--token", f"a:{A}", "--token", f"b:{B}")


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def calls(job):
    """Each call about one job."""
    for name in ("", "/urls", "/links", "/hosts", "/events", "/webhooks"):
        yield "GET", f"/v1/jobs/{job}{name}", None
    for name in ("/pause", "/resume", "/cancel", "/retry", f"/webhooks/{job}-1/redeliver"):
        yield "POST", f"/v1/jobs/{job}{name}", None
    yield "POST", f"/v1/jobs/{job}/urls", json.dumps({"urls": ["http://127.0.0.1:9/"]})
    yield "DELETE", f"/v1/jobs/{job}", None


def call(crawld, method, target, body=None, secret=None, **headers):
    headers = {**(bearer(secret) if secret else {}), **headers}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return crawld.call(method, target, body, headers)


def create(crawld, secret, **job):
    job = {"urls": [], "paused": True, **job}
    return call(crawld, "POST", "/v1/jobs", json.dumps(job), secret)


def audits(crawld):
    entries = [json.loads(line) for line in crawld.log if '"audit"' in line]
    return [(e["tenant"], e["route"], e["status"]) for e in entries]


@pytest.mark.parametrize("off", ["", "token"])
def test_who_has_no_token(service, off):
    crawld = service(*TOKENS, env={"CRAWLD_TEST_GUARDS_OFF": off})
    job = create(crawld, A).json["id"]
    if off:
        assert call(crawld, "GET", "/v1/jobs", secret="wrong-but-long-enough").status == 200
        return
    for secret in (None, "wrong-but-long-enough", A + "x", A[:-1], "x"):
        for method, target, body in [("GET", "/v1/jobs", None), ("POST", "/v1/jobs", "{}"), *calls(job)]:
            answer = call(crawld, method, target, body, secret)
            assert answer.status == 401 and answer.json["code"] == "unauthorized", (method, target)
            challenge = answer.headers["WWW-Authenticate"]
            assert challenge.startswith('Bearer realm="crawld"')
            assert ("invalid_token" in challenge) == bool(secret)
    assert crawld.call("GET", f"/v1/jobs?token={A}").status == 401
    for target in ("/healthz", "/readyz", "/metrics", "/openapi.yaml", "/openapi.json", "/"):
        assert crawld.get(target).status == 200, target
    assert call(crawld, "GET", f"/v1/jobs/{job}", secret=A).status == 200


@pytest.mark.parametrize("off", ["", "tenant"])
def test_another_tenants_job_is_not_there(service, site, off):
    crawld = service(*TOKENS, env={"CRAWLD_TEST_GUARDS_OFF": off})
    job = create(crawld, A, name="of a").json["id"]
    if off:
        assert call(crawld, "GET", f"/v1/jobs/{job}", secret=B).status == 200
        return
    for method, target, body in calls(job):
        answer = call(crawld, method, target, body, B, **{"If-None-Match": "*"})
        assert (answer.status, answer.json["code"]) == (404, "job_not_found"), (method, target)
    mine = call(crawld, "GET", f"/v1/jobs/{job}", secret=A)
    assert mine.json["state"] == "paused"
    assert [j["name"] for j in call(crawld, "GET", "/v1/jobs", secret=A).json["items"]] == ["of a"]
    assert call(crawld, "GET", "/v1/jobs", secret=B).json["items"] == []
    assert call(crawld, "GET", "/v1/jobs?state=paused", secret=B).json["items"] == []


def test_what_one_knows_of_a_page_is_not_told_to_another(service, site):
    """revalidate: the validators of one tenant's fetch are not sent for another's."""
    answer = page("/x")
    answer.headers["ETag"] = '"v1"'
    web = site({"/": answer})
    crawld = service(*TOKENS)
    for secret in (A, B, A):
        job = create(crawld, secret, urls=[web.url()], paused=False, revalidate=True).json["id"]
        end = time.monotonic() + 20
        while not call(crawld, "GET", f"/v1/jobs/{job}", secret=secret).json["is_finished"]:
            assert time.monotonic() < end
            time.sleep(0.02)
    assert [r.headers.get("if-none-match") for r in web.requests] == [None, None, '"v1"']


def test_who_changed_what_is_in_the_log(service):
    crawld = service(*TOKENS)
    job = create(crawld, A).json["id"]
    call(crawld, "POST", f"/v1/jobs/{job}/cancel", secret=B)
    call(crawld, "POST", f"/v1/jobs/{job}/cancel")
    call(crawld, "GET", f"/v1/jobs/{job}", secret=A)
    call(crawld, "DELETE", f"/v1/jobs/{job}", secret=A)
    crawld.stop()
    assert audits(crawld) == [
        ("a", "/v1/jobs", 202),
        ("b", "/v1/jobs/{id}/cancel", 404),
        ("-", "unknown", 401),
        ("a", "/v1/jobs/{id}", 204),
    ]
    assert json.loads(next(x for x in crawld.log if '"audit"' in x))["job"] == job
    assert not any(secret in line for line in crawld.log for secret in (A, B))
    crawld.restart()


def test_tokens_change_without_a_restart(service, tmp_path):
    file = tmp_path / "tokens"
    file.write_text(f"a:{A}\nb:{B}\n")
    crawld = service(env={"CRAWLD_TOKEN_FILE": str(file)})
    job = create(crawld, A).json["id"]

    def reread(text, word):
        file.write_text(text)
        seen = len(crawld.log)
        crawld.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 10
        while not any(word in line for line in crawld.log[seen:]):
            assert time.monotonic() < end, crawld.log[seen:]
            time.sleep(0.02)

    reread(f"a:{A}\na:{NEW}\n", "read again")
    for secret in (A, NEW):
        assert call(crawld, "GET", f"/v1/jobs/{job}", secret=secret).status == 200
    assert call(crawld, "GET", "/v1/jobs", secret=B).status == 401
    reread("broken\n", "stay as they were")
    reread("", "stay as they were")
    assert call(crawld, "GET", f"/v1/jobs/{job}", secret=NEW).status == 200
    reread(f"a:{NEW}\n", "read again")
    assert call(crawld, "GET", "/v1/jobs", secret=A).status == 401
    crawld.kill()
    crawld.restart()
    assert call(crawld, "GET", f"/v1/jobs/{job}", secret=NEW).status == 200


def test_jobs_from_before_there_were_tokens(service):
    """They are those of the service without tokens, and are there again without."""
    crawld = service()
    job = crawld.submit([], paused=True)["id"]
    crawld.stop()
    crawld.start(*TOKENS)
    assert call(crawld, "GET", f"/v1/jobs/{job}", secret=A).status == 404
    crawld.stop()
    crawld.start()
    assert crawld.job(job)["state"] == "paused"


def test_a_browser_needs_the_token_and_nothing_else(service):
    crawld = service(*TOKENS)
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Host": "evil.example"}
    assert call(crawld, "GET", "/v1/jobs", secret=A, **foreign).status == 200
    assert call(crawld, "GET", "/v1/jobs", **foreign).status == 401


def test_a_tenant_may_have_so_many_jobs(service):
    crawld = service(*TOKENS, "--tenant-max-jobs", "2", "--tenant-max-queued-urls", "5")
    jobs = [create(crawld, A, urls=["http://127.0.0.1:9/"]).json["id"] for _ in range(2)]
    refused = create(crawld, A)
    assert (refused.status, refused.json["code"]) == (429, "too_many_jobs")
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["RateLimit-Policy"] == '"jobs";q=2'
    assert refused.headers["RateLimit"] == '"jobs";r=0'
    assert create(crawld, B).status == 202
    more = json.dumps({"urls": [f"http://127.0.0.1:9/{i}" for i in range(4)]})
    refused = call(crawld, "POST", f"/v1/jobs/{jobs[0]}/urls", more, A)
    assert (refused.status, refused.json["code"]) == (429, "too_many_urls")
    assert call(crawld, "GET", f"/v1/jobs/{jobs[0]}", secret=A).json["counts"]["total"] == 1
    dry = call(crawld, "POST", "/v1/jobs?dry_run=1", more, A)
    assert (dry.status, dry.json["submission"]["accepted"]) == (200, 4)
    assert call(crawld, "POST", f"/v1/jobs/{jobs[1]}/cancel", secret=A).status == 200
    end = time.monotonic() + 20
    while create(crawld, A).status != 202:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_lists_that_come_at_once_do_not_pass_the_limit(service):
    """Each may begin; what they may have together is decided where they are stored."""
    crawld = service("--tenant-max-jobs", "3")
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        body = json.dumps({"urls": ["http://127.0.0.1:9/"], "paused": True})
        statuses = list(pool.map(lambda _: call(crawld, "POST", "/v1/jobs", body).status, range(12)))
    assert sorted(statuses) == [202] * 3 + [429] * 9


def test_who_calls_too_often(service):
    crawld = service(*TOKENS, "--tenant-requests-per-second", "5")
    answers = [call(crawld, "GET", "/v1/jobs", secret=A) for _ in range(30)]
    passed = [a for a in answers if a.status == 200]
    refused = [a for a in answers if a.status == 429]
    assert len(passed) >= 5 and refused and len(passed) + len(refused) == 30
    assert passed[0].headers["RateLimit-Policy"] == '"requests";q=5;w=1'
    assert passed[0].headers["RateLimit"] == '"requests";r=4;t=1'
    assert refused[0].json["code"] == "too_many_requests"
    assert refused[0].headers["Retry-After"] == "1"
    assert call(crawld, "GET", "/v1/jobs", secret=B).status == 200
    assert {crawld.get("/healthz").status for _ in range(30)} == {200}
