"""What must not be reached is not reached: no packet, whatever way leads there.

127.0.0.2 stands for the open internet here, 127.0.0.3 for what is inside.
"""

import json

import pytest

from rig.dns import A
from rig.site import page, redirect

OPEN, INSIDE = "127.0.0.2", "127.0.0.3"
ONLY_OPEN = ("--allow-net", f"{OPEN}/32", "--host-delay-ms", "0", "--min-host-delay-ms", "0")


KNOWN = "http://255.255.255.255/known"  # so that the list is not refused as a whole


def outcome(crawld, url):
    job = crawld.crawl([url, KNOWN])
    records = crawld.items(f"/v1/jobs/{job['id']}/urls")
    (record,) = (r for r in records if r["url"] != KNOWN)
    return record


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "localhost.", "2130706433", "0x7f.1", "017700000001", "127.1",
        "0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]",
        "10.0.0.1", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "[fe80::1]", "[fc00::1]", "[::ffff:10.0.0.1]", "1%32%37.0.0.1", "①②⑦.0.0.1",
    ],
)  # fmt: skip
def test_addresses_by_their_many_names(service, sentinel, host):
    watch = sentinel("0.0.0.0")
    crawld = service(defaults=())
    record = outcome(crawld, f"http://{host}:{watch.port}/")
    assert (record["outcome"], record["code"]) == ("failed", "blocked_address")
    assert record["http_status"] is None
    assert watch.seen == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.2/", "gopher://127.0.0.2/"])
def test_schemes(service, url):
    record = outcome(service(defaults=ONLY_OPEN), url)
    assert (record["outcome"], record["code"]) == ("failed", "unsupported_scheme")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_to_it(service, site, status):
    web = site({})
    web.table["/go"] = redirect(web.url("/secret", INSIDE), status)
    web.table["/secret"] = page("/found")
    record = outcome(service(defaults=ONLY_OPEN), web.url("/go", OPEN))
    assert (record["outcome"], record["code"]) == ("failed", "blocked_address")
    assert web.opened == [OPEN]


def test_redirect_to_a_file(service, site):
    web = site({"/go": redirect("file:///etc/passwd")})
    record = outcome(service(defaults=ONLY_OPEN), web.url("/go", OPEN))
    assert (record["outcome"], record["code"]) == ("failed", "unsupported_scheme")


def test_names_that_lead_there(service, site, dns):
    web = site({"/": page("/found")})
    names = dns({"in.test": A(INSIDE), "in6.test": A("::1"), "out.test": A(OPEN)})
    crawld = service(*names.options, defaults=ONLY_OPEN)
    assert outcome(crawld, web.url("/", "out.test"))["outcome"] == "succeeded"
    for name in ("in.test", "in6.test"):
        record = outcome(crawld, web.url("/", name))
        assert (record["outcome"], record["code"]) == ("failed", "blocked_address")
        assert INSIDE not in json.dumps(record) and "::1" not in json.dumps(record)
    assert set(web.opened) == {OPEN}


def test_a_name_with_both_kinds_of_address(service, site, dns):
    web = site({"/": page("/found")})
    names = dns({"both.test": A(INSIDE, OPEN), "other.test": A(OPEN, INSIDE)})
    crawld = service(*names.options, defaults=ONLY_OPEN)
    outcome(crawld, web.url("/", "both.test"))
    outcome(crawld, web.url("/", "other.test"))
    assert INSIDE not in web.opened


def test_a_name_that_changes_its_mind(service, site, dns):
    web = site({}, default=page("/found"))
    names = dns({"turn.test": [A(OPEN, ttl=0), A(OPEN, ttl=0), A(INSIDE, ttl=0)]})
    crawld = service(*names.options, defaults=ONLY_OPEN)
    outcomes = {outcome(crawld, web.url(f"/{i}", "turn.test"))["code"] for i in range(8)}
    assert INSIDE not in web.opened
    assert outcomes <= {None, "blocked_address"}


def test_an_environment_proxy_is_not_asked(service, site, sentinel):
    watch = sentinel()
    web = site({"/": page("/found")})
    proxy = f"http://127.0.0.1:{watch.port}"
    crawld = service(env={"http_proxy": proxy, "ALL_PROXY": proxy}, defaults=ONLY_OPEN)
    assert outcome(crawld, web.url("/", OPEN))["outcome"] == "succeeded"
    assert watch.seen == []
