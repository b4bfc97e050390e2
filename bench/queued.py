"""Resident memory with 50,000 and with 5 million URLs queued, on few hosts and on many, with a
million hosts put off before a start, and with many that are put off by a running service."""

import contextlib
import pathlib
import sqlite3
import tempfile
import time

from rig.crawld import Crawld

SMALL, LARGE = 50_000, 5_000_000
SETTLE_SECONDS = 8


def text_list(n, hosts):
    # nobody answers for .invalid, and nobody is asked: see --dns-server
    for start in range(0, n, 50_000):
        yield b"".join(
            b"http://h%d.invalid/some/path/of/a/page-%d.html?n=%d\n" % (i % hosts, i, i * 7919)
            for i in range(start, min(start + 50_000, n))
        )


def anonymous_bytes(crawld):
    status = pathlib.Path(f"/proc/{crawld.process.pid}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


def put_all_off(crawld, seconds):
    """As though each had answered with a Retry-After of so long."""
    crawld.stop()
    with contextlib.closing(sqlite3.connect(crawld.database)) as database:
        ready_at = round((time.time() + seconds) * 1000)
        database.execute("UPDATE work SET ready_at=?", (ready_at,))
        database.commit()
    crawld.start()


def put_off(n, hosts):
    """MiB once it knows, and CPU a second while nothing is due."""
    with tempfile.TemporaryDirectory() as folder:
        crawld = start(folder)
        try:
            submit(crawld, n, hosts)
            put_all_off(crawld, 3600)
            time.sleep(SETTLE_SECONDS)
            before = crawld.cpu_seconds()
            time.sleep(SETTLE_SECONDS)
            return anonymous_bytes(crawld) / 2**20, (crawld.cpu_seconds() - before) / SETTLE_SECONDS
        finally:
            crawld.kill()


def dead_list(hosts):
    """Nobody listens at port 1; the fifth failure of a host puts it off."""
    for start in range(0, hosts, 5_000):
        yield b"".join(
            b"http://127.%d.%d.%d:1/%d\n" % (i >> 16 & 255, i >> 8 & 255, i & 255, n)
            for i in range(start + 65536, min(start + 5_000, hosts) + 65536)
            for n in range(12)
        )


def put_off_live(hosts):
    """MiB at most and in the end, once each was found dead."""
    with tempfile.TemporaryDirectory() as folder:
        options = ("--allow-net", "127.0.0.0/8", "--host-delay-ms", "0")
        crawld = Crawld(pathlib.Path(folder), *options).start()
        try:
            answer = crawld.post_text(
                "/v1/jobs?max_attempts=1&robots=ignore", dead_list(hosts), timeout=300
            )
            job = f"/v1/jobs/{answer.json['id']}"
            most = 0
            while crawld.get(job).json["counts"]["failed"] < 5 * hosts:
                most = max(most, anonymous_bytes(crawld))
                time.sleep(0.5)
            time.sleep(SETTLE_SECONDS)
            return most / 2**20, anonymous_bytes(crawld) / 2**20
        finally:
            crawld.kill()


def start(folder):
    return Crawld(
        pathlib.Path(folder), "--host-delay-ms", "60000", "--dns-server", "127.0.0.1:9"
    ).start()


def submit(crawld, n, hosts):
    answer = crawld.post_text("/v1/jobs", text_list(n, hosts), timeout=300)
    assert answer.status == 202, answer


def resident(n, hosts):
    with tempfile.TemporaryDirectory() as folder:
        crawld = start(folder)
        try:
            submit(crawld, n, hosts)
            time.sleep(SETTLE_SECONDS)
            return anonymous_bytes(crawld) / 2**20
        finally:
            crawld.kill()


def main():
    for hosts in (1_000, 1_000_000):
        small, large = resident(SMALL, hosts), resident(LARGE, hosts)
        print(
            f"{hosts:,} hosts: {small:.1f} MiB with {SMALL:,} queued, {large:.1f} MiB with"
            f" {LARGE:,}: {large - small:+.1f} MiB"
        )
    few, _ = put_off(SMALL, 1_000)
    many, cpu = put_off(LARGE, 1_000_000)
    print(
        f"put off: {few:.1f} MiB with 1,000 hosts, {many:.1f} MiB with 1,000,000:"
        f" {many - few:+.1f} MiB; {1000 * cpu:.1f} ms of CPU a second"
    )
    for hosts in (50_000, 200_000):
        most, end = put_off_live(hosts)
        print(f"found dead: {hosts:,} hosts: {most:.1f} MiB at most, {end:.1f} MiB in the end")
