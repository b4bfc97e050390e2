"""robots.txt (RFC 9309): asked for once, and obeyed; the site's own log is the witness."""

import collections
import time

import pytest

from rig.site import Reply, page, redirect

pytestmark = pytest.mark.threaded

HASTE = {"CRAWLD_ROBOTS": "obey", "CRAWLD_TEST_PATIENCE_DIVISOR": "200"}


def robots(*lines, **kwargs):
    return Reply(body="\n".join(lines).encode(), content_type="text/plain", **kwargs)


def obeying(service, *options, **kwargs):
    return service(*options, env=HASTE, **kwargs)


def ends(crawld, job_id):
    """path -> outcome, or the code where there is one."""
    return {
        "/" + r["url"].split("/", 3)[3]: r["code"] or r["outcome"]
        for r in crawld.items(f"/v1/jobs/{job_id}/urls")
    }


def crawl(crawld, web, *paths, host="127.0.0.1", **options):
    job = crawld.crawl([web.url(p, host) for p in paths], **options)
    return ends(crawld, job["id"])


def test_what_is_disallowed_is_never_asked_for(service, site):
    web = site({"/robots.txt": robots("User-agent: *", "Disallow: /no", "Allow: /no/yes")})
    web.default = page("/x")
    crawld = obeying(service)
    job = crawld.crawl([web.url(p) for p in ("/a", "/no", "/no/1", "/no/yes", "/b")])
    assert (job["counts"]["succeeded"], job["counts"]["disallowed"]) == (3, 2)
    ended = ends(crawld, job["id"])
    assert [ended[p] for p in ("/no", "/no/1")] == ["robots_disallowed"] * 2
    assert sorted(web.paths()) == ["/a", "/b", "/no/yes", "/robots.txt"]
    assert web.paths()[0] == "/robots.txt"


def test_ignoring_asks_for_none(service, site):
    web = site({"/robots.txt": robots("User-agent: *", "Disallow: /")}, default=page("/x"))
    crawld = obeying(service)
    assert crawl(crawld, web, "/no", robots="ignore") == {"/no": "succeeded"}
    assert web.paths() == ["/no"]
    assert crawl(crawld, web, "/no") == {"/no": "robots_disallowed"}
    assert web.paths() == ["/no", "/robots.txt"]


def test_each_job_is_told_by_its_own_name(service, site):
    lines = ["User-agent: tame", "Disallow: /a", "", "User-agent: *", "Disallow: /b"]
    web = site({"/robots.txt": robots(*lines)}, default=page("/x"))
    crawld = obeying(service)
    tame = crawl(crawld, web, "/a", "/b", user_agent="Tame/1.0 (+http://t.test/)")
    wild = crawl(crawld, web, "/a", "/b", user_agent="wild")
    assert tame == {"/a": "robots_disallowed", "/b": "succeeded"}
    assert wild == {"/a": "succeeded", "/b": "robots_disallowed"}
    assert web.paths().count("/robots.txt") == 1
    agents = {r.path: r.headers["user-agent"] for r in web.requests}
    assert agents == {"/robots.txt": "Tame/1.0 (+http://t.test/)", "/b": "Tame/1.0 (+http://t.test/)", "/a": "wild"}


def test_it_is_asked_for_once_by_all_jobs_and_over_restarts(service, site):
    web = site({"/robots.txt": robots("User-agent: *", "Disallow: /no")}, default=page("/x"))
    crawld = obeying(service)
    hosts = [f"127.0.3.{i}" for i in range(1, 6)]
    urls = [web.url(p, h) for h in hosts for p in ("/no", "/1", "/2")]
    jobs = [crawld.submit(urls, name=str(i))["id"] for i in range(3)]
    for job_id in jobs:
        counts = crawld.wait(job_id)["counts"]
        assert (counts["succeeded"], counts["disallowed"]) == (10, 5)
    crawld.kill()
    crawld.restart()
    assert crawld.crawl(urls)["counts"]["disallowed"] == 5
    asked = collections.Counter(r.address for r in web.requests if r.path == "/robots.txt")
    assert asked == {h: 1 for h in hosts}
    assert "/no" not in web.paths()


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_none_allows_all(service, site, status):
    web = site({"/robots.txt": Reply(status=status, body=b"User-agent: *\nDisallow: /\n")})
    web.default = page("/x")
    assert crawl(obeying(service), web, "/a") == {"/a": "succeeded"}


