"""The service gives up what it never needs, and says so in its ready line."""

import json
import os

import pytest

from rig.site import page


def started(crawld):
    return next(e for e in map(json.loads, crawld.log) if e["message"] == "listening")


def status_of(crawld):
    lines = open(f"/proc/{crawld.process.pid}/status").read().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_it_is_on_where_the_kernel_can(service, site):
    crawld = service()
    said, status = started(crawld)["sandbox"], status_of(crawld)
    assert status["NoNewPrivs"] == "1"
    assert ("seccomp" in said) == (status["Seccomp"] == "2")
    assert crawld.crawl([site({}, default=page("/x")).url()])["counts"]["succeeded"] == 1


def test_all_threads_are_in_it(service):
    crawld = service()
    if "seccomp" not in started(crawld)["sandbox"]:
        pytest.skip("this kernel has no seccomp")
    for task in os.listdir(f"/proc/{crawld.process.pid}/task"):
        assert "Seccomp:\t2\n" in open(f"/proc/{crawld.process.pid}/task/{task}/status").read()


def test_it_can_be_turned_off(service):
    crawld = service("--sandbox", "off")
    assert started(crawld)["sandbox"] == "off" and status_of(crawld)["Seccomp"] == "0"


def test_a_database_behind_a_link(service, site, tmp_path):
    (tmp_path / "disk").mkdir()
    os.symlink(tmp_path / "disk", tmp_path / "link")
    crawld = service("--database", f"sqlite:{tmp_path}/link/crawld.db")
    assert crawld.crawl([site({}, default=page("/x")).url()])["counts"]["succeeded"] == 1
    assert (tmp_path / "disk/crawld.db").exists()
