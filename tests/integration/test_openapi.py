"""openapi.yaml says what the service does: its calls and the shape of every answer."""

import json
import pathlib
import re

import jsonschema
import pytest
import yaml

from rig.contract import CONTRACT, Breach
from rig.site import Reply, page, redirect

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCUMENT = CONTRACT.document


def check(value, name):
    """|value| has the shape of the schema |name|."""
    CONTRACT.check_value(value, {"$ref": f"#/components/schemas/{name}"})


@pytest.fixture
def crawld(service):
    return service("--max-attempts", "1", "--dns-server", "127.0.0.1:9")


def test_calls_are_those_of_the_service(crawld):
    served = {tuple(line.split()[:2]) for line in crawld.get("/").text.splitlines()[2:]}
    described = {
        (method.upper(), path)
        for path, item in DOCUMENT["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert served == described


def test_it_serves_itself(crawld):
    answer = crawld.get("/openapi.yaml")
    assert answer.headers["Content-Type"] == "application/yaml"
    assert yaml.safe_load(answer.body) == DOCUMENT
    answer = crawld.get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == DOCUMENT


def test_references_and_examples():
    used = set()

    def walk(value):
        if isinstance(value, dict):
            if "$ref" in value:
                used.add(value["$ref"])
                target = DOCUMENT
                for step in value["$ref"].removeprefix("#/").split("/"):
                    target = target[step]
            for member in value.values():
                walk(member)
        elif isinstance(value, list):
            for member in value:
                walk(member)

    walk(DOCUMENT)
    components = {
        f"#/components/{kind}/{name}"
        for kind, named in DOCUMENT["components"].items()
        if kind != "securitySchemes"
        for name in named
    }
    # what events and lines hold, of which OpenAPI 3.1 has no schema
    held = {f"#/components/schemas/{name}" for name in ("JobEvent", "JobProgress", "Change")}
    assert components - used == held
    for name, schema in DOCUMENT["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        for example in schema.get("examples", []):
            check(example, name)
    body = DOCUMENT["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]
    for example in body["examples"].values():
        check(example["value"], "NewJob")


def test_events_have_their_shape(crawld, site):
    shapes = {"state": "JobEvent", "progress": "JobProgress", "done": "JobProgress", "url": "UrlRecord"}
    job = crawld.submit([site({}, default=page("/x")).url(f"/{i}") for i in range(3)])
    told = crawld.get(job["hrefs"]["events"] + "?types=state,progress,url,done").text
    kinds = set()
    for event in re.finditer(r"event: (\w+)\ndata: (.*)\n\n", told):
        check(json.loads(event[2]), shapes[event[1]])
        kinds.add(event[1])
    assert kinds >= {"state", "url", "done"}


def test_answers_have_their_shape(crawld, site):
    web = site({"/": page("/a", "/b"), "/moved": redirect("/"), "/bad": Reply(status=500)})
    options = {
        "urls": [web.url("/"), web.url("/moved"), web.url("/bad"), "ftp://x/", "nonsense"],
        "name": "shape",
        "metadata": {"number": 1.10},
        "priority": 7,
        "deadline_seconds": 600,
        "retention_seconds": 86400,
        "max_depth": 0,
        "max_pages": 100,
        "scope": "page",
        "sitemap": "skip",
        "revalidate": False,
        "include": ["*/a,b/*"],
        "exclude": ["*.pdf", "/x?"],
        "host_delay_ms": 0,
        "extract": {"elements": ["a"], "text": True},
    }
    check(options, "NewJob")
    created = crawld.post_json("/v1/jobs", options)
    check(created.json, "CreatedJob")
    job = crawld.wait(created.json["id"])
    check(job, "Job")
    shown = set(options) - {"urls", "name", "metadata", "priority"}
    assert job["options"] == {k: options[k] for k in shown}
    assert job["priority"] == 7
    for listed in crawld.get("/v1/jobs").json["items"]:
        check(listed, "Job")
    records = list(crawld.items(f"/v1/jobs/{job['id']}/urls"))
    links = list(crawld.items(f"/v1/jobs/{job['id']}/links"))
    assert len(records) == 5 and len(links) == 4
    for record in records:
        check(record, "UrlRecord")
    for link in links:
        check(link, "Link")
    hosts = list(crawld.items(job["hrefs"]["hosts"]))
    assert [h["done"] for h in hosts] == [3]
    for host in hosts:
        check(host, "Host")


def test_what_may_be_submitted():
    for good in ({"urls": ["x"]}, {"urls": ["x"], "paused": True}, {"urls": [], "paused": True}):
        check(good, "NewJob")
    for bad in ({"paused": True}, {"urls": [], "odd": 1}, {"urls": "x"}, {"urls": [1]}):
        with pytest.raises(Breach):
            check(bad, "NewJob")


def test_paused_jobs_have_their_shape(crawld):
    created = crawld.post_json("/v1/jobs", {"urls": [], "paused": True}).json
    check(created, "CreatedJob")
    added = crawld.post_text(f"/v1/jobs/{created['id']}/urls", "http://a.test/")
    assert added.status == 202
    check(added.json, "CreatedJob")
    assert crawld.call("POST", f"/v1/jobs/{created['id']}/cancel", "").status == 200
    check(crawld.wait(created["id"]), "Job")
    created = crawld.post_json("/v1/jobs", {"urls": [], "paused": True}).json
    for action in ("pause", "resume"):
        answer = crawld.call("POST", f"/v1/jobs/{created['id']}/{action}", "")
        assert answer.status == 200
        check(answer.json, "Job")
    retried = crawld.call("POST", f"/v1/jobs/{created['id']}/retry", "")
    assert retried.status == 202
    check(retried.json, "RetriedJob")
    refused = crawld.call("POST", f"/v1/jobs/{created['id']}/pause", "")
    assert refused.status == 409
    check(refused.json, "Problem")


def test_problems_have_their_shape(crawld):
    answers = [
        crawld.get("/nothing"),
        crawld.get("/v1/jobs/x"),
        crawld.get("/v1/jobs?limit=0"),
        crawld.call("PATCH", "/v1/jobs"),
        crawld.get("/v1/jobs", Origin="http://other.test"),
        crawld.post_json("/v1/jobs", {"urls": [], "host_delay_ms": "x", "what": 1}),
        crawld.post_json("/v1/jobs", {"urls": []}),
        crawld.post_text("/v1/jobs", b"http://a.test/\n\xff\n"),
        crawld.call("POST", "/v1/jobs", "x"),
    ]
    assert [a.status for a in answers] == [404, 404, 400, 405, 403, 400, 422, 400, 415]
    for answer in answers:
        check(answer.json, "Problem")
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_problem_codes_are_those_of_the_service():
    table = (ROOT / "api" / "problem.h").read_text(encoding="utf-8")
    codes = re.findall(r'X\(\w+, \d{3}, "(\w+)"', table)
    assert codes == DOCUMENT["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
