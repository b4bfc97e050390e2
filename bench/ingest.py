"""A text list of a million URLs: CPU a URL, and memory, until the 202."""

import pathlib
import tempfile
import time

from rig.crawld import Crawld

URLS = 1_000_000
HOSTS = 5_000


def text_list():
    # addresses that the egress guard refuses: nothing is fetched
    return b"".join(
        b"http://10.0.%d.%d/some/path/of/a/page-%d.html?n=%d\n"
        % (i % HOSTS // 250, i % 250, i, i * 7919)
        for i in range(URLS)
    )


def main():
    lines = text_list()
    with tempfile.TemporaryDirectory() as folder:
        crawld = Crawld(pathlib.Path(folder), "--host-delay-ms", "60000").start()
        try:
            rss, cpu, begin = crawld.rss_bytes(), crawld.cpu_seconds(), time.monotonic()
            answer = crawld.post_text("/v1/jobs", lines, timeout=120)
            wall, cpu = time.monotonic() - begin, crawld.cpu_seconds() - cpu
            assert answer.status == 202 and answer.json["submission"]["accepted"] == URLS, answer
            print(f"{URLS / cpu:,.0f} URLs a second of CPU ({cpu:.2f} s; wall {wall:.2f} s)")
            print(f"{(crawld.peak_rss_bytes() - rss) / 2**20:.1f} MiB more memory at the peak")
        finally:
            crawld.close()
