"""Pages that are no HTML: feeds, sitemaps, and links that only a header tells of."""

from rig.site import Reply, redirect
from test_program import run

ATOM = """<?xml version="1.0" encoding="windows-1251"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/blog/">
  <link rel="self" href="feed.atom"/>
  <entry><link rel="alternate" href="\u0436?\u0436&amp;b=2"/><id>http://no.test/</id></entry>
</feed>""".encode("windows-1251")
RSS = b"""<rss version="2.0"><channel><link>http://c.test/</link>
  <item><link><![CDATA[http://c.test/1?a&b]]></link><guid isPermaLink="false">http://no.test/</guid>
  <enclosure url="http://c.test/1.mp3" length="1" type="audio/mpeg"/></item></channel></rss>"""
SITEMAP = b"""<!DOCTYPE urlset [<!ENTITY a "0123456789"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
  <url><loc>http://c.test/&b;</loc></url><url><loc>http://c.test/2</loc></url></urlset>"""


def links(crawld, job):
    """(path of the page, link, tag, attribute, rel) of each link."""
    for item in crawld.items(f"/v1/jobs/{job['id']}/links"):
        path = "/" + item["source_url"].split("/", 3)[3]
        yield (path, item["parsed_url"], item["tag"], item["attr"], item["rel"])


def test_feeds_and_sitemaps(service, site):
    web = site({
        "/atom": Reply(body=ATOM, content_type="application/atom+xml"),
        "/rss": Reply(body=RSS, content_type="text/html", drip=0.001, chunked=True),
        "/sitemap.xml": Reply(body=SITEMAP, content_type="application/xml", gzip=True),
        "/data.xml": Reply(body=b"<data><link>/no</link></data>", content_type="text/xml"),
        "/feed.txt": Reply(body=RSS, content_type="text/plain"),
    })  # fmt: skip
    crawld = service()
    urls = [web.url(path) for path in web.table]
    job = crawld.crawl(urls, extract={"elements": ["img"]})  # chooses among HTML's only
    assert job["counts"]["succeeded"] == len(urls)
    assert sorted(links(crawld, job)) == [
        ("/atom", web.url("/blog/%D0%B6?%D0%B6&b=2"), "feed", "link", "alternate"),
        ("/atom", web.url("/blog/feed.atom"), "feed", "link", "self"),
        ("/rss", "http://c.test/", "feed", "link", ""),
        ("/rss", "http://c.test/1.mp3", "feed", "enclosure", ""),
        ("/rss", "http://c.test/1?a&b", "feed", "link", ""),
        ("/sitemap.xml", "http://c.test/&b;", "sitemap", "loc", ""),
        ("/sitemap.xml", "http://c.test/2", "sitemap", "loc", ""),
    ]


def raw(*headers, body=b""):
    lines = ["HTTP/1.1 200 OK", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    return Reply(raw="\r\n".join([*lines, "", ""]).encode() + body)


def test_link_headers(service, site):
    html = b'<base href="http://b.test/"><a href="x">x</a><a href="http://c.test/">c</a>'
    web = site({
        "/old": redirect("/new/page"),
        "/new/page": raw(
            "Content-Type: text/html", 'Link: <next>; rel="next", </a>; anchor="http://c.test/"',
            'LINK: rubbish, <http://c.test/>; rel="x nofollow"', body=html,
        ),
        "/file.pdf": raw("Content-Type: application/pdf", "Link: <file.html>; rel=canonical"),
        "/early": Reply(raw=b"HTTP/1.1 103 Early\r\nLink: </no>; rel=preload\r\n\r\n"
                            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    })  # fmt: skip
    crawld = service()
    urls = [web.url(path) for path in ("/old", "/file.pdf", "/early")]
    # on the redirect's page: header first, against the final URL and not the base
    of_page = [
        ("/old", web.url("/new/next"), "Link:", "href", "next"),
        ("/old", "http://c.test/", "Link:", "href", "x nofollow"),
    ]
    of_file = [("/file.pdf", web.url("/file.html"), "Link:", "href", "canonical")]
    everything = list(links(crawld, crawld.crawl(urls, extract={"elements": ["*"]})))
    assert [link for link in everything if link[0] == "/old"] == [
        *of_page,
        ("/old", "http://b.test/", "base", "href", ""),
        ("/old", "http://b.test/x", "a", "href", ""),
    ]
    assert [link for link in everything if link[0] != "/old"] == of_file
    only = crawld.crawl(urls, extract={"elements": ["Link:"]})
    assert sorted(links(crawld, only)) == sorted(of_page + of_file)
    default = {link[1:3] for link in links(crawld, crawld.crawl(urls))}
    assert default == {("http://b.test/x", "a"), ("http://c.test/", "a")}


def test_a_head_of_nothing_but_links(service, site):
    """More than a head may be ends the request; what is within it is counted."""
    some = ", ".join(f"</{i}>; rel=x" for i in range(3000))
    web = site({
        "/some": raw("Content-Type: text/html", f"Link: {some}"),
        "/many": raw("Content-Type: text/html", *[f"Link: {some}"] * 20),
    })  # fmt: skip
    crawld = service("--max-attempts", "1")
    job = crawld.crawl([web.url("/some"), web.url("/many")], extract={"elements": ["*"]})
    records = crawld.records(job["id"])
    assert records[web.url("/some")]["links_found"] == 3000
    assert records[web.url("/many")]["outcome"] == "failed"


def test_links_of_a_feed_by_hand():
    result = run(
        "links", "--url", "http://a.test/feed", "--content-type", "application/rss+xml",
        "--link-header", "</hub>; rel=hub", "--link-header", "<s>", "--elements", "Link:",
        stdin=RSS.decode(),
    )  # fmt: skip
    assert result.returncode == 0, result
    assert [row.split("\t")[1] for row in result.stdout.splitlines()[1:]] == [
        "http://a.test/hub", "http://a.test/s",
        "http://c.test/", "http://c.test/1?a&b", "http://c.test/1.mp3",
    ]  # fmt: skip

