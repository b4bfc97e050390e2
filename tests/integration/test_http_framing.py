"""HTTP as hostile, broken and slow clients speak it, byte by byte."""

import re
import os
import resource
import socket
import time

import pytest

from rig.site import Reply, page

DEADLINES = {"CRAWLD_TEST_DEADLINE_DIVISOR": "30"}  # headers 1 s, body 2 s, idle 2.5 s, answer 4 s
STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) ")
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"


def request(line, *fields, body=b""):
    head = [line, b"Host: localhost", *fields]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def connect(crawld, seconds=10):
    return socket.create_connection(("127.0.0.1", crawld.port), timeout=seconds)


def read_all(client, seconds):
    """What comes within |seconds|, and whether the server then hung up."""
    received, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        client.settimeout(max(0.01, end - time.monotonic()))
        try:
            piece = client.recv(65536)
        except TimeoutError:
            return received, False
        except ConnectionError:
            return received, True
        if not piece:
            return received, True
        received += piece
    return received, False


def exchange(crawld, data, seconds=1.0):
    with connect(crawld) as client:
        client.sendall(data)
        received, ended = read_all(client, seconds)
    return [int(s) for s in STATUS_LINE.findall(received)], received, ended


# --- requests that two parsers may read differently ---

LENGTH = b"Content-Length: %d" % len(HIDDEN)
CHUNKED = b"Transfer-Encoding: chunked"
EMPTY = b"0\r\n\r\n" + HIDDEN
SMUGGLED = {
    "length and coding": request(b"POST /v1/jobs HTTP/1.1", LENGTH, CHUNKED, body=EMPTY),
    "coding and length": request(b"POST /v1/jobs HTTP/1.1", CHUNKED, b"Content-Length: 5", body=EMPTY),
    "two lengths": request(b"POST /v1/jobs HTTP/1.1", b"Content-Length: 0", LENGTH, body=HIDDEN),
    "two codings": request(b"POST /v1/jobs HTTP/1.1", CHUNKED, CHUNKED, body=EMPTY),
    "unknown coding": request(b"POST /v1/jobs HTTP/1.1", b"Transfer-Encoding: xchunked", body=EMPTY),
    "coding of two": request(b"POST /v1/jobs HTTP/1.1", b"Transfer-Encoding: gzip, chunked", body=EMPTY),
    "coding before a blank": request(b"POST /v1/jobs HTTP/1.1", CHUNKED + b" ", body=EMPTY),
    "coding before a tab": request(b"POST /v1/jobs HTTP/1.1", CHUNKED.title() + b" \t", body=EMPTY),
    "identity": request(b"POST /v1/jobs HTTP/1.1", b"Transfer-Encoding: identity", body=HIDDEN),
    "space before the colon": request(b"POST /v1/jobs HTTP/1.1", b"Content-Length : 41", body=HIDDEN),
    "space in a coding's name": request(b"POST /v1/jobs HTTP/1.1", b"Transfer-Encoding : chunked", body=EMPTY),
    "negative length": request(b"POST /v1/jobs HTTP/1.1", b"Content-Length: -1", body=HIDDEN),
    "signed length": request(b"POST /v1/jobs HTTP/1.1", b"Content-Length: +41", body=HIDDEN),
    "two hosts": request(b"GET /healthz HTTP/1.1", b"Host: other"),
    "NUL in the path": request(b"GET /healthz%00x HTTP/1.1"),
    "absolute target": request(b"GET http://evil.example/healthz HTTP/1.1"),
    "target without a slash": request(b"GET healthz HTTP/1.1"),
    "authority as target": request(b"CONNECT evil.example:443 HTTP/1.1"),
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_ambiguous_requests_end_the_connection(service, name):
    statuses, received, ended = exchange(service(), SMUGGLED[name])
    assert ended, received
    assert statuses and set(statuses) <= {400, 501}, received
    assert received.count(b"HTTP/1.1") == 1 or b"<html>" in received  # the library's own may stutter
    assert b"hidden" not in received


def test_the_guard_is_what_stops_them(service):
    """By a request that every version of the HTTP library lets through."""
    crawld = service(env={"CRAWLD_TEST_GUARDS_OFF": "framing"})
    _, received, ended = exchange(crawld, SMUGGLED["NUL in the path"])
    assert not ended, received


# --- ordinary HTTP/1.1 ---


def test_a_connection_is_kept(service):
    statuses, received, ended = exchange(service(), request(b"GET /healthz HTTP/1.1") * 3)
    assert statuses == [200, 200, 200], received
    assert not ended


def test_the_caller_may_end_it(service):
    statuses, _, ended = exchange(service(), request(b"GET /healthz HTTP/1.1", b"Connection: close"))
    assert statuses == [200] and ended


def test_http_1_0(service):
    statuses, received, ended = exchange(service(), b"GET /healthz HTTP/1.0\r\n\r\n")
    assert statuses == [200] and ended, received


def test_head_is_get_without_its_body(service):
    crawld = service()
    get, head = crawld.get("/healthz"), crawld.call("HEAD", "/healthz")
    assert head.status == 200 and head.body == b""
    drop = {"Date", "X-Request-Id"}
    assert {k: v for k, v in head.headers.items() if k not in drop} == {
        k: v for k, v in get.headers.items() if k not in drop
    }
    statuses, received, _ = exchange(crawld, request(b"HEAD /healthz HTTP/1.1") * 2)
    assert statuses == [200, 200] and received.endswith(b"\r\n\r\n") and b"alive" not in received


def test_a_304_has_no_body(service):
    crawld = service()
    job = crawld.crawl(["http://127.0.0.1:1/"])
    path = f"/v1/jobs/{job['id']}".encode()
    known = request(b"GET " + path + b" HTTP/1.1", b"If-None-Match: *")
    statuses, received, _ = exchange(crawld, known * 2)
    assert statuses == [304, 304] and received.endswith(b"\r\n\r\n") and b"{" not in received
    assert received.count(b"ETag: W/") == 2 and b"chunked" not in received


def test_head_of_a_streamed_answer_has_no_chunk(service):
    crawld = service()
    job = crawld.crawl(["http://127.0.0.1:1/"])
    path = f"/v1/jobs/{job['id']}/links?format=tsv".encode()
    statuses, received, ended = exchange(crawld, request(b"HEAD " + path + b" HTTP/1.1"))
    assert statuses == [200], received
    assert received.endswith(b"\r\n\r\n") and received.count(b"\r\n\r\n") == 1
    assert ended or b"Transfer-Encoding" not in received


@pytest.mark.threaded
def test_a_chunked_upload(service):
    body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in [b"http://a.exa", b"mple/\nhttp://b.example/\n"])
    crawld = service()
    data = request(b"POST /v1/jobs HTTP/1.1", b"Content-Type: text/plain", CHUNKED, body=body + b"0\r\n\r\n")
    statuses, received, _ = exchange(crawld, data, 2)
    assert statuses == [202], received
    assert b'"accepted":2' in received


