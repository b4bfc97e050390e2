"""How a list is taken: as a whole or not at all, only looked at."""

from rig.site import page
from test_openapi import check


def test_a_strict_list_is_stored_as_a_whole_or_not_at_all(service, site):
    web = site({}, default=page("/x"))
    crawld = service()
    refused = crawld.post_text("/v1/jobs?strict=1", f"{web.url('/0')}\nnonsense\n")
    assert (refused.status, refused.json["code"]) == (422, "rejected_url")
    assert [e["line"] for e in refused.json["errors"]] == [2]
    check(refused.json, "Problem")
    assert crawld.get("/v1/jobs").json["items"] == []
    created = crawld.post_json("/v1/jobs?strict=1", {"urls": [web.url("/0")]})
    assert created.status == 202
    refused = crawld.post_json(f"/v1/jobs/{created.json['id']}/urls?strict=1", {"urls": ["x"]})
    assert [e["pointer"] for e in refused.json["errors"]] == ["#/urls/0"]
    assert crawld.wait(created.json["id"])["counts"]["total"] == 1


def test_a_dry_run_asks_nobody(service, site):
    web = site({}, default=page("/x"))
    crawld = service()
    urls = [web.url(f"/{i}", host=f"127.0.0.{i % 2 + 1}") for i in range(5)] + [web.url("/0"), "x"]
    options = {"host_delay_ms": 700, "max_depth": 3, "sitemap": "include"}
    told = crawld.post_json("/v1/jobs?dry_run=1", {"urls": urls, **options})
    assert told.status == 200, told
    check(told.json, "DryRun")
    submission = told.json["submission"]
    assert (submission["accepted"], submission["duplicates"], submission["rejected"]) == (5, 1, 1)
    assert [(h["host"], h["urls"]) for h in told.json["hosts"]] == [
        (f"127.0.0.1:{web.port}", 3),
        (f"127.0.0.2:{web.port}", 2),
    ]
    assert told.json["least_seconds"] == 1.4
    assert crawld.get("/v1/jobs").json["items"] == []
    # a real one, to see that it would have been noticed
    created = crawld.post_json("/v1/jobs", {"urls": urls, "host_delay_ms": 0}).json
    assert created["submission"] == submission
    crawld.wait(created["id"])
    assert sorted(web.paths()) == [f"/{i}" for i in range(5)]
