"""Fixtures: everything a story needs, ended when the story ends."""

import itertools

import pytest

from rig import ended, outside_data
from rig.crawld import LOOPBACK, NO_DELAY, Crawld
from rig.dns import Dns
from rig.nginx import Nginx
from rig.site import Sentinel, Site


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


@pytest.fixture
def test_data():
    return outside_data()
