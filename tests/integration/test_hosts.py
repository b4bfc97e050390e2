"""GET /v1/jobs/{id}/hosts: how much is left where, and why it waits."""

import pytest

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