def test_an_upload_cut_short_leaves_nothing(service):
    crawld = service()
    with connect(crawld) as client:
        fields = b"Content-Type: text/plain", b"Content-Length: 1000"
        client.sendall(request(b"POST /v1/jobs HTTP/1.1", *fields, body=b"http://a.example/\n"))
        time.sleep(0.2)
    assert crawld.get("/v1/jobs").json["items"] == []


# --- asking first, refusing early ---


def test_who_asks_first_is_told_to_go_on(service):
    body = b"http://a.example/\n"
    fields = b"Content-Type: text/plain", b"Content-Length: %d" % len(body), b"Expect: 100-continue"
    with connect(service()) as client:
        client.sendall(request(b"POST /v1/jobs HTTP/1.1", *fields))
        received, _ = read_all(client, 0.5)
        assert received.startswith(b"HTTP/1.1 100 "), received
        client.sendall(body)
        received, _ = read_all(client, 2)
        assert STATUS_LINE.findall(received) == [b"202"], received


def test_who_asks_first_is_refused_before_sending(service):
    fields = b"Content-Type: application/json", b"Content-Length: 99999999", b"Expect: 100-continue"
    statuses, received, ended = exchange(service(), request(b"POST /v1/jobs HTTP/1.1", *fields))
    assert statuses == [413] and ended, received


@pytest.mark.parametrize("declared", [True, False])
def test_a_refused_body_does_not_cost_the_answer(service, declared):
    """A client that sends all before it reads gets its 413 nevertheless."""
    crawld, size = service(), 100 << 20
    before = crawld.rss_bytes()
    body = b"x" * size if declared else iter([b"x" * (1 << 20)] * (size >> 20))
    answer = crawld.call("POST", "/v1/jobs", body, {"Content-Type": "application/json"})
    assert answer.status == 413, answer
    assert answer.json["code"]
    assert crawld.peak_rss_bytes() - before < 64 << 20


def test_over_long_heads(service):
    crawld = service()
    for data in (
        request(b"GET /" + b"a" * 100_000 + b" HTTP/1.1"),
        request(b"GET /healthz HTTP/1.1", b"X-Long: " + b"a" * 100_000),
        request(b"GET /healthz HTTP/1.1", *[b"X-%d: a" % i for i in range(20_000)]),
    ):
        statuses, received, ended = exchange(crawld, data)
        assert ended and set(statuses) <= {413, 414, 431}, received[:200]
    assert crawld.get("/healthz").status == 200


@pytest.mark.parametrize("n", [100, 300, 1_500, 20_000])
def test_endless_queries(service, n):
    crawld = service()
    begin = time.monotonic()
    statuses, received, ended = exchange(crawld, request(b"GET /v1/jobs?" + b"x&" * n + b" HTTP/1.1"))
    assert statuses == [400] and b'"invalid_parameter"' in received, received[:400]
    assert time.monotonic() - begin < 5 and len(received) < 4096 and not ended
    assert crawld.get("/healthz").status == 200


