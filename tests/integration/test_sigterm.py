"""SIGTERM: what is in flight ends or goes back, the exit is 0, nothing is lost."""

import contextlib
import signal
import socket
import threading
import time

import pytest

from rig.site import Reply, page
from test_kill import begin_upload

pytestmark = pytest.mark.threaded


def await_in_flight(web, n):
    end = time.monotonic() + 30
    while web.in_flight < n:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_idle_ends_at_once(service):
    crawld = service()
    begin = time.monotonic()
    assert crawld.stop() == 0
    assert time.monotonic() - begin < 3


def test_heads_refused_while_it_stops(service):
    """Shown a query, the library is slow to refuse it, and the service ends meanwhile."""
    crawld = service(env={"CRAWLD_TEST_GUARDS_OFF": "hide_query"})
    head = b"GET /?" + b"x&" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            client = socket.create_connection(("127.0.0.1", crawld.port))
            stack.enter_context(client).sendall(head)
        assert crawld.stop() == 0


def test_a_crawl_goes_on_after_a_restart(service, site):
    web = site({}, default=Reply(body=page("/x", "/y").body, delay=0.1))
    crawld = service()
    urls = [web.url(f"/{i}", host=f"127.0.8.{i % 5 + 1}") for i in range(150)]
    job = crawld.submit(urls)
    for _ in range(2):
        await_in_flight(web, 3)
        assert crawld.stop() == 0
        crawld.restart()
    assert crawld.wait(job["id"])["counts"]["succeeded"] == len(urls)
    assert len(crawld.records(job["id"])) == len(urls)
    rows = [tuple(row) for row in crawld.tsv(job["id"])]
    assert len(rows) == len(set(rows)) == 2 * len(urls)
    # what was in flight was let finish: nothing was fetched twice
    assert len(web.requests) == len(urls)


def test_what_takes_longer_than_the_drain_goes_back(service, site):
    table = {"/slow": Reply(body=b"x", delay=3)}
    web = site(table)
    crawld = service("--drain-ms", "300")
    job = crawld.submit([web.url("/slow")])
    await_in_flight(web, 1)
    begin = time.monotonic()
    assert crawld.stop() == 0
    assert time.monotonic() - begin < 2.5
    table["/slow"] = Reply(body=b"x")
    crawld.restart()
    assert crawld.wait(job["id"])["counts"]["succeeded"] == 1
    assert web.paths() == ["/slow", "/slow"]


def test_open_connections_do_not_hold_it_up(service, site):
    crawld = service("--drain-ms", "500")
    upload, idle = begin_upload(crawld), crawld.connection()
    idle.connect()
    begin = time.monotonic()
    assert crawld.stop() == 0
    assert time.monotonic() - begin < 5
    upload.close()
    idle.close()
    crawld.restart()
    assert crawld.get("/v1/jobs").json["items"] == []


def send_slowly(crawld, lines, pause, done):
    """A list in chunks; the status of its answer is put into |done|."""
    connection = crawld.connection()

    def body():
        for i in range(lines):
            yield b"http://127.0.0.1:1/%d\n" % i
            time.sleep(pause)

    try:
        connection.request("POST", "/v1/jobs", body(), {"Content-Type": "text/plain"}, encode_chunked=True)
        done.append(connection.getresponse().status)
    except OSError as error:
        done.append(error)
    finally:
        connection.close()


@pytest.mark.parametrize("drain, status", [("10000", 202), ("300", None)])
def test_an_upload_that_moves_is_waited_for(service, drain, status):
    crawld, done = service("--drain-ms", drain), []
    upload = threading.Thread(target=send_slowly, args=(crawld, 20, 0.1, done))
    upload.start()
    time.sleep(0.5)
    begin = time.monotonic()
    assert crawld.stop() == 0
    assert time.monotonic() - begin < 5
    upload.join()
    assert done == [202] if status else done != [202]
    crawld.restart()
    assert [job["counts"]["total"] for job in crawld.get("/v1/jobs").json["items"]] == ([20] if status else [])


def test_an_upload_that_stalls_is_not_waited_for(service):
    crawld, done = service("--drain-ms", "30000"), []
    upload = threading.Thread(target=send_slowly, args=(crawld, 2, 4, done))
    upload.start()
    time.sleep(0.5)
    begin = time.monotonic()
    assert crawld.stop() == 0
    assert time.monotonic() - begin < 6
    upload.join()
    assert done != [202]


def test_a_second_signal_ends_it_at_once(service, site):
    web = site({"/never": Reply(hang=True)})
    # threads are left where they are: that is the point
    crawld = service("--drain-ms", "60000", env={"TSAN_OPTIONS": "report_thread_leaks=0"})
    crawld.submit([web.url("/never")])
    await_in_flight(web, 1)
    process = crawld.process
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    crawld._ended(10)
    assert time.monotonic() - begin < 2


def test_readiness_goes_before_the_end(service, site):
    web = site({"/slow": Reply(body=b"x", delay=1.5)})
    crawld = service()
    assert crawld.get("/readyz").status == 200
    crawld.submit([web.url("/slow")])
    await_in_flight(web, 1)
    connection = crawld.connection()
    connection.connect()
    stopping = threading.Thread(target=crawld.stop)
    stopping.start()
    time.sleep(0.3)
    try:
        connection.request("GET", "/readyz")
        assert connection.getresponse().status == 503
    except OSError:
        pass  # it may also take no more requests
    finally:
        connection.close()
        stopping.join()
