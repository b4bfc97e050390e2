"""crawld backup: a copy of one moment, while the service is at work, from which another goes on."""

import os
import sqlite3
import stat
import subprocess

import pytest

from rig.crawld import LOOPBACK, NO_DELAY, Crawld
from rig.site import Reply, page


def backup(crawld, file, *options, env=None):
    """Of its database, which is named by a variable."""
    env = {**os.environ, "CRAWLD_DATABASE": f"sqlite:{crawld.database}", **(env or {})}
    return subprocess.run(
        [crawld.binary, "backup", *options, file], env=env, capture_output=True, text=True, cwd=crawld.folder
    )


def restored(request, folder, file):
    """A service on the copy."""
    copy = Crawld(folder, *LOOPBACK, *NO_DELAY)
    os.rename(file, copy.database)
    request.addfinalizer(copy.close)
    return copy.start()


ANSWERS = ("", "/urls?limit=1000", "/links?format=tsv", "/hosts", "/summary", "/events")


def answers(crawld, job):
    told = [crawld.get(f"{job['hrefs']['self']}{below}") for below in ANSWERS]
    assert [answer.status for answer in told] == [200] * len(ANSWERS)
    return [answer.body for answer in told]


def test_a_copy_gives_the_same_answers(service, site, request, tmp_path):
    """Of what was finished; and what was under way goes on from where it was."""
    web = site({}, default=lambda r: Reply(body=page(*(f"{r.path}/{i}" for i in range(20))).body, delay=0.02))
    crawld = service("--max-transfers", "8")
    finished = crawld.crawl([web.url(f"/done/{i}", f"127.0.0.{i % 9 + 1}") for i in range(300)])
    urls = [web.url(f"/busy/{i}", f"127.0.1.{i % 9 + 1}") for i in range(3000)]
    busy = crawld.submit(urls)
    crawld.wait(busy["id"], lambda j: j["counts"]["succeeded"] > 100)
    done = backup(crawld, "copy.db")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert stat.S_IMODE(os.stat(crawld.folder / "copy.db").st_mode) == 0o600
    assert not crawld.job(busy["id"])["is_finished"]
    before = answers(crawld, finished)
    crawld.kill()
    copy = restored(request, tmp_path / "copy", crawld.folder / "copy.db")
    assert answers(copy, finished) == before
    job = copy.wait(busy["id"])
    assert job["counts"]["succeeded"] == 3000 and job["links_found"] == 60_000
    records = list(copy.items(f"{busy['hrefs']['self']}/urls?limit=1000"))
    assert sorted(r["url"] for r in records) == sorted(urls)


def test_without_a_service(service, site):
    web = site({"/": page("/a")})
    crawld = service()
    crawld.crawl([web.url("/")])
    crawld.kill()
    assert backup(crawld, "copy.db", "--database", f"sqlite:{crawld.database}", env={"CRAWLD_DATABASE": ""}).returncode == 0
    with sqlite3.connect(crawld.folder / "copy.db") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert copy.execute("SELECT count(*) FROM page").fetchone() == (1,)


def test_nothing_is_written_over(service):
    crawld = service()
    (crawld.folder / "mine").write_text("mine")
    done = backup(crawld, "mine")
    assert done.returncode == 1 and "mine: File exists" in done.stderr
    assert (crawld.folder / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    "database, status, why",
    [
        ("sqlite:nothing.db", 1, "nothing.db: unable to open database file"),
        ("sqlite:", 1, "not the URL of a database"),
        ("mysql://x", 1, "not the URL of a database"),
        ("sqlite:other.db", 1, "database of another program"),
        ("sqlite:text.db", 1, "not a database"),
    ],
)
def test_what_is_no_database_of_ours(service, database, status, why):
    crawld = service()
    with sqlite3.connect(crawld.folder / "other.db") as other:
        other.execute("CREATE TABLE t(x)")
    (crawld.folder / "text.db").write_text("text " * 200)
    done = backup(crawld, "copy.db", env={"CRAWLD_DATABASE": database})
    assert done.returncode == status and why in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert not (crawld.folder / "copy.db").exists() and not (crawld.folder / "nothing.db").exists()


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--what", "a"], ["--database"]])
def test_usage(service, arguments):
    crawld = service()
    done = subprocess.run([crawld.binary, "backup", *arguments], capture_output=True, text=True, cwd=crawld.folder)
    assert done.returncode == 2 and done.stderr.startswith("crawld: backup: ")


def test_a_copy_that_does_not_fit_leaves_nothing(service, site):
    """A limit on the size of files stands for a full disk."""
    web = site({}, default=page("/a"))
    crawld = service()
    crawld.crawl([web.url(f"/{i}") for i in range(50)])
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 16; exec {crawld.binary} backup --database sqlite:{crawld.database} copy.db"],
        capture_output=True, text=True, cwd=crawld.folder,
    )  # fmt: skip
    assert done.returncode == 1 and "disk I/O error" in done.stderr, done.stderr
    assert not list(crawld.folder.glob("copy.db*"))
