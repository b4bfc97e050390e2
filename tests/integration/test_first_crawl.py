"""A list goes in, every link comes out, in each format."""

import csv
import io
import json

import pytest

from rig.site import Reply, page, redirect

pytestmark = pytest.mark.threaded


def table():
    return {
        "/": page("/a", "b?x=1&amp;y=2#part", "//other.test/x", "mailto:a@b", "/a"),
        "/zipped": Reply(body=page("/z").body, gzip=True, chunked=True),
        "/moved": redirect("/deep/"),
        "/deep/": page("rel", "../up"),
        "/image": Reply(body=b"<a href=/no>", content_type="image/png"),
        "/gone": Reply(status=404, body=b"<a href=/no>"),
        "/broken": lambda request: Reply(status=500),
    }


def crawl(service, site):
    web = site(table())
    crawld = service("--max-attempts", "1")
    paths = ["/", "/zipped", "/moved", "/image", "/gone", "/broken"]
    job = crawld.crawl([web.url(p) for p in paths] + [web.url("/#again"), "ftp://x.test/", "http://"])
    return crawld, web, job


def expected(web):
    return [
        (web.url("/"), web.url("/a")),
        (web.url("/"), web.url("/b?x=1&y=2")),
        (web.url("/"), "http://other.test/x"),
        (web.url("/zipped"), web.url("/z")),
        (web.url("/moved"), web.url("/deep/rel")),
        (web.url("/moved"), web.url("/up")),
    ]


def test_job_and_outcomes(service, site):
    crawld, web, job = crawl(service, site)
    assert (job["state"], job["stop_reason"]) == ("completed", "no_more_urls")
    counts = {k: v for k, v in job["counts"].items() if v}
    assert counts == {"total": 8, "succeeded": 4, "failed": 4}
    assert job["duplicates"] == 1
    assert job["links_found"] == len(expected(web))
    records = list(crawld.items(f"/v1/jobs/{job['id']}/urls"))
    assert len(records) == 8
    by_input = {r["input"] or r["url"]: r for r in records}
    assert by_input["ftp://x.test/"]["code"] == "unsupported_scheme"
    assert by_input["http://"]["code"] == "invalid_url"
    gone = by_input[web.url("/gone")]
    assert (gone["outcome"], gone["code"], gone["http_status"]) == ("failed", "http_4xx", 404)
    assert by_input[web.url("/broken")]["code"] == "http_5xx"
    moved = by_input[web.url("/moved")]
    assert moved["outcome"] == "succeeded"
    assert moved["final_url"] == web.url("/deep/")
    assert by_input[web.url("/image")]["links_found"] == 0


def test_links_in_each_format(service, site):
    crawld, web, job = crawl(service, site)
    target = f"/v1/jobs/{job['id']}/links"
    want = sorted(expected(web))
    assert sorted(map(tuple, crawld.tsv(job["id"]))) == want
    # a page's own links keep the order of the document
    own = [row for row in crawld.tsv(job["id"]) if row[0] == web.url("/")]
    assert [tuple(row) for row in own] == expected(web)[:3]

    assert pairs(crawld.items(target)) == want
    assert pairs(crawld.items(target + "?limit=2")) == want
    ndjson = crawld.get(target + "?format=ndjson").text
    assert pairs(map(json.loads, ndjson.splitlines())) == want
    rows = csv.reader(io.StringIO(crawld.get(target + "?format=csv").text, newline=""))
    assert sorted(tuple(r[:2]) for r in list(rows)[1:]) == want


def pairs(items):
    return sorted((i["source_url"], i["parsed_url"]) for i in items)


def test_text_list_and_format_by_accept(service, site):
    web = site(table())
    crawld = service()
    lines = f"\ufeff# a comment\r\n\r\n  {web.url('/')}  \r\n{web.url('/deep/')}"
    answer = crawld.post_text("/v1/jobs?name=listed", lines)
    assert answer.status == 202, answer
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json['id']}"
    submission = answer.json["submission"]
    assert (submission["received"], submission["accepted"]) == (2, 2)
    job = crawld.wait(answer.json["id"])
    assert job["name"] == "listed"
    links = crawld.get(f"/v1/jobs/{job['id']}/links", Accept="text/tab-separated-values")
    assert links.headers["Content-Type"].startswith("text/tab-separated-values")
    assert len(links.text.splitlines()) == 1 + 5


def test_finished_job_exports_the_same_bytes(service, site):
    crawld, _, job = crawl(service, site)
    target = f"/v1/jobs/{job['id']}/links?format=tsv"
    before = crawld.get(target).body
    assert crawld.stop() == 0
    crawld.restart()
    assert crawld.get(target).body == before


def test_no_final_url_without_an_answer(service, site):
    web = site({"/": page("/a")})
    gone = "http://127.0.0.1:1/"
    crawld = service("--max-attempts", "1")
    job = crawld.crawl([web.url("/"), gone, "ftp://a.test/"])
    final_urls = {r["url"]: r["final_url"] for r in crawld.items(f"/v1/jobs/{job['id']}/urls")}
    assert final_urls == {web.url("/"): web.url("/"), gone: None, "ftp://a.test/": None}
