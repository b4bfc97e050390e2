"""Clients that take their export by drops harm nobody: no snapshot is held, no memory filled."""

import contextlib
import os
import socket
import sqlite3
import threading
import time

import pytest

from rig.site import page

LINKS, PAGES, READERS = 800, 150, 20
DROP = 10  # bytes, some times a second


def many_links(path):
    """Of which compression leaves something."""
    return page(*(f"{path}/{os.urandom(24).hex()}" for _ in range(LINKS)))


class SlowReader:
    def __init__(self, crawld, target, *fields):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", crawld.port))
        self.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{''.join(fields)}\r\n".encode())
        self.taken = b""
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        with contextlib.suppress(OSError):
            while not self.is_over.wait(0.2):
                self.taken += self.socket.recv(DROP)

    def close(self):
        self.is_over.set()
        self.thread.join()
        self.socket.close()


@contextlib.contextmanager
def slow_readers(crawld, job):
    exports = (("links?format=tsv", ""), ("links?format=ndjson", ""), ("links?format=csv", "Accept-Encoding: gzip\r\n"))
    readers = [
        SlowReader(crawld, f"/v1/jobs/{job['id']}/{what}", field)
        for what, field in exports * (READERS // len(exports))
    ]
    try:
        time.sleep(1)  # what the sockets hold is full
        yield readers
        assert all(reader.taken.startswith(b"HTTP/1.1 200 ") for reader in readers)
    finally:
        for reader in readers:
            reader.close()


@contextlib.contextmanager
def snapshot(crawld, _):
    """What a reader must not do: keep a moment of the database."""
    with contextlib.closing(sqlite3.connect(crawld.database, isolation_level=None)) as database:
        database.execute("BEGIN")
        database.execute("SELECT count(*) FROM job").fetchone()
        yield


@contextlib.contextmanager
def nobody(_crawld, _job):
    yield


def most_wal_bytes(crawld, web, tag, calls):
    """While a crawl writes much, and others go on calling."""
    wal = crawld.database.with_name(crawld.database.name + "-wal")
    most = 0
    job = crawld.submit([web.url(f"/{tag}/{i}") for i in range(12 * PAGES)])
    while not crawld.job(job["id"])["is_finished"]:
        calls.append(crawld.get(job["hrefs"]["links"] + "?limit=10").status)
        most = max(most, wal.stat().st_size)
    return most


@pytest.mark.timeout(300)
def test_slow_readers_harm_nobody(service, site):
    web = site({}, default=lambda r: many_links(r.path))
    crawld = service()
    job = crawld.crawl([web.url(f"/first/{i}") for i in range(PAGES)])
    wal, calls = {}, []
    for holder in (nobody, slow_readers, snapshot):
        with holder(crawld, job):
            before = crawld.rss_bytes()
            wal[holder] = most_wal_bytes(crawld, web, holder.__name__, calls)
            if holder is slow_readers:
                assert crawld.rss_bytes() - before < 64 << 20
    assert set(calls) == {200}
    assert wal[slow_readers] <= 1.5 * wal[nobody], wal
    assert wal[snapshot] > 2 * wal[nobody], wal  # else the look at the file could not tell
    rows = crawld.tsv(job["id"])
    assert len(rows) == LINKS * PAGES
