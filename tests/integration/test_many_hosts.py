"""Two hundred hosts, half of them in some kind of trouble, and three jobs that want pages of all.

The site's own log proves what is promised to hosts and to jobs. Each look at the log is seen to
find something where the service runs without manners.
"""

import collections
import dataclasses
import itertools
import socket

import pytest

from rig.crawld import LOOPBACK
from rig.site import Reply, page, redirect

DELAY, LEAST = 0.4, 0.3  # seconds; the site, busy too, notes a request up to 0.1 late
CONNECTIONS = 2
PAGES = 4  # of a job, at each host
RETRY_AFTER, TIMEOUT = 2, 2.5  # seconds
JOBS = {"low": 1, "usual": 3, "high": 7}  # weights 2, 4 and 8
OPTIONS = ("--host-delay-ms", str(round(DELAY * 1000)), "--robots", "obey")
RUDE = ("--host-delay-ms", "0", "--min-host-delay-ms", "0", "--robots", "ignore")
HASTE = {"CRAWLD_TEST_PATIENCE_DIVISOR": "100"}
GONE = Reply(status=404)


def robots(*lines):
    return Reply(body="\n".join(lines).encode(), content_type="text/plain")


@dataclasses.dataclass
class Kind:
    """Hosts that behave alike: what they answer, and what that has to come to."""

    hosts: int
    code: str = None  # of each URL; None: it succeeds
    robots: Reply = dataclasses.field(default_factory=lambda: GONE)
    reply: object = dataclasses.field(default_factory=lambda: page("/x"))  # or a function (Request, number of the page at its host) -> Reply
    at_closed_port: bool = False


def refusing_first(status):
    refusal = Reply(status=status, headers={"Retry-After": str(RETRY_AFTER)})
    return lambda request, n: refusal if n == 0 else page("/x")


def elsewhere(request, n):
    """To a page of another host, which has to be asked there as politely."""
    return redirect(request.path + "/moved") if n % 2 else redirect(f"http://127.1.0.1{port_of(request)}/landed")


def port_of(request):
    return request.host[request.host.index(":") :]


KINDS = {
    "fine": Kind(80),
    "slow": Kind(20, reply=Reply(body=page("/x").body, delay=0.5)),
    "silent": Kind(4, "timeout", reply=Reply(hang=True)),
    "dead": Kind(20, "host_unavailable", at_closed_port=True),
    "busy": Kind(12, reply=refusing_first(429)),
    "down": Kind(12, reply=refusing_first(503)),
    "moved": Kind(12, reply=lambda r, n: page("/x") if r.path.endswith("/moved") else elsewhere(r, n)),
    "failing": Kind(10, "http_4xx", reply=Reply(status=410)),
    "forbidding": Kind(10, "robots_disallowed", robots=robots("User-agent: *", "Disallow: /")),
    "unreadable": Kind(8, "robots_unreachable", robots=Reply(status=500)),
    "endless": Kind(6, robots=Reply(body=b"User-agent: *\nDisallow: /no\n" + b"# and so on\n" * 400_000)),
    "patient": Kind(6, robots=robots("User-agent: *", "Crawl-delay: 1")),
}
assert sum(kind.hosts for kind in KINDS.values()) == 200


class World:
    """The hosts as a site: kind k, number n is 127.(k + 1).0.(n + 1)."""

    def __init__(self, site):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            self.closed_port = closed.getsockname()[1]
        self.pages = collections.Counter()
        self.web = site({"/robots.txt": lambda r: self.kind(r.address)[1].robots}, default=self.answer)

    def kind(self, address):
        number = int(address.split(".")[1]) - 1
        return list(KINDS.items())[number]

    def answer(self, request):
        reply = self.kind(request.address)[1].reply
        n = self.pages[request.address]
        self.pages[request.address] += 1
        return reply(request, n) if callable(reply) else reply

    def urls(self, job, kinds=KINDS):
        for k, (name, kind) in enumerate(KINDS.items()):
            for n, i in itertools.product(range(kind.hosts), range(PAGES)):
                if name in kinds:
                    port = self.closed_port if kind.at_closed_port else self.web.port
                    yield name, f"http://127.{k + 1}.0.{n + 1}:{port}/{job}/{i}"

    def log(self):
        """The requests of each host, in order."""
        hosts = collections.defaultdict(list)
        for request in sorted(self.web.requests, key=lambda r: r.at):
            hosts[request.address].append(request)
        return hosts.items()


