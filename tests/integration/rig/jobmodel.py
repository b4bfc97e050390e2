"""What must be true of a job, whatever is asked of it and in whichever order.

`World` is a site on which the path of a URL says what comes of it; `JobModel` is told what was
done to a job and holds each answer against that.
"""

import collections
import dataclasses

from rig.site import Reply, page, redirect

FINISHED = ("completed", "cancelled", "failed")
TAKES_URLS = ("queued", "running", "paused", "completed")
BY_ITSELF = {"queued": ("running", "completed"), "running": ("completed",), "paused": ("completed",),
             "cancelling": ("cancelled",)}  # fmt: skip
TOLD = {
    "pause": {"queued": "paused", "running": "paused", "paused": "paused"},
    "resume": {"paused": ("queued", "running", "completed"), "queued": "queued", "running": "running"},
    "cancel": dict.fromkeys(("queued", "running", "paused", "cancelling"), ("cancelling", "cancelled"))
    | {"cancelled": "cancelled"},
}
# One after the other in the history that a job tells of itself.
HISTORY = {
    None: ("queued", "paused"),
    "queued": ("running", "paused", "cancelling", "completed"),
    "running": ("paused", "cancelling", "completed"),
    "paused": ("queued", "running", "cancelling", "completed"),
    "cancelling": ("cancelled",),
    "completed": ("running",),
    "cancelled": (),
}
ACTIONS = {"queued": ["pause", "cancel"], "running": ["pause", "cancel"], "paused": ["resume", "cancel"]}
TRANSIENT = {"timeout", "dns_error", "connect_error", "connection_lost", "rate_limited", "http_5xx",
             "host_unavailable", "robots_unreachable"}  # fmt: skip
HOSTS = 3
OUTCOMES = ("succeeded", "failed", "disallowed", "skipped", "cancelled")


def closure(state):
    """Where a job may be by now that was in |state|."""
    seen, todo = set(), [state]
    while todo:
        s = todo.pop()
        if s not in seen:
            seen.add(s)
            todo += BY_ITSELF.get(s, ())
    return seen


@dataclasses.dataclass(frozen=True)
class Entry:
    """A line of a list."""

    kind: str
    number: int
    host: int
    spelling: int = 0

    def line(self, world, tag):
        if self.kind == "nonsense":
            return f"nonsense {self.number}"
        if self.kind == "ftp":
            return f"ftp://127.0.5.1/{tag}/{self.number}"
        url = world.url(self.kind, tag, self.number, self.host)
        if self.spelling == 1:
            return url + "#part"
        if self.spelling == 2:
            return "HTTP" + url.removeprefix("http").replace(f"/{tag}/", f"/./x/../{tag}/")
        return url

    def is_reject(self):
        return self.kind in ("nonsense", "ftp")


class World:
    """Site.table is not used: /TAG/KIND/NUMBER says all."""

    KINDS = ("page", "slow", "hub", "go", "gone", "broken", "dead")

    def __init__(self, site):
        self.site = site
        self.is_mended = False
        site.default = self.answer

    def url(self, kind, tag, number, host):
        if kind == "dead":
            return f"http://127.0.5.9:1/{tag}/dead/{number}"
        return self.site.url(f"/{tag}/{kind}/{number}", host=f"127.0.5.{host + 1}")

    @staticmethod
    def parts(url):
        _, _, authority, tag, kind, number = url.split("/")
        return f"http://{authority}/{tag}", kind, int(number)

    def links(self, url):
        """Of a page, where it is one."""
        base, kind, number = self.parts(url)
        if kind in ("page", "slow", "go"):
            return [f"{base}/leaf/{number * 10 + i}" for i in range(number % 4)]
        if kind == "hub":
            return [f"{base}/page/{i}" for i in range(number + 1)] + ["http://127.0.9.9:9/"]
        return [f"{base}/leaf/7"] if kind == "broken" else []

    def followed(self, url):
        """What a job of depth 1 makes of the links of a listed URL."""
        return [link for link in self.links(url) if not link.startswith("http://127.0.9.9")]

    def answer(self, request):
        url = f"http://{request.host}{request.path}"
        base, kind, number = self.parts(url)
        if kind == "gone":
            return Reply(status=404)
        if kind == "broken" and not self.is_mended:
            return Reply(status=500)
        if kind == "go":
            return redirect(f"{base}/page/{number}")
        return Reply(body=page(*self.links(url)).body, delay=0.05 if kind == "slow" else 0)

    def ends(self, url):
        """The outcomes and codes that a crawl of |url| may come to."""
        kind = self.parts(url)[1]
        if kind == "gone":
            return {("failed", "http_4xx")}
        if kind == "broken":
            return {("failed", "http_5xx"), ("succeeded", None), ("failed", "host_unavailable")}
        if kind == "dead":
            return {("failed", "connect_error"), ("failed", "host_unavailable")}
        return {("succeeded", None)}


