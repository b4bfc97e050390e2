"""Cases that others collected, played against the running service."""

import base64
import ipaddress
import json
import lzma
import tarfile
from urllib.parse import urlsplit

import pytest

from rig.site import Reply
from test_egress import KNOWN

NO_DNS = ("--dns-server", "127.0.0.1:9")  # nobody is asked


@pytest.fixture
def replies(test_data):
    with lzma.open(test_data / "http-replies" / "replies.jsonl.xz", "rt") as lines:
        cases = [json.loads(line) for line in lines]
    parts = [part for case in cases for _, part in case["replies"]]
    return [base64.b64decode(part) for part in parts]


def test_raw_replies(service, site, replies):
    """Whatever a server says, the URL ends once, and the same way each time."""
    web = site({f"/{i}": Reply(raw=raw) for i, raw in enumerate(replies)})
    # a host each, and another service for the second round: some ask for long waits
    urls = [web.url(f"/{i}", f"127.9.{i // 250}.{i % 250 + 1}") for i in range(len(replies))]
    ends = []
    for _ in range(2):
        crawld = service(*NO_DNS)
        job = crawld.crawl(urls, timeout_ms=5000, max_attempts=1)
        assert job["counts"]["total"] == len(urls)
        records = list(crawld.items(f"/v1/jobs/{job['id']}/urls"))
        assert sorted(r["url"] for r in records) == sorted(urls)
        assert all((r["code"] is None) == (r["outcome"] == "succeeded") for r in records)
        ends.append({r["url"]: (r["outcome"], r["code"], r["links_found"]) for r in records})
    assert ends[0] == ends[1]
    codes = {code for _, code, _ in ends[0].values()}
    assert {"http_4xx", "protocol_error"} <= codes and "internal_error" not in codes
    assert crawld.get("/readyz").status == 200


def test_json_suite(service, test_data):
    crawld = service(*NO_DNS)
    with tarfile.open(test_data / "json" / "JSONTestSuite.tar.xz") as suite:
        files = [m for m in suite.getmembers() if m.isfile() and m.name.endswith(".json")]
        assert len(files) > 300
        for member in files:
            body = suite.extractfile(member).read()
            answer = crawld.call("POST", "/v1/jobs", body, {"Content-Type": "application/json"})
            # none of them is a job: what is no JSON is 400, what is JSON is no list of URLs
            assert answer.status in (400, 413, 422), (member.name, answer)
            assert answer.json["status"] == answer.status
    assert crawld.get("/v1/jobs").json["items"] == []


def test_special_addresses(service, sentinel, test_data):
    watch = sentinel("0.0.0.0")
    rows = (line.split("\t") for line in (test_data / "ssrf" / "addresses.tsv").open())
    denied = [row[0] for row in rows if row[1:2] == ["deny"]]
    urls = {
        f"http://[{a}]:{watch.port}/" if ":" in a else f"http://{a}:{watch.port}/" for a in denied
    }
    crawld = service(*NO_DNS, defaults=())
    job = crawld.crawl(sorted(urls), host_delay_ms=100)
    codes = {r["code"] for r in crawld.items(f"/v1/jobs/{job['id']}/urls")}
    assert codes == {"blocked_address"}
    assert watch.seen == []


DISPUTED = ("http://xn--/",)  # urltestdata takes such a host ("file://xn--/p"), url-forms does not


def wanted_code(whatwg):
    """What must become of a URL with this reading; None where that is open."""
    if not whatwg:
        return "invalid_url"
    parts = urlsplit(whatwg["href"])
    if parts.scheme not in ("http", "https"):
        return "unsupported_scheme"
    if parts.username:
        return "invalid_url"
    if parts.hostname.rstrip(".") == "localhost":
        return "blocked_address"
    try:
        inside = not ipaddress.ip_address(parts.hostname).is_global
    except ValueError:
        return None
    return "blocked_address" if inside else None


def test_tricky_spellings(service, test_data):
    crawld = service(*NO_DNS, defaults=())
    with (test_data / "ssrf" / "url-forms.jsonl").open(encoding="utf-8") as lines:
        forms = [json.loads(line) for line in lines]
    for form in forms:
        if form["url"] in DISPUTED:
            continue
        job = crawld.crawl([form["url"], KNOWN], max_attempts=1, host_delay_ms=100)
        records = crawld.items(f"/v1/jobs/{job['id']}/urls")
        (code,) = (r["code"] for r in records if r["url"] != KNOWN)
        wanted = wanted_code(form["whatwg"])
        if wanted:
            assert code == wanted, form
        else:
            assert code not in (None, "internal_error"), form
