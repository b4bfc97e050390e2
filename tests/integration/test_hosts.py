"""GET /v1/jobs/{id}/hosts: how much is left where, and why it waits."""

import datetime
import time

import pytest

from rig.crawld import LOOPBACK
from rig.site import Reply, page

pytestmark = pytest.mark.threaded


def hosts_of(crawld, job_id, query=""):
    return {h["host"]: h for h in crawld.items(f"/v1/jobs/{job_id}/hosts{query}")}


def test_hosts_from_the_start_to_the_end(service, site):
    web = site({}, default=Reply(body=page("/x").body, delay=0.05))
    crawld = service()
    sizes = {f"127.0.9.{n}": 10 * n for n in range(1, 8)}
    urls = [web.url(f"/{i}", host=h) for h, n in sizes.items() for i in range(n)]
    job_id = crawld.submit([*urls, urls[0], "no URL"], paused=True, host_delay_ms=40)["id"]
    names = {f"{h}:{web.port}": n for h, n in sizes.items()}
    begin = hosts_of(crawld, job_id, "?limit=3")
    assert {h: v["queued"] for h, v in begin.items()} == names
    assert {v["done"] + v["running"] for v in begin.values()} == {0}
    assert {v["eta_seconds"] for v in begin.values()} == {None}
    assert crawld.call("POST", f"/v1/jobs/{job_id}/resume", "").status == 200
    seen = []
    while not crawld.job(job_id)["is_finished"]:
        hosts = hosts_of(crawld, job_id)
        assert {h: v["queued"] + v["running"] + v["done"] for h, v in hosts.items()} == names
        seen.append({h: v["done"] for h, v in hosts.items()})
    for before, after in zip(seen, seen[1:]):
        assert all(after[h] >= before[h] for h in names)
    assert any(0 < sum(done.values()) < len(urls) for done in seen)
    end = hosts_of(crawld, job_id)
    assert {h: v["done"] for h, v in end.items()} == names
    for host in end.values():
        assert (host["queued"], host["eta_seconds"], host["blocked_by"]) == (0, 0, None)
    assert not any(v["is_estimate"] for v in [*begin.values(), *end.values()])


def test_a_long_queue_is_estimated(service):
    crawld = service()
    lines = "\n".join(f"http://127.0.0.1:9/{i}" for i in range(50_000))
    job = crawld.post_text("/v1/jobs?paused=true&host_delay_ms=100", lines).json
    (host,) = crawld.get(job["hrefs"]["hosts"]).json["items"]
    assert host["is_estimate"] and host["host"] == "127.0.0.1:9"
    assert abs(host["queued"] - 50_000) < 50 and host["queued"] + host["done"] == 50_000


def test_hosts_that_are_not_there(service):
    crawld = service()
    assert crawld.get("/v1/jobs/0190a000-0000-7000-8000-000000000000/hosts").status == 404
    job = crawld.submit([], paused=True)
    hosts = f"/v1/jobs/{job['id']}/hosts"
    assert crawld.get(hosts).json == {"items": [], "next_cursor": None}
    for bad in ("limit=0", "limit=1001", "cursor=x", "format=tsv"):
        assert crawld.get(f"{hosts}?{bad}").status == 400
    head = crawld.call("HEAD", hosts)
    assert (head.status, head.body) == (200, b"")
    refused = crawld.call("POST", hosts, "")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")


# --- why they wait ---


def seconds_from_now(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() - time.time()


def the_host(crawld, job_id, reason, seconds=10):
    """The only host of the job, once it is blocked by |reason|."""
    end = time.monotonic() + seconds
    while True:
        (host,) = crawld.get(f"/v1/jobs/{job_id}/hosts").json["items"]
        if host["blocked_by"] == reason:
            return host
        assert time.monotonic() < end, host
        time.sleep(0.02)


def wait_there(service, site, table, *options, env=None, **job):
    web = site(table, default=page("/x"))
    crawld = service("--host-connections", "1", *options, defaults=LOOPBACK, env=env)
    return crawld, crawld.submit([web.url(f"/{i}") for i in range(11)], **job)["id"]


def test_a_host_waits_for_its_delay(service, site):
    crawld, job_id = wait_there(service, site, {}, host_delay_ms=5000)
    host = the_host(crawld, job_id, "delay")
    assert 0 < seconds_from_now(host["blocked_until"]) <= 5
    crawld.wait(job_id, lambda j: j["counts"]["succeeded"] > 0)
    host = the_host(crawld, job_id, "delay")
    assert (host["queued"], host["running"], host["done"]) == (10, 0, 1)
    assert 50 <= host["eta_seconds"] <= 55
    assert abs(crawld.job(job_id)["eta_seconds"] - host["eta_seconds"]) <= 6


def test_a_host_waits_for_a_connection(service, site):
    slow = {f"/{i}": Reply(body=b"x", delay=3) for i in range(11)}
    crawld, job_id = wait_there(service, site, slow, "--host-delay-ms", "0")
    host = the_host(crawld, job_id, "connections")
    assert (host["queued"], host["running"], host["done"]) == (10, 1, 0)
    assert host["blocked_until"] is None


def test_a_host_waits_as_long_as_it_asked_for(service, site):
    busy = {f"/{i}": Reply(status=503, headers={"Retry-After": "60"}) for i in range(11)}
    crawld, job_id = wait_there(service, site, busy, "--host-delay-ms", "100")
    host = the_host(crawld, job_id, "retry_after")
    assert 40 < seconds_from_now(host["blocked_until"]) <= 75
    assert host["queued"] == 11 and host["eta_seconds"] > 40


def test_a_host_waits_for_its_crawl_delay(service, site):
    table = {"/robots.txt": Reply(body=b"User-agent: *\nCrawl-delay: 7\n", content_type="text/plain")}
    env = {"CRAWLD_ROBOTS": "obey"}
    crawld, job_id = wait_there(service, site, table, "--host-delay-ms", "100", env=env)
    host = the_host(crawld, job_id, "crawl_delay", seconds=20)
    assert 0 < seconds_from_now(host["blocked_until"]) <= 7
    assert host["eta_seconds"] >= 63


def test_a_host_waits_for_robots(service, site):
    env = {"CRAWLD_ROBOTS": "obey"}
    crawld, job_id = wait_there(
        service, site, {"/robots.txt": Reply(hang=True)}, "--host-connections", "2", env=env
    )
    host = the_host(crawld, job_id, "robots_pending")
    assert host["queued"] >= 10 and host["done"] == 0
    assert crawld.call("POST", f"/v1/jobs/{job_id}/cancel", "").status == 200


def test_a_dead_host_backs_off(service):
    crawld = service(defaults=LOOPBACK)
    job_id = crawld.submit([f"http://127.0.0.1:9/{i}" for i in range(50)], host_delay_ms=100)["id"]
    host = the_host(crawld, job_id, "backoff", seconds=30)
    assert seconds_from_now(host["blocked_until"]) > 0
    assert host["queued"] > 0
