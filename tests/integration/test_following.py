"""Following links and sitemaps: how far, where to, each URL once; and an end to every trap."""

import collections
import gzip
import re

import pytest

from rig.dns import A
from rig.site import Reply, page, redirect

pytestmark = pytest.mark.threaded

OBEY = {"CRAWLD_ROBOTS": "obey"}


def check_sums(job, crawld):
    """Each URL one record, and the counts are those of the records."""
    records = list(crawld.items(f"/v1/jobs/{job['id']}/urls"))
    counts = dict(job["counts"])
    assert counts["total"] == len(records) == len({r["url"] for r in records})
    outcomes = collections.Counter(r["outcome"] for r in records)
    assert {k: counts[k] for k in outcomes} == outcomes
    return {r["url"]: r for r in records}


def crawl(crawld, web, *urls, **options):
    job = crawld.crawl([web.url(u) if u.startswith("/") else u for u in urls], **options)
    return job, check_sums(job, crawld)


def paths(records, web):
    return sorted(url.removeprefix(web.url("")) for url in records)


def check_each_once(web):
    asked = collections.Counter((r.host, r.path) for r in web.requests)
    assert set(asked.values()) <= {1}, asked.most_common(3)


def chain(site, n=10):
    return site({f"/{i}": page(f"/{i + 1}", "/0") for i in range(n)})


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_depth(service, site, depth):
    web = chain(site)
    job, records = crawl(service(), web, "/0", max_depth=depth)
    assert paths(records, web) == [f"/{i}" for i in range(depth + 1)]
    for i in range(depth + 1):
        record = records[web.url(f"/{i}")]
        assert record["depth"] == i and record["index"] == (None if i else 0)
        assert record["referrer"] == (records[web.url(f"/{i - 1}")]["place"] if i else None)
    assert job["stop_reason"] == "no_more_urls"
    # each page beyond the seed also links back to it
    assert job["not_followed"]["depth_limit"] == (2 if depth else 0)
    assert job["options"]["max_depth"] == depth
    check_each_once(web)


SCOPES = {
    "page": [],
    "prefix": ["http://www.a.test/docs/x"],
    "host": ["http://www.a.test/docs/x", "http://www.a.test/top"],
    "domain": ["http://b.a.test/", "http://www.a.test/docs/x", "http://www.a.test/top"],
    "any": ["http://b.a.test/", "http://c.test/", "http://www.a.test/docs/x", "http://www.a.test/top"],
}


@pytest.mark.parametrize("scope", SCOPES)
def test_scopes(service, site, dns, scope):
    web = site({}, default=page())
    at = lambda url: re.sub(r"test/", f"test:{web.port}/", url)
    web.table["/docs/"] = page(*(at(u) for u in SCOPES["any"]))
    names = dns({n: A("127.0.0.1") for n in ("www.a.test", "b.a.test", "c.test")})
    seed = at("http://www.a.test/docs/")
    job, records = crawl(service(*names.options), web, seed, max_depth=1, scope=scope)
    assert sorted(records) == sorted([seed, *(at(u) for u in SCOPES[scope])])
    assert job["not_followed"]["out_of_scope"] == 4 - len(SCOPES[scope])


def test_include_and_exclude(service, site):
    links = ["/a/1", "/a/2", "/b/1", "/a/1?print=1", "/c"]
    web = site({"/": page(*links)}, default=page())
    crawld = service()
    job, records = crawl(crawld, web, "/", max_depth=1, include=["/a/*", "*/c"], exclude=["*?print=*"])
    assert paths(records, web) == ["/", "/a/1", "/a/2", "/c"]
    assert job["not_followed"]["out_of_scope"] == 2
    text = crawld.post_text("/v1/jobs?max_depth=1&include=/a/*,/c&exclude=*/2", web.url("/"))
    job = crawld.wait(text.json["id"])
    assert paths(check_sums(job, crawld), web) == ["/", "/a/1", "/a/1?print=1", "/c"]
    assert job["options"] == {"max_depth": 1, "include": ["/a/*", "/c"], "exclude": ["*/2"]}
    bad = crawld.post_json("/v1/jobs", {"urls": [web.url("/")], "max_depth": 1, "include": ["/a", "b\\"]})
    assert (bad.status, bad.json["errors"][0]["pointer"]) == (400, "#/include/1")


def test_the_limit_of_pages(service, site):
    web = site({"/": page(*(f"/{i}" for i in range(50)))}, default=page("/new", "/"))
    job, records = crawl(service(), web, "/", max_depth=1, max_pages=20)
    assert (job["state"], job["stop_reason"]) == ("completed", "page_limit")
    assert job["counts"]["total"] == len(web.requests) == 20
    assert job["not_followed"]["page_limit"] == 31
    assert paths(records, web) == sorted(["/", *(f"/{i}" for i in range(19))])


