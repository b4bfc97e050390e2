"""What is wrong is refused by name, and nothing else happens."""

import gzip
import json
import socket

import pytest

URL = "http://a.test/"


@pytest.fixture
def crawld(service):
    return service("--dns-server", "127.0.0.1:9")  # nobody is asked


def check_problem(answer, status, code=None):
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.headers
    problem = answer.json
    assert problem["status"] == status
    assert problem["type"] == f"urn:crawld:problem:{problem['code']}"
    assert problem["title"] and problem["request_id"] == answer.headers["X-Request-Id"]
    return problem


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b'{"urls":["' + URL.encode() + b'"]} x', b'{"urls": "\xff"}',
     b'{"urls":["http://a/"],"urls":["http://b/"]}', b"\xef\xbb\xbf{}", b"[" * 100_000],
)  # fmt: skip
def test_not_json(crawld, body):
    answer = crawld.call("POST", "/v1/jobs", body, {"Content-Type": "application/json"})
    check_problem(answer, 400)


@pytest.mark.parametrize(
    "options, pointer",
    [
        ({"urls": 1}, "#/urls"),
        ({"urls": [URL, 7]}, "#/urls/1"),
        ({"urls": None}, "#/urls"),
        ({"urls": [URL], "priority": 10}, "#/priority"),
        ({"urls": [URL], "priority": "5"}, "#/priority"),
        ({"urls": [URL], "priority": 5.5}, "#/priority"),
        ({"urls": [URL], "priority": -1}, "#/priority"),
        ({"urls": [URL], "paused": "true"}, "#/paused"),
        ({"urls": [URL], "paused": 1}, "#/paused"),
        ({"urls": [URL], "deadline_seconds": 0}, "#/deadline_seconds"),
        ({"urls": [URL], "deadline_seconds": 31_536_001}, "#/deadline_seconds"),
        ({"urls": [URL], "deadline_seconds": None}, "#/deadline_seconds"),
        ({"urls": [URL], "retention_seconds": 0}, "#/retention_seconds"),
        ({"urls": [URL], "retention_seconds": 604_801}, "#/retention_seconds"),
        ({"urls": [URL], "retention_seconds": "60"}, "#/retention_seconds"),
        ({"urls": [URL], "max_depth": -1}, "#/max_depth"),
        ({"urls": [URL], "max_depth": 65_536}, "#/max_depth"),
        ({"urls": [URL], "max_depth": 1, "max_pages": 0}, "#/max_pages"),
        ({"urls": [URL], "max_depth": 1, "scope": "site"}, "#/scope"),
        ({"urls": [URL], "max_depth": 1, "include": "*"}, "#/include"),
        ({"urls": [URL], "max_depth": 1, "include": ["a", "b", "c", ""]}, "#/include/3"),
        ({"urls": [URL], "max_depth": 1, "exclude": ["x" * 1025]}, "#/exclude/0"),
        ({"urls": [URL], "max_depth": 1, "exclude": ["*"] * 201}, "#/exclude"),
        ({"urls": [URL], "scope": "any"}, "#/scope"),
        ({"urls": [URL], "sitemap": True}, "#/sitemap"),
        ({"urls": [URL], "revalidate": 1}, "#/revalidate"),
        ({"urls": [URL], "max_pages": 5}, "#/max_pages"),
        ({"urls": [URL], "include": ["*"]}, "#/include"),
        ({"urls": [URL], "host_delay_ms": -1}, "#/host_delay_ms"),
        ({"urls": [URL], "host_delay_ms": 60_001}, "#/host_delay_ms"),
        ({"urls": [URL], "host_delay_ms": 2**63}, None),
        ({"urls": [URL], "timeout_ms": 0}, "#/timeout_ms"),
        ({"urls": [URL], "max_redirects": True}, "#/max_redirects"),
        ({"urls": [URL], "robots": "maybe"}, "#/robots"),
        ({"urls": [URL], "extract": {"elements": "a"}}, "#/extract/elements"),
        ({"urls": [URL], "extract": {"element": ["a"]}}, "#/extract/element"),
        ({"urls": [URL], "metadata": []}, "#/metadata"),
        ({"urls": [URL], "host_dealy_ms": 5}, "#/host_dealy_ms"),
    ],
)
def test_wrong_options(crawld, options, pointer):
    problem = check_problem(crawld.post_json("/v1/jobs", options), 400)
    if pointer:
        assert [e["pointer"] for e in problem["errors"]] == [pointer]
    assert crawld.get("/v1/jobs").json["items"] == []


@pytest.mark.parametrize(
    "query, parameter",
    [("host_dealy_ms=5", "host_dealy_ms"), ("priority=x", "priority"), ("priority=10", "priority"),
     ("max_depth=x", "max_depth"), ("scope=host", "scope"), ("max_depth=1&include=a,%5C", "include"),
     ("max_depth=1&exclude=", "exclude"), ("max_depth=1&scope=Host", "scope"),
     ("paused=yes", "paused"), ("paused=", "paused"), ("deadline_seconds=0", "deadline_seconds"),
     ("retention_seconds=0", "retention_seconds"), ("retention_seconds=604801", "retention_seconds"),
     ("host_delay_ms=", "host_delay_ms"), ("host_delay_ms=5&host_delay_ms=6", "host_delay_ms")],
)  # fmt: skip
def test_wrong_query(crawld, query, parameter):
    problem = check_problem(crawld.post_text(f"/v1/jobs?{query}", URL), 400)
    assert problem["errors"][0]["parameter"] == parameter


