"""Behind a real reverse proxy: a base path, and who called through it."""

import http.client
import json

import pytest

from rig.site import page


@pytest.fixture
def behind(service, nginx, tmp_path):
    """behind(location, option...): crawld, and a function that calls it through nginx."""

    def start(location, *options):
        crawld = service("--base-path", "/crawl", *options)
        proxy = nginx(tmp_path, server=location.replace("CRAWLD", f"http://127.0.0.1:{crawld.port}"))

        def call(method, target, body=None, **headers):
            connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=60)
            headers = {k.replace("_", "-"): v for k, v in headers.items()}
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            answer = response.status, dict(response.headers), response.read()
            connection.close()
            return answer

        return crawld, call

    return start


PASSED_ON = "location /crawl/ { proxy_pass CRAWLD; proxy_set_header Host localhost; %s }"
TAKEN_OFF = "location /crawl/ { proxy_pass CRAWLD/; proxy_set_header Host localhost; %s }"
NAMED = (
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; "
    "proxy_set_header X-Forwarded-Host $http_host;"
)


@pytest.mark.parametrize("location", [PASSED_ON, TAKEN_OFF])
def test_every_link_leads_through_the_proxy(behind, site, location):
    web = site({}, default=page("/x"))
    crawld, call = behind(location % "")
    body = json.dumps({"urls": [web.url(f"/{i}") for i in range(3)]})
    status, headers, body = call("POST", "/crawl/v1/jobs", body, Content_Type="application/json")
    job = json.loads(body)
    assert status == 202 and headers["Location"] == f"/crawl/v1/jobs/{job['id']}"
    for name, href in job["hrefs"].items():
        wait = "?wait=30" if name == "self" else ""
        assert call("GET", href + wait)[0] == 200, href
    status, headers, body = call("GET", job["hrefs"]["urls"] + "?limit=1")
    next_page = headers["Link"].split(">")[0].lstrip("<")
    assert next_page.startswith("/crawl/v1/") and call("GET", next_page)[0] == 200
    assert b" /crawl/v1/jobs/{id}/links " in call("GET", "/crawl/")[2]
    assert crawld.get("/readyz").status == 200  # and without the path for who is near
    assert crawld.get("/crawlv1/jobs").status == 404


def audit_addresses(crawld):
    crawld.stop()
    found = [json.loads(line)["address"] for line in crawld.log if '"audit"' in line]
    crawld.restart()
    return found


def test_who_called_is_told_by_a_trusted_proxy_only(behind):
    crawld, call = behind(PASSED_ON % NAMED, "--trusted-proxy", "127.0.0.0/8", "--trusted-proxy", "192.0.2.0/24")
    call("POST", "/crawl/v1/jobs", "{}", X_Forwarded_For="203.0.113.9, 198.51.100.7, 192.0.2.1")
    assert audit_addresses(crawld) == ["198.51.100.7"]


def test_a_stranger_is_not_believed(behind):
    crawld, call = behind(PASSED_ON % NAMED)
    call("POST", "/crawl/v1/jobs", "{}", X_Forwarded_For="203.0.113.9")
    (address,) = audit_addresses(crawld)
    assert address.startswith("127.0.0.1:")


@pytest.mark.parametrize("trusted", [True, False])
def test_a_page_of_the_same_site_may_call(behind, trusted):
    """Its Origin is the name that the proxy was called by, which a trusted one tells."""
    options = ("--trusted-proxy", "127.0.0.1") if trusted else ()
    _, call = behind(PASSED_ON % NAMED, *options)
    own = call("GET", "/crawl/v1/jobs", Host="crawl.example", Origin="https://crawl.example")
    assert own[0] == (200 if trusted else 403)
    foreign = call("GET", "/crawl/v1/jobs", Host="crawl.example", Origin="https://evil.example")
    assert foreign[0] == 403