class JobModel:
    """One job of a caller who writes down all that was done and answered."""

    def __init__(self, world, tag, options):
        self.world = world
        self.tag = tag
        self.options = options
        self.id = None
        self.listed = {}  # URL: where it first stood
        self.n_received = self.n_rejects = self.n_duplicates = self.n_adds = 0
        self.is_deleted = False
        self.n_retries = 0
        self.last = None  # the job as it was last answered
        self.frozen = None  # counts of a pause in which nothing is under way

    @property
    def grows(self):
        return self.options.get("max_depth", 0) > 0

    @property
    def href(self):
        return f"/v1/jobs/{self.id}"

    # --- what is put into it ---

    def take(self, entries):
        """A list that was accepted; what its answer must say of it."""
        accepted, rejected = {}, []
        for i, entry in enumerate(entries):
            if entry.is_reject():
                rejected.append(i)
                continue
            url = self.world.url(entry.kind, self.tag, entry.number, entry.host)
            if url not in self.listed and url not in accepted:
                accepted[url] = self.n_received + i if not self.n_adds else None
        duplicates = len(entries) - len(rejected) - len(accepted)
        return accepted, {
            "received": len(entries), "accepted": len(accepted), "duplicates": duplicates,
            "rejected": len(rejected), "rejects": rejected,
        }  # fmt: skip

    def check_submission(self, told, want, is_dry=False):
        told = {**told, "rejects": [r["index"] for r in told["rejects"]]}
        if self.grows and self.n_adds and not is_dry:  # some may have been found before
            assert told["accepted"] <= want["accepted"], (told, want)
            want = {**want, "accepted": told["accepted"],
                    "duplicates": want["duplicates"] + want["accepted"] - told["accepted"]}  # fmt: skip
        assert told == want, (told, want)
        return want

    def put(self, entries, told):
        accepted, want = self.take(entries)
        want = self.check_submission(told, want)
        self.listed |= accepted
        self.n_received += want["received"]
        self.n_rejects += want["rejected"]
        self.n_duplicates += want["duplicates"]
        self.n_adds += 1

    # --- what it answers ---

    def see(self, job, states=None):
        """Any answer that is this job. |states|: where it may be, if not where it was before."""
        if states is None:
            states = closure(self.last["state"])
        assert job["id"] == self.id
        assert job["state"] in states, (job["state"], states)
        self.check_counts(job)
        self.check_members(job)
        if self.last:
            self.check_since(self.last, job)
        self.last = job

    def check_counts(self, job):
        counts = dict(job["counts"])
        assert counts.pop("total") == sum(counts.values()), job
        assert job["duplicates"] == self.n_duplicates, (job, self.n_duplicates)
        total = job["counts"]["total"]
        least = len(self.listed) + self.n_rejects
        assert total >= least if self.grows else total == least, (job, least)
        assert counts["failed"] >= self.n_rejects

    @staticmethod
    def check_members(job):
        state, counts = job["state"], job["counts"]
        unended = counts["queued"] + counts["running"]
        is_finished = state in FINISHED
        assert job["is_finished"] == is_finished
        assert (job["finished_at"] is not None) == is_finished, job
        assert (job["poll_after_ms"] is None) == is_finished, job
        assert (job["stop_reason"] is not None) == is_finished, job
        assert unended == 0 or not is_finished, job
        assert job["started_at"] or state != "running", job
        failed = counts["failed"] + counts["disallowed"] + counts["skipped"]
        actions = ["retry"] if state == "completed" and failed else ACTIONS.get(state, [])
        assert job["actions"] == actions, job
        ended = counts["total"] - unended
        progress = ended * 1000 // counts["total"] / 1000 if counts["total"] else float(is_finished)
        assert job["progress"] == progress, job

    def check_since(self, before, job):
        assert job["version"] >= before["version"], (before, job)
        settled = ("state", "stop_reason", "links_found", "bytes", "finished_at", "duplicates")
        if job["version"] == before["version"]:
            assert [job[k] for k in settled] == [before[k] for k in settled], (before, job)
            assert self.outcomes(job) == self.outcomes(before), (before, job)
        assert job["created_at"] == before["created_at"]
        assert job["counts"]["succeeded"] >= before["counts"]["succeeded"], (before, job)
        assert job["counts"]["total"] >= before["counts"]["total"], (before, job)

    @staticmethod
    def outcomes(job):
        counts = job["counts"]
        return [counts["total"], *(counts[o] for o in OUTCOMES)]

    def check_frozen(self, job):
        """A pause in which nothing was under way any more: nothing moves."""
        if self.frozen is not None and job["state"] == "paused":
            assert (job["counts"], job["version"]) == self.frozen, job

    # --- how it ended ---

    def may_end(self, url):
        ends = set(self.world.ends(url))
        if self.last["state"] == "cancelled":
            ends.add(("cancelled", "job_cancelled"))
        if "deadline_seconds" in self.options:
            ends.add(("skipped", "deadline"))
        return ends

    def reachable(self):
        """The URLs that it may have, of which it must have those that are listed."""
        reach = set(self.listed)
        if self.grows:
            reach |= {link for url in self.listed for link in self.world.followed(url)}
        return reach

    def check_records(self, records):
        """All records of the finished job."""
        counts = self.last["counts"]
        assert len(records) == counts["total"], (len(records), self.last)
        outcomes = collections.Counter(r["outcome"] for r in records)
        assert outcomes == collections.Counter({o: counts[o] for o in OUTCOMES if counts[o]})
        urls = collections.Counter(r["url"] for r in records if not self.is_reject(r))
        assert not urls or max(urls.values()) == 1, urls.most_common(3)
        assert set(self.listed) <= set(urls) <= self.reachable(), (self.listed, urls)
        assert sum(map(self.is_reject, records)) == self.n_rejects
        seqs = [r["seq"] for r in records if r["seq"] is not None]
        assert seqs == sorted(set(seqs)), seqs
        places = [r["place"] for r in records]
        assert len(set(places)) == len(places), places
        for record in records:
            self.check_record(record)

    @staticmethod
    def is_reject(record):
        return record["code"] in ("invalid_url", "unsupported_scheme")

    def check_record(self, record):
        url = record["url"]
        if self.is_reject(record):
            assert record["outcome"] == "failed" and record["attempts"] == 0, record
            return
        assert (record["outcome"], record["code"]) in self.may_end(url), record
        if self.listed.get(url) is not None:
            assert record["index"] == self.listed[url], (record, self.listed[url])
        if record["outcome"] == "succeeded":
            assert record["links_found"] == len(self.world.links(url)), record

    def check_links(self, rows, records):
        """All rows of the finished job, each [source, link]."""
        want = [
            [r["url"], link]
            for r in records
            if r["outcome"] == "succeeded"
            for link in self.world.links(r["url"])
        ]
        assert rows == want, (rows, want)
        assert len(rows) == self.last["links_found"], self.last


def check_history(states):
    """What `state` events told from the beginning on: [(version, state)]."""
    before = None
    for _, state in states:
        assert state in HISTORY[before], states
        before = state
    versions = [version for version, _ in states]
    assert versions == sorted(set(versions)), states
