"""crawld as a service beside what people use today, on the same lists of URLs in turn.

Each peer in bench/peers/ is its language's usual way. CPU is that of the client alone; of crawld
it is the whole service from the list that comes by HTTP to the links that went out as TSV.
Those that are not installed are left out aloud. The slow ones get fewer pages: what is compared
is a page. PEERS_ROUNDS (3) rounds; the medians are shown.
"""

import contextlib
import gzip
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

import crawl
from rig.crawld import LOOPBACK, NO_DELAY, Crawld
from rig.nginx import Nginx

HERE = pathlib.Path(__file__).resolve().parent / "peers"
BUILT = pathlib.Path(os.environ["CRAWLD_BIN"]).resolve().parent
PAGES = pathlib.Path(os.environ.get("TEST_DATA", "../shared/data")) / "pages" / "html"
IN_FLIGHT = 64
ROUNDS = int(os.environ.get("PEERS_ROUNDS", "3"))
FLOOR = "libcurl, fetch only"


def real_pages(root):
    """Real pages, or else some of the same spread of sizes; how many there are."""
    names = sorted(PAGES.glob("*.html.gz"))
    for i, name in enumerate(names):
        (root / f"{i}.html").write_bytes(gzip.decompress(name.read_bytes()))
    if not names:
        print("no real pages here: generated ones of their sizes")
        for i in range(100):
            text = "".join(f'<p>{"Some words. " * 100}<a href="/{n}">{n}</a>\n' for n in range(2 * i))
            (root / f"{i}.html").write_text(f"<!DOCTYPE html><title>{i}</title>{text}")
    return len(names) or 100


def small_pages(root):
    crawl.lay_out(root)
    return crawl.PAGES


# --- the peers: name -> (command, share of the pages that it gets) ---


def built(name):
    return [str(BUILT / name)] if (BUILT / name).exists() else None


def python(name, module):
    there = subprocess.run(["/usr/bin/python3", "-c", f"import {module}"], capture_output=True)
    return ["/usr/bin/python3", "-B", str(HERE / name)] if there.returncode == 0 else None


def go(folder):
    if not shutil.which("go"):
        return None
    env = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(folder / "go")}
    program = str(folder / "go_peer")
    subprocess.run(["go", "build", "-o", program, "main.go"], cwd=HERE / "go", env=env, check=True)
    return [program]


def node(folder):
    if not shutil.which("npm"):
        return None
    shutil.copytree(HERE / "node", folder / "node")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder / "node", capture_output=True)
    return ["node", str(folder / "node" / "main.mjs")] if done.returncode == 0 else None


def wget2():
    path = shutil.which("wget2")
    options = ["-q", f"--max-threads={IN_FLIGHT}", "--no-robots", "-O", "/dev/null", "-i"]
    return [path, *options] if path else None


def curl():
    options = ["--no-progress-meter", "--parallel", "--parallel-max", str(IN_FLIGHT), "-K"]
    return [shutil.which("curl"), *options]


def peers(folder):
    return {
        FLOOR: (built("curl_floor"), 1),
        "sockets, fetch only": (built("epoll_floor"), 1),
        "curl --parallel, fetch only": (curl(), 1),
        "wget2, fetch only": (wget2(), 0.5),
        "Go net/http, x/net/html": (go(folder), 0.5),
        "Node undici, htmlparser2": (node(folder), 0.2),
        "aiohttp gather": (python("aiohttp_gather.py", "aiohttp"), 0.05),
        "Scrapy": (python("scrapy_links.py", "scrapy"), 0.02),
    }


# --- one measurement: CPU s and wall s for 1,000 pages, peak RSS, links a page, share lost ---


def write_list(folder, name, command, urls):
    path = folder / name
    is_config = "-K" in command
    path.write_text("".join(f'url = "{u}"\noutput = /dev/null\n' if is_config else f"{u}\n" for u in urls))
    return path


