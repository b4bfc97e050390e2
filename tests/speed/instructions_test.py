"""Instructions that the stages of a URL's way take, by callgrind: more than the limit fails.

Counted is what is shipped, whoever asks: the release build with bench/*_bench.c, which is brought
up to date first. What starting and printing take is the same for a document once and twice, or
for so many URLs and twice as many, so the difference of the two is what reading or storing takes. The made-up page needs no data; real pages
are read where TEST_DATA has them. Exit status 77: no valgrind.
"""

import gzip
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Instructions a byte of the made-up page and of real ones, by the vector instructions at hand.
# Other compilers and C libraries have other ideas.
LIMITS = {"avx2": (11.6, 5.7), "others": (12.7, 6.3)}
TOLERANCE = 1.15
PAGES = 12
BUILD = pathlib.Path("build", "bench")
# stage: program, how many, further arguments, instructions each. With SQLite and zstd, whose
# versions differ.
STAGES = {
    "a URL of a list, stored": ("ingest_bench", 4000, ["100"], 12_450),
    "a page with 20 links, read and committed": ("settle_bench", 1500, ["20"], 51_300),
    "a task picked, and its end": ("sched_bench", 50_000, [], 2_180),
    "20,000 links as TSV": ("answer_bench", 10, ["export"], 8_910_000),
    "a poll": ("answer_bench", 500, ["poll"], 106_000),
    "a poll, 304": ("answer_bench", 500, ["unchanged"], 16_700),
}
STAGE_TOLERANCE = 1.25


def build():
    """./dev test has built it already; a lone ctest may find what an older tree made."""
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "bench"], check=True, stdout=subprocess.DEVNULL)
    programs = ["crawld", *(program for program, *_ in STAGES.values())]
    subprocess.run(["ninja", "-C", BUILD, "--quiet", *programs], check=True)
    return BUILD / "crawld"


def limits():
    cpu = pathlib.Path("/proc/cpuinfo").read_text()
    return LIMITS["avx2" if re.search(r"^flags.*\bavx2\b.*\bbmi2\b", cpu, re.M) else "others"]


def made_up(n):
    """About as many tags, attributes, scripts and links as a page of news has."""
    item = (
        '<li id="item-{0}" class="menu-item menu-item-type-post">'
        '<a class="menu-link" href="https://www.example.org/{1}/2026/11/a-title-of-{0}-words.html"'
        ' rel="bookmark"><span class="text">A title of {0} words</span></a></li>\n'
    )
    block = (
        '<div class="card"><h3 class="card-title"><a href="/{1}/{0}">More of this</a></h3>\n'
        '<p>Some words of text about number {0}, which go on for more than one line, as text\n'
        "does where somebody has something to tell.</p><!-- a remark -->\n"
        '<img src="/img/{0}.jpg" alt="" width="300" height="200"><br></div>\n'
        "<script>var s{0} = {{ a: 1 < 2, b: '<b>' }}; window.load(s{0});</script>\n"
    )
    body = "".join((item if i % 3 else block).format(i, "news") for i in range(n))
    return f"<!DOCTYPE html><html><head><title>News</title></head><body>{body}</body></html>".encode()


def count(*command):
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
        check=True, capture_output=True, text=True, errors="replace",
    )  # fmt: skip
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def instructions(crawld, html):
    with tempfile.NamedTemporaryFile(suffix=".html") as file:
        file.write(html)
        file.flush()
        return count(
            crawld, "links", "--url", "http://www.example.com/news/page.html",
            "--content-type", "text/html; charset=utf-8", file.name,
        )  # fmt: skip


def of_stage(program, n, arguments):
    few, many = (count(BUILD / program, str(times * n), *arguments) for times in (1, 2))
    return (many - few) / n


def stages_are_good():
    good = True
    for name, (program, n, arguments, limit) in STAGES.items():
        each = of_stage(program, n, arguments)
        print(f"{name}: {each:,.0f} instructions, limit {limit * STAGE_TOLERANCE:,.0f}", flush=True)
        good &= each <= limit * STAGE_TOLERANCE
    return good


def report(name, rate, limit):
    print(f"{name}: {rate:.2f} instructions a byte, limit {limit * TOLERANCE:.2f}")
    return rate <= limit * TOLERANCE


def a_byte(crawld, html):
    return (instructions(crawld, html + html) - instructions(crawld, html)) / len(html)


def of_pages(crawld, paths):
    rates = sorted(a_byte(crawld, gzip.decompress(path.read_bytes())) for path in paths)
    return rates[len(rates) // 2]


def main():
    folder = pathlib.Path(os.environ.get("TEST_DATA", "../shared/data"), "pages", "html")
    if not shutil.which("valgrind"):
        print("skipped: no valgrind")
        return 77
    crawld, (of_made_up, of_real) = build(), limits()
    is_good = report("made-up page", a_byte(crawld, made_up(1000)), of_made_up)
    paths = sorted(folder.glob("*.html.gz"))[::13][:PAGES]
    if paths:
        is_good &= report(f"median of {len(paths)} real pages", of_pages(crawld, paths), of_real)
    is_good &= stages_are_good()
    return 0 if is_good else 1


sys.exit(main())
