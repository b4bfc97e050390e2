"""Each guard, seen to work and then seen to be missed when it is off."""

import gzip
import socket

import pytest

from rig.dns import A
from rig.site import Reply, page, redirect
from test_egress import INSIDE, ONLY_OPEN, OPEN, outcome

CHECKS = ("addrguard_names", "addrguard_connect", "addrguard_reuse")


def without(*guards):
    return {"CRAWLD_TEST_GUARDS_OFF": ",".join(guards)}


@pytest.mark.parametrize(
    "way, on",
    [
        ("literal", "addrguard_connect"),
        ("name", "addrguard_connect"),
        ("name", "addrguard_names"),
        ("redirect", "addrguard_connect"),
        ("literal", "addrguard_reuse"),
        ("name", "addrguard_reuse"),
        ("literal", None),
        ("name", None),
        ("redirect", None),
    ],
)
def test_egress(service, site, dns, way, on):
    """The looks at the names, the socket and the connection: each holds by itself."""
    web = site({"/": page("/found")})
    names = dns({"in.test": A(INSIDE)})
    web.table["/go"] = redirect(web.url("/", INSIDE))
    url = {
        "literal": web.url("/", INSIDE),
        "name": web.url("/", "in.test"),
        "redirect": web.url("/go", OPEN),
    }[way]
    env = without(*(check for check in CHECKS if check != on))
    record = outcome(service(*names.options, defaults=ONLY_OPEN, env=env), url)
    if on:
        # the last one lets a connection be, as if it had been there before, but sends nothing
        asked = [r.address for r in web.requests] if on == "addrguard_reuse" else web.opened
        assert record["code"] == "blocked_address" and INSIDE not in asked
    else:
        assert record["outcome"] == "succeeded" and INSIDE in web.opened


@pytest.mark.parametrize("on", [False, True])
def test_the_last_look_holds_back_the_request(service, site, on):
    """With the other checks off the connection is opened, but nothing is asked."""
    web = site({"/": page("/found")})
    env = without(*(check for check in CHECKS if not on or check != "addrguard_reuse"))
    record = outcome(service(defaults=ONLY_OPEN, env=env), web.url("/", INSIDE))
    assert record["code"] == ("blocked_address" if on else None)
    assert INSIDE in web.opened and bool(web.requests) != on


@pytest.mark.parametrize("off", [False, True])
def test_a_name_that_turned_is_not_asked_by_a_kept_connection(service, site, dns, off):
    """What the look at names alone can see: the connection still leads elsewhere."""
    web = site({}, default=page("/found"))
    names = dns({"turn.test": A(OPEN, ttl=0)})

    def turn(request):
        names.table["turn.test"] = A(INSIDE, ttl=0)
        return Reply(status=302, headers={"Location": "/next"}, delay=1.5)

    web.table["/go"] = turn
    crawld = service(
        *names.options, defaults=ONLY_OPEN, env=without("addrguard_names") if off else {}
    )
    record = outcome(crawld, web.url("/go", "turn.test"))
    assert record["code"] == (None if off else "blocked_address")
    assert web.paths() == (["/go", "/next"] if off else ["/go"])


@pytest.mark.parametrize("off", [False, True])
def test_body_limit(service, site, off):
    web = site({"/": Reply(body=b"<p>" * 4000, chunked=True)})
    crawld = service(env=without("body_limit") if off else {})
    job = crawld.crawl([web.url("/")], max_body_bytes=10_000)
    (record,) = crawld.items(f"/v1/jobs/{job['id']}/urls")
    assert record["code"] == (None if off else "body_too_large")


@pytest.mark.parametrize("off", [False, True])
def test_bombs(service, site, off):
    web = site({"/": Reply(body=b"\0" * 20_000_000, gzip=True)})
    crawld = service("--max-body-bytes", "50000000", env=without("ratio") if off else {})
    job = crawld.crawl([web.url("/")], max_body_bytes=50_000_000)
    (record,) = crawld.items(f"/v1/jobs/{job['id']}/urls")
    assert record["code"] == (None if off else "body_too_large")


@pytest.mark.parametrize("off", [False, True])
def test_packed_lists_of_nothing(service, off):
    crawld = service(env=without("request_ratio") if off else {})
    body = gzip.compress(b"\n" * 20_000_000 + b"http://a.test/\n")
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    answer = crawld.call("POST", "/v1/jobs?paused=1", body, headers)
    assert answer.status == (202 if off else 413), answer
    assert off or "100 times" in answer.json["detail"]


@pytest.mark.parametrize("off", [False, True])
def test_many_pages_of_long_links(service, site, off):
    """A hundred kilobytes that resolve to forty megabytes, from ten hosts at once."""
    base = f'<base href="http://127.0.0.1/{"a" * 7000}/">'
    body = base + "".join(f"<a href={i:x}>" for i in range(6000))
    web = site({}, default=Reply(body=body.encode(), chunked=True, hold=2))
    crawld = service(env=without("page_memory") if off else {})
    job = crawld.crawl([web.url("/", f"127.0.8.{i}") for i in range(1, 11)], max_attempts=1)
    codes = [r["code"] for r in crawld.items(f"/v1/jobs/{job['id']}/urls")]
    assert set(codes) == ({None} if off else {None, "body_too_large"})


def status_of(crawld, *lines):
    with socket.create_connection(("127.0.0.1", crawld.port), 20) as s:
        s.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(s.recv(4096).split(b" ", 2)[1])


@pytest.mark.parametrize("off", [False, True])
def test_framing(service, off):
    crawld = service(env=without("framing") if off else {})
    status = status_of(
        crawld,
        "GET /healthz HTTP/1.1",
        "Host: localhost",
        "Content-Length: 0",
        "Content-Length: 5",
    )
    assert (status == 400) != off


@pytest.mark.parametrize("off", [False, True])
@pytest.mark.parametrize(
    "guard, headers",
    [
        ("host", {"Host": "evil.test"}),
        ("browser", {"Origin": "http://evil.test"}),
        ("browser", {"Sec_Fetch_Site": "cross-site"}),
    ],
)
def test_browsers(service, guard, headers, off):
    crawld = service(env=without(guard) if off else {})
    assert crawld.get("/v1/jobs", **headers).status == (200 if off else 403)


def test_a_page_that_packs_well_is_no_bomb(service, site):
    body = page(*(f"/{i}" for i in range(5))).body + b"<tr><td>0<td>0<td>0\n" * 400_000
    assert len(body) / len(gzip.compress(body)) > 300
    web = site({"/": Reply(body=body, gzip=True)})
    assert service().crawl([web.url("/")])["counts"]["succeeded"] == 1
