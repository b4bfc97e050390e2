"""Sites that are slow, endless, broken or going in circles."""

import pytest

from rig.dns import A
from rig.site import Reply, page, redirect


def record_of(crawld, url, **options):
    job = crawld.crawl([url], **options)
    (record,) = crawld.items(f"/v1/jobs/{job['id']}/urls")
    return record


@pytest.mark.parametrize(
    "reply, code",
    [
        (Reply(hang=True), "timeout"),
        (Reply(body=b"x" * 1000, drip=0.1), "timeout"),
        (Reply(body=b"x" * 1000, cut=10), "connection_lost"),
        (Reply(body=b"x" * 1000, cut=10, chunked=True), "connection_lost"),
        (Reply(raw=b""), "connection_lost"),
        (Reply(raw=b"not HTTP at all\r\n\r\n"), "protocol_error"),
        (Reply(raw=bytes.fromhex("000012040000000000000300000064000400100000")), "protocol_error"),
        (Reply(raw=b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n\0\0\0"), "protocol_error"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nX: " + b"y" * 400_000 + b"\r\n\r\n"), "protocol_error"),
        (Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}), "bad_encoding"),
        (Reply(status=302), "http_3xx"),
        (Reply(status=404), "http_4xx"),
        (Reply(status=429), "rate_limited"),
        (Reply(status=503), "http_5xx"),
        (redirect("http://["), "invalid_url"),
        (redirect("/again"), "too_many_redirects"),
    ],
)
def test_outcomes(service, site, reply, code):
    web = site({"/": reply, "/again": redirect("/again")})
    record = record_of(service(), web.url("/"), timeout_ms=1500, max_attempts=1)
    assert (record["outcome"], record["code"]) == ("failed", code)
    assert record["attempts"] == 1


def test_a_folded_first_header_line(service, site):
    """libcurl 7.88 appends it to the last header of the handle's previous transfer."""
    folded = b"HTTP/1.1 200 OK\r\n folded: " + b"x" * 60 + b"\r\nContent-Length: 0\r\n\r\n"
    web = site({}, default=lambda r: Reply(raw=folded) if r.path > "/5" else page("/x"))
    crawld = service()
    job = crawld.crawl([web.url(f"/{i}") for i in range(10)], max_attempts=1)
    assert job["counts"]["succeeded"] >= 6, job
    assert crawld.get("/healthz").status == 200


def test_a_name_that_begins_with_a_dash(service, site, dns):
    """libcurl could take it for the removal of another name."""
    web = site({}, default=page("/x"))
    names = dns({name: A("127.0.0.2") for name in ("-a.test", "a.test")})
    job = service(*names.options).crawl([web.url("/", name) for name in names.table])
    assert job["counts"]["succeeded"] == 2


def test_redirects_up_to_the_limit(service, site):
    web = site({f"/{i}": redirect(f"/{i + 1}") for i in range(5)})
    web.table["/5"] = page("x")
    crawld = service()
    record = record_of(crawld, web.url("/0"), max_redirects=5)
    assert (record["outcome"], record["final_url"]) == ("succeeded", web.url("/5"))
    assert len(record["redirects"]) == 5
    record = record_of(crawld, web.url("/0"), max_redirects=4)
    assert (record["outcome"], record["code"]) == ("failed", "too_many_redirects")


@pytest.mark.parametrize(
    "location, code",
    [
        ("file:///etc/passwd", "unsupported_scheme"),
        ("http://[", "invalid_url"),
        ("/" + "x" * 90_000, "invalid_url"),
    ],
)
def test_a_redirect_that_is_refused_was_an_answer(service, site, location, code):
    web = site({"/": redirect("/there"), "/there": redirect(location)})
    crawld = service()
    job = crawld.crawl([web.url("/")])
    (record,) = crawld.items(f"/v1/jobs/{job['id']}/urls")
    assert (record["outcome"], record["code"], record["http_status"]) == ("failed", code, 302)
    assert record["final_url"] == web.url("/there") and len(record["redirects"]) == 2
    summary = crawld.get(f"/v1/jobs/{job['id']}/summary").json
    assert summary["http_statuses"] == [{"http_status": 302, "urls": 1}]


def test_what_passes_is_tried_again(service, site):
    answers = [Reply(status=503), Reply(raw=b""), page("/x")]
    web = site({"/": lambda request: answers.pop(0)})
    record = record_of(service(), web.url("/"))
    assert (record["outcome"], record["attempts"]) == ("succeeded", 3)


def test_what_does_not_pass_is_not(service, site):
    web = site({"/": Reply(status=404)})
    assert record_of(service(), web.url("/"))["attempts"] == 1
    assert len(web.requests) == 1


def test_retry_after_is_kept(service, site):
    answers = [Reply(status=429, headers={"Retry-After": "2"}), page("/x")]
    web = site({"/": lambda request: answers.pop(0)})
    assert record_of(service(), web.url("/"))["outcome"] == "succeeded"
    first, second = web.requests
    assert second.at - first.at >= 1.99


def test_a_dead_host(service):
    record = record_of(service(), "http://127.0.0.1:9/", max_attempts=2)
    assert (record["code"], record["attempts"]) == ("connect_error", 2)
