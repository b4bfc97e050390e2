"""Starts the real binary on a free port and speaks to it over real HTTP."""

import contextlib
import http.client
import json
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time

from rig.contract import CONTRACT

READY_SECONDS = 30  # sanitizers start slowly on a busy machine
LOOPBACK = ("--allow-net", "127.0.0.0/8")
NO_DELAY = ("--host-delay-ms", "0", "--min-host-delay-ms", "0")


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode("utf-8")

    def __repr__(self):
        return f"{self.status} {self.body[:400]!r}"


class Crawld:
    """One service on one database; it may be killed and started again."""

    def __init__(self, folder, *options, env=None, binary=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.database = self.folder / "crawld.db"
        self.options = list(options)
        self.extra_env = env or {}
        self.binary = os.path.abspath(binary or os.environ["CRAWLD_BIN"])  # it runs in its folder
        self.process = None
        self.port = None
        self.log = []

    # --- life ---

    def environment(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("CRAWLD_")}
        reports = self.folder / "sanitizer"
        env["ASAN_OPTIONS"] = f"log_path={reports}:detect_stack_use_after_return=1"
        env["UBSAN_OPTIONS"] = f"log_path={reports}:print_stacktrace=1"
        env["TSAN_OPTIONS"] = f"log_path={reports}"
        return {**env, "CRAWLD_ROBOTS": "ignore", **self.extra_env}

    def command(self, *options):
        return [
            self.binary, "serve", "--listen", "127.0.0.1:0", "--database",
            f"sqlite:{self.database}", "--log-format", "json", *self.options, *options,
        ]  # fmt: skip

    def start(self, *options):
        assert self.process is None
        self.process = subprocess.Popen(
            self.command(*options),
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        lines = queue.Queue()
        self.reader = threading.Thread(target=self._read_log, args=(self.process, lines))
        self.reader.start()
        self._await_port(lines)
        return self

    def _read_log(self, process, lines):
        for raw in process.stderr:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            self.log.append(line)
            lines.put(line)
        lines.put(None)

    def _await_port(self, lines):
        end = time.monotonic() + READY_SECONDS
        while True:
            line = lines.get(timeout=max(0.01, end - time.monotonic()))
            if line is None:
                raise AssertionError(f"it ended before it listened: {self.log}")
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if entry.get("message") == "listening":
                    self.port = int(entry["address"].rsplit(":", 1)[1])
                    return

    def _ended(self, seconds=None):
        status = self.process.wait(seconds)
        self.reader.join()
        self.process.stderr.close()
        self.process = None
        self.port = None
        return status

    def kill(self):
        """kill -9, at this very moment."""
        self.process.kill()
        self._ended()

    def stop(self, seconds=30):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self._ended(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def await_end(self, seconds):
        """It ends by itself; returns the exit status."""
        return self._ended(seconds)

    def refuses_to_start(self):
        """It ends with status 1 before it listens; its log, as one text."""
        try:
            self.start()
        except AssertionError:
            assert self.await_end(10) == 1, self.log
            return "\n".join(self.log)
        self.kill()
        raise AssertionError("it has started")

    def restart(self):
        return self.start()

    def sanitizer_reports(self):
        return [p.read_text() for p in sorted(self.folder.glob("sanitizer.*"))]

    def close(self):
        """The end of a test: a clean exit, and no word from a sanitizer."""
        status = 0
        if self.process and self.process.poll() is None:
            status = self.stop()
        elif self.process:
            status = self._ended()
        reports = self.sanitizer_reports()
        assert not reports, "\n".join(reports)
        assert status == 0, f"exit {status}: {self.log[-20:]}"

    # --- what /proc knows of it ---

    def _proc(self, name):
        return pathlib.Path(f"/proc/{self.process.pid}/{name}").read_text()

    def status_kib(self, key):
        for line in self._proc("status").splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise KeyError(key)

    def rss_bytes(self):
        return self.status_kib("VmRSS") * 1024

    def peak_rss_bytes(self):
        return self.status_kib("VmHWM") * 1024

    def cpu_seconds(self):
        fields = self._proc("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    # --- HTTP ---

    def connection(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def call(self, method, target, body=None, headers=None, timeout=60):
        connection = self.connection(timeout)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            answer = Answer(response, response.read())
        finally:
            connection.close()
        CONTRACT.see(method, target.removeprefix(self.base_path()), answer)
        return answer

    def base_path(self):
        options = iter(self.options)
        return next((next(options) for o in options if o == "--base-path"), "")

    def get(self, target, **headers):
        return self.call("GET", target, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post_json(self, target, value):
        return self.call("POST", target, json.dumps(value), {"Content-Type": "application/json"})

    def post_text(self, target, text, timeout=60):
        body = text.encode() if isinstance(text, str) else text
        return self.call("POST", target, body, {"Content-Type": "text/plain"}, timeout)

    # --- jobs ---

    def submit(self, urls, **options):
        answer = self.post_json("/v1/jobs", {"urls": urls, **options})
        assert answer.status == 202, answer
        return answer.json

    def job(self, job_id):
        answer = self.get(f"/v1/jobs/{job_id}")
        assert answer.status == 200, answer
        return answer.json

    def wait(self, job_id, until=lambda job: job["is_finished"], seconds=120):
        end = time.monotonic() + seconds
        while True:
            job = self.job(job_id)
            counts = dict(job["counts"])
            assert counts.pop("total") == sum(counts.values()), job
            if until(job):
                return job
            assert time.monotonic() < end, f"still not there: {job}"
            time.sleep(0.05)

    def crawl(self, urls, **options):
        return self.wait(self.submit(urls, **options)["id"])

    def items(self, target):
        """All items of a paged list, over as many pages as it has."""
        cursor, sep = None, "&" if "?" in target else "?"
        while True:
            page = self.get(target + (f"{sep}cursor={cursor}" if cursor else ""))
            assert page.status == 200, page
            yield from page.json["items"]
            cursor = page.json["next_cursor"]
            if cursor is None:
                return

    def records(self, job_id):
        return {r["url"]: r for r in self.items(f"/v1/jobs/{job_id}/urls")}

    def tsv(self, job_id):
        """The rows below the header line, each a list of columns."""
        answer = self.get(f"/v1/jobs/{job_id}/links?format=tsv")
        assert answer.status == 200, answer
        lines = answer.text.split("\n")
        assert lines[0] == "source_url\tparsed_url" and lines[-1] == "", answer
        return [line.split("\t") for line in lines[1:-1]]
