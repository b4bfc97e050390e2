"""Runs the benchmarks named, or all of them, against the binary CRAWLD_BIN."""

import glob
import importlib
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "integration"))

OF_SERVICE = ["queued", "transfer", "crawl", "poll", "peers"]
PAGES = os.path.join(os.environ.get("TEST_DATA", "../shared/data"), "pages", "html")
# bench/NAME.c beside the service, and what it is given
OF_PARTS = {
    "url_bench": [],
    "html_bench": [PAGES],
    "extract_bench": sorted(glob.glob(f"{PAGES}/*.html.gz")),
    "sched_bench": [],
    "ingest_bench": [],
    "settle_bench": [],
    "answer_bench": [],
}
ALL = OF_SERVICE + list(OF_PARTS)


def run_part(name):
    program = pathlib.Path(os.environ["CRAWLD_BIN"]).with_name(name)
    if name in ("html_bench", "extract_bench") and not os.path.isdir(PAGES):
        print(f"skipped: no pages in {PAGES}")
        return
    subprocess.run([program, *OF_PARTS[name]], check=True)
    if name == "extract_bench":
        subprocess.run([program, "hostile"], check=True)


def main():
    wanted = sys.argv[1:] or ALL
    if not set(wanted) <= set(ALL):
        sys.exit(f"benchmarks: {' '.join(ALL)}")
    for name in wanted:
        print(f"== {name}", flush=True)
        if name in OF_PARTS:
            run_part(name)
        else:
            importlib.import_module(name).main()


main()
