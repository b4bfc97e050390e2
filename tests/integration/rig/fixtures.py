"""Fixtures: everything a story needs, ended when the story ends."""

import itertools
import os
import pathlib

import pytest

from rig.crawld import LOOPBACK, NO_DELAY, Crawld
from rig.dns import Dns
from rig.nginx import Nginx
from rig.site import Sentinel, Site

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent


def demand_a_binary():
    if not os.environ.get("CRAWLD_BIN"):
        raise pytest.UsageError("CRAWLD_BIN names no binary: run ./dev test")


def ended(make, request, *args, **kwargs):
    thing = make(*args, **kwargs)
    request.addfinalizer(thing.close)
    return thing


@pytest.fixture
def service(request, tmp_path):
    """service(option...): a running crawld that may crawl loopback without delay."""
    numbers = itertools.count()

    def start(*options, defaults=LOOPBACK + NO_DELAY, **kwargs):
        folder = tmp_path / f"crawld-{next(numbers)}"
        crawld = Crawld(folder, *defaults, *options, **kwargs)
        request.addfinalizer(crawld.close)
        return crawld.start()

    return start


@pytest.fixture
def site(request):
    return lambda table, **kwargs: ended(Site, request, table, **kwargs)


@pytest.fixture
def sentinel(request):
    return lambda *args, **kwargs: ended(Sentinel, request, *args, **kwargs)


@pytest.fixture
def dns(request):
    return lambda table: ended(Dns, request, table)


@pytest.fixture
def nginx(request, tmp_path):
    return lambda root, **kwargs: ended(Nginx, request, tmp_path / "nginx", root, **kwargs)


def outside_data():
    """Its folder; skips where there is none."""
    folder = pathlib.Path(os.environ.get("TEST_DATA", ROOT / ".." / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no outside test data in {folder}")
    return folder


@pytest.fixture
def test_data():
    return outside_data()