def test_a_list_beyond_the_limit_is_crawled(service, site):
    web = site({}, default=page("/more"))
    job, _ = crawl(service(), web, *(f"/{i}" for i in range(10)), max_depth=1, max_pages=5)
    assert (job["counts"]["succeeded"], job["stop_reason"]) == (10, "page_limit")
    assert job["not_followed"]["page_limit"] >= 1


def test_what_is_followed(service, site):
    body = (
        '<link rel=stylesheet href=/css><link rel="alternate stylesheet" href=/css2>'
        "<link rel=next href=/next><link rel=canonical href=/canonical><link rel=icon href=/icon>"
        '<img src=/img><map><area href=/area></map><a href=/a rel=nofollow>x</a><a href=/b#f>y</a>'
        "<form action=/form></form><a href=mailto:x@y.test>z</a><iframe src=/frame></iframe>"
    )
    web = site({"/": Reply(body=body.encode())}, default=page())
    crawld = service()
    every = {"elements": ["*"]}
    _, records = crawl(crawld, web, "/", max_depth=1, extract=every)
    assert paths(records, web) == ["/", "/a", "/area", "/b", "/canonical", "/next"]
    _, records = crawl(crawld, web, "/", max_depth=1, extract={"nofollow": "drop"})
    assert paths(records, web) == ["/", "/area", "/b", "/canonical", "/next"]
    _, records = crawl(crawld, web, "/", max_depth=1, extract={"elements": ["img"]})
    assert paths(records, web) == ["/"]


def test_redirects_that_go_round(service, site):
    web = site({"/": page("/loop", "/self", "/far")})
    web.table.update({"/loop": redirect("/loop2"), "/loop2": redirect("/loop"), "/self": redirect("/self")})
    web.table["/far"] = redirect("/far1")
    web.table.update({f"/far{i}": redirect(f"/far{i + 1}") for i in range(1, 30)})
    job, records = crawl(service(), web, "/", max_depth=5)
    assert job["counts"]["total"] == 4
    assert {r["code"] for u, r in records.items() if u != web.url("/")} == {"too_many_redirects"}


def test_traps_come_to_an_end(service, site):
    def calendar(request):
        day = int(request.path.rsplit("=", 1)[1])
        return page(f"/cal?day={day + 1}", f"/cal?day={day - 1}", "/deep/")

    def deeper(request):
        return page(request.path + "a/", request.path + "b/a/", "a/b/")

    web = site({"/": page("/cal?day=1", "/deep/", "/end")}, default=page())
    web.default = lambda r: deeper(r) if r.path.startswith("/deep/") else (
        calendar(r) if r.path.startswith("/cal") else page()
    )
    crawld = service()
    job, records = crawl(crawld, web, "/", max_depth=100, max_pages=300)
    assert job["is_finished"] and job["counts"]["total"] <= 300
    assert web.url("/end") in records and web.url("/deep/") in records
    job, _ = crawl(crawld, web, "/deep/", max_depth=100, max_pages=100_000, exclude=["/cal*"])
    assert job["stop_reason"] == "no_more_urls" and job["counts"]["total"] < 5000
    assert job["not_followed"]["out_of_scope"] > 0


# --- sitemaps ---------------------------------------------------------------------------------


def urlset(*urls):
    rows = "".join(f"<url><loc>{u}</loc></url>" for u in urls)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()


def index_of(*urls):
    rows = "".join(f"<sitemap><loc>{u}</loc></sitemap>" for u in urls)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>'.encode()


def xml(body, **kwargs):
    return Reply(body=body, content_type="application/xml", **kwargs)


def mapped(site):
    """A site whose sitemaps list what no page links to."""
    web = site({"/": page("/linked")}, default=page())
    packed = Reply(body=gzip.compress(urlset(web.url("/s/2"))), content_type="application/gzip")
    web.table["/sitemap.xml"] = xml(index_of(web.url("/sitemap-1.xml"), web.url("/sitemap-2.xml.gz")))
    web.table["/sitemap-1.xml"] = xml(urlset(web.url("/s/1"), "http://other.test/"))
    web.table["/sitemap-2.xml.gz"] = packed
    web.table["/robots.txt"] = Reply(status=404)
    return web


MAPS = ["/sitemap-1.xml", "/sitemap-2.xml.gz", "/sitemap.xml"]


