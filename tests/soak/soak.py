"""Crawls the scripted site in a loop: memory, files and the write-ahead log stay flat.

    soak.py [MINUTES]     30 unless told; fewer than 10 say little, for kept
                          connections take two minutes to find their number

The first fifth warms up; what comes after is compared with it.
"""

import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

from rig.crawld import LOOPBACK, NO_DELAY, Crawld  # noqa: E402
from rig.site import Reply, Site, page, redirect  # noqa: E402

HOSTS = 50
URLS = 1_000
RSS_SLACK = 8 << 20
WAL_MAX_BYTES = 64 << 20


def behaviours():
    return {
        0: page("/a", "/b", "c?d=e"),
        1: redirect("/0"),
        2: Reply(status=404, body=b"gone"),
        3: Reply(body=page("/z").body * 50, gzip=True, chunked=True),
        4: Reply(body=b"x" * 5000, cut=100),
        5: Reply(raw=b"not HTTP at all\r\n\r\n"),
        6: Reply(body=page("/slow").body, delay=0.2),
        7: Reply(status=500),
    }


def answer(table):
    return lambda request: table[int(request.path.strip("/").split("/")[-1] or 0) % len(table)]


def one_round(crawld, web, number):
    urls = [
        web.url(f"/{number}/{i}", host=f"127.0.{number % 200}.{i % HOSTS + 1}") for i in range(URLS)
    ]
    job = crawld.crawl(urls, max_attempts=1, timeout_ms=5000)
    counts = job["counts"]
    assert counts["total"] == URLS and counts["succeeded"] + counts["failed"] == URLS, job
    assert len(crawld.tsv(job["id"])) == job["links_found"]
    assert crawld.call("DELETE", f"/v1/jobs/{job['id']}").status == 204
    web.requests.clear()
    web.opened.clear()


def measure(crawld):
    wal = crawld.database.with_name("crawld.db-wal")
    return crawld.rss_bytes(), crawld.open_files(), wal.stat().st_size if wal.exists() else 0


def soak(crawld, web, seconds):
    begin, samples = time.monotonic(), []
    while time.monotonic() - begin < seconds or len(samples) < 10:
        one_round(crawld, web, len(samples))
        samples.append(measure(crawld))
        if len(samples) % 20 == 1:
            rss, files, wal = samples[-1]
            print(f"{time.monotonic() - begin:5.0f} s  {len(samples)} rounds, rss {rss >> 10} KiB,"
                  f" {files} files, wal {wal >> 10} KiB", flush=True)  # fmt: skip
    check(samples)


def check(samples):
    fifth = len(samples) // 5
    rss, files, wal = zip(*samples)
    print(f"{len(samples)} rounds of {URLS} URLs; rss {max(rss[:fifth]) >> 10} KiB, then {max(rss) >> 10};"
          f" files {max(files[:fifth])}, in the end {min(files[-fifth:])}; wal {max(wal) >> 10} KiB")  # fmt: skip
    assert max(rss) <= max(rss[:fifth]) + RSS_SLACK, "memory grows"
    # kept connections come and go by hundreds: what leaks is still there at the lowest tide
    assert min(files[-fifth:]) <= max(files[:fifth]), "open files grow"
    assert max(wal) <= WAL_MAX_BYTES, "the write-ahead log grows"


def main():
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 30
    web = Site({}, default=answer(behaviours()))
    with tempfile.TemporaryDirectory() as folder:
        crawld = Crawld(folder, *LOOPBACK, *NO_DELAY).start()
        try:
            soak(crawld, web, 60 * minutes)
        finally:
            crawld.close()
            web.close()


main()
