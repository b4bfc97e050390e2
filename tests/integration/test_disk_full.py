"""A full disk: callers are told, reads go on, nothing is lost, and it recovers by itself."""

import contextlib
import ctypes
import itertools
import json
import os
import resource
import sqlite3
import subprocess
import time

import pytest

from rig.site import page

URLS = 300
HOSTS = 3
CLONE_NEWNS = 0x00020000


def list_of(web, n=URLS, tag=""):
    return [web.url(f"/{tag}{i}", host=f"127.0.9.{i % HOSTS + 1}") for i in range(n)]


def big_page():
    """Each page's links take room that compression does not give back."""
    return page(*(f"/{os.urandom(24).hex()}" for _ in range(60)))


def await_ready(crawld, status, seconds=30):
    end = time.monotonic() + seconds
    while crawld.get("/readyz").status != status:
        assert time.monotonic() < end, crawld.get("/readyz")
        time.sleep(0.05)


def log_of_the_store(crawld):
    lines = [json.loads(line) for line in crawld.log if line.startswith("{")]
    return [(line["level"], line["store"]) for line in lines if "store" in line]


def check_refused(answer):
    assert answer.status == 503, answer
    assert "the disk" in answer.json["detail"]
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json["type"].startswith("urn:crawld:problem:")


def check_whole(crawld, job_id, urls):
    job = crawld.wait(job_id)
    assert job["counts"]["succeeded"] == len(urls), job["counts"]
    records = list(crawld.items(f"/v1/jobs/{job_id}/urls"))
    assert sorted(r["url"] for r in records) == sorted(urls)
    rows = list(map(tuple, crawld.tsv(job_id)))
    assert len(rows) == len(set(rows)) == job["links_found"]


def story(crawld, web, fill, free):
    """fill() makes every write fail, free() ends that."""
    urls = list_of(web)
    before = crawld.submit(urls, host_delay_ms=20, host_connections=1)["id"]
    crawld.wait(before, until=lambda job: job["counts"]["succeeded"] > 10)
    fill(crawld)
    await_ready(crawld, 503)
    assert crawld.get("/healthz").status == 200
    check_refused(crawld.post_text("/v1/jobs", "\n".join(list_of(web, tag="refused"))))
    job = crawld.job(before)  # reading goes on
    assert not job["is_finished"]
    assert crawld.get(f"/v1/jobs/{before}/links?format=tsv").status == 200
    time.sleep(1)
    crawl_paused = len(web.requests)
    time.sleep(1)
    assert len(web.requests) == crawl_paused, "the crawl goes on, though nothing can be kept"
    free(crawld)
    await_ready(crawld, 200)
    after = crawld.submit(list_of(web, 5, tag="after"))["id"]
    check_whole(crawld, before, urls)
    check_whole(crawld, after, list_of(web, 5, tag="after"))
    names = [job["id"] for job in crawld.items("/v1/jobs")]
    assert sorted(names) == sorted([before, after])  # the refused one left nothing
    log = log_of_the_store(crawld)
    assert ("error", "degraded") in log and log[-1] == ("info", "ok")
    assert all(a != b for a, b in itertools.pairwise(log)), log


def limit_files(crawld, size):
    resource.prlimit(crawld.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_files_may_not_grow(service, site):
    """A limit on the size of files fails writes at once, wherever they go."""
    web = site({}, default=lambda request: big_page())
    story(
        service(),
        web,
        fill=lambda crawld: limit_files(crawld, 4096),
        free=lambda crawld: limit_files(crawld, resource.RLIM_INFINITY),
    )


@contextlib.contextmanager
def small_volume(folder, size):
    """A tmpfs, to be seen by this process and its children only."""
    folder.mkdir(parents=True)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        pytest.skip("a volume of its own needs root")
    if subprocess.run(["mount", "--make-rprivate", "/"]).returncode != 0:
        pytest.skip("a volume of its own needs a root that is a mount: this is a mere chroot")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_volume_is_full(service, site, tmp_path):
    """ENOSPC on a real volume, while the WAL and an upload's spool grow."""
    web = site({}, default=lambda request: big_page())
    with small_volume(tmp_path / "crawld-0", "6m") as volume:
        filler = volume / "filler"

        def fill(_):
            with open(filler, "wb", buffering=0) as f, contextlib.suppress(OSError):
                while True:
                    f.write(bytes(4096))

        crawld = service("--min-free-bytes", "0")
        try:
            story(crawld, web, fill=fill, free=lambda _: filler.unlink())
        finally:
            crawld.close()


def test_little_space_left(service, site):
    """Below --min-free-bytes nothing is taken in, before anything fails."""
    web = site({"/": page("/a")})
    crawld = service()
    assert crawld.crawl([web.url("/")])["counts"]["succeeded"] == 1
    crawld.stop()
    crawld.options += ["--min-free-bytes", str(1 << 50)]
    crawld.restart()
    await_ready(crawld, 503)
    check_refused(crawld.post_json("/v1/jobs", {"urls": [web.url("/")]}))
    assert len(list(crawld.items("/v1/jobs"))) == 1
    assert log_of_the_store(crawld) == [("warning", "low_space")]


def test_an_upload_fills_the_disk(service):
    """What is spooled has no room, which has nothing to do with how many URLs are queued."""
    crawld = service()
    limit_files(crawld, 2 << 20)
    check_refused(crawld.post_text("/v1/jobs", "".join(f"http://a.test/{i:0100}\n" for i in range(30000))))
    assert crawld.get("/readyz").status == 200  # the room is given back
    assert crawld.post_text("/v1/jobs", "http://127.0.0.1:1/").status == 202


def test_rejects_do_not_count_as_queued(service):
    crawld = service("--max-queued-urls", "2")
    full = crawld.post_text("/v1/jobs", "http://127.0.0.1:1/\n" * 2 + "http://127.0.0.1:2/")
    assert full.status == 503 and "--max-queued-urls" in full.json["detail"]
    assert full.headers["Retry-After"]
    answer = crawld.post_text("/v1/jobs", "no URL\n" * 20 + "http://127.0.0.1:1/\nhttp://127.0.0.1:2/")
    assert answer.status == 202 and answer.json["submission"]["rejected"] == 20


def test_a_damaged_database_is_told(service, site):
    """In the log, and by the exit status, so that nobody takes it for a stop like others."""
    web = site({"/": page("/a")})
    crawld = service()
    crawld.crawl([web.url("/")])
    assert crawld.stop() == 0
    with contextlib.closing(sqlite3.connect(crawld.database)) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name='page'").fetchone()[0]
    with open(crawld.database, "r+b") as f:
        f.seek((root - 1) * size)
        f.write(b"\xff" * size)
    crawld.restart()
    crawld.submit([web.url("/")])
    await_ready(crawld, 503)
    assert crawld.stop() == 1
    assert log_of_the_store(crawld) == [("error", "damaged")]
