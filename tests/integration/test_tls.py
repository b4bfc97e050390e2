"""https: whose certificate is trusted is read, and nobody else's."""

import ssl

import pytest

from rig.crawld import Crawld
from rig.dns import A
from rig.site import Reply, page, redirect
from rig.tls import DAY, Authority

NAMES = {"a.test": A("127.0.0.1"), "b.test": A("127.0.0.1"), "x.a.test": A("127.0.0.1")}


@pytest.fixture
def authority(tmp_path):
    folder = tmp_path / "certificates"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture
def crawl(service, dns, authority):
    """crawl(url): the record of it, by a service that trusts the authority."""
    crawld = service(*dns(NAMES).options, "--ca-file", str(authority.file))

    def record(url):
        job = crawld.crawl([url], max_attempts=1)
        return crawld.records(job["id"])[url]

    return record


def test_a_trusted_site(crawl, site, authority):
    web = site({"/": page("/x")}, tls=authority.context("a.test", "127.0.0.1"))
    for host in ("a.test", "127.0.0.1"):
        record = crawl(web.url("/", host))
        assert (record["code"], record["http_status"], record["links_found"]) == (None, 200, 1)
    assert web.url("/").startswith("https:")


@pytest.mark.parametrize(
    "why, names, times",
    [
        ("of another name", ["b.test"], {}),
        ("of a name below", ["*.a.test"], {}),
        ("expired", ["a.test"], {"begins": -3 * DAY, "ends": -DAY}),
        ("not valid yet", ["a.test"], {"begins": DAY, "ends": 2 * DAY}),
        ("TLS 1.1", ["a.test"], {"most": ssl.TLSVersion.TLSv1_1}),
    ],
)
def test_a_site_with_a_bad_certificate(crawl, site, authority, why, names, times):
    web = site({}, default=page("/x"), tls=authority.context(*names, **times))
    record = crawl(web.url("/", "a.test"))
    assert (record["outcome"], record["code"]) == ("failed", "tls_error"), why
    assert web.requests == []


H2_SETTINGS = bytes.fromhex("000012040000000000000300000064000400100000000500004000")


@pytest.mark.parametrize("offered", [["h2"], ["h2", "http/1.1"], ["http/1.1"], ["acme-tls/1"]])
def test_what_is_spoken_is_http_1_1(crawl, site, authority, offered):
    """Whatever else a server would rather speak (RFC 7301)."""
    context = authority.context("a.test")
    context.set_alpn_protocols(offered)
    web = site({"/": page("/x"), "/frames": Reply(raw=H2_SETTINGS)}, tls=context)
    assert crawl(web.url("/", "a.test"))["http_status"] == 200
    assert crawl(web.url("/frames", "a.test"))["code"] == "protocol_error"


def test_a_wildcard(crawl, site, authority):
    web = site({}, default=page("/x"), tls=authority.context("*.a.test"))
    assert crawl(web.url("/", "x.a.test"))["code"] is None


def test_an_authority_that_nobody_knows(service, site, dns, authority, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "other")
    web = site({}, default=page("/x"), tls=other.context("a.test"))
    names = dns(NAMES)
    for options in ((), ("--ca-file", str(authority.file))):
        crawld = service(*names.options, *options)
        job = crawld.crawl([web.url("/", "a.test")], max_attempts=1)
        assert crawld.records(job["id"])[web.url("/", "a.test")]["code"] == "tls_error"
    assert web.requests == []


def test_redirects_between_http_and_https(crawl, site, authority):
    safe = site({}, tls=authority.context("a.test"))
    plain = site({})
    plain.table["/up"] = redirect(safe.url("/there", "a.test"))
    safe.table["/there"] = page("/x")
    safe.table["/down"] = redirect(plain.url("/here", "a.test"))
    plain.table["/here"] = page("/x", "/y")
    up, down = crawl(plain.url("/up", "a.test")), crawl(safe.url("/down", "a.test"))
    assert (up["final_url"], up["links_found"]) == (safe.url("/there", "a.test"), 1)
    assert (down["final_url"], down["links_found"]) == (plain.url("/here", "a.test"), 2)


def test_receivers_of_webhooks(service, site, dns, authority):
    web = site({}, default=page())
    hooks = site({}, default=page(), tls=authority.context("a.test"))
    crawld = service(*dns(NAMES).options, "--ca-file", str(authority.file), "--webhook-allow-net", "127.0.0.0/8")
    job = crawld.crawl([web.url("/")], webhook={"url": hooks.url("/hook", "a.test")})
    crawld.wait(job["id"], lambda _: "/hook" in hooks.paths())


@pytest.mark.parametrize("text, why", [(None, "No such file"), ("nonsense", "no certificate in PEM")])
def test_a_file_without_a_certificate_is_said_at_the_start(tmp_path, text, why):
    if text is not None:
        (tmp_path / "ca").write_text(text)
    crawld = Crawld(tmp_path / "crawld", "--ca-file", str(tmp_path / "ca"))
    assert why in crawld.refuses_to_start()
