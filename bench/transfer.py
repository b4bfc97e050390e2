"""5 million URLs in by a text list, and the links of as many pages out: rates, and memory on the way."""

import os
import pathlib
import subprocess
import tempfile
import time

from rig.crawld import Crawld

URLS = 5_000_000
HOSTS = 5_000
PAGES = ((5_000_000, 4), (1_000_000, 20))  # and links of each
FORMATS = ("tsv", "ndjson", "csv")


def text_list():
    # addresses that the egress guard refuses: nothing is fetched
    for start in range(0, URLS, 50_000):
        yield b"".join(
            b"http://10.0.%d.%d/some/path/of/a/page-%d.html?n=%d\n"
            % (i % HOSTS // 250, i % 250, i, i * 7919)
            for i in range(start, start + 50_000)
        )


class Measured:
    """What the service needed for it."""

    def __init__(self, crawld):
        self.crawld = crawld
        pathlib.Path(f"/proc/{crawld.process.pid}/clear_refs").write_text("5")  # the peak from now on
        self.rss, self.cpu, self.begin = crawld.rss_bytes(), crawld.cpu_seconds(), time.monotonic()

    def end(self):
        """CPU and wall seconds, MiB that came on top."""
        wall = time.monotonic() - self.begin
        more = self.crawld.peak_rss_bytes() - self.rss
        return self.crawld.cpu_seconds() - self.cpu, wall, more / 2**20


def upload(crawld, path):
    """By curl, which costs little beside it."""
    measured = Measured(crawld)
    subprocess.run(
        ["curl", "-sf", "-o", os.devnull, "-T", path, "-X", "POST", "-H", "Content-Type: text/plain",
         f"http://127.0.0.1:{crawld.port}/v1/jobs"], check=True,
    )  # fmt: skip
    cpu, wall, more = measured.end()
    print(
        f"in: {URLS:,} URLs, {URLS / cpu:,.0f} a second of CPU, {URLS / wall:,.0f} a second;"
        f" {more:.1f} MiB more memory at the peak"
    )


def download(crawld, job, name, links):
    measured = Measured(crawld)
    done = subprocess.run(
        ["curl", "-sf", "-o", os.devnull, "-w", "%{size_download}",
         f"http://127.0.0.1:{crawld.port}{job}/links?format={name}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    cpu, wall, more = measured.end()
    mb = int(done.stdout) / 1e6
    print(
        f"out: {name}, {links:,} links, {mb:,.0f} MB: {mb / cpu:,.0f} MB a second of CPU,"
        f" {mb / wall:,.0f} MB/s; {more:.1f} MiB more memory at the peak"
    )


def measure_in(folder):
    path = folder / "urls.txt"
    with path.open("wb") as file:
        file.writelines(text_list())
    crawld = Crawld(folder, "--host-delay-ms", "60000").start()
    try:
        upload(crawld, path)
    finally:
        crawld.kill()


def measure_out(folder, pages, links):
    bench = pathlib.Path(os.environ["CRAWLD_BIN"]).with_name("settle_bench")
    subprocess.run([bench, str(pages), str(links), folder, "keep"], check=True)
    crawld = Crawld(folder)
    crawld.database = folder / "bench.db"
    crawld.start()
    try:
        (job,) = crawld.get("/v1/jobs").json["items"]
        for name in FORMATS:
            download(crawld, job["hrefs"]["self"], name, pages * links)
    finally:
        crawld.close()


def main():
    with tempfile.TemporaryDirectory() as folder:
        measure_in(pathlib.Path(folder))
    for pages, links in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            measure_out(pathlib.Path(folder), pages, links)
