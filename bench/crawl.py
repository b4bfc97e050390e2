"""Pages from nginx on loopback: CPU a page, beside curl --parallel that only fetches."""

import pathlib
import resource
import subprocess
import tempfile
import time

from rig.crawld import LOOPBACK, NO_DELAY, Crawld
from rig.nginx import Nginx

PAGES = 10_000
HOSTS = 20
ADDRESSES = [f"127.0.2.{i + 1}" for i in range(HOSTS)]
LINKS = 21  # with the text around them: the 2.4 KB page of the targets
CONNECTIONS = 4


def lay_out(folder):
    words = "Some words that stand between the links of a page. "
    for i in range(PAGES):
        links = "".join(f'<p>{words}<a href="/page/{i}/{n}">{n}</a>\n' for n in range(LINKS))
        (folder / f"{i}.html").write_text(f"<!DOCTYPE html><title>{i}</title>\n{links}")


def urls(port):
    return [f"http://{ADDRESSES[i % HOSTS]}:{port}/{i}.html" for i in range(PAGES)]


def by_curl(folder, wanted):
    config = folder / "curl.conf"
    config.write_text("".join(f'url = "{url}"\noutput = /dev/null\n' for url in wanted))
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    transfers = str(HOSTS * CONNECTIONS)
    subprocess.run(
        ["curl", "-sS", "--no-progress-meter", "--parallel", "--parallel-max", transfers, "-K", str(config)],
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - begin


def by_crawld(folder, wanted):
    options = ("--host-connections", str(CONNECTIONS))
    crawld = Crawld(folder, *LOOPBACK, *NO_DELAY, *options).start()
    try:
        cpu, begin = crawld.cpu_seconds(), time.monotonic()
        job = crawld.submit(wanted)
        while not job["is_finished"]:
            time.sleep(0.1)
            job = crawld.job(job["id"])
        wall, cpu = time.monotonic() - begin, crawld.cpu_seconds() - cpu
        assert job["counts"]["succeeded"] == PAGES, job
        assert job["links_found"] == PAGES * LINKS, job
        return cpu, wall, crawld.peak_rss_bytes()
    finally:
        crawld.close()


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        root = folder / "pages"
        root.mkdir()
        lay_out(root)
        server = Nginx(folder / "nginx", root, addresses=ADDRESSES)
        try:
            wanted = urls(server.port)
            floor, floor_wall = by_curl(folder, wanted)
            cpu, wall, rss = by_crawld(folder / "crawld", wanted)
        finally:
            server.close()
    each = 1000 / PAGES
    print(f"curl --parallel: {floor * each:.3f} s of CPU for 1,000 pages, {PAGES / floor_wall:,.0f} pages/s")
    print(f"crawld:          {cpu * each:.3f} s of CPU for 1,000 pages, {PAGES / wall:,.0f} pages/s")
    print(f"ratio {cpu / floor:.2f}; peak memory {rss / 2**20:.0f} MiB")