@pytest.mark.parametrize("trouble", [Reply(status=503), Reply(status=500), Reply(status=429)])
def test_what_stays_unreachable_forbids(service, site, trouble):
    web = site({"/robots.txt": trouble}, default=page("/x"))
    crawld = obeying(service)
    job = crawld.crawl([web.url("/a"), web.url("/b")])
    assert ends(crawld, job["id"]) == {p: "robots_unreachable" for p in ("/a", "/b")}
    assert job["counts"]["disallowed"] == 2
    assert web.paths() == ["/robots.txt"] * 4


def test_what_was_unreachable_comes_back(service, site):
    replies = [Reply(status=503), Reply(status=503)]
    allowed = robots("User-agent: *", "Disallow: /no")
    web = site({"/robots.txt": lambda _: replies.pop() if replies else allowed}, default=page("/x"))
    ended = crawl(obeying(service), web, "/a", "/no")
    assert ended == {"/a": "succeeded", "/no": "robots_disallowed"}
    assert web.paths().count("/robots.txt") == 3


def test_one_that_hangs_does_not_hold_up_other_hosts(service, site):
    web = site({}, default=page("/x"))
    hanging = Reply(hang=True)
    web.table["/robots.txt"] = lambda r: hanging if r.address == "127.0.0.9" else Reply(status=404)
    crawld = obeying(service)
    urls = [web.url("/a", h) for h in ("127.0.0.9", "127.0.0.1", "127.0.0.2")]
    job_id = crawld.submit(urls, timeout_ms=1500, max_attempts=1)["id"]
    crawld.wait(job_id, lambda j: j["counts"]["succeeded"] == 2, seconds=5)
    crawld.wait(job_id, seconds=30)
    record = crawld.records(job_id)[web.url("/a", "127.0.0.9")]
    assert record["code"] in ("timeout", "host_unavailable", "robots_unreachable"), record
    assert [r.path for r in web.requests if r.address == "127.0.0.9"][0] == "/robots.txt"
    assert "/a" not in [r.path for r in web.requests if r.address == "127.0.0.9"]


@pytest.mark.parametrize("hops", [5, 6])
def test_redirects_are_followed_five_times(service, site, hops):
    web = site({}, default=page("/x"))
    web.table["/robots.txt"] = redirect("/r1")
    for i in range(1, hops):
        web.table[f"/r{i}"] = redirect(f"/r{i + 1}")
    web.table[f"/r{hops}"] = robots("User-agent: *", "Disallow: /no")
    ended = crawl(obeying(service), web, "/no", "/a")
    assert ended["/a"] == "succeeded"
    assert ended["/no"] == ("robots_disallowed" if hops == 5 else "succeeded")  # then there is none


def test_a_redirect_to_another_host_is_of_the_first(service, site):
    web = site({}, default=page("/x"))
    far = web.url("/rules", "127.0.0.7")
    web.table["/robots.txt"] = lambda r: redirect(far) if r.address == "127.0.0.1" else Reply(status=404)
    web.table["/rules"] = robots("User-agent: *", "Disallow: /no")
    crawld = obeying(service, "--fetch-threads", "4")
    assert crawl(crawld, web, "/no", "/a") == {"/no": "robots_disallowed", "/a": "succeeded"}
    assert crawl(crawld, web, "/no", host="127.0.0.7") == {"/no": "succeeded"}


