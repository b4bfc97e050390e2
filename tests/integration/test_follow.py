"""&follow=1: results come as they are committed, until the job ends."""

import http.client
import threading

import pytest

from rig.site import Reply, page

pytestmark = pytest.mark.threaded


class Stream:
    """An answer that is read while it comes."""

    def __init__(self, crawld, target):
        self.connection = http.client.HTTPConnection("127.0.0.1", crawld.port, timeout=60)
        self.connection.request("GET", target)
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()

    def line(self):
        return self.response.readline().decode()

    def close(self):
        self.response.close()
        self.connection.close()


def test_links_as_they_are_found(service, site):
    web = site({"/0": page("/a", "/b"), "/1": page("/c")})
    crawld = service()
    job = crawld.submit([web.url("/0"), web.url("/1")], paused=True)
    stream = Stream(crawld, f"/v1/jobs/{job['id']}/links?format=tsv&follow=1")
    assert stream.line() == "source_url\tparsed_url\n"
    crawld.call("POST", job["hrefs"]["self"] + "/resume")
    rest = stream.response.read().decode()
    assert rest == crawld.get(f"/v1/jobs/{job['id']}/links?format=tsv").text.split("\n", 1)[1]
    assert rest.count("\n") == 3


def test_it_comes_before_the_end(service, site):
    web = site({"/0": page("/a"), "/1": Reply(hang=True)})
    crawld = service()
    job = crawld.submit([web.url("/0"), web.url("/1")])
    stream = Stream(crawld, f"/v1/jobs/{job['id']}/links?format=ndjson&follow=true")
    assert web.url("/a") in stream.line()
    records = Stream(crawld, f"/v1/jobs/{job['id']}/urls?format=tsv&follow=1&columns=url,outcome")
    assert [records.line(), records.line()] == ["url\toutcome\n", f"{web.url('/0')}\tsucceeded\n"]
    crawld.call("POST", job["hrefs"]["self"] + "/cancel")
    assert stream.response.read() == b""
    assert records.response.read().decode() == f"{web.url('/1')}\tcancelled\n"


def test_a_cut_is_mended_byte_by_byte(service, site):
    web = site({}, default=lambda r: page(*(f"{r.path}/{n}" for n in range(20))))
    crawld = service("--host-connections", "1", "--host-delay-ms", "20", "--min-host-delay-ms", "0")
    job = crawld.submit([web.url(f"/{i}") for i in range(60)], host_delay_ms=20)
    target = f"/v1/jobs/{job['id']}/links?format=tsv&follow=1&columns=source_url,parsed_url,cursor"
    whole, after, cuts = "", "", 0
    while True:
        stream = Stream(crawld, target + after)
        taken = 0
        while (line := stream.line()) and taken < 150:
            whole += line
            taken += 1
            if line.strip() and not line.startswith("source_url"):
                after = "&after=" + line.rstrip("\n").rsplit("\t", 1)[1]
        stream.close()
        if not line:
            break
        cuts += 1
    assert crawld.wait(job["id"])["links_found"] == 1200 and cuts >= 4
    assert whole == crawld.get(target.replace("&follow=1", "")).text


def test_a_deleted_job_cuts_the_stream(service, site):
    web = site({"/0": page("/a"), "/1": Reply(hang=True)})
    crawld = service()
    job = crawld.submit([web.url("/0"), web.url("/1")])
    stream = Stream(crawld, f"/v1/jobs/{job['id']}/links?format=tsv&follow=1")
    assert stream.line() and stream.line()
    assert crawld.call("DELETE", job["hrefs"]["self"]).status == 204
    with pytest.raises(http.client.IncompleteRead):
        stream.response.read()


def test_the_end_of_the_service_cuts_the_stream(service, site):
    web = site({"/0": Reply(hang=True)})
    crawld = service("--drain-ms", "200")
    job = crawld.submit([web.url("/0")])
    stream = Stream(crawld, f"/v1/jobs/{job['id']}/links?format=tsv&follow=1")
    assert stream.line()
    stopping = threading.Thread(target=crawld.stop)
    stopping.start()
    with pytest.raises(http.client.IncompleteRead):
        stream.response.read()
    stopping.join()
