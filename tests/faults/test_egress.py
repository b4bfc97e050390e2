"""Every address and every spelling of one, by every way that leads to a connection: those that are
nobody's business never see a packet."""

import ipaddress
import itertools
import json
import urllib.parse

import pytest

from rig.crawld import NO_DELAY
from rig.dns import A
from rig.site import Reply, page, redirect

GUARDS = ("addrguard_names", "addrguard_connect", "addrguard_reuse")
PUBLIC = "93.184.216.34"
HASTE = {"CRAWLD_TEST_PATIENCE_DIVISOR": "100000"}


@pytest.fixture(scope="module")
def addresses():
    """[(address, may it be asked)] of the outside list. NAT64 of a public address may."""
    from rig import outside_data

    lines = (outside_data() / "ssrf" / "addresses.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(ipaddress.ip_address(row[0]), row[1].startswith("allow")) for row in rows]


def text_of(address):
    return f"[{address}]" if address.version == 6 else str(address)


def literal(world, names, addresses):
    return {a: world.url("/", text_of(a)) for a in addresses}


def name(world, names, addresses):
    urls = {}
    for i, address in enumerate(addresses):
        names.table[f"n{i}.test"] = A(str(address))
        urls[address] = world.url("/", f"n{i}.test")
    return urls


def redirected(world, names, addresses):
    urls = {}
    for i, address in enumerate(addresses):
        world.site.table[f"/go{i}"] = redirect(world.url("/", text_of(address)))
        urls[address] = world.url(f"/go{i}")
    return urls


def redirected_to_a_name(world, names, addresses):
    targets = name(world, names, addresses)
    urls = {}
    for i, address in enumerate(addresses):
        world.site.table[f"/to{i}"] = redirect(targets[address])
        urls[address] = world.url(f"/to{i}")
    return urls


WAYS = (literal, name, redirected, redirected_to_a_name)


def records_of(crawld, urls, **options):
    job = crawld.wait(crawld.submit(list(urls.values()), **options)["id"])
    found = crawld.records(job["id"])
    return {address: found[url] for address, url in urls.items() if url in found}


def start(service, names, *options, env=None):
    return service(*NO_DELAY, *names.options, *options, defaults=(), env=env)


@pytest.mark.parametrize("way", WAYS)
def test_only_public_addresses_are_asked(service, world, dns, addresses, way):
    all_, names = world({}, default=page("/x")), dns({})
    public = {a for a, may in addresses if may}
    records = records_of(start(service, names), way(all_, names, [a for a, _ in addresses]))
    for address, may in addresses:
        got = records[address]["outcome"], records[address]["code"]
        assert got == (("succeeded", None) if may else ("failed", "blocked_address")), address
    assert all_.asked() - {ipaddress.ip_address(PUBLIC)} == public


@pytest.mark.parametrize("way", WAYS)
def test_they_would_be_asked_without_the_guards(service, world, dns, addresses, way):
    """Else nobody would have seen anything in the test above, either."""
    all_, names = world({}, default=page("/x")), dns({})
    off = {"CRAWLD_TEST_GUARDS_OFF": ",".join(GUARDS)}
    denied = [a for a, may in addresses if not may]
    crawld = start(service, names, env=off)
    records_of(crawld, way(all_, names, denied), timeout_ms=1000, max_attempts=1)
    assert len(all_.asked() & set(denied)) > 100


def test_what_robots_txt_leads_to(service, world, dns, addresses):
    """Each of many hosts sends whoever asks for its robots.txt to another address."""
    denied = [a for a, may in addresses if not may]

    def answer(request):
        number = int(request.headers["host"].split(".")[0].removeprefix("r"))
        if request.path == "/robots.txt":
            return redirect(all_.url("/robots.txt", text_of(denied[number])))
        return page("/x")

    all_ = world({}, default=answer)
    names = dns({f"r{i}.test": A(f"93.184.217.{i % 250}") for i in range(len(denied))})
    crawld = start(service, names, "--robots", "obey", env=HASTE)
    urls = [all_.url("/", f"r{i}.test") for i in range(len(denied))]
    crawld.crawl(urls, max_attempts=1)
    assert len(all_.site.requests) >= len(denied)
    assert {a for a in all_.asked() if not str(a).startswith("93.184.217.")} == set()


def test_links_that_are_followed(service, world, dns, addresses):
    denied = [a for a, may in addresses if not may]
    all_, names = world({}), dns({})
    all_.site.table["/"] = page(*(all_.url("/", text_of(a)) for a in denied))
    crawld = start(service, names)
    job = crawld.crawl([all_.url("/")], max_depth=1, scope="any")
    assert job["counts"]["failed"] >= len(denied) * 0.9, job["counts"]
    assert all_.asked() == {ipaddress.ip_address(PUBLIC)}


def test_receivers_of_webhooks(service, world, dns, addresses):
    """Some are refused at once, and the others when they are to be told."""
    denied = [a for a, may in addresses if not may][::8]
    all_ = world({}, default=page())
    names = dns({f"w{i}.test": A(str(a)) for i, a in enumerate(denied)})
    crawld = start(service, names, env=HASTE)
    hosts = [*map(text_of, denied), *(f"w{i}.test" for i in range(len(denied)))]
    jobs = []
    for host in hosts:
        body = {"urls": [all_.url("/")], "webhook": {"url": all_.url("/hook", host)}}
        answer = crawld.post_json("/v1/jobs", body)
        assert answer.status in (202, 400, 422), answer
        jobs += [answer.json["id"]] if answer.status == 202 else []
    assert len(jobs) >= len(denied)
    for job in jobs:
        crawld.wait(job)
        crawld.wait(job, lambda _: attempts_of(crawld, job), seconds=60)
    assert all_.asked() == {ipaddress.ip_address(PUBLIC)}
    assert "/hook" not in all_.site.paths()


def attempts_of(crawld, job):
    return sum(told["attempts"] for told in crawld.items(f"/v1/jobs/{job}/webhooks"))


# --- spellings ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def forms():
    from rig import outside_data

    lines = (outside_data() / "ssrf" / "url-forms.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def is_nobodys_business(host):
    return host.strip(".") == "localhost" or host.startswith("[") or host.replace(".", "").isdigit()


def test_spellings(service, world, dns, forms):
    """Each at port 80, where all addresses answer."""
    all_ = world({}, default=page(), port=80)
    names = dns({})
    names.table = Everything()
    crawld = start(service, names)
    listed = [form["url"] for form in forms]
    job = crawld.wait(crawld.submit(listed, timeout_ms=2000, max_attempts=1)["id"])
    records = list(crawld.items(f"/v1/jobs/{job['id']}/urls"))
    by_index = {r["index"]: r for r in records if r["index"] is not None}
    for index, record in by_index.items():
        whatwg = forms[index]["whatwg"]
        if forms[index]["url"] == "http://xn--/":
            continue  # taken as it is by now: docs/decisions/0007
        if whatwg is None:
            assert record["code"] == "invalid_url", (forms[index], record)
        elif not whatwg["href"].startswith(("http:", "https:")):
            assert record["code"] == "unsupported_scheme", (forms[index], record)
        elif urllib.parse.urlsplit(whatwg["href"]).username is not None:
            assert record["code"] == "invalid_url", (forms[index], record)  # names who asks
        elif is_nobodys_business(whatwg["host"]):
            assert record["code"] == "blocked_address", (forms[index], record)
    hosts = {a for protocol, a, port in all_.watch.seen if protocol == 6 and port in (80, 443, 22)}
    assert hosts == {ipaddress.ip_address(PUBLIC)}


class Everything(dict):
    """Every name leads to the one public address."""

    def get(self, key, default=None):
        return A(PUBLIC)


# --- answers of name servers ----------------------------------------------------------------


@pytest.mark.parametrize("order", list(itertools.permutations(("10.0.0.1", PUBLIC, "::1"))))
def test_a_name_with_addresses_of_both_kinds(service, world, dns, order):
    all_, names = world({}, default=page("/x")), dns({"mixed.test": A(*order, ttl=0)})
    records_of(start(service, names), {PUBLIC: all_.url("/", "mixed.test")})
    assert all_.asked() <= {ipaddress.ip_address(PUBLIC)}


def test_a_name_that_turns_between_its_pages(service, world, dns):
    """TTL 0, and another answer each time."""
    all_ = world({}, default=Reply(body=b"", close=True))
    turns = [A(PUBLIC, ttl=0), A("10.0.0.1", ttl=0), A("::1", ttl=0), A("169.254.169.254", ttl=0)]
    names = dns({"turn.test": turns * 20})
    crawld = start(service, names)
    crawld.crawl([all_.url(f"/{i}", "turn.test") for i in range(30)], max_attempts=2)
    assert all_.asked() <= {ipaddress.ip_address(PUBLIC)}
