"""GET /v1/jobs/{id}/events: nothing is lost, nothing twice, however often the line is cut."""

import http.client
import json
import threading

import pytest

from rig.site import Reply, page

pytestmark = pytest.mark.threaded


class Events:
    """Server-sent events as they come: (type, id, data)."""

    def __init__(self, crawld, target, last=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", crawld.port, timeout=60)
        self.connection.request("GET", target, headers={"Last-Event-ID": last} if last else {})
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        assert self.response.headers["Content-Type"] == "text/event-stream"

    def __iter__(self):
        event = {}
        for raw in self.response:
            line = raw.decode().rstrip("\n")
            if line and not line.startswith(":"):
                key, _, value = line.partition(": ")
                event[key] = value
            elif "data" in event:
                yield event["event"], event["id"], json.loads(event["data"])
                event = {}

    def close(self):
        self.response.close()
        self.connection.close()


def events_of(crawld, job, query="", last=None):
    stream = Events(crawld, job["hrefs"]["events"] + query, last)
    try:
        return list(stream)
    finally:
        stream.close()


def states(events):
    return [data["state"] for kind, _, data in events if kind == "state"]


def test_a_job_from_its_start_to_its_end(service, site):
    web = site({}, default=Reply(body=page("/x").body, delay=0.1))
    crawld = service("--host-connections", "1")
    job = crawld.submit([web.url(f"/{i}") for i in range(30)])
    events = events_of(crawld, job)
    assert states(events) == ["queued", "running", "completed"]
    kinds = [kind for kind, _, _ in events]
    assert kinds[-1] == "done" and kinds.count("done") == 1 and "progress" in kinds
    done = events[-1][2]
    assert (done["state"], done["stop_reason"], done["counts"]["succeeded"]) == (
        "completed", "no_more_urls", 30,
    )  # fmt: skip
    for _, _, data in events:
        if "counts" in data:
            counts = dict(data["counts"])
            assert counts.pop("total") == sum(counts.values())
    versions = [data["version"] for _, _, data in events[:-1]]
    assert versions == sorted(set(versions)) and versions[-1] == done["version"]


def test_at_the_end_there_is_nothing_more(service, site):
    crawld = service()
    job = crawld.crawl([site({"/": page("/x")}).url()])
    events = events_of(crawld, job)
    target, last = job["hrefs"]["events"], events[-1][1]
    for answer in (crawld.get(f"{target}?after={last}"), crawld.get(target, Last_Event_ID=last)):
        assert (answer.status, answer.body) == (204, b"")
    assert events_of(crawld, job, last=events[0][1]) == events[1:]
    # what a client began with, and what it had seen when it was cut
    assert crawld.get(f"{target}?after=0-0", Last_Event_ID=last).status == 204


def test_cut_again_and_again(service, site):
    web = site({}, default=page("/x"))
    crawld = service("--host-connections", "1", "--host-delay-ms", "20", "--min-host-delay-ms", "0")
    job = crawld.submit([web.url(f"/{i}") for i in range(100)], host_delay_ms=20)
    seen, last, cuts = [], None, 0
    while not seen or seen[-1][0] != "done":
        stream = Events(crawld, job["hrefs"]["events"] + "?types=url,state,done", last)
        for n, event in enumerate(stream):
            seen.append(event)
            last = event[1]
            if n == 9:
                break
        stream.close()
        cuts += 1
        if cuts == 3:
            crawld.kill()
            crawld.restart()
    urls = [data["url"] for kind, _, data in seen if kind == "url"]
    assert sorted(urls) == sorted(web.url(f"/{i}") for i in range(100)) and cuts > 9
    assert states(seen) == ["queued", "running", "completed"]
    ids = [tuple(map(int, id_.split("-"))) for _, id_, _ in seen]
    assert ids == sorted(ids)


def test_what_callers_do_is_told(service, site):
    web = site({}, default=Reply(hang=True))
    crawld = service()
    job = crawld.submit([web.url("/a")], paused=True)
    stream = Events(crawld, job["hrefs"]["events"] + "?types=state")
    told = (data["state"] for _, _, data in stream)
    assert next(told) == "paused"
    for call, state in (("resume", "queued"), ("pause", None), ("cancel", None)):
        crawld.call("POST", f"{job['hrefs']['self']}/{call}")
        if state:
            assert next(told) == state
    rest = list(told)
    assert rest[-2:] == ["cancelling", "cancelled"] and "paused" in rest
    stream.close()


def test_what_is_no_event(service, site):
    crawld = service()
    job = crawld.submit([], paused=True)
    target = job["hrefs"]["events"]
    for bad in ("types=", "types=state,", "types=x", "after=x", "after=1", "after=-", "after=1-2-3"):
        assert crawld.get(f"{target}?{bad}").status == 400, bad
    assert crawld.get(target, Last_Event_ID="x").status == 400
    assert crawld.get("/v1/jobs/0190a000-0000-7000-8000-000000000000/events").status == 404
    head = crawld.call("HEAD", target)
    assert (head.status, head.body, head.headers["Content-Type"]) == (200, b"", "text/event-stream")


def test_a_job_that_is_deleted_cuts_the_line(service, site):
    crawld = service()
    job = crawld.submit([], paused=True)
    stream = Events(crawld, job["hrefs"]["events"])
    told = iter(stream)
    assert next(told)[0] == "state"
    crawld.call("DELETE", job["hrefs"]["self"])
    assert "done" not in [kind for kind, _, _ in told]


def test_the_end_of_the_service_cuts_the_line(service, site):
    crawld = service()
    job = crawld.submit([], paused=True)
    stream = Events(crawld, job["hrefs"]["events"])
    told = iter(stream)
    assert next(told)[0] == "state"
    stopping = threading.Thread(target=crawld.stop)
    stopping.start()
    assert "done" not in [kind for kind, _, _ in told]
    stopping.join()
