import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

from rig import demand_a_binary, ended  # noqa: E402
from world import World, become_everyone, is_alone  # noqa: E402

pytest_plugins = ["rig.fixtures"]


def pytest_configure(config):
    demand_a_binary()
    if not is_alone():
        raise pytest.UsageError("these tests need a network of their own: run ./dev test")
    become_everyone()


@pytest.fixture
def world(request):
    """world(table): a site that is every address there is, and what was sent to which."""
    return lambda table=None, **kwargs: ended(World, request, table or {}, **kwargs)
