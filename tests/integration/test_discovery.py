"""Jobs that grow: by links, by sitemaps; and those that ask what has changed."""

import collections

import pytest

from rig.site import Reply, page

pytestmark = pytest.mark.threaded

TREE = {
    "/": page("/a", "/b", "/docs/", "http://127.0.10.9:{port}/other", "mailto:x@y"),
    "/a": page("/a/1", "/", "/b"),
    "/a/1": page("/a/2"),
    "/a/2": page("/a/3"),
    "/a/3": page("/a/4"),
    "/b": page("/file.pdf", "/b?x=1,2"),
    "/b?x=1,2": page("/"),
    "/docs/": page("/docs/one", "/a"),
    "/docs/one": page("/docs/two"),
}


def tree(site):
    web = site({}, default=page())
    for path, reply in TREE.items():
        body = reply.body.replace(b"{port}", str(web.port).encode())
        web.table[path] = Reply(body=body)
    return web


def crawled(crawld, web, start="/", **options):
    """The job and its records by path."""
    job = crawld.crawl([web.url(start, host="127.0.10.1")], **options)
    assert job["state"] == "completed", job
    records = {r["url"].split(f":{web.port}")[1]: r for r in crawld.items(f"/v1/jobs/{job['id']}/urls")}
    assert len(records) == job["counts"]["total"]
    counts = collections.Counter((r.address, r.path) for r in web.requests)
    assert set(counts.values()) <= {1}, counts
    return job, records


def test_the_list_only(service, site):
    job, records = crawled(service(), tree(site))
    assert set(records) == {"/"} and job["counts"]["total"] == 1


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_depth(service, site, depth):
    web = tree(site)
    job, records = crawled(service(), web, max_depth=depth)
    levels = [{"/"}, {"/a", "/b", "/docs/"}, {"/a/1", "/file.pdf", "/b?x=1,2", "/docs/one"},
              {"/a/2", "/docs/two"}]  # fmt: skip
    assert set(records) == set().union(*levels[: depth + 1])
    for level, paths in enumerate(levels[: depth + 1]):
        assert {records[p]["depth"] for p in paths} == {level}
    assert records["/"]["referrer"] is None and records["/"]["index"] == 0
    assert records["/a"]["referrer"] == 0
    assert job["not_followed"]["out_of_scope"] == 1
    assert job["not_followed"]["depth_limit"] > 0
    assert job["stop_reason"] == "no_more_urls"
    assert job["options"] == {"max_depth": depth}


def test_scopes(service, site):
    web = tree(site)
    crawld = service()
    _, records = crawled(crawld, web, "/docs/", max_depth=5, scope="prefix")
    assert set(records) == {"/docs/", "/docs/one", "/docs/two"}
    web.requests.clear()
    _, records = crawled(crawld, web, max_depth=5, scope="page")
    assert set(records) == {"/"}
    web.requests.clear()
    _, records = crawled(crawld, web, max_depth=1, scope="any")
    assert set(records) == {"/", "/a", "/b", "/docs/", "/other"}


def test_globs(service, site):
    web = tree(site)
    crawld = service()
    _, records = crawled(crawld, web, max_depth=9, exclude=["*.pdf", "/docs/*"], include=["*"])
    assert set(records) == {"/", "/a", "/a/1", "/a/2", "/a/3", "/a/4", "/b", "/b?x=1,2"}
    web.requests.clear()
    text = crawld.post_text("/v1/jobs?max_depth=9&include=/b,/b?x=1%5C,2", web.url("/"))
    assert text.json["options"]["include"] == ["/b", "/b?x=1\\,2"]
    crawld.wait(text.json["id"])
    assert sorted(web.paths()) == ["/", "/b", "/b?x=1,2"]


def test_a_limit_of_pages(service, site):
    web = site({}, default=lambda r: page(*(f"{r.path.rstrip('/')}/{i}" for i in range(5))))
    crawld = service()
    job = crawld.crawl([web.url("/")], max_depth=8, max_pages=40)
    assert job["counts"]["total"] == job["counts"]["succeeded"] == 40
    assert job["not_followed"]["page_limit"] > 0
    assert (job["state"], job["stop_reason"]) == ("completed", "page_limit")


def test_a_sitemap(service, site):
    web = tree(site)
    urls = "".join(f"<url><loc>{web.url(p, host='127.0.10.1')}</loc></url>" for p in ("/b", "/s1", "/s2"))
    xml = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    web.table["/sitemap.xml"] = Reply(body=xml.encode(), content_type="application/xml")
    crawld = service()
    _, records = crawled(crawld, web, sitemap="only")
    assert {"/", "/b", "/s1", "/s2"} <= set(records) and "/a" not in records
    web.requests.clear()
    _, records = crawled(crawld, web, sitemap="include", max_depth=1)
    assert {"/", "/a", "/b", "/s1", "/s2"} <= set(records)


def test_what_has_not_changed(service, site):
    def known(request):
        if request.headers.get("if-none-match") == '"v1"':
            return Reply(status=304, headers={"ETag": '"v1"'})
        return Reply(body=page("/x", "/y").body, headers={"ETag": '"v1"'})

    web = site({"/": known})
    crawld = service()
    first = crawld.crawl([web.url("/")], revalidate=True)
    second = crawld.crawl([web.url("/")], revalidate=True)
    record = crawld.records(second["id"])[web.url("/")]
    assert (record["outcome"], record["http_status"], record["not_modified"]) == ("succeeded", 304, True)
    assert crawld.tsv(second["id"]) == crawld.tsv(first["id"])
    assert second["links_found"] == first["links_found"] == 2
    row = crawld.get(f"/v1/jobs/{second['id']}/urls?format=tsv&columns=url,not_modified").text
    assert row.splitlines()[1] == f"{web.url('/')}\ttrue"
    third = crawld.crawl([web.url("/")])  # does not ask
    assert crawld.records(third["id"])[web.url("/")]["not_modified"] is False


# --- URLs that come to a job that runs ---


def test_urls_are_added_while_it_runs(service, site):
    web = site({}, default=Reply(body=page("/x").body, delay=0.1))
    crawld = service()
    job_id = crawld.submit([web.url(f"/{i}") for i in range(20)])["id"]
    crawld.wait(job_id, lambda j: j["counts"]["succeeded"] > 3)
    for start in (20, 40):
        urls = [web.url(f"/{i}", host=f"127.0.10.{i % 3 + 1}") for i in range(start, start + 20)]
        answer = crawld.post_text(f"/v1/jobs/{job_id}/urls", "\n".join(urls))
        assert answer.json["submission"]["accepted"] == 20
    job = crawld.wait(job_id, seconds=30)
    assert job["counts"]["succeeded"] == 60
    assert len(web.requests) == 60


def test_failures_are_put_back_while_it_runs(service, site):
    web = site({"/flaky": Reply(status=500)}, default=Reply(body=page("/x").body, delay=0.1))
    crawld = service("--max-attempts", "1")
    job_id = crawld.submit([web.url("/flaky"), *(web.url(f"/{i}") for i in range(60))])["id"]
    crawld.wait(job_id, lambda j: j["counts"]["failed"] == 1)
    web.table["/flaky"] = page("/y")
    answer = crawld.call("POST", f"/v1/jobs/{job_id}/retry", "")
    assert (answer.status, answer.json["retried"], answer.json["state"]) == (202, 1, "running")
    job = crawld.wait(job_id, seconds=30)
    assert (job["counts"]["succeeded"], job["counts"]["failed"]) == (61, 0)
    assert web.paths().count("/flaky") == 2