def test_only_the_first_half_megabyte_counts(service, site):
    filler = b"# " + b"x" * 97 + b"\n"
    body = b"User-agent: *\nDisallow: /no\n" + filler * 5120 + b"Disallow: /late\n"
    web = site({"/robots.txt": Reply(body=body, content_type="text/plain")}, default=page("/x"))
    ended = crawl(obeying(service), web, "/no", "/late", "/a")
    assert ended == {"/no": "robots_disallowed", "/late": "succeeded", "/a": "succeeded"}


def test_an_endless_one_is_cut(service, site):
    body = b"User-agent: *\nDisallow: /no\n" + b"#\n" * 400_000
    endless = Reply(body=body, chunked=True, hold=3600, content_type="text/plain")
    web = site({"/robots.txt": endless}, default=page("/x"))
    begin = time.monotonic()
    assert crawl(obeying(service), web, "/no", "/a") == {"/no": "robots_disallowed", "/a": "succeeded"}
    assert time.monotonic() - begin < 15


def test_crawl_delay_is_kept(service, site):
    web = site({"/robots.txt": robots("User-agent: *", "Crawl-delay: 0.8")}, default=page("/x"))
    crawld = obeying(service)
    job_id = crawld.submit([web.url(f"/{i}") for i in range(4)])["id"]
    crawld.wait(job_id, lambda j: j["counts"]["succeeded"] > 0)
    (host,) = crawld.get(f"/v1/jobs/{job_id}/hosts").json["items"]
    assert host["blocked_by"] in ("crawl_delay", "connections", None), host
    assert host["eta_seconds"] <= 4
    crawld.wait(job_id)
    at = [r.at for r in web.requests]
    assert all(b - a >= 0.8 for a, b in zip(at, at[1:])), at
    free = crawld.crawl([web.url(f"/free{i}") for i in range(20)], robots="ignore")
    assert free["counts"]["succeeded"] == 20
    at = [r.at for r in web.requests if r.path.startswith("/free")]
    assert at[-1] - at[0] < 10  # it is asked of those who obey


def test_hosts_say_that_robots_are_awaited(service, site):
    slow = Reply(status=404, delay=3)
    web = site({"/robots.txt": slow}, default=page("/x"))
    crawld = obeying(service)
    job_id = crawld.submit([web.url(f"/{i}") for i in range(3)])["id"]
    crawld.wait(job_id, lambda _: "/robots.txt" in web.paths(), seconds=10)
    (host,) = crawld.get(f"/v1/jobs/{job_id}/hosts").json["items"]
    assert (host["queued"] + host["running"], host["blocked_by"]) == (3, "robots_pending"), host
    assert crawld.wait(job_id)["counts"]["succeeded"] == 3


def test_redirects_of_pages_are_judged_by_the_host_that_they_lead_to(service, site):
    web = site({}, default=page("/x"))
    web.table["/robots.txt"] = lambda r: (
        robots("User-agent: *", "Disallow: /no") if r.address == "127.0.0.5" else Reply(status=404)
    )
    web.table["/go"] = redirect(web.url("/no", "127.0.0.5"))
    crawld = obeying(service, "--fetch-threads", "4")
    assert crawl(crawld, web, "/go", "/no") == {"/go": "robots_disallowed", "/no": "succeeded"}
    assert [r.path for r in web.requests if r.address == "127.0.0.5"] == ["/robots.txt"]


def test_the_service_may_enforce_it(service, site):
    web = site({"/robots.txt": robots("User-agent: *", "Disallow: /")}, default=page("/x"))
    crawld = obeying(service, "--robots-policy", "enforce")
    refused = crawld.post_json("/v1/jobs", {"urls": [web.url("/")], "robots": "ignore"})
    assert refused.status == 400 and refused.json["errors"][0]["pointer"] == "#/robots"
    assert crawl(crawld, web, "/a") == {"/a": "robots_disallowed"}
