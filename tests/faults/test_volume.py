"""Volumes that cannot be written, or not any more."""

import subprocess

import pytest

from rig import ended, until
from rig.crawld import Crawld
from rig.site import page


@pytest.fixture
def volume(tmp_path):
    """A file system of 16 MiB, and a function that mounts it anew with other options."""
    path = tmp_path / "volume"
    path.mkdir()

    def mount(options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], check=True)

    mount("size=16m")
    yield path, mount
    subprocess.run(["umount", str(path)], check=True)


OPTIONS = ("--allow-net", "127.0.0.0/8", "--min-free-bytes", "0", "--host-delay-ms", "0")


def test_a_volume_that_is_read_only(request, volume, site):
    path, mount = volume
    web = site({}, default=page("/x"))
    crawld = ended(Crawld, request, path, *OPTIONS).start()
    job = crawld.crawl([web.url()])
    crawld.stop()
    mount("remount,ro")
    why = crawld.refuses_to_start()
    assert "cannot start" in why and str(path) in why and "Read-only file system" in why, why
    mount("remount,rw")
    crawld.restart()
    assert crawld.get(job["hrefs"]["self"]).json["counts"]["succeeded"] == 1


def test_a_volume_that_is_full_for_a_while(request, volume, site):
    """By somebody else's file: lists are refused, reads go on, and it mends by itself."""
    path, _ = volume
    web = site({}, default=page("/x"))
    crawld = ended(Crawld, request, path, *OPTIONS).start()
    job = crawld.crawl([web.url()])
    filler = path / "filler"
    with pytest.raises(OSError), open(filler, "wb", buffering=0) as f:
        while True:
            f.write(bytes(1 << 16))
    text = "\n".join(web.url(f"/{i}") for i in range(5000)).encode()
    answer = crawld.post_text("/v1/jobs", text)
    assert answer.status == 503 and "Retry-After" in answer.headers, answer
    assert crawld.get(job["hrefs"]["self"]).json["counts"]["succeeded"] == 1
    assert crawld.get("/readyz").status == 503
    filler.unlink()
    until(lambda: crawld.get("/readyz").status == 200)
    assert crawld.post_text("/v1/jobs?paused=1", text).status == 202
