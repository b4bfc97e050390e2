"""GET /v1/links?to=URL: which pages name a URL, over the jobs that index their links."""

import urllib.parse

from rig.site import page

TOKENS = ("--token", "a:secret-of-tenant-a", "--token", "b:secret-of-tenant-b")


def backlinks(crawld, to, secret=None, **query):
    """All of them, over as many pages as there are."""
    found, cursor = [], None
    while True:
        more = {"to": to, **query, **({"cursor": cursor} if cursor else {})}
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        answer = crawld.call("GET", "/v1/links?" + urllib.parse.urlencode(more), headers=headers)
        assert answer.status == 200, answer
        found += answer.json["items"]
        cursor = answer.json["next_cursor"]
        if cursor is None:
            return found


def sources(found):
    return sorted(link["source_url"] for link in found)


def test_who_names_it(service, site):
    target = "http://target.test/x?q=%C3%A4"
    web = site({"/a": page(target, "/b"), "/b": page("/a"), "/c": page("HTTP://TARGET.test:80/x?q=ä")})
    crawld = service()
    urls = [web.url(p) for p in ("/a", "/b", "/c")]
    indexed = crawld.crawl(urls, index_links=True, extract={"text": True})
    assert indexed["options"]["index_links"] is True
    crawld.crawl(urls)  # has asked for no index
    for to in (target, "HTTP://TARGET.test:80/x?q=ä"):
        found = backlinks(crawld, to)
        assert sources(found) == [web.url("/a"), web.url("/c")]
        first = next(link for link in found if link["source_url"] == web.url("/a"))
        assert first == {
            "job_id": indexed["id"], "source_url": web.url("/a"), "parsed_url": target,
            "tag": "a", "attr": "href", "rel": "", "text": target,
        }  # fmt: skip
    assert sources(backlinks(crawld, web.url("/a"))) == [web.url("/b")]
    assert backlinks(crawld, "http://nobody.test/") == []


def test_page_by_page_over_jobs(service, site):
    web = site({}, default=page("/hub", *(f"/{i}" for i in range(50))))
    crawld = service()
    ids = []
    for job in range(3):
        urls = [web.url(f"/{job}/{i}") for i in range(40)]
        ids.append(crawld.crawl(urls, index_links=True)["id"])
    found = backlinks(crawld, web.url("/hub"), limit=7)
    assert len(found) == 120 and len(set(sources(found))) == 120
    order = [link["job_id"] for link in found]
    assert order == sorted(order, key=ids.index)


def test_a_large_page_and_one_that_did_not_change(service, site):
    links = [f"/some/long/path/to/fill/the/parts/of/a/page/{i}" for i in range(5000)]
    large = page(*links)
    large.headers["ETag"] = '"1"'

    def answer(request):
        not_modified = page()
        not_modified.status, not_modified.body = 304, b""
        return not_modified if "if-none-match" in request.headers else large

    web = site({"/": answer})
    crawld = service()
    jobs = [crawld.crawl([web.url("/")], index_links=i > 0, revalidate=True) for i in range(2)]
    (record,) = crawld.records(jobs[1]["id"]).values()
    assert record["not_modified"]
    for link in (links[0], links[2500], links[-1]):
        assert [found["job_id"] for found in backlinks(crawld, web.url(link))] == [jobs[1]["id"]]


def test_each_tenant_has_its_own(service, site):
    web = site({}, default=page("/x"))
    crawld = service(*TOKENS)
    for secret in ("secret-of-tenant-a", "secret-of-tenant-b"):
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "text/plain"}
        body = web.url("/" + secret[-1])
        job = crawld.call("POST", "/v1/jobs?index_links=true", body, headers).json
        while not crawld.call("GET", f"/v1/jobs/{job['id']}?wait=9", headers=headers).json["is_finished"]:
            pass
    assert sources(backlinks(crawld, web.url("/x"), "secret-of-tenant-a")) == [web.url("/a")]
    assert sources(backlinks(crawld, web.url("/x"), "secret-of-tenant-b")) == [web.url("/b")]


def test_they_leave_with_their_job_and_outlive_a_kill(service, site):
    web = site({}, default=page("/x"))
    crawld = service()
    jobs = [crawld.crawl([web.url(f"/{i}")], index_links=True) for i in range(2)]
    crawld.kill()
    crawld.restart()
    assert len(backlinks(crawld, web.url("/x"))) == 2
    assert crawld.call("DELETE", jobs[0]["hrefs"]["self"]).status == 204
    assert sources(backlinks(crawld, web.url("/x"))) == [web.url("/1")]


def test_what_is_no_question(service):
    crawld = service()
    for query in ("", "?to=", "?to=/relative", "?to=http://a.test/&cursor=x", "?to=http://a.test/&limit=0"):
        assert crawld.get("/v1/links" + query).status == 400, query


def test_texts_of_a_hostile_page(service, site):
    rel, text = '<script>"\\\u2028\x1b[2J\x00 <a href=x>', '<b>"\\\u2028\x1b[2J\x00 </script>'
    body = f"<!doctype html><a rel='{rel}' href='//h.test/?q=<\"\x7f#f'>{text}\n\t\x01</a>"
    reply = page()
    reply.body = body.encode() + b"<a href=/x>\xff\xfe\xed\xa0\x80</a>"
    web = site({"/": reply})
    crawld = service()
    crawld.crawl([web.url("/")], index_links=True, extract={"text": True})
    links = crawld.get(f"/v1/jobs/{crawld.get('/v1/jobs').json['items'][0]['id']}/links").json["items"]
    assert len(links) == 2
    for link in links:  # the two lists say the same, whatever it is
        (found,) = backlinks(crawld, link["parsed_url"])
        found.pop("job_id")
        assert found == link


def test_questions_that_are_no_text(service):
    crawld = service()
    assert backlinks(crawld, "http://a.test/' OR 1=1 --") == []
    for to in ("http://%00/", "http://a.test:99999/", "//a.test/", "http://[::1", "%ff%fe"):
        assert crawld.get("/v1/links?to=" + urllib.parse.quote(to, safe="")).status == 400, to
    for cursor in ("", "AAAA", "%00", "A" * 65):
        assert crawld.get("/v1/links?to=http://a.test/&cursor=" + cursor).status == 400, cursor


def test_pages_with_very_many_links_come_a_few_at_a_time(service, site):
    web = site({}, default=page("/hub", *(f"/some/{i}" for i in range(30000))))
    crawld = service()
    crawld.crawl([web.url(f"/{i}") for i in range(9)], index_links=True)
    assert len(sources(backlinks(crawld, web.url("/hub")))) == 9
    assert len(set(sources(backlinks(crawld, web.url("/hub"), limit=2)))) == 9
