"""A client in TypeScript, its types generated from openapi.yaml, does a whole crawl."""

import json
import pathlib
import shutil
import subprocess

import pytest

from rig.site import page

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WEB = ROOT / "tests" / "web"
PACKAGES = ROOT / "build" / "web" / "node_modules"


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def workshop(tmp_path):
    """Where the client is built; what it needs comes from the lock file by ./dev test."""
    if not PACKAGES.is_dir() or not shutil.which("node"):
        pytest.skip(f"no Node.js, or no packages in {PACKAGES}")
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "node_modules").symlink_to(PACKAGES)
    for name in ("package.json", "tsconfig.json", "client.ts"):
        shutil.copy(WEB / name, folder)
    run(folder, "node_modules/.bin/openapi-typescript", str(ROOT / "openapi.yaml"), "-o", "contract.d.ts")
    return folder


def test_a_typed_client_crawls(service, site, workshop):
    run(workshop, "node_modules/.bin/tsc")
    web = site({"/": page("/a", "/b", "/c"), "/a": page("/b")})
    crawld = service()
    urls = [web.url("/"), web.url("/a")]
    told = json.loads(run(workshop, "node", "client.js", f"http://127.0.0.1:{crawld.port}", *urls))
    assert (told["state"], told["succeeded"], told["batch"]) == ("completed", 2, 7)
    assert sorted(told["links"]) == sorted(
        [web.url(source), web.url(link), link]
        for source, link in (("/", "/a"), ("/", "/b"), ("/", "/c"), ("/a", "/b"))
    )
    rows = [line.split("\t") for line in told["tsv"].splitlines()[1:]]
    assert rows == [link[:2] for link in told["links"]]
    assert told["mistake"] == "empty_list"


@pytest.mark.parametrize("wrong", ["job.no_such_member", "job.counts.succeeded.toUpperCase()"])
def test_a_wrong_client_does_not_compile(workshop, wrong):
    client = workshop / "client.ts"
    client.write_text(client.read_text().replace("state: job.state", f"state: {wrong}"))
    with pytest.raises(AssertionError, match="error TS2"):
        run(workshop, "node_modules/.bin/tsc")