# --- what the log has to show ---


def gaps(requests):
    return [b.at - a.at for a, b in zip(requests, requests[1:])]


def check_delay(world):
    for address, requests in world.log():
        least = 0.9 if world.kind(address)[0] == "patient" else LEAST
        assert all(gap >= least for gap in gaps(requests)), (address, gaps(requests))


def end_of(request):
    """Where none was sent, the client hung up."""
    return request.ended_at or request.at + TIMEOUT - 0.2


def check_connections(world):
    for address, requests in world.log():
        for request in requests:
            at_once = [r for r in requests if r.at <= request.at < end_of(r)]
            assert len(at_once) <= CONNECTIONS, (address, at_once)


def check_robots(world):
    for address, requests in world.log():
        files = [r for r in requests if r.path == "/robots.txt"]
        assert requests[0].path == "/robots.txt", (address, requests[0])
        assert len(files) == (4 if world.kind(address)[0] == "unreadable" else 1), (address, files)
        if world.kind(address)[1].code in ("robots_disallowed", "robots_unreachable"):
            assert requests == files, address


def check_retry_after(world):
    for address, requests in world.log():
        if world.kind(address)[0] not in ("busy", "down"):
            continue
        refused = next(r for r in requests if r.path != "/robots.txt")
        under_way = [r for r in requests if refused.at < r.at < refused.at + RETRY_AFTER - 0.1]
        assert not under_way, (address, under_way)


def check_turns(world):
    """At hosts that all want, each job has had its share whenever the first of them is done."""
    done = collections.Counter()
    for address, requests in world.log():
        if world.kind(address)[0] == "fine":
            pages = [r.path.split("/")[1] for r in requests if r.path.count("/") == 2]
            last_of_high = len(pages) - pages[::-1].index("high")
            done.update(pages[:last_of_high])
    assert done["high"] > 1.4 * done["usual"] > 1.4 * 1.4 * done["low"], done


CHECKS = (check_delay, check_connections, check_robots, check_retry_after, check_turns)


def run(crawld, world, kinds=KINDS, connections=CONNECTIONS):
    """The jobs begin together, when all of them are there."""
    lists = {job: list(world.urls(job, kinds)) for job in JOBS}
    options = {"paused": True, "timeout_ms": round(1000 * TIMEOUT), "host_connections": connections}
    ids = {
        job: crawld.submit([url for _, url in lists[job]], priority=priority, **options)["id"]
        for job, priority in JOBS.items()
    }
    for job_id in ids.values():
        assert crawld.call("POST", f"/v1/jobs/{job_id}/resume").status == 200
    for job_id in ids.values():
        crawld.wait(job_id, seconds=150)
    return {job: (lists[job], list(crawld.items(f"/v1/jobs/{job_id}/urls"))) for job, job_id in ids.items()}


@pytest.mark.timeout(300)
def test_two_hundred_hosts(service, site):
    world = World(site)
    crawld = service(*OPTIONS, env=HASTE, defaults=LOOPBACK)
    for wanted, records in run(crawld, world).values():
        ends = {r["url"]: r["code"] for r in records}
        assert len(records) == len(ends) == len(wanted)
        for kind, url in wanted:
            codes = {KINDS[kind].code}
            if kind in ("dead", "silent"):  # some of them were tried
                codes |= {"connect_error", "timeout", "host_unavailable"}
            assert ends[url] in codes, (kind, url, ends[url])
    for check in CHECKS:
        check(world)


def test_without_manners_the_log_would_show_it(service, site):
    world = World(site)
    crawld = service(*RUDE, "--host-connections", "9", env=HASTE, defaults=LOOPBACK)
    run(crawld, world, ("slow", "busy"), connections=9)
    for check in (check_delay, check_connections, check_robots, check_retry_after):
        with pytest.raises(AssertionError):
            check(world)
