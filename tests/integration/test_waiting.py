"""?wait= and Prefer: wait: the answer comes when there is news, and not before."""

import concurrent.futures
import http.client
import json
import os
import re
import threading
import time

import pytest

from rig import until
from rig.site import Reply, page

pytestmark = pytest.mark.threaded


def paused_job(crawld, site, n=1, **reply):
    web = site({}, default=Reply(body=page("/x").body, **reply))
    return web, crawld.submit([web.url(f"/{i}") for i in range(n)], paused=True)


def held(crawld, target, **headers):
    """The call goes on in a thread: .result() is its answer."""
    pool = concurrent.futures.ThreadPoolExecutor(1)
    call = pool.submit(crawld.get, target, **headers)
    pool.shutdown(wait=False)
    return call


def test_it_waits_for_the_end(service, site):
    crawld = service()
    web, job = paused_job(crawld, site, 3, delay=0.2)
    answer = held(crawld, f"/v1/jobs/{job['id']}?wait=60")
    assert not concurrent.futures.wait([answer], 0.3).done
    crawld.call("POST", job["hrefs"]["self"] + "/resume")
    assert answer.result().json["state"] == "completed"
    at_once = crawld.get(f"/v1/jobs/{job['id']}?wait=60")
    assert at_once.json["counts"]["succeeded"] == 3


def test_it_waits_for_the_next_version(service, site):
    crawld = service()
    web, job = paused_job(crawld, site)
    version = job["version"]
    assert crawld.get(f"/v1/jobs/{job['id']}?wait=60&since={version - 1}").json["version"] == version
    answer = held(crawld, f"/v1/jobs/{job['id']}?wait=60&since={version}")
    assert not concurrent.futures.wait([answer], 0.3).done
    moved = crawld.call("POST", job["hrefs"]["self"] + "/resume").json
    assert answer.result().json["version"] >= moved["version"] > version


def test_time_is_up(service, site):
    crawld = service()
    web, job = paused_job(crawld, site)
    target, version = f"/v1/jobs/{job['id']}?wait=1", job["version"]
    assert crawld.get(target).json["state"] == "paused"
    known = crawld.get(target, If_None_Match=f'W/"{version}"')
    assert (known.status, known.body, known.headers["ETag"]) == (304, b"", f'W/"{version}"')
    preferred = crawld.get(f"/v1/jobs/{job['id']}", Prefer="respond-async, wait=1; x")
    assert (preferred.status, preferred.headers["Preference-Applied"]) == (200, "wait=1")
    both = crawld.get(target, Prefer="wait=60")
    assert both.status == 200 and "Preference-Applied" not in both.headers


def test_a_preference_may_be_nonsense(service, site):
    crawld = service()
    web, job = paused_job(crawld, site)
    for prefer in ("wait", "wait=x", "wait=-1", "wait=0", "=", ",", "x=1,wait=9z"):
        answer = crawld.get(f"/v1/jobs/{job['id']}", Prefer=prefer)
        assert answer.status == 200 and "Preference-Applied" not in answer.headers, prefer
    for bad in ("wait=0", "wait=61", "wait=x", "wait=", "since=1", "wait=1&since=-1", "wait=1&since="):
        assert crawld.get(f"/v1/jobs/{job['id']}?{bad}").status == 400, bad


def test_a_deleted_job_is_told(service, site):
    crawld = service()
    web, job = paused_job(crawld, site)
    target = f"/v1/jobs/{job['id']}"
    etag = crawld.get(target).headers["ETag"]
    assert crawld.get(target, If_None_Match=etag).status == 304
    answer = held(crawld, target + "?wait=60")
    assert not concurrent.futures.wait([answer], 0.3).done
    assert crawld.call("DELETE", target).status == 204
    assert answer.result().status == 404
    assert crawld.get(target, If_None_Match=etag).status == 404


def test_one_who_always_asks_for_more(service, site):
    """Each version at most once, and not more often than once a second."""
    crawld = service("--host-connections", "1")
    web = site({}, default=Reply(body=b"x", delay=0.1))
    job = crawld.submit([web.url(f"/{i}") for i in range(40)], host_connections=1)
    versions, begin = [job["version"]], time.monotonic()
    while not job["is_finished"]:
        job = crawld.get(f"/v1/jobs/{job['id']}?wait=60&since={versions[-1]}").json
        versions.append(job["version"])
    assert versions == sorted(set(versions))
    assert len(versions) <= time.monotonic() - begin + 3, versions
    assert job["counts"]["succeeded"] == 40


def waiters(crawld, target, n):
    connections = []
    for _ in range(n):
        connection = http.client.HTTPConnection("127.0.0.1", crawld.port, timeout=60)
        connection.request("GET", target)
        connections.append(connection)
    return connections


def clients(crawld):
    """Without the one that asks."""
    return int(re.search(r"^crawld_http_connections (\d+)", crawld.get("/metrics").text, re.M)[1]) - 1


def test_who_went_away_is_noticed(service, site):
    crawld = service()
    web, job = paused_job(crawld, site)
    connections = waiters(crawld, f"/v1/jobs/{job['id']}?wait=60", 50)
    until(lambda: clients(crawld) >= 50)
    for connection in connections:
        connection.close()
    until(lambda: clients(crawld) < 5, seconds=10)


def test_the_end_of_the_service_answers_all(service, site):
    crawld = service()
    web, job = paused_job(crawld, site)
    connections = waiters(crawld, f"/v1/jobs/{job['id']}?wait=60", 50)
    until(lambda: clients(crawld) >= 50)
    time.sleep(0.5)  # whose heads are read by now, too
    stopping = threading.Thread(target=crawld.stop)
    stopping.start()
    answers = [c.getresponse() for c in connections]
    stopping.join()
    assert {a.status for a in answers} <= {200, 503}
    assert [json.loads(a.read())["state"] for a in answers if a.status == 200].count("paused") > 0


def test_thousands_may_wait(service, site):
    """At 10 KiB each, and one commit answers all."""
    n = 5000
    crawld = service(binary=os.environ["CRAWLD_RELEASE_BIN"])
    web, job = paused_job(crawld, site)
    target = f"/v1/jobs/{job['id']}"
    assert clients(crawld) == 0  # the answer's memory is not the waiters'
    connections = waiters(crawld, target + "?wait=60", 1000)
    until(lambda: clients(crawld) >= 1000)
    before = crawld.status_kib("RssAnon")  # what is needed once is there by now
    files = crawld.open_files()
    connections += waiters(crawld, target + "?wait=60", n - 1000)
    # asked from outside, which takes none of its memory; the store may have closed some
    until(lambda: crawld.open_files() >= files + n - 1010)
    grown = crawld.status_kib("RssAnon") - before
    assert grown <= (n - 1000) * 10, grown / (n - 1000)
    assert crawld.get(target).json["state"] == "paused"
    crawld.call("POST", target + "/resume")
    for connection in connections:
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["state"]) == (200, "completed")
        connection.close()
