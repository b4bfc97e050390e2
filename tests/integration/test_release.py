"""What is shipped: without a switch that turns a guard off, small, and not silent when it dies."""

import os
import pathlib
import signal

import pytest

from rig.crawld import Crawld
from rig.site import page, redirect

SWITCH = b"CRAWLD_TEST_GUARDS_OFF"


def release():
    return os.environ["CRAWLD_RELEASE_BIN"]


def test_the_name_is_not_in_it():
    assert SWITCH not in pathlib.Path(release()).read_bytes()
    assert SWITCH in pathlib.Path(os.environ["CRAWLD_BIN"]).read_bytes()


def test_a_million_urls_in_little_memory(service):
    crawld = service("--max-request-bytes", "65536", binary=release())
    before = crawld.rss_bytes()
    lines = b"".join(
        b"http://10.0.%d.%d/some/path/page-%d\n" % (i // 250 % 20, i % 250, i) for i in range(1_000_000)
    )
    answer = crawld.post_text("/v1/jobs?host_delay_ms=60000", lines)
    assert answer.status == 202, answer
    assert answer.json["submission"]["accepted"] == 1_000_000
    assert crawld.peak_rss_bytes() - before < 64 << 20


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT])
def test_a_crash_says_where_it_was(tmp_path, number):
    crawld = Crawld(tmp_path, binary=release()).start()
    crawld.process.send_signal(number)
    assert crawld.await_end(20) == -number
    where = next(i for i, line in enumerate(crawld.log) if f"crashed by {number.name}" in line)
    assert sum("crawld(" in line for line in crawld.log[where + 1 :]) >= 1, crawld.log


def test_header_fields_of_a_job(service, site):
    """Without what a sanitizer's build puts on the stack."""
    web = site({"/away": redirect("/here")}, default=page("/x"))
    crawld = service(binary=release())
    urls = [web.url("/away"), *(web.url(f"/{i}") for i in range(40))]
    job = crawld.crawl(urls, headers={"Accept-Language": "de", "Cookie": "a=b"}, max_depth=1)
    assert job["counts"]["succeeded"] == 42
    assert {request.headers.get("cookie") for request in web.requests} == {"a=b"}
