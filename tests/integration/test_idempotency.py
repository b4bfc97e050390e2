"""Idempotency-Key: a request that is sent again is carried out once, whatever happens in between."""

import concurrent.futures
import gzip
import http.client
import random
import threading
import time

import pytest

from rig.site import Reply, page
from test_openapi import check

TEXT = {"Content-Type": "text/plain"}


def post(crawld, target, body, key, **headers):
    return crawld.call("POST", target, body, {**TEXT, "Idempotency-Key": key, **headers})


def is_replay(answer):
    assert answer.status == 202, answer
    return answer.headers["Idempotency-Replayed"] == "true"


def jobs(crawld):
    return [job["id"] for job in crawld.items("/v1/jobs?limit=500")]


def begin(crawld, key, body):
    """A list of which the last byte is still to come."""
    connection = crawld.connection()
    connection.putrequest("POST", "/v1/jobs?paused=1")
    for name, value in {**TEXT, "Idempotency-Key": key, "Content-Length": len(body)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(body[:-1])
    return connection


def await_job(crawld, seconds=60):
    end = time.monotonic() + seconds
    while not jobs(crawld):
        assert time.monotonic() < end, "there is no job"
        time.sleep(0.01)


def test_a_repeat_is_answered_with_the_job_as_it_is_now(service, site):
    web = site({}, default=page("/x"))
    crawld = service()
    body = f"{web.url('/0')}\n{web.url('/1')}\nnonsense\n"
    created = post(crawld, "/v1/jobs?name=one", body, '"first"')
    assert not is_replay(created) and created.json["submission"]["rejected"] == 1
    check(created.json, "CreatedJob")
    crawld.wait(created.json["id"])
    again = post(crawld, "/v1/jobs?name=one", body, '"first"')
    assert is_replay(again) and again.json["id"] == created.json["id"]
    assert again.headers["Location"] == f"/v1/jobs/{created.json['id']}"
    assert again.json["state"] == "completed" and "submission" not in again.json
    check(again.json, "CreatedJob")
    other = post(crawld, "/v1/jobs?name=one", body + "\n", '"first"')
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    check(other.json, "Problem")
    assert len(jobs(crawld)) == 1 and len(web.paths()) == 2


def test_the_print_is_of_the_decoded_body(service):
    crawld = service()
    body = b"http://127.0.0.1:9/\n"
    packed = {"Content-Encoding": "gzip"}
    assert not is_replay(post(crawld, "/v1/jobs?paused=1", body, "k"))
    assert is_replay(post(crawld, "/v1/jobs?paused=1", gzip.compress(body), "k", **packed))
    assert is_replay(post(crawld, "/v1/jobs?paused=1", gzip.compress(body, 0), "k", **packed))
    cut = post(crawld, "/v1/jobs?paused=1", gzip.compress(body)[:-4], "k", **packed)
    assert (cut.status, cut.json["code"]) == (400, "invalid_body")
    assert post(crawld, "/v1/jobs?paused=1", gzip.compress(body * 2), "k", **packed).status == 422
    assert len(jobs(crawld)) == 1


def test_additions_and_retries_are_carried_out_once(service, site):
    web = site({"/bad": Reply(status=500)}, default=page("/x"))
    crawld = service("--max-attempts", "1")
    job = crawld.submit([web.url("/bad")])
    crawld.wait(job["id"])
    added = post(crawld, f"/v1/jobs/{job['id']}/urls", web.url("/more"), "a")
    assert not is_replay(added) and added.json["submission"]["accepted"] == 1
    crawld.wait(job["id"])
    assert is_replay(post(crawld, f"/v1/jobs/{job['id']}/urls", web.url("/more"), "a"))
    assert crawld.job(job["id"])["duplicates"] == 0
    retried = post(crawld, f"/v1/jobs/{job['id']}/retry", "", "r")
    assert not is_replay(retried) and retried.json["retried"] == 1
    crawld.wait(job["id"])
    again = post(crawld, f"/v1/jobs/{job['id']}/retry", "", "r")
    assert is_replay(again) and "retried" not in again.json
    check(again.json, "RetriedJob")
    crawld.wait(job["id"])
    assert web.paths().count("/bad") == 2
    assert post(crawld, f"/v1/jobs/{job['id']}/retry", "", "a").status == 422
    assert crawld.call("DELETE", f"/v1/jobs/{job['id']}").status == 204
    for target, body, key in ((f"/v1/jobs/{job['id']}/urls", web.url("/more"), "a"), ("/v1/jobs", "x", "b")):
        assert post(crawld, target, body, key).status == (404 if key == "a" else 422)


def test_a_repeat_of_what_was_deleted_is_not_found(service):
    crawld = service()
    job = post(crawld, "/v1/jobs?paused=1", "http://127.0.0.1:9/", "k").json["id"]
    assert crawld.call("DELETE", f"/v1/jobs/{job}").status == 204
    gone = post(crawld, "/v1/jobs?paused=1", "http://127.0.0.1:9/", "k")
    assert (gone.status, gone.json["code"]) == (404, "job_not_found")
    assert jobs(crawld) == []


def test_one_under_way_holds_its_key(service):
    crawld = service()
    body = b"http://127.0.0.1:9/1\nhttp://127.0.0.1:9/2\n"
    for n in range(100):
        first, key = begin(crawld, f"k{n}", body), f"k{n}"
        second = post(crawld, "/v1/jobs?paused=1", body, key)
        if second.status == 409:
            break
        first.close()  # its head was still on its way
    assert second.json["code"] == "idempotency_key_in_use"
    assert int(second.headers["Retry-After"]) >= 1
    check(second.json, "Problem")
    first.send(body[-1:])
    assert first.getresponse().status == 202
    first.close()
    assert is_replay(post(crawld, "/v1/jobs?paused=1", body, key))
    assert len(jobs(crawld)) == n + 1


@pytest.mark.threaded
@pytest.mark.parametrize("off", ["", "once_under_way"])
def test_two_at_once_make_one_job(service, off):
    crawld = service(env={"CRAWLD_TEST_GUARDS_OFF": off})
    body = "".join(f"http://127.0.0.{i % 250 + 1}:9/{i}\n" for i in range(5000))
    n, made = 6, []
    for round_ in range(20):
        ready = threading.Barrier(n)

        def send(key=f"k{round_}", ready=ready):
            ready.wait()
            return post(crawld, "/v1/jobs?paused=1", body, key)

        with concurrent.futures.ThreadPoolExecutor(n) as pool:
            answers = [f.result() for f in [pool.submit(send) for _ in range(n)]]
        assert {a.status for a in answers} <= {202, 409}
        made.append(sum(a.status == 202 and not is_replay(a) for a in answers))
    if off:
        assert max(made) > 1  # the guard is what holds them
        return
    assert made == [1] * 20
    assert len(jobs(crawld)) == 20


@pytest.mark.parametrize("off", ["", "once_kept"])
def test_a_restart_forgets_no_key(service, off):
    crawld = service(env={"CRAWLD_TEST_GUARDS_OFF": off})
    first = post(crawld, "/v1/jobs?paused=1", "http://127.0.0.1:9/", "k").json["id"]
    crawld.stop()
    crawld.restart()
    again = post(crawld, "/v1/jobs?paused=1", "http://127.0.0.1:9/", "k")
    assert is_replay(again) == (not off)
    assert jobs(crawld).count(first) == 1 and len(jobs(crawld)) == (2 if off else 1)


def test_a_kill_behind_the_commit_doubles_nothing(service):
    """The answer never came, but the job is there."""
    crawld = service()
    body = b"http://127.0.0.1:9/\n"
    first = begin(crawld, "k", body)
    first.send(body[-1:])
    await_job(crawld)
    crawld.kill()
    first.close()
    crawld.restart()
    assert is_replay(post(crawld, "/v1/jobs?paused=1", body, "k"))
    assert len(jobs(crawld)) == 1


def test_a_kill_before_the_commit_loses_nothing(service):
    crawld = service()
    body = b"http://127.0.0.1:9/\n"
    first = begin(crawld, "k", body)
    assert jobs(crawld) == []
    crawld.kill()
    first.close()
    crawld.restart()
    assert not is_replay(post(crawld, "/v1/jobs?paused=1", body, "k"))
    assert is_replay(post(crawld, "/v1/jobs?paused=1", body, "k"))
    assert len(jobs(crawld)) == 1


@pytest.mark.timeout(300)
def test_kills_at_any_moment(service):
    """Sent until there is an answer: each request makes one job."""
    crawld = service()
    chance = random.Random(4)
    body = "".join(f"http://127.0.0.{i % 250 + 1}:9/{i}\n" for i in range(20000))
    for round_ in range(12):
        key = f"k{round_}"
        killer = threading.Timer(chance.uniform(0, 0.5), crawld.process.kill)
        killer.start()
        try:
            answer = post(crawld, f"/v1/jobs?paused=1&name={key}", body, key)
            acknowledged = answer.json["id"]
        except (OSError, http.client.HTTPException):
            acknowledged = None
        killer.join()
        crawld.kill()
        crawld.restart()
        again = post(crawld, f"/v1/jobs?paused=1&name={key}", body, key)
        assert is_replay(again) or not acknowledged
        assert again.json["counts"]["total"] == 20000
        assert acknowledged in (None, again.json["id"])
        assert [job["id"] for job in crawld.items(f"/v1/jobs?name={key}")] == [again.json["id"]]


def test_a_key_belongs_to_its_tenant(service):
    tokens = {"a": "secret-of-tenant-a", "b": "secret-of-tenant-b"}
    crawld = service(*(o for name, secret in tokens.items() for o in ("--token", f"{name}:{secret}")))

    def send(name, path="9"):
        bearer = {"Authorization": f"Bearer {tokens[name]}"}
        return post(crawld, "/v1/jobs?paused=1", f"http://127.0.0.1:9/{path}", "k", **bearer)

    first, other = send("a"), send("b", "other")
    assert not is_replay(first) and not is_replay(other)
    assert is_replay(send("a")) and is_replay(send("b", "other"))
    assert send("b").status == 422
    assert first.json["id"] != other.json["id"]