def test_sitemaps(service, site):
    web = mapped(site)
    crawld = service()
    _, records = crawl(crawld, web, "/", sitemap="only")
    assert paths(records, web) == ["/", "/s/1", "/s/2", *MAPS]
    assert {r["depth"] for r in records.values()} == {0}
    job, records = crawl(crawld, web, "/", sitemap="include", max_depth=1)
    assert paths(records, web) == ["/", "/linked", "/s/1", "/s/2", *MAPS]
    assert job["not_followed"]["out_of_scope"] == 1
    _, records = crawl(crawld, web, "/", max_depth=1)
    assert paths(records, web) == ["/", "/linked"]


def test_sitemaps_that_robots_txt_names(service, site):
    web = mapped(site)
    lines = f"User-agent: *\nDisallow: /s/2\nSitemap: {web.url('/my-map')}\n"
    web.table["/robots.txt"] = Reply(body=lines.encode(), content_type="text/plain")
    web.table["/my-map"] = xml(urlset(web.url("/s/1"), web.url("/s/2")))
    job, records = crawl(service(env=OBEY), web, "/", sitemap="only")
    assert paths(records, web) == ["/", "/my-map", "/s/1", "/s/2"]
    assert job["counts"]["disallowed"] == 1 and "/s/2" not in web.paths()


# --- over engines, kills and additions ------------------------------------------------------


def mesh(site, hosts, n):
    """On each of |hosts| |n| pages that link to one another and to those of other hosts."""
    web = site({})

    def reply(request):
        host = int(request.address.rsplit(".", 1)[1])
        i = int(request.path[1:])
        there = web.url(f"/{(i * 5 + 1) % n}", f"127.0.7.{host % hosts + 1}")
        return page(f"/{(i * 2 + 1) % n}", f"/{(i * 3 + 2) % n}", f"/{(i + 1) % n}", there)

    web.default = reply
    return web


def test_over_engines_and_a_kill(service, site):
    hosts, n = 12, 60
    web = mesh(site, hosts, n)
    crawld = service("--fetch-threads", "4")
    job_id = crawld.submit([web.url("/0", "127.0.7.1")], max_depth=100, scope="any", host_delay_ms=10)["id"]
    for least in (100, 350):
        crawld.wait(job_id, lambda j: j["counts"]["succeeded"] > least)
        crawld.kill()
        crawld.restart()
    job = crawld.wait(job_id)
    records = check_sums(job, crawld)
    assert set(records) == {web.url(f"/{i}", f"127.0.7.{h}") for h in range(1, hosts + 1) for i in range(n)}
    assert job["counts"]["succeeded"] == hosts * n
    places = {r["place"]: r for r in records.values()}
    assert len(places) == hosts * n
    for r in records.values():
        assert r["depth"] == (places[r["referrer"]]["depth"] + 1 if r["referrer"] is not None else 0)
    # what was under way when it died is asked for again, and nothing else
    again = collections.Counter((r.address, r.path) for r in web.requests)
    assert sum(again.values()) - len(again) <= 2 * 300


def test_added_urls_go_on_from_there(service, site):
    web = site({"/": page("/a"), "/b": page("/c", "/a")}, default=page())
    crawld = service()
    job, _ = crawl(crawld, web, "/", max_depth=1)
    added = crawld.post_text(f"/v1/jobs/{job['id']}/urls", f"{web.url('/b')}\n{web.url('/a')}\n")
    assert (added.status, added.json["submission"]["duplicates"]) == (202, 1), added
    records = check_sums(crawld.wait(job["id"]), crawld)
    assert paths(records, web) == ["/", "/a", "/b", "/c"]
    check_each_once(web)


def test_globs_are_not_for_sitemaps_themselves(service, site):
    web = mapped(site)
    _, records = crawl(service(), web, "/", sitemap="only", include=["/s/*"])
    assert paths(records, web) == ["/", "/s/1", "/s/2", *MAPS]


def test_a_sitemap_on_another_host_does_not_widen_the_scope(service, site):
    web = mapped(site)
    far = web.url("/their-map", "127.0.0.3")
    web.table["/robots.txt"] = lambda r: (
        Reply(body=f"Sitemap: {far}\n".encode(), content_type="text/plain")
        if r.address == "127.0.0.1"
        else Reply(status=404)
    )
    web.table["/their-map"] = xml(urlset(web.url("/s/1"), web.url("/theirs", "127.0.0.3")))
    crawld = service(env=OBEY)
    _, records = crawl(crawld, web, "/", sitemap="only")
    assert paths(records, web) == ["/"]
    _, records = crawl(crawld, web, "/", sitemap="only", scope="any")
    assert sorted(records) == sorted([web.url("/"), far, web.url("/s/1"), web.url("/theirs", "127.0.0.3")])