def by_peer(folder, command, urls):
    """What it prints in the end: pages and links; one that only fetches prints nothing."""
    listed, out, begin = write_list(folder, "list", command, urls), folder / "out", time.monotonic()
    extra = [] if command[-1] in ("-i", "-K") else [str(out)]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([*command, str(listed), *extra], stdout=said, stderr=subprocess.DEVNULL)
        used, rss = used_by(process)
        said.seek(0)
        told = said.read().split()
    wall, n = time.monotonic() - begin, len(urls)
    pages, links = (int(told[-2]), int(told[-1])) if len(told) >= 2 else (n, 0)
    return figures(used.ru_utime + used.ru_stime, wall, rss, links, n, pages)


def used_by(process):
    """Until its end. The peak that the kernel tells of a child is never below that of its parent."""
    rss = 0
    while True:
        with contextlib.suppress(OSError, StopIteration, ValueError):
            lines = pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
            rss = 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = status
            return used, rss
        time.sleep(0.02)


def figures(cpu, wall, rss, links, n, pages):
    return {"cpu": 1000 * cpu / n, "rate": n / wall, "rss": rss, "links": links / n, "lost": 1 - pages / n}


def by_crawld(folder, urls):
    shutil.rmtree(folder / "crawld", ignore_errors=True)
    options = ("--host-connections", "4", "--ip-connections", "0", "--max-transfers", str(IN_FLIGHT))
    service = Crawld(folder / "crawld", *LOOPBACK, *NO_DELAY, *options).start()
    with contextlib.closing(service) as crawld:
        cpu, begin = crawld.cpu_seconds(), time.monotonic()
        job = crawld.post_text("/v1/jobs", "\n".join(urls)).json
        while not job["is_finished"]:
            job = crawld.get(f"/v1/jobs/{job['id']}?wait=20&since={job['version']}").json
        target = f"http://127.0.0.1:{crawld.port}/v1/jobs/{job['id']}/links?format=tsv"
        subprocess.run(["curl", "-sS", "-o", str(folder / "out"), target], check=True)
        wall, cpu = time.monotonic() - begin, crawld.cpu_seconds() - cpu
        rss = crawld.peak_rss_bytes()
    return figures(cpu, wall, rss, job["links_found"], len(urls), job["counts"]["succeeded"])


# --- the table ---


def median_of(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def print_table(name, medians):
    ours = medians["crawld"]
    print(f"\n{name + ' pages':33}   pages/s   CPU s/1,000   CPU / crawld's   peak MiB   links a page    lost")
    for client, m in medians.items():
        ratio = m["cpu"] / ours["cpu"]
        print(f"{client:33} {m['rate']:9,.0f} {m['cpu']:13.4f} {ratio:16.2f} {m['rss'] / 2**20:10.0f} "
              f"{m['links']:14.1f} {100 * m['lost']:6.1f}%")  # fmt: skip
    if FLOOR in medians:
        print(f"crawld / {FLOOR}: {ours['cpu'] / medians[FLOOR]['cpu']:.2f}")


def measure(folder, name, lay_out, n):
    root = folder / name
    root.mkdir()
    different = lay_out(root)
    with contextlib.closing(Nginx(folder / f"nginx-{name}", root, addresses=crawl.ADDRESSES)) as server:
        urls = [
            f"http://{crawl.ADDRESSES[i % crawl.HOSTS]}:{server.port}/{i % different}.html?{i}" for i in range(n)
        ]
        runs = {}
        for _ in range(ROUNDS):
            runs.setdefault("crawld", []).append(by_crawld(folder, urls))
            for client, (command, share) in peers_here(folder).items():
                runs.setdefault(client, []).append(by_peer(folder, command, urls[: int(n * share)]))
    print_table(name, {client: median_of(of) for client, of in runs.items()})


HERE_ALREADY = {}


def peers_here(folder):
    if not HERE_ALREADY:
        for client, (command, share) in peers(folder).items():
            if command:
                HERE_ALREADY[client] = command, share
            else:
                print(f"not here: {client}")
    return HERE_ALREADY


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        measure(folder, "small", small_pages, 40_000)
        measure(folder, "real", real_pages, 10_000)