@pytest.mark.parametrize("urls", [[], ["nonsense"], ["mailto:a@b", "http://"]])
def test_lists_without_a_url(crawld, urls):
    check_problem(crawld.post_json("/v1/jobs", {"urls": urls}), 422)
    check_problem(crawld.post_text("/v1/jobs", "\n".join(urls)), 422)
    check_problem(crawld.post_json("/v1/jobs", {"urls": urls, "paused": False}), 422)
    if urls:
        check_problem(crawld.post_json("/v1/jobs", {"urls": urls, "paused": True}), 422)
    assert crawld.get("/v1/jobs").json["items"] == []


def test_rejects_are_told(crawld):
    answer = crawld.post_text("/v1/jobs", f"{URL}\nhttp://a b/\nftp://x/\nhttp://u:p@a.test/\n")
    assert answer.status == 202, answer
    submission = answer.json["submission"]
    assert [(r["index"], r["code"]) for r in submission["rejects"]] == [
        (1, "invalid_url"), (2, "unsupported_scheme"), (3, "invalid_url"),
    ]  # fmt: skip
    assert (submission["received"], submission["accepted"], submission["rejected"]) == (4, 1, 3)


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "text/html"}, {},
     {"Content-Type": "text/plain", "Content-Encoding": "br"}],
)  # fmt: skip
def test_media_types(crawld, headers):
    answer = crawld.call("POST", "/v1/jobs", URL, headers)
    check_problem(answer, 415)
    if "Content-Encoding" in headers:
        assert "gzip" in answer.headers["Accept-Encoding"]


def test_too_much_json(crawld):
    body = json.dumps({"urls": [f"http://a.test/{i:090}" for i in range(1_000_000)]}).encode()
    assert len(body) > 100_000_000
    before = crawld.rss_bytes()
    with socket.create_connection(("127.0.0.1", crawld.port), 30) as s:
        head = "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        s.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        try:
            s.sendall(body)
        except OSError:
            pass  # it did not want all of it
        assert s.recv(4096).startswith(b"HTTP/1.1 413 ")
    bomb = gzip.compress(body)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    check_problem(crawld.call("POST", "/v1/jobs", bomb, headers), 413)
    assert crawld.rss_bytes() - before < 64 << 20


def test_broken_gzip(crawld):
    packed = gzip.compress(URL.encode() * 100)
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    for body in (packed[:-5], b"no gzip", packed[:20] + b"\0\0\0" + packed[23:]):
        check_problem(crawld.call("POST", "/v1/jobs", body, headers), 400)
    assert crawld.get("/v1/jobs").json["items"] == []


def test_invalid_utf8_in_a_list(crawld):
    answer = crawld.post_text("/v1/jobs", URL.encode() + b"\nhttp://b.test/\xff\xfe\n")
    assert answer.status in (202, 400), answer
    assert json.loads(answer.body)


def test_unknown_and_wrong(crawld):
    unknown = "/v1/jobs/0190a000-0000-7000-8000-000000000000"
    for target in (unknown, unknown + "/links", unknown + "/urls", "/v1/jobs/x", "/v1", "/nothing"):
        check_problem(crawld.get(target), 404)
    answer = crawld.call("PUT", "/v1/jobs", "x", {"Content-Type": "text/plain"})
    check_problem(answer, 405)
    assert {"GET", "POST"} <= {m.strip() for m in answer.headers["Allow"].split(",")}
    check_problem(crawld.call("POST", "/healthz", ""), 405)


def test_errors_say_what_may_be_said(crawld):
    job = crawld.submit(["http://127.0.0.1:9/"])["hrefs"]
    bare = crawld.call("POST", "/v1/jobs", b'["http://a/"]', {"Content-Type": "application/json"})
    assert '{"urls": [...]}' in check_problem(bare, 400)["detail"] and bare.json["code"] == "invalid_option"
    for target, word in (
        (job["urls"] + "?outcome=x", "pending, succeeded"),
        (job["urls"] + "?code=x", "invalid_url, unsupported_scheme"),
        ("/v1/jobs?state=x", "queued, running"),
        ("/v1/jobs?state=queued&state=x", "commas"),
    ):
        detail = check_problem(crawld.get(target), 400)["detail"]
        assert word in detail and "receiving" not in detail and "deleted" not in detail, detail
    assert "GET" in check_problem(crawld.call("POST", "/healthz", ""), 405)["detail"]


def test_formats_and_limits(crawld):
    job = crawld.submit(["http://127.0.0.1:9/"])
    links = f"/v1/jobs/{job['id']}/links"
    check_problem(crawld.get(links + "?format=xml"), 400)
    check_problem(crawld.get(links, Accept="image/png"), 406)
    for bad in ("limit=0", "limit=x", "limit=10001", "cursor=%21", "after=x&format=tsv", "odd=1"):
        check_problem(crawld.get(f"{links}?{bad}"), 400)


def test_browsers(crawld):
    check_problem(crawld.get("/v1/jobs", Origin="http://evil.test"), 403)
    check_problem(crawld.get("/v1/jobs", Sec_Fetch_Site="cross-site"), 403)
    check_problem(crawld.get("/v1/jobs", Host="evil.test"), 403)
    assert crawld.get("/v1/jobs", Host="localhost").status == 200


def test_still_alive(crawld):
    assert crawld.get("/healthz").status == 200
