"""The fixtures of rig/fixtures.py, and what everything has to be seen in."""

from rig import ROOT, demand_a_binary

pytest_plugins = ["rig.fixtures"]


def pytest_configure(config):
    demand_a_binary()


def pytest_collection_modifyitems(config, items):
    """What everything has to be seen in is told only where everything runs."""
    files = {item.path for item in items}
    every = set((ROOT / "tests" / "integration").glob("test_*.py"))
    if every - files or config.option.keyword or "threaded" in config.option.markexpr:
        whole = [item for item in items if item.path.name == "test_zz_contract.py"]
        config.hook.pytest_deselected(items=whole)
        items[:] = [item for item in items if item not in whole]
