"""How long a poll of a job takes while a crawl runs at full speed, and how many 304 a second there are."""

import concurrent.futures
import contextlib
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import crawl
from rig.crawld import LOOPBACK, NO_DELAY, Crawld
from rig.nginx import Nginx

ROUNDS = 12  # each page so often, under a new name
POLLERS, POLLS_A_SECOND = 10, 500
SECONDS_304 = 5


class Poller:
    """One kept connection. A poll that is due while another one runs is sent as soon as that is
    answered, and its time counts from when it was due."""

    def __init__(self, crawld, path, *fields):
        self.socket = socket.create_connection(("127.0.0.1", crawld.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = [f"GET {path} HTTP/1.1", "Host: localhost", *fields]
        self.request = ("\r\n".join(head) + "\r\n\r\n").encode()

    def poll(self):
        self.socket.sendall(self.request)
        answer = self.socket.recv(65536)
        assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 304")), answer
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        while length and len(body) < int(length[1]):
            body += self.socket.recv(65536)
        return body


def poll_until(is_over, poller, due):
    """Milliseconds of each poll."""
    times = []
    while True:
        time.sleep(max(0, due - time.perf_counter()))
        body = poller.poll()
        times.append(1000 * (time.perf_counter() - due))
        if is_over(body):
            return times
        due += POLLERS / POLLS_A_SECOND


def report(whom, times, rate, pages, wall):
    times = sorted(times)
    at = {name: times[min(len(times) - 1, int(len(times) * share))] for name, share in
          (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))}  # fmt: skip
    quantiles = ", ".join(f"{name} {ms:.2f} ms" for name, ms in at.items())
    print(
        f"{rate:.0f} polls a second of {whom} while {pages / wall:,.0f} pages/s are crawled: "
        f"{quantiles}, at most {times[-1]:.1f}"
    )


def crawl_and_poll(crawld, wanted, bystander=None):
    """The job is polled, or else an idle |bystander|: what the machine itself makes them wait."""
    job = crawld.submit(wanted, paused=True)
    own = job["hrefs"]["self"]
    pollers = [Poller(bystander or crawld, "/healthz" if bystander else own) for _ in range(POLLERS)]
    assert crawld.call("POST", own + "/resume").status == 200
    begin, ended = time.perf_counter(), threading.Event()
    dues = [begin + i / POLLS_A_SECOND for i in range(POLLERS)]
    with concurrent.futures.ThreadPoolExecutor(POLLERS + 1) as pool:
        if bystander:
            is_over = lambda body: ended.is_set()
            pool.submit(lambda: (crawld.wait(job["id"]), ended.set()))
        else:
            is_over = lambda body: b'"is_finished":true' in body
        times = sum(pool.map(lambda poller, due: poll_until(is_over, poller, due), pollers, dues), [])
    wall = time.perf_counter() - begin
    whom = "an idle service beside" if bystander else "the job"
    report(whom, times, len(times) / wall, len(wanted), wall)
    return own


def count_304(crawld, path):
    """By wrk, of the finished job."""
    if not shutil.which("wrk"):
        print("no wrk: 304 not counted")
        return
    etag = crawld.get(path).headers["ETag"]
    url = f"http://127.0.0.1:{crawld.port}{path}"
    command = ["wrk", "-t1", "-c16", f"-d{SECONDS_304}s", "-H", f"If-None-Match: {etag}", url]
    cpu = crawld.cpu_seconds()
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    cpu = crawld.cpu_seconds() - cpu
    rate = float(re.search(r"Requests/sec: *([\d.]+)", told)[1])
    print(f"{rate:,.0f} times 304 a second alone, {cpu / SECONDS_304 / rate * 1e6:.1f} µs of CPU each")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        root = folder / "pages"
        root.mkdir()
        crawl.lay_out(root)
        options = ("--host-connections", str(crawl.CONNECTIONS), "--max-request-bytes", str(64 << 20))
        with contextlib.closing(Nginx(folder / "nginx", root, addresses=crawl.ADDRESSES)) as server:
            wanted = [f"{url}?{n}" for n in range(ROUNDS) for url in crawl.urls(server.port)]
            service = Crawld(folder / "crawld", *LOOPBACK, *NO_DELAY, *options).start()
            bystander = Crawld(folder / "bystander").start()
            with contextlib.closing(service) as crawld, contextlib.closing(bystander):
                path = crawl_and_poll(crawld, wanted)
                again = [f"{url}&again" for url in wanted]
                crawl_and_poll(crawld, again, bystander)
                count_304(crawld, path)
