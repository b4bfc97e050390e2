"""crawld as a service beside what people use today, on the same lists of URLs in turn.

Each peer in bench/peers/ is its language's usual way. CPU is that of the client alone; of crawld
it is the whole service from the list that comes by HTTP to the links that went out as TSV.
Those that are not installed are left out aloud. The slow ones get fewer pages: what is compared
is a page. PEERS_ROUNDS (3) rounds; the medians are shown. PEERS_PAGES names which pages: small
ones, real ones, and slow ones, which are small ones behind a delay (all three).
"""

import contextlib
import dataclasses
import functools
import gzip
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time
import typing

import crawl
from rig.crawld import LOOPBACK, NO_DELAY, Crawld
from rig.nginx import Nginx

HERE = pathlib.Path(__file__).resolve().parent / "peers"
BUILT = pathlib.Path(os.environ["CRAWLD_BIN"]).resolve().parent
PAGES = pathlib.Path(os.environ.get("TEST_DATA", "../shared/data")) / "pages" / "html"
ROUNDS = int(os.environ.get("PEERS_ROUNDS", "3"))
FLOOR = "libcurl, fetch only"
ECHO = pathlib.Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")
DELAY_S = 0.2


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


def delayed(seconds):
    """What makes an nginx wait so long before it serves a page."""
    return {
        "top": f"load_module {ECHO};",
        "server": f"""location / {{ echo_sleep {seconds}; echo_exec @page; }}
                      location @page {{ }}""",
    }


@dataclasses.dataclass
class Pages:
    name: str
    lay_out: typing.Callable  # in a folder; how many different ones there are
    n: int
    hosts: int
    in_flight: int
    delay_s: float = 0

    @property
    def per_host(self):
        return -(-self.in_flight // self.hosts)

    @property
    def nginx(self):
        return delayed(self.delay_s) if self.delay_s else {}


ALL_PAGES = (
    Pages("small", small_pages, n=40_000, hosts=20, in_flight=64),
    Pages("real", real_pages, n=10_000, hosts=20, in_flight=64),
    Pages("slow", small_pages, n=60_000, hosts=50, in_flight=1000, delay_s=0.2),
)


# --- the peers: name -> (command, share of the pages that it gets), all told LIST OUT IN_FLIGHT PER_HOST ---


def built(name):
    return [str(BUILT / name)] if (BUILT / name).exists() else None


def python(name, module):
    there = subprocess.run(["/usr/bin/python3", "-c", f"import {module}"], capture_output=True)
    return ["/usr/bin/python3", "-B", str(HERE / name)] if there.returncode == 0 else None


@functools.cache
def go(folder):
    if not shutil.which("go"):
        return None
    env = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(folder / "go")}
    program = str(folder / "go_peer")
    subprocess.run(["go", "build", "-o", program, "main.go"], cwd=HERE / "go", env=env, check=True)
    return [program]


@functools.cache
def node(folder):
    if not shutil.which("npm"):
        return None
    shutil.copytree(HERE / "node", folder / "node")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder / "node", capture_output=True)
    return ["node", str(folder / "node" / "main.mjs")] if done.returncode == 0 else None


def wget2(in_flight):
    path = shutil.which("wget2")
    options = ["-q", f"--max-threads={in_flight}", "--no-robots", "-O", "/dev/null", "-i"]
    return [path, *options] if path else None


def curl(in_flight):
    options = ["--no-progress-meter", "--parallel", "--parallel-max", str(in_flight), "-K"]
    return [shutil.which("curl"), *options]


def peers(folder, in_flight):
    return {
        FLOOR: (built("curl_floor"), 1),
        "sockets, fetch only": (built("epoll_floor"), 1),
        "curl --parallel, fetch only": (curl(in_flight), 1),
        "wget2, fetch only": (wget2(in_flight), 0.5),
        "Go net/http, x/net/html": (go(folder), 0.5),
        "Node undici, htmlparser2": (node(folder), 0.2),
        "aiohttp gather": (python("aiohttp_gather.py", "aiohttp"), 0.05),
        "Scrapy": (python("scrapy_links.py", "scrapy"), 0.02),
    }


def peers_here(folder, pages):
    here = {}
    for client, (command, share) in peers(folder, pages.in_flight).items():
        if command:
            here[client] = command, share
        else:
            print(f"not here: {client}")
    return here


# --- one measurement: CPU s and wall s for 1,000 pages, peak RSS, links a page, share lost ---


def write_list(folder, name, command, urls):
    path = folder / name
    is_config = "-K" in command
    path.write_text("".join(f'url = "{u}"\noutput = /dev/null\n' if is_config else f"{u}\n" for u in urls))
    return path


def by_peer(folder, command, urls, pages):
    """What it prints in the end: pages and links; one that only fetches prints nothing."""
    listed, out, begin = write_list(folder, "list", command, urls), folder / "out", time.monotonic()
    told = [str(out), str(pages.in_flight), str(pages.per_host)]
    extra = [] if command[-1] in ("-i", "-K") else told
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([*command, str(listed), *extra], stdout=said, stderr=subprocess.DEVNULL)
        used, rss = used_by(process)
        said.seek(0)
        counted = said.read().split()
    wall, n = time.monotonic() - begin, len(urls)
    got, links = (int(counted[-2]), int(counted[-1])) if len(counted) >= 2 else (n, 0)
    return figures(used.ru_utime + used.ru_stime, wall, rss, links, n, got)


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


def figures(cpu, wall, rss, links, n, got):
    return {"cpu": 1000 * cpu / n, "rate": n / wall, "rss": rss, "links": links / n, "lost": 1 - got / n}


def by_crawld(folder, urls, pages):
    shutil.rmtree(folder / "crawld", ignore_errors=True)
    options = ("--host-connections", str(pages.per_host), "--max-transfers", str(pages.in_flight))
    service = Crawld(folder / "crawld", *LOOPBACK, *NO_DELAY, "--ip-connections", "0", *options).start()
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


def measure(folder, pages):
    root = folder / pages.name
    root.mkdir()
    different = pages.lay_out(root)
    addresses = [f"127.0.2.{i + 1}" for i in range(pages.hosts)]
    at = folder / f"nginx-{pages.name}"
    with contextlib.closing(Nginx(at, root, addresses=addresses, **pages.nginx)) as server:
        urls = [
            f"http://{addresses[i % pages.hosts]}:{server.port}/{i % different}.html?{i}" for i in range(pages.n)
        ]
        runs, clients = {}, peers_here(folder, pages)
        for _ in range(ROUNDS):
            runs.setdefault("crawld", []).append(by_crawld(folder, urls, pages))
            for client, (command, share) in clients.items():
                few = urls[: int(pages.n * share)]
                runs.setdefault(client, []).append(by_peer(folder, command, few, pages))
    medians = {client: median_of(of) for client, of in runs.items()}
    print_table(pages.name, medians)
    if pages.delay_s:
        most = pages.in_flight / pages.delay_s
        print(f"crawld: {100 * medians['crawld']['rate'] / most:.0f} % of {most:,.0f} pages/s")


def main():
    wanted = os.environ.get("PEERS_PAGES", " ".join(pages.name for pages in ALL_PAGES)).split()
    with tempfile.TemporaryDirectory() as name:
        for pages in ALL_PAGES:
            if pages.name not in wanted:
                continue
            if pages.delay_s and not ECHO.exists():
                print(f"{pages.name} pages: skipped, no {ECHO.name} (libnginx-mod-http-echo)")
            else:
                measure(pathlib.Path(name), pages)
