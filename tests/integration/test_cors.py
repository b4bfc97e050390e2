"""Pages of other sites: refused, unless theirs is a --cors-origin."""

import pytest

APP = "https://app.example"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


def cors(answer):
    return {k.lower(): v for k, v in answer.headers.items() if k.lower().startswith("access-control")}


@pytest.mark.parametrize("token", ["", "a:0123456789abcdef"])
def test_a_site_that_may(service, token):
    crawld = service("--cors-origin", APP, *(["--token", token] if token else []))
    preflight = crawld.call("OPTIONS", "/v1/jobs", headers={"Origin": APP, **PREFLIGHT})
    assert (preflight.status, preflight.body) == (204, b"")
    told = cors(preflight)
    assert told["access-control-allow-origin"] == APP
    assert told["access-control-allow-methods"] == "POST, GET, HEAD"
    assert "Authorization" in told["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in told
    assert int(told["access-control-max-age"]) > 0
    headers = {"Origin": APP, "Sec-Fetch-Site": "cross-site"}
    if token:
        refused = crawld.call("GET", "/v1/jobs", headers=headers)
        assert (refused.status, cors(refused)["access-control-allow-origin"]) == (401, APP)
        headers["Authorization"] = "Bearer " + token.split(":")[1]
    answer = crawld.call("GET", "/v1/jobs", headers=headers)
    assert answer.status == 200 and "ETag" in cors(answer)["access-control-expose-headers"]
    assert "Origin" in ", ".join(answer.headers.get_all("Vary"))


def test_all_others(service):
    crawld = service("--cors-origin", APP)
    for origin in ("https://evil.example", "http://app.example", APP + ":8443", "null", APP.upper()):
        for method, extra in (("GET", {}), ("OPTIONS", PREFLIGHT)):
            answer = crawld.call(method, "/v1/jobs", headers={"Origin": origin, **extra})
            assert answer.status == 403 and not cors(answer), origin
    assert crawld.call("OPTIONS", "/v1/jobs", headers={"Origin": APP}).status == 405
    assert crawld.call("OPTIONS", "/nowhere", headers={"Origin": APP, **PREFLIGHT}).status == 404
    assert not cors(crawld.get("/v1/jobs"))


def test_without_the_option_there_is_none(service):
    crawld = service()
    answer = crawld.call("OPTIONS", "/v1/jobs", headers={**PREFLIGHT})
    assert answer.status == 405 and not cors(answer)
    assert "Origin" not in ", ".join(crawld.get("/v1/jobs").headers.get_all("Vary"))
