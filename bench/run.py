"""Runs the benchmarks named, or all of them, against the binary CRAWLD_BIN."""

import importlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "integration"))

ALL = ["ingest", "crawl"]


def main():
    wanted = sys.argv[1:] or ALL
    if not set(wanted) <= set(ALL):
        sys.exit(f"benchmarks: {' '.join(ALL)}")
    for name in wanted:
        print(f"== {name}", flush=True)
        importlib.import_module(name).main()


main()
