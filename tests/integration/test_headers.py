"""Header fields of a job's own: sent with its requests, and what is secret only where it belongs."""

import json

import pytest

from rig.site import Reply, page, redirect

HEADERS = {"Authorization": "Bearer of-the-job", "Cookie": "session=1", "X-Api-Key": "key", "Accept-Language": "de"}
SECRETS = ("Bearer of-the-job", "session=1", "key")
GUARD_OFF = {"CRAWLD_TEST_GUARDS_OFF": "header_origin"}


def fields(request):
    """Those of the job's that it has."""
    return {name: request.headers[name.lower()] for name in HEADERS if name.lower() in request.headers}


def seen(web):
    return {request.path: fields(request) for request in web.requests}


def test_all_go_to_what_was_listed(service, site):
    web = site({}, default=page("/x"))
    job = service().crawl([web.url("/a"), web.url("/b")], headers=HEADERS)
    assert seen(web) == {"/a": HEADERS, "/b": HEADERS}
    assert job["options"]["headers"] == {**dict.fromkeys(HEADERS, "***"), "Accept-Language": "de"}


def test_a_field_of_ours_is_replaced(service, site):
    web = site({}, default=page("/x"))
    service().crawl([web.url("/")], headers={"accept": "text/plain"})
    assert web.requests[0].headers["accept"] == "text/plain"


@pytest.mark.parametrize("off", [None, GUARD_OFF])
def test_secrets_stay_at_their_origin(service, site, off):
    other = site({}, default=page("/y"))
    web = site({"/": page("/near", other.url("/far")), "/away": redirect(other.url("/landed"))}, default=page())
    crawld = service(env=off)
    options = {"headers": HEADERS, "max_depth": 3, "scope": "any"}
    crawld.crawl([web.url("/"), web.url("/away")], **options)
    public = HEADERS if off else {"Accept-Language": "de"}
    assert seen(web) == {"/": HEADERS, "/near": HEADERS, "/away": HEADERS}
    assert seen(other) == {"/far": public, "/landed": public, "/y": public}


def test_a_stranger_cannot_lead_back_with_them(service, site):
    """A page of another origin names one of ours: it did not get there by the list."""
    web = site({}, default=page())
    stranger = site({"/far": page(web.url("/led"))})
    first = site({"/": page(stranger.url("/far"))})
    service().crawl([first.url("/")], headers=HEADERS, max_depth=3, scope="any")
    assert seen(web) == {"/led": {"Accept-Language": "de"}}


def test_a_stranger_cannot_send_back_with_them(service, site):
    """By a redirect there and back: neither what he chose gets them, nor what that names."""
    web = site({"/chosen": page("/below")}, default=page())
    stranger = site({"/far": redirect(web.url("/chosen"))})
    web.table["/out"] = redirect(stranger.url("/far"))
    web.table["/within"] = redirect(web.url("/stays"))
    service().crawl([web.url("/out"), web.url("/within")], headers=HEADERS, max_depth=1)
    public = {"Accept-Language": "de"}
    assert seen(web) == {"/out": HEADERS, "/chosen": public, "/below": public, "/within": HEADERS, "/stays": HEADERS}


def test_they_come_along_with_a_retry_and_a_restart(service, site):
    table = {"/": page("/late"), "/late": Reply(status=503)}
    web = site(table)
    crawld = service("--max-attempts", "1")
    job = crawld.crawl([web.url("/")], headers=HEADERS, max_depth=1)
    assert job["counts"]["failed"] == 1
    crawld.stop()
    table["/late"] = page()
    crawld.restart()
    assert crawld.call("POST", f"/v1/jobs/{job['id']}/retry").status == 202
    assert crawld.wait(job["id"])["counts"]["succeeded"] == 2
    assert [fields(request) for request in web.requests] == [HEADERS] * 3


def test_robots_txt_is_asked_without_them(service, site):
    web = site({"/robots.txt": Reply(body=b"", content_type="text/plain")}, default=page())
    service("--robots", "obey").crawl([web.url("/")], headers=HEADERS, robots="obey")
    assert seen(web) == {"/robots.txt": {}, "/": HEADERS}


def test_secrets_are_in_no_answer_and_no_log(service, site):
    web = site({}, default=page("/x"))
    crawld = service("--log-level", "debug")
    job = crawld.crawl([web.url("/")], headers=HEADERS)
    told = [crawld.get(target).text for target in (*job["hrefs"].values(), "/v1/jobs", "/metrics")]
    for secret in SECRETS:
        assert not any(secret in text for text in (*told, *crawld.log)), secret


def test_where_they_are_refused(service):
    crawld = service()
    for headers in ({"Host": "a"}, {"a": "b\r\nc: d"}, {"a b": "c"}, {"Connection": "close"}, [], {"a": 1}):
        answer = crawld.post_json("/v1/jobs", {"urls": ["http://a.test/"], "headers": headers})
        assert answer.status == 400, headers
        assert answer.json["errors"][0]["pointer"] == "#/headers"
    answer = crawld.post_text("/v1/jobs?headers=" + json.dumps({"a": "b"}).replace(" ", ""), "http://a.test/\n")
    assert answer.status == 400 and "JSON only" in answer.json["detail"]
