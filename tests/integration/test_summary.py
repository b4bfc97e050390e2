"""GET /v1/jobs/{id}/summary: how the URLs ended, counted; the records must say the same."""

import collections

import pytest

from rig.site import Reply, page


def summary(crawld, job):
    answer = crawld.get(job["hrefs"]["self"] + "/summary")
    assert answer.status == 200, answer
    return answer.json


def counted(items, *names):
    return {tuple(item[n] for n in names) if len(names) > 1 else item[names[0]]: item["urls"] for item in items}


def check_against_records(crawld, job):
    told, records = summary(crawld, job), list(crawld.items(job["hrefs"]["urls"]))
    assert counted(told["outcomes"], "outcome", "code") == collections.Counter(
        (r["outcome"], r["code"]) for r in records
    )
    answered = [r for r in records if r["http_status"]]
    assert counted(told["http_statuses"], "http_status") == collections.Counter(r["http_status"] for r in answered)
    types = collections.Counter((r["content_type"] or "").split(";")[0].strip().lower() or None for r in answered)
    assert counted(told["content_types"], "content_type") == types
    assert sum(n for n in types.values()) == len(answered)
    times = sorted(r["elapsed_ms"] for r in answered)
    for name, share in {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1}.items():
        exact = times[max(0, -int(-len(times) * share // 1) - 1)]
        assert exact <= told["elapsed_ms"][name] <= exact * 1.25, (name, exact, told)
    return told


def test_it_counts_what_the_records_say(service, site):
    web = site(
        {
            "/text": Reply(body=b"x", content_type="Text/Plain; charset=utf-8"),
            "/none": Reply(raw=b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n"),
            "/hostile": Reply(body=b"x", content_type='a/"\\\x7f<script>'),
            "/long": Reply(body=b"x", content_type="a/" + 200 * "b"),
            "/gone": Reply(status=410),
            "/late": Reply(body=b"x", delay=0.3),
        },
        default=page("/x"),
    )
    crawld = service("--max-attempts", "1")
    paths = ["/", "/1", "/2", "/text", "/none", "/hostile", "/gone", "/late"]
    urls = [web.url(p) for p in paths] + [web.url("/", "127.0.0.2"), "ftp://a/", "nonsense", "http://127.0.0.1:1/"]
    job = crawld.crawl(urls)
    told = check_against_records(crawld, job)
    assert told["total"] == len(urls) and told["host_count"] == 3
    assert told["hosts"][0] == {"host": f"127.0.0.1:{web.port}", "urls": len(paths)}
    assert counted(told["content_types"], "content_type")["text/html"] == 6
    added = crawld.post_json(job["hrefs"]["urls"], {"urls": [web.url("/long"), "gopher://b/"]})
    assert added.status == 202
    crawld.wait(job["id"])
    told = summary(crawld, job)
    assert counted(told["outcomes"], "outcome", "code")["failed", "unsupported_scheme"] == 2
    assert counted(told["content_types"], "content_type")[None] == 2


def test_it_is_known_by_its_version(service, site):
    crawld = service()
    job = crawld.crawl([site({}, default=page("/x")).url("/")])
    first = crawld.get(job["hrefs"]["self"] + "/summary")
    assert first.headers["ETag"] == f'W/"{job["version"]}"'
    assert crawld.get(job["hrefs"]["self"] + "/summary", If_None_Match=first.headers["ETag"]).status == 304


def test_a_retry_takes_back_what_it_counted(service, site):
    table = {"/a": Reply(status=503), "/b": Reply(status=404)}
    web = site(table, default=page("/x"))
    crawld = service("--max-attempts", "1")
    job = crawld.crawl([web.url(p) for p in ("/", "/a", "/b")])
    check_against_records(crawld, job)
    table["/a"] = page("/x")
    assert crawld.call("POST", job["hrefs"]["self"] + "/retry").json["retried"] == 1
    crawld.wait(job["id"])
    told = check_against_records(crawld, job)
    assert counted(told["http_statuses"], "http_status") == {200: 2, 404: 1}


@pytest.mark.parametrize("end", ["cancel", "deadline", "dead host"])
def test_what_has_no_record_counts_as_well(service, site, end):
    web = site({}, default=Reply(raw=b"") if end == "dead host" else Reply(hang=True))
    crawld = service(env={"CRAWLD_TEST_PATIENCE_DIVISOR": "200"})
    options = {"deadline_seconds": 1} if end == "deadline" else {}
    job = crawld.submit([web.url(f"/{i}") for i in range(50)] + ["nonsense"], max_attempts=1, **options)
    if end == "cancel":
        crawld.wait(job["id"], lambda j: j["state"] == "running" or web.requests)
        assert crawld.call("POST", job["hrefs"]["self"] + "/cancel").status == 200
    job = crawld.wait(job["id"])
    told = counted(summary(crawld, job)["outcomes"], "outcome", "code")
    assert sum(told.values()) == 51 and told["failed", "invalid_url"] == 1
    wanted = {"cancel": ("cancelled", "job_cancelled"), "deadline": ("skipped", "deadline")}
    assert told[wanted.get(end, ("failed", "host_unavailable"))] >= 30, told
    by_outcome = collections.Counter()
    for (outcome, _), n in told.items():
        by_outcome[outcome] += n
    assert by_outcome == {k: v for k, v in job["counts"].items() if v and k not in ("total", "queued", "running")}


def test_many_types(service, site):
    """A site with a type for each page: the first 64, and the others together."""
    web = site({}, default=lambda r: Reply(body=b"x", content_type=f"a/{r.path[1:]}"))
    crawld = service()
    job = crawld.crawl([web.url(f"/{i}") for i in range(200)])
    types = counted(summary(crawld, job)["content_types"], "content_type")
    assert len(types) == 65 and types[None] == 200 - 64


def test_over_a_kill_and_after_a_delete(service, site):
    web = site({}, default=Reply(body=page("/x").body, delay=0.01))
    crawld = service()
    job = crawld.submit([web.url(f"/{i}", f"127.0.0.{i % 9 + 1}") for i in range(400)])
    crawld.wait(job["id"], lambda j: j["counts"]["succeeded"] > 50)
    crawld.kill()
    crawld.restart()
    job = crawld.wait(job["id"])
    check_against_records(crawld, job)
    assert crawld.call("DELETE", job["hrefs"]["self"]).status == 204
    assert crawld.get(job["hrefs"]["self"] + "/summary").status == 404
