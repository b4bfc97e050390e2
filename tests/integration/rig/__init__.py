"""The rig: the real binary, and what stands in for the rest of the world."""

import os
import time
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent


def demand_a_binary():
    if not os.environ.get("CRAWLD_BIN"):
        raise pytest.UsageError("CRAWLD_BIN names no binary: run ./dev test")


def ended(make, request, *args, **kwargs):
    thing = make(*args, **kwargs)
    request.addfinalizer(thing.close)
    return thing


def outside_data():
    """Its folder; skips where there is none."""
    folder = pathlib.Path(os.environ.get("TEST_DATA", ROOT / ".." / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no outside test data in {folder}")
    return folder


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
