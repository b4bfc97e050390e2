"""Holds each answer that a test gets against openapi.yaml, and remembers what was seen."""

import datetime
import functools
import json
import pathlib
import re
import urllib.parse

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
METHODS = ("get", "post", "put", "patch", "delete")
STREAMED_ITEMS = {"listUrls": "UrlRecord", "listLinks": "Link", "diffJobs": "Change"}
CHECKED_ITEMS = 50  # of a long list: so many of its first, and of its last
OTHER_ERRORS = (431, 501)  # "default"; a 500 is never right
NO_OPERATION = (400, 401, 403, 404, 405, 429, 431, 501)  # where path or method is none of ours

# Fields that HTTP has for every answer, and those that the contract's text gives to all of them.
COMMON_FIELDS = {
    "access-control-allow-origin", "access-control-expose-headers", "allow", "cache-control",
    "connection", "content-encoding", "content-length", "content-type", "date", "ratelimit", "ratelimit-policy",
    "transfer-encoding", "vary", "x-accel-buffering", "x-content-type-options", "x-request-id",
}  # fmt: skip


# The formats of the contract; without further packages jsonschema passes over these two.
FORMATS = jsonschema.FormatChecker()
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@FORMATS.checks("date-time", ValueError)
def is_time(value):
    return not isinstance(value, str) or bool(TIME.fullmatch(value) and datetime.datetime.fromisoformat(value))


@FORMATS.checks("uri", ValueError)
def is_uri(value):
    return not isinstance(value, str) or bool(urllib.parse.urlsplit(value).scheme)


class Breach(AssertionError):
    """An answer that the contract does not know."""


def demand(holds, what):
    if not holds:
        raise Breach(what)


def shortened(value):
    if isinstance(value, dict) and isinstance(value.get("items"), list):
        items = value["items"]
        if len(items) > 2 * CHECKED_ITEMS:
            return {**value, "items": items[:CHECKED_ITEMS] + items[-CHECKED_ITEMS:]}
    return value


def path_pattern(path):
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + r"\Z")


class Contract:
    def __init__(self, document):
        self.document = document
        text = json.dumps(document["components"]["schemas"])
        self.definitions = json.loads(text.replace("#/components/schemas/", "#/$defs/"))
        self.operations = [
            (path_pattern(path), method, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if method in METHODS
        ]
        self.seen = set()  # (operationId, status)

    def declared(self):
        return {
            (operation["operationId"], int(status))
            for _, _, operation in self.operations
            for status in operation["responses"]
            if status != "default"
        }

    def resolve(self, value):
        while "$ref" in value:
            target = self.document
            for step in value["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            value = target
        return value

    @functools.lru_cache(maxsize=None)
    def validator(self, schema_text):
        schema = json.loads(schema_text.replace("#/components/schemas/", "#/$defs/"))
        return jsonschema.Draft202012Validator(
            {**schema, "$defs": self.definitions}, format_checker=FORMATS
        )

    def check_value(self, value, schema):
        try:
            self.validator(json.dumps(schema)).validate(shortened(value))
        except jsonschema.ValidationError as e:
            raise Breach(f"{e.json_path}: {e.message[:500]}") from e

    def find(self, method, path):
        method = "get" if method == "HEAD" else method.lower()
        for pattern, known, operation in self.operations:
            if known == method and pattern.match(path):
                return operation
        return None

    def check_problem(self, answer):
        demand(answer.headers.get_content_type() == "application/problem+json", "an error is a problem")
        if answer.body:
            self.check_value(answer.json, {"$ref": "#/components/schemas/Problem"})
            demand(answer.json["status"] == answer.status, "the problem has another status")

    def check_fields(self, answer, declared):
        names = {name.lower() for name in answer.headers}
        demand("x-request-id" in names, "no X-Request-Id")
        declared = {name.lower(): self.resolve(header) for name, header in declared.items()}
        unknown = names - COMMON_FIELDS - set(declared)
        demand(not unknown, f"fields that are not declared: {unknown}")
        for name, header in declared.items():
            value = answer.headers.get(name)
            demand(value is not None or not header.get("required"), f"no {name}")
            if value is not None:
                is_number = header["schema"].get("type") == "integer" and value.isdigit()
                self.check_value(int(value) if is_number else value, header["schema"])

    def check_content(self, operation, answer, content):
        media_type = answer.headers.get_content_type()
        demand(media_type in content, f"not declared as {media_type}")
        if "Content-Encoding" in answer.headers:  # test_packing.py knows that it is the same
            return
        if media_type.endswith("json") and media_type != "application/x-ndjson" and answer.body:
            self.check_value(answer.json, content[media_type]["schema"])
        elif media_type == "application/x-ndjson":
            lines = [line for line in answer.body.split(b"\n") if line]
            for line in lines[:CHECKED_ITEMS] + lines[-CHECKED_ITEMS:]:
                item = json.loads(line)
                demand(isinstance(item.pop("cursor"), str), "no cursor")
                self.check_value(item, {"$ref": f"#/components/schemas/{STREAMED_ITEMS[operation]}"})

    def check_answer(self, method, path, answer):
        operation = self.find(method, path)
        if operation is None:
            demand(answer.status in NO_OPERATION, "such a call is not declared")
            demand(answer.status != 405 or answer.headers["Allow"], "what is allowed is not told")
            self.check_problem(answer)
            return
        name, responses = operation["operationId"], operation["responses"]
        if str(answer.status) not in responses:
            demand(answer.status in OTHER_ERRORS, "this status is not declared")
            self.check_problem(answer)
            return
        response = self.resolve(responses[str(answer.status)])
        self.check_fields(answer, response.get("headers", {}))
        if "content" in response:
            self.check_content(name, answer, response["content"])
        else:
            demand(not answer.body, "a body is not declared")
        if answer.status >= 400:
            self.check_problem(answer)
        self.seen.add((name, answer.status))

    def see(self, method, target, answer):
        """Raises Breach. What HTTP has without us is passed over: OPTIONS, and the pages that
        libmicrohttpd makes of what it cannot read."""
        if method == "OPTIONS" or answer.headers.get_content_type() == "text/html":
            return
        path = target.split("?")[0]
        try:
            self.check_answer(method, path, answer)
        except Breach as e:
            raise Breach(f"{method} {path}: {answer.status}: {e}\n{dict(answer.headers)}\n{answer}") from e


CONTRACT = Contract(yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8")))
