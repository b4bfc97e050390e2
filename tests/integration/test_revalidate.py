"""revalidate: what is known is asked for by its validators, and a 304 brings the old links."""

import pytest

from rig.site import Reply, page

pytestmark = pytest.mark.threaded

DATE = "Tue, 03 Nov 2026 08:00:00 GMT"


def versioned(site):
    """Pages with validators, each as fresh as |web.tags| says."""
    web = site({})
    web.tags = {"/tag": '"v1"', "/date": DATE, "/none": None}
    names = {"/tag": ("If-None-Match", "ETag"), "/date": ("If-Modified-Since", "Last-Modified")}

    def reply(request):
        tag = web.tags[request.path]
        body = page(f"{request.path}/{len(tag or '')}", "/x").body
        if tag is None:
            return Reply(body=body)
        asked, told = names[request.path]
        if request.headers.get(asked.lower()) == tag:
            return Reply(status=304, headers={told: tag})
        return Reply(body=body, headers={told: tag})

    web.default = reply
    return web


def crawl(crawld, web, **options):
    job = crawld.crawl([web.url(p) for p in web.tags], revalidate=True, **options)
    assert job["counts"]["succeeded"] == 3, job
    return job, {r["url"].rsplit("/", 1)[1]: r for r in crawld.items(f"/v1/jobs/{job['id']}/urls")}


def links(crawld, job):
    return sorted(map(tuple, crawld.tsv(job["id"])))


def test_what_did_not_change_is_not_sent_again(service, site):
    web = versioned(site)
    crawld = service()
    first, records = crawl(crawld, web)
    assert not any(r["not_modified"] for r in records.values())
    assert (records["tag"]["etag"], records["date"]["last_modified"]) == ('"v1"', DATE)
    crawld.stop()
    crawld.restart()
    second, records = crawl(crawld, web)
    assert {n: (r["http_status"], r["not_modified"]) for n, r in records.items()} == {
        "tag": (304, True), "date": (304, True), "none": (200, False),
    }  # fmt: skip
    assert all(r["outcome"] == "succeeded" and r["links_found"] == 2 for r in records.values())
    assert len(links(crawld, second)) == 6 and links(crawld, second) == links(crawld, first)
    asked = [r.headers for r in web.requests[3:]]
    assert sum("if-none-match" in h for h in asked) == sum("if-modified-since" in h for h in asked) == 1
    third, records = crawl(crawld, web)  # known by the copies
    assert records["tag"]["not_modified"] and links(crawld, third) == links(crawld, first)


def test_what_changed_is_fetched(service, site):
    web = versioned(site)
    crawld = service()
    crawl(crawld, web)
    web.tags["/tag"] = '"version 2"'
    job, records = crawl(crawld, web)
    assert not records["tag"]["not_modified"] and records["date"]["not_modified"]
    assert records["tag"]["etag"] == '"version 2"'
    assert (web.url("/tag"), web.url("/tag/11")) in links(crawld, job)


def test_a_job_that_does_not_ask_for_it_gets_all(service, site):
    web = versioned(site)
    crawld = service()
    crawl(crawld, web)
    job = crawld.crawl([web.url("/tag")])
    (record,) = crawld.items(f"/v1/jobs/{job['id']}/urls")
    assert record["http_status"] == 200 and "if-none-match" not in web.requests[-1].headers


def test_the_old_page_may_be_gone(service, site):
    web = versioned(site)
    crawld = service()
    first, _ = crawl(crawld, web)
    assert crawld.call("DELETE", f"/v1/jobs/{first['id']}").status == 204
    second, records = crawl(crawld, web)
    assert {r["http_status"] for r in records.values()} == {200}
    assert len(links(crawld, second)) == 6


def test_the_old_page_may_go_while_it_is_asked_for(service, site):
    web = versioned(site)
    crawld = service()
    first, _ = crawl(crawld, web)
    fresh = web.default

    def delete_first(request):
        if "if-none-match" in request.headers and crawld.get(f"/v1/jobs/{first['id']}").status == 200:
            assert crawld.call("DELETE", f"/v1/jobs/{first['id']}").status == 204
        return fresh(request)

    web.default = delete_first
    second, records = crawl(crawld, web)
    assert len(links(crawld, second)) == 6
    assert all(r["links_found"] == 2 for r in records.values())


def test_links_of_pages_that_did_not_change_are_followed(service, site):
    """More of them than one read of the store brings."""
    many = 800
    links = page(*(f"/{i:0>200}" for i in range(many))).body
    tag = {"ETag": '"1"'}

    def reply(request):
        if request.headers.get("if-none-match") == '"1"':
            return Reply(status=304, headers=tag)
        return Reply(body=links if request.path == "/" else page("/deep").body, headers=tag)

    web = site({}, default=reply)
    crawld = service("--host-connections", "8")
    options = {"revalidate": True, "max_depth": 1, "host_connections": 8}
    for seen in (0, many + 1):
        job = crawld.crawl([web.url("/")], **options)
        assert job["counts"]["succeeded"] == many + 1
        assert job["not_followed"]["depth_limit"] == many
        records = list(crawld.items(f"/v1/jobs/{job['id']}/urls"))
        assert sum(r["not_modified"] for r in records) == seen


@pytest.mark.parametrize(
    "other, knows",
    [
        ({"headers": {"Accept-Language": "de"}}, False),
        ({"user_agent": "another/1"}, False),
        ({"extract": {"text": True}}, False),
        ({"host_delay_ms": 1, "name": "another"}, True),
    ],
)
def test_what_is_known_holds_for_who_asks_and_reads_alike(service, site, other, knows):
    web = versioned(site)
    crawld = service()
    crawl(crawld, web)
    _, records = crawl(crawld, web, **other)
    assert records["tag"]["not_modified"] == knows
    _, records = crawl(crawld, web)
    assert records["tag"]["not_modified"]


@pytest.mark.parametrize("tag", ['"' + "e" * 300 + '"', '"a\x07b"', '"\xff"'])
def test_a_validator_that_cannot_be_sent_back_as_it_came_is_not_sent(service, site, tag):
    web = site({"/": Reply(headers={"ETag": tag, "Last-Modified": DATE}, body=page("/x").body)})
    crawld = service()
    for _ in range(2):
        job = crawld.crawl([web.url("/")], revalidate=True)
        (record,) = crawld.items(f"/v1/jobs/{job['id']}/urls")
        assert (record["etag"], record["last_modified"]) == (None, DATE)
    asked = web.requests[-1].headers
    assert "if-none-match" not in asked and asked["if-modified-since"] == DATE
