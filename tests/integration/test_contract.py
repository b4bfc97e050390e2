"""What every call has in common: how it refuses. Walked over openapi.yaml, so that no call is left out."""

import copy
import re

import pytest

from rig.contract import CONTRACT, Breach, Contract
from rig.site import page

TOKEN = {"Authorization": "Bearer a-secret-of-the-tenant"}
TOKENS = ("--token", "t:a-secret-of-the-tenant")
NOBODY = "019aa8f2-7d4e-7c31-9a52-0c3f5d1b2e77"
JSON = {"Content-Type": "application/json"}
LIST = b'{"urls": ["http://127.0.0.1:9/"]}'


def calls(status, job=NOBODY):
    """(method, target, body) of each operation that declares |status|."""
    for path, item in CONTRACT.document["paths"].items():
        for method, operation in item.items():
            if method != "parameters" and str(status) in operation["responses"]:
                body = LIST if "requestBody" in operation else None
                target = re.sub(r"\{\w+\}", NOBODY, path.replace("{id}", job))
                yield method.upper(), target + needed(operation), body


def needed(operation):
    """The parameters that it cannot do without."""
    parameters = [CONTRACT.resolve(p) for p in operation.get("parameters", [])]
    names = [p["name"] for p in parameters if p["in"] == "query" and p.get("required")]
    return "?" + "&".join(f"{name}=http://a.test/" for name in names) if names else ""


def check_all(crawld, status, more="", headers=None, job=NOBODY):
    n = 0
    for method, target, body in calls(status, job):
        target += more.replace("?", "&") if "?" in target else more
        answer = crawld.call(method, target, body, {**(JSON if body else {}), **(headers or {})})
        assert answer.status == status, (method, target, answer)
        n += 1
    assert n


def test_unknown_parameters(service):
    check_all(service(), 400, more="?nonsense=1")


def test_other_sites(service):
    check_all(service(), 403, headers={"Origin": "http://other.test"})


def test_no_token(service):
    check_all(service(*TOKENS), 401)


def test_too_often(service):
    crawld = service("--tenant-requests-per-second", "1", *TOKENS)
    for method, target, body in calls(429):
        headers = {**(JSON if body else {}), **TOKEN}
        assert 429 in (crawld.call(method, target, body, headers).status for _ in range(9)), target


def test_no_such_job(service):
    crawld = service()
    for method, target, body in calls(404):
        if NOBODY in target:
            answer = crawld.call(method, target, body, JSON if body else {})
            assert (answer.status, answer.json["code"]) == (404, "job_not_found"), target


def test_formats_that_there_are_not(service):
    crawld = service()
    job = crawld.post_json("/v1/jobs", {"urls": [], "paused": True}).json["id"]
    check_all(crawld, 406, headers={"Accept": "image/png"}, job=job)


def test_bodies_that_are_not_read(service):
    crawld = service("--max-request-bytes", "1024")
    job = crawld.post_json("/v1/jobs", {"urls": [], "paused": True}).json["id"]
    check_all(crawld, 415, headers={"Content-Type": "application/xml"}, job=job)
    check_all(crawld, 415, headers={"Content-Encoding": "br"}, job=job)
    for method, target, _ in calls(413, job):
        assert crawld.call(method, target, LIST + b" " * 2000, JSON).status == 413, target


def test_heads_that_are_not_read(service):
    crawld = service()
    for method, target, _ in calls(400):
        answer = crawld.call(method, target, headers={"Transfer-Encoding": "xchunked"})
        assert answer.status == 501, (target, answer)


def damage(crawld):
    """All pages but the first become noise, before anybody has read them."""
    size = crawld.database.stat().st_size
    with open(crawld.database, "r+b") as file:
        file.seek(8192)
        file.write(b"\x5a" * (size - 8192))


def test_a_damaged_store(service):
    crawld = service(*TOKENS)
    crawld.stop()
    crawld.restart()
    damage(crawld)
    check_all(crawld, 503, headers=TOKEN)
    crawld.kill()  # a clean end is not to be had of it


def test_the_state_forbids_it(service, site):
    crawld = service()
    web = site({}, default=page("/x"))
    cancelled = crawld.submit([web.url("/")], paused=True)["id"]
    assert crawld.call("POST", f"/v1/jobs/{cancelled}/cancel").status == 200
    completed = crawld.crawl([web.url("/")])["id"]
    for action, job in {"pause": cancelled, "resume": cancelled, "cancel": completed, "retry": cancelled}.items():
        assert crawld.call("POST", f"/v1/jobs/{job}/{action}").status == 409, action
    assert crawld.post_json(f"/v1/jobs/{cancelled}/urls", {"urls": ["http://a.test/"]}).status == 409


# --- the recorder itself: it has to see what is wrong ---


@pytest.mark.parametrize("wrong", ["status", "field", "member", "required", "type", "media type"])
def test_breaches_are_seen(service, wrong):
    crawld = service()
    answer = crawld.post_json("/v1/jobs", {"urls": [], "paused": True})
    document = copy.deepcopy(CONTRACT.document)
    created = document["paths"]["/v1/jobs"]["post"]["responses"]
    schemas = document["components"]["schemas"]
    Contract(document).see("POST", "/v1/jobs", answer)
    if wrong == "status":
        del created["202"]
    elif wrong == "field":
        del created["202"]["headers"]["Location"]
    elif wrong == "member":
        del schemas["JobBase"]["properties"]["links_found"]
        schemas["JobBase"]["required"].remove("links_found")
    elif wrong == "required":
        schemas["JobBase"]["required"].append("something_else")
    elif wrong == "type":
        schemas["Counts"]["properties"]["total"] = {"type": "string"}
    else:
        created["202"]["content"]["text/plain"] = created["202"]["content"].pop("application/json")
    with pytest.raises(Breach):
        Contract(document).see("POST", "/v1/jobs", answer)
