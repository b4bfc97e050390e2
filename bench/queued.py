"""Resident memory with 50,000 and with 5 million URLs queued, on few hosts and on many."""

import pathlib
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


def resident(n, hosts):
    with tempfile.TemporaryDirectory() as folder:
        crawld = Crawld(
            pathlib.Path(folder), "--host-delay-ms", "60000", "--dns-server", "127.0.0.1:9"
        ).start()
        try:
            answer = crawld.post_text("/v1/jobs", text_list(n, hosts), timeout=300)
            assert answer.status == 202, answer
            time.sleep(SETTLE_SECONDS)
            return anonymous_bytes(crawld) / 2**20
        finally:
            crawld.process.kill()
            crawld._ended()


def main():
    for hosts in (1_000, 1_000_000):
        small, large = resident(SMALL, hosts), resident(LARGE, hosts)
        print(
            f"{hosts:,} hosts: {small:.1f} MiB with {SMALL:,} queued, {large:.1f} MiB with"
            f" {LARGE:,}: {large - small:+.1f} MiB"
        )
