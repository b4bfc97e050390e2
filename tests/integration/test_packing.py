"""Answers in the coding that the caller takes: whole ones, streams, and what is left as it is."""

import gzip
import subprocess

import pytest

from rig.site import page

LINKS, PAGES = 300, 20


def unpacked(answer):
    coding = answer.headers["Content-Encoding"]
    if coding == "gzip":
        return gzip.decompress(answer.body)
    assert coding == "zstd"
    return subprocess.run(["zstd", "-dc"], input=answer.body, capture_output=True, check=True).stdout


@pytest.fixture
def crawled(service, site):
    """A service, and the path of a job with some thousand links."""
    web = site({}, default=page(*(f"/some/path/to/{i}" for i in range(LINKS))))
    crawld = service()
    return crawld, crawld.crawl([web.url(f"/{i}") for i in range(PAGES)])["hrefs"]["self"]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize(
    "what", ["/links?limit=500", "/links?format=tsv", "/links?format=ndjson", "/urls?format=csv", "/urls"]
)
def test_packed_it_says_the_same(crawled, what, coding):
    crawld, job = crawled
    plain = crawld.get(job + what)
    packed = crawld.get(job + what, Accept_Encoding=coding)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == coding
    assert unpacked(packed) == plain.body
    assert len(packed.body) < len(plain.body) / 4
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]


def test_what_is_liked_best(crawled):
    crawld, job = crawled
    for accept, coding in {
        "gzip, deflate, br": "gzip",
        "gzip, zstd": "zstd",
        "zstd;q=0.5, gzip": "gzip",
        "identity, gzip;q=0.9": None,
        "br": None,
        "gzip;q=0": None,
    }.items():
        answer = crawld.get(job + "/links?format=tsv", Accept_Encoding=accept)
        assert answer.headers["Content-Encoding"] == coding, accept


def test_a_packed_stream_goes_on(crawled):
    crawld, job = crawled
    whole = crawld.get(job + "/links?format=ndjson").text.splitlines(keepends=True)
    cursor = whole[4321].split('"cursor":"')[1].split('"')[0]
    rest = crawld.get(f"{job}/links?format=ndjson&after={cursor}", Accept_Encoding="gzip")
    assert unpacked(rest).decode() == "".join(whole[4322:])


def test_what_is_left_as_it_is(crawled):
    """Little ones, and streams that stay open."""
    crawld, job = crawled
    for target in ("/healthz", job + "/links?format=ndjson&follow=1", job + "/events", "/v1/jobs?nonsense=1"):
        answer = crawld.get(target, Accept_Encoding="gzip, zstd")
        assert "Content-Encoding" not in answer.headers and answer.body, target


def test_other_answers(crawled):
    crawld, job = crawled
    assert b"openapi" in unpacked(crawld.get("/openapi.yaml", Accept_Encoding="gzip"))
    assert b"crawld_" in unpacked(crawld.get("/metrics", Accept_Encoding="gzip"))
    head = crawld.call("HEAD", job + "/links?limit=500", headers={"Accept-Encoding": "gzip"})
    get = crawld.get(job + "/links?limit=500", Accept_Encoding="gzip")
    assert head.headers["Content-Encoding"] == "gzip" and not head.body
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.body))
    head = crawld.call("HEAD", job + "/links?format=tsv", headers={"Accept-Encoding": "gzip"})
    assert head.headers["Content-Encoding"] == "gzip" and not head.body
