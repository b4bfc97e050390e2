"""GET /v1/jobs/{id}/diff/{other}: which links another job found, and which it did not."""

import csv
import json
import random

from rig.site import page

TOKENS = ("--token", "a:secret-of-tenant-a", "--token", "b:secret-of-tenant-b")


def diff(crawld, job, other, query=""):
    answer = crawld.get(f"{job['hrefs']['self']}/diff/{other['id']}{query}")
    assert answer.status == 200, answer
    return answer.text


def rows(text):
    names, *lines = text.split("\n")
    assert names == "change\tsource_url\tparsed_url" and lines[-1] == ""
    return sorted(tuple(line.split("\t")) for line in lines[:-1])


def wanted(crawld, job, other):
    """The same by two sets."""
    old, new = ({tuple(row) for row in crawld.tsv(j["id"])} for j in (job, other))
    return sorted([("removed", *row) for row in old - new] + [("added", *row) for row in new - old])


def two_jobs(crawld, site, pages=150, seed=1):
    """Of a site that changed in between; some pages are in one list only."""
    dice = random.Random(seed)
    links = {f"/{i}": [f"/l/{dice.randrange(60)}" for _ in range(dice.randrange(30))] for i in range(pages)}
    table = {path: page(*some) for path, some in links.items()}
    web = site(table)
    before = crawld.crawl([web.url(p) for p in list(links)[: pages - 20]])
    for path in dice.sample(list(links), pages // 2):
        table[path] = page(*links[path][dice.randrange(3) :], *(f"/n/{dice.randrange(9)}" for _ in range(2)))
    after = crawld.crawl([web.url(p) for p in list(links)[20:]])
    return before, after


def test_it_is_the_difference_of_two_sets(service, site):
    crawld = service()
    before, after = two_jobs(crawld, site)
    for job, other in ((before, after), (after, before)):
        found = rows(diff(crawld, job, other))
        assert found == wanted(crawld, job, other) and len(found) > 500
    assert rows(diff(crawld, before, before)) == []
    assert diff(crawld, before, after) == diff(crawld, before, after)


def test_it_goes_on_where_it_was_cut(service, site):
    crawld = service()
    before, after = two_jobs(crawld, site, pages=60)
    whole = diff(crawld, before, after, "?format=ndjson").splitlines()
    assert len(whole) > 100
    for at in (0, 1, 17, len(whole) - 2, len(whole) - 1):
        cursor = json.loads(whole[at])["cursor"]
        rest = diff(crawld, before, after, f"?format=ndjson&after={cursor}")
        assert rest.splitlines() == whole[at + 1 :]
    parts, query = [], "?columns=change,source_url,parsed_url,cursor&limit=37"
    while part := diff(crawld, before, after, query).splitlines():
        parts += part[1:] if not parts else part
        query = f"?columns=change,source_url,parsed_url,cursor&limit=37&after={parts[-1].split(chr(9))[-1]}"
    assert [p.rsplit("\t", 1)[0] for p in parts] == diff(crawld, before, after).splitlines()[1:]
    assert crawld.get(f"{before['hrefs']['self']}/diff/{before['id']}?after={cursor}").status == 400


def test_formats(service, site):
    crawld = service()
    table = {"/": page("/a", "/b")}
    web = site(table)
    before = crawld.crawl([web.url("/")], extract={"text": True})
    table["/"] = page("/b", '/c,"d"')
    after = crawld.crawl([web.url("/")], extract={"text": True})
    names, *lines = csv.reader(diff(crawld, before, after, "?format=csv&columns=change,parsed_url,text").splitlines())
    assert names == ["change", "parsed_url", "text"]
    assert [line[0] for line in lines] == ["removed", "added"] and lines[0][2] == "/a"
    first = json.loads(diff(crawld, before, after, "?format=ndjson").splitlines()[0])
    assert (first["change"], first["source_url"], first["parsed_url"]) == ("removed", web.url("/"), web.url("/a"))
    for query in ("?format=json", "?columns=what", "?follow=1", "?cursor=x", "?after=x"):
        assert crawld.get(f"{before['hrefs']['self']}/diff/{after['id']}{query}").status == 400, query


def test_only_of_finished_jobs_of_ones_own(service, site):
    crawld = service(*TOKENS)
    mine, theirs = ({"Authorization": f"Bearer secret-of-tenant-{t}"} for t in "ab")

    def create(headers, **job):
        body = json.dumps({"urls": [], "paused": True, **job})
        return crawld.call("POST", "/v1/jobs", body, {**headers, "Content-Type": "application/json"}).json

    def status(job, other):
        return crawld.call("GET", f"/v1/jobs/{job}/diff/{other}", headers=mine).status

    own, second, other = create(mine)["id"], create(mine)["id"], create(theirs)["id"]
    assert status(own, second) == 409
    for job in (own, second):
        assert crawld.call("POST", f"/v1/jobs/{job}/cancel", headers=mine).status == 200
        assert crawld.call("GET", f"/v1/jobs/{job}?wait=30", headers=mine).json["is_finished"]
    assert status(own, second) == 200
    for pair in ((own, other), (other, own), (own, "nonsense"), (own, "019aa8f2-7d4e-7c31-9a52-0c3f5d1b2e77")):
        assert status(*pair) == 404, pair


def test_many_pages_and_a_large_one(service, site):
    web = site({}, default=lambda r: page(*(f"{r.path}/{i}" for i in range(9000 if r.path == "/0" else 1))))
    crawld = service()
    urls = [web.url(f"/{i}", f"127.0.0.{i % 9 + 1}") for i in range(600)]
    before, after = crawld.crawl(urls[:400]), crawld.crawl(urls[200:])
    found = rows(diff(crawld, before, after))
    assert found == wanted(crawld, before, after) and len(found) == 8999 + 400


def test_one_page_may_differ_in_more_than_is_held(service, site):
    """Each line names its page, whose URL is long."""
    web = site({}, default=page(*(f"http://127.0.0.9/{i}" for i in range(12_000))))
    crawld = service()
    before = crawld.crawl([web.url("/" + "long" * 1_700)])
    after = crawld.crawl([web.url("/other")])
    text = diff(crawld, before, after, "?columns=change,source_url,parsed_url,cursor")
    assert len(text) > 64 << 20
    _, *lines = text.split("\n")
    found = [line.split("\t") for line in lines[:-1]]
    assert sorted((how, url) for how, _, url, _ in found) == sorted(
        (how, f"http://127.0.0.9/{i}") for how in ("added", "removed") for i in range(12_000)
    )
    assert diff(crawld, before, after, f"?after={found[7000][-1]}").count("\n") == 24_000 - 7001


def test_a_job_that_goes_away_cuts_it(service, site):
    crawld = service()
    before, after = two_jobs(crawld, site, pages=40)
    assert crawld.call("DELETE", after["hrefs"]["self"]).status == 204
    assert crawld.get(f"{before['hrefs']['self']}/diff/{after['id']}").status == 404