# --- clients that take their time ---


def feed(client, piece, seconds):
    """Sends |piece| every 0.2 s; how long until the server hung up, or None."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        try:
            if piece:
                client.sendall(piece)
            client.settimeout(0.2)
            if not client.recv(4096):
                return time.monotonic() - begin
        except TimeoutError:
            pass
        except ConnectionError:
            return time.monotonic() - begin
    return None


SLOW = {
    "says nothing": (b"", b""),
    "drips headers": (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n", b"X-A: b\r\n"),
    "idles after an answer": (request(b"GET /healthz HTTP/1.1"), b""),
    "drips a body": (
        request(b"POST /v1/jobs HTTP/1.1", b"Content-Type: text/plain", b"Content-Length: 100000"),
        b"x",
    ),
}


@pytest.mark.threaded
@pytest.mark.parametrize("name", SLOW)
def test_slow_clients_are_cut(service, name):
    crawld = service(env=DEADLINES)
    begin, piece = SLOW[name]
    with connect(crawld) as client:
        client.sendall(begin)
        assert feed(client, piece, 8) is not None
    assert "crawld_http_connections_cut_total 1" in crawld.get("/metrics").text


def test_the_deadline_is_what_cuts_them(service):
    crawld = service(env={**DEADLINES, "CRAWLD_TEST_GUARDS_OFF": "deadlines"})
    begin, piece = SLOW["drips headers"]
    with connect(crawld) as client:
        client.sendall(begin)
        assert feed(client, piece, 4) is None


def test_a_steady_upload_may_take_longer(service):
    crawld = service(env=DEADLINES)
    line = b"# " + b"x" * 20_000 + b"\n"
    with connect(crawld) as client:
        fields = b"Content-Type: text/plain", b"Content-Length: 100000000"
        client.sendall(request(b"POST /v1/jobs HTTP/1.1", *fields))
        assert feed(client, line, 5) is None


SLOWLY, STEADILY = (10, 4096), (20_000, 1 << 16)  # bytes every 0.1 s, receive buffer


@pytest.mark.parametrize("pace, is_cut", [(SLOWLY, True), (STEADILY, False)])
def test_readers_of_long_answers(service, site, pace, is_cut):
    """Slower than 1 KiB/s is cut after a while; 200 KB/s may go on for hours."""
    links = page(*[f"/{'x' * 60}/{i}" for i in range(40_000)])
    web = site({f"/{i}": Reply(body=links.body) for i in range(4)})
    crawld = service(env=DEADLINES)
    job = crawld.crawl([web.url(f"/{i}") for i in range(4)])
    assert job["links_found"] == 160_000
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, pace[1])
    client.connect(("127.0.0.1", crawld.port))
    client.sendall(request(b"GET /v1/jobs/%s/links?format=tsv HTTP/1.1" % job["id"].encode()))
    client.settimeout(5)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        assert client.recv(pace[0])
        time.sleep(0.1)
    cut = "crawld_http_connections_cut_total 1" in crawld.get("/metrics").text
    client.close()
    assert cut == is_cut


@pytest.mark.threaded
def test_idle_connections_hold_up_nobody(service):
    crawld = service()
    before = crawld.rss_bytes()
    idle = [connect(crawld) for _ in range(200)]
    for client in idle[:100]:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
    begin = time.monotonic()
    assert all(crawld.get("/healthz").status == 200 for _ in range(50))
    assert time.monotonic() - begin < 5
    assert crawld.rss_bytes() - before < 32 << 20
    for client in idle:
        client.close()


@pytest.fixture
def many_files():
    """As many descriptors as this process may have, and so its children."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_ten_thousand_idle_connections(service, many_files):
    """Half of them in the middle of a head."""
    if many_files < 16_000:
        pytest.skip(f"{many_files} descriptors are too few (ulimit -Hn)")
    crawld = service(binary=os.environ["CRAWLD_RELEASE_BIN"])
    before = crawld.rss_bytes()
    idle = [connect(crawld) for _ in range(10_000)]
    for client in idle[::2]:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
    assert all(crawld.get("/healthz").status == 200 for _ in range(50))
    assert "crawld_http_connections 100" in crawld.get("/metrics").text  # 10,000 and these
    assert crawld.rss_bytes() - before < 100_000_000
    for client in idle:
        client.close()


def test_many_connections_are_not_kept(service, many_files):
    """What the HTTP library holds for a connection between two requests adds up."""
    crawld = service()
    many = [connect(crawld) for _ in range(1200)]
    for client in many:
        client.sendall(request(b"GET /healthz HTTP/1.1"))
    kept = [b"close" not in client.recv(4096) for client in many]
    assert kept.count(True) <= 1000 and kept.count(False) >= 200
    for client in many:
        client.close()
    time.sleep(0.5)
    assert exchange(crawld, request(b"GET /healthz HTTP/1.1") * 2)[0] == [200, 200]
