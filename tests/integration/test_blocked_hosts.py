"""--block-host-file: hosts that are left alone, whatever way leads there."""

import signal

import pytest

from rig import until
from rig.crawld import Crawld
from rig.dns import A
from rig.site import page, redirect

HASTE = {"CRAWLD_TEST_PATIENCE_DIVISOR": "100000"}
NAMES = {name: A("127.0.0.1") for name in ("good.test", "bad.test", "www.bad.test", "late.test", "hook.bad.test")}


@pytest.fixture
def world(service, site, dns, tmp_path):
    """A service with a list, and a site of many names."""
    names, web = dns(NAMES), site({}, default=page())
    (tmp_path / "blocked").write_text("# who asked us to\nBAD.test\n127.0.0.9\n")

    def start(*options, **kwargs):
        return service(*names.options, "--block-host-file", str(tmp_path / "blocked"), *options, **kwargs)

    return start, web, tmp_path / "blocked"


def codes(crawld, urls, **options):
    job = crawld.crawl(urls, **options)
    return [crawld.records(job["id"])[url]["code"] for url in urls]


@pytest.mark.parametrize("off", [False, True])
def test_lists_redirects_links(world, off):
    start, web, _ = world
    web.table["/go"] = redirect(web.url("/", "www.bad.test"))
    web.table["/links"] = page(web.url("/followed", "bad.test"))
    crawld = start(env={"CRAWLD_TEST_GUARDS_OFF": "blocklist"} if off else {})
    urls = [web.url("/", "bad.test"), web.url("/", "www.bad.test"), web.url("/", "127.0.0.9"), web.url("/go", "good.test")]
    assert codes(crawld, urls) == [None if off else "blocked_address"] * 4
    job = crawld.crawl([web.url("/links", "good.test")], max_depth=1, scope="any")
    assert job["counts"]["failed"] == (0 if off else 1), job
    asked = {r.host.split(":")[0] for r in web.requests}
    assert asked == ({"good.test", "bad.test", "www.bad.test", "127.0.0.9"} if off else {"good.test"})


def test_robots_txt_of_it_is_not_asked_for_either(world):
    start, web, _ = world
    web.table["/robots.txt"] = redirect(web.url("/robots.txt", "bad.test"))
    crawld = start("--robots", "obey", env=HASTE)
    assert codes(crawld, [web.url("/", "bad.test")], max_attempts=1) == ["blocked_address"]
    assert web.requests == []
    codes(crawld, [web.url("/", "good.test")], max_attempts=1)
    assert {r.host.split(":")[0] for r in web.requests} == {"good.test"}


def test_webhooks(world):
    start, web, _ = world
    crawld = start("--webhook-allow-net", "127.0.0.0/8", env=HASTE)
    job = crawld.crawl([web.url("/", "good.test")], webhook={"url": web.url("/hook", "hook.bad.test")})
    told = lambda: crawld.get(f"/v1/jobs/{job['id']}/webhooks").json["items"]  # noqa: E731
    crawld.wait(job["id"], lambda _: all(item["attempts"] for item in told()))
    assert "/hook" not in web.paths()


def test_it_is_read_again(world):
    start, web, file = world
    crawld = start()
    urls = [web.url("/", "bad.test"), web.url("/", "late.test")]
    assert codes(crawld, urls) == ["blocked_address", None]
    for text, said, want in (
        ("late.test\n", "were read again", [None, "blocked_address"]),
        ("late test\n", "stay as they were", [None, "blocked_address"]),
    ):
        file.write_text(text)
        crawld.process.send_signal(signal.SIGHUP)
        until(lambda: any(said in line and "blocked hosts" in line for line in crawld.log))
        assert codes(crawld, [u + said[:1] for u in urls]) == want


@pytest.mark.parametrize("text, why", [(None, "No such file"), ("a b\n", "line 1: not a host name")])
def test_a_list_that_cannot_be_read_is_said_at_the_start(tmp_path, text, why):
    if text is not None:
        (tmp_path / "blocked").write_text(text)
    crawld = Crawld(tmp_path / "crawld", "--block-host-file", str(tmp_path / "blocked"))
    assert why in crawld.refuses_to_start()
