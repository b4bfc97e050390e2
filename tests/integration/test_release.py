"""What is shipped holds no switch that turns a guard off."""

import os
import pathlib

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
