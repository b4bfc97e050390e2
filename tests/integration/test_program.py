"""The program as its user types it: subcommands, options, variables, exit codes."""

import contextlib
import os
import signal
import socket
import subprocess

import pytest

from rig.crawld import Crawld
from rig.site import page


def run(*arguments, env=None, stdin=""):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("CRAWLD_")}
    return subprocess.run(
        [os.environ["CRAWLD_BIN"], *arguments],
        env={**clean, **(env or {})},
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def check_usage(result):
    """One clear line, and exit 2."""
    assert result.returncode == 2, result
    assert result.stdout == "" and result.stderr.count("\n") == 1, result


def test_help_and_version():
    for arguments in (["--help"], ["serve", "--help"]):
        result = run(*arguments)
        assert result.returncode == 0 and "--listen" in run("serve", "--help").stdout
    for words in (["help"], ["-h"], ["links", "--help"]):
        assert run(*words).stdout == run("--help").stdout
    version = run("--version")
    assert version.returncode == 0 and version.stdout.startswith("crawld 0.")
    text = run("serve", "--help").stdout
    assert "CRAWLD_HOST_DELAY_MS" in text and "--webhook-allow-net" in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"], ["serve", "--nonsense"], ["serve", "--listen"], ["serve", "--listen", "x"],
        ["serve", "--listen", "127.0.0.1:65536"], ["serve", "--host-delay-ms", "-1"],
        ["serve", "--host-delay-ms", "5x"], ["serve", "--robots", "maybe"], ["serve", "stray"],
        ["serve", "--allow-net", "127.0.0.0/33"], ["serve", "--database", "postgresql://x/y"],
        ["serve", "--fetch-threads", "0"], ["serve", "--token", "a:b"], ["url"], ["links"],
        ["--version", "x"], ["--help", "x"], ["help", "x"], ["url", "--help", "x"],
        ["links", "--url", "http://a/", "--schemes", "HTTP"], ["links", "--url", "http://a/", "--schemes", ""],
        ["links", "--url", "http://a/", "--schemes", "*,http"], ["links", "--url", "http://a/", "--elements", "b"],
    ],
)  # fmt: skip
def test_usage(arguments):
    check_usage(run(*arguments))


def test_only_loopback_without_auth():
    result = run("serve", "--listen", "0.0.0.0:0")
    check_usage(result)
    assert "--no-auth" in result.stderr


@pytest.mark.parametrize(
    "base, text, wanted",
    [
        ("http://a.test/b/c", "../d?e f#g", "http://a.test/d?e%20f#g"),
        ("http://a.test/", "HTTP://BÜCHER.example:80/./x", "http://xn--bcher-kva.example/x"),
        ("", "http://0x7f.1", "http://127.0.0.1/"),
        ("http://a.test/", "javascript:x", "javascript:x"),
    ],
)
def test_url(base, text, wanted):
    result = run("url", base, text)
    assert (result.returncode, result.stdout) == (0, wanted + "\n")


def test_url_that_does_not_parse():
    result = run("url", "http://a.test/", "http://[")
    assert result.returncode == 1 and result.stdout == "" and result.stderr.count("\n") == 1


def test_links(tmp_path):
    html = '<base href="/b/"><a href=x>1</a><area href=//h/y><a href="mailto:a@b"><link href=s>'
    wanted = ["http://a.test/b/x", "http://h/y", "http://a.test/b/s"]
    result = run("links", "--url", "http://a.test/", stdin=html)
    assert result.returncode == 0, result
    header, *rows = result.stdout.splitlines()
    assert header == "source_url\tparsed_url"
    assert [row.split("\t") for row in rows] == [["http://a.test/", link] for link in wanted]
    (tmp_path / "page.html").write_text(html)
    again = run("links", "--url", "http://a.test/", str(tmp_path / "page.html"))
    assert again.stdout == result.stdout
    only = run("links", "--url", "http://a.test/", "--elements", "area", stdin=html)
    assert only.stdout.splitlines()[1:] == ["http://a.test/\thttp://h/y"]


def test_links_of_what_a_job_does_not_read():
    html = '<a href="/x">1</a>'
    header = "source_url\tparsed_url\n"
    result = run("links", "--url", "http://a.test/", "--content-type", "image/png", stdin=html)
    assert (result.returncode, result.stdout) == (0, header) and result.stderr.count("\n") == 1
    result = run("links", "--url", "http://a.test/", "--content-type", "", stdin=html)
    assert result.stdout == header + "http://a.test/\thttp://a.test/x\n" and result.stderr == ""


def test_links_that_are_dropped():
    html = f'<a href="/{"x" * 70_000}">1</a><a href="/y">2</a>'
    result = run("links", "--url", "http://a.test/", stdin=html)
    assert result.returncode == 0 and result.stdout.count("\n") == 2
    assert "dropped: 1 " in result.stderr and result.stderr.count("\n") == 1


def test_links_into_a_pipe_that_ends(tmp_path):
    """As every tool: "crawld links | head" is over, without a word."""
    (tmp_path / "page.html").write_text("".join(f'<a href="/{i:090}">x</a>' for i in range(20_000)))
    command = [os.environ["CRAWLD_BIN"], "links", "--url", "http://a.test/", str(tmp_path / "page.html")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode in (0, -signal.SIGPIPE)


def test_health(service):
    crawld = service()
    url = f"http://127.0.0.1:{crawld.port}"
    assert run("health", url).returncode == 0
    assert run("health", f"127.0.0.1:{crawld.port}").returncode == 0
    result = run("health", f"http://nowhere.invalid:{crawld.port}")
    assert result.returncode == 1 and result.stderr.count("\n") == 1  # a name, which nobody knows
    name = socket.gethostname()
    with contextlib.suppress(OSError):
        if socket.gethostbyname(name).startswith("127."):  # this one is known, but not served
            assert "HTTP status 403" in run("health", f"http://{name}:{crawld.port}").stderr
    for wrong in ("http://", "http://a:b", "http://a:70000", "https://a", "http://[a]:1"):
        check_usage(run("health", wrong))
    assert run("health", env={"CRAWLD_LISTEN": f"127.0.0.1:{crawld.port}"}).returncode == 0
    result = run("health", env={"CRAWLD_LISTEN": "nowhere"})
    assert result.returncode == 2 and "CRAWLD_LISTEN" in result.stderr
    assert crawld.stop() == 0
    result = run("health", url)
    assert result.returncode == 1 and result.stderr


def test_variables(service, tmp_path, site):
    web = site({"/": page("/x")})
    nets = tmp_path / "nets"
    nets.write_text("10.0.0.0/8\n127.0.0.0/8\n")
    env = {
        "CRAWLD_HOST_DELAY_MS": "0",
        "CRAWLD_ALLOW_NET_FILE": str(nets),
        "CRAWLD_MAX_ATTEMPTS": "2",  # the flag beats it
        "CRAWLD_HOST_DEALY_MS": "0",
        "CRAWLD_PORT_8080_TCP_ADDR": "10.0.0.1",
        "CRAWLD_SERVICE_HOST": "10.0.0.1",
    }
    crawld = service("--max-attempts", "1", defaults=(), env=env)
    assert crawld.crawl([web.url("/")])["counts"]["succeeded"] == 1
    job = crawld.crawl(["http://127.0.0.1:9/"])
    assert next(crawld.items(f"/v1/jobs/{job['id']}/urls"))["attempts"] == 1
    warnings = [line for line in crawld.log if '"warning"' in line]
    assert any("CRAWLD_HOST_DEALY_MS" in line for line in warnings)
    assert not any("CRAWLD_PORT" in line or "CRAWLD_SERVICE" in line for line in warnings)


def with_few_files(folder, n):
    script = folder / f"with-{n}-files"
    script.write_text(f'#!/bin/sh\nulimit -n {n} && exec "{os.environ["CRAWLD_BIN"]}" "$@"\n')
    script.chmod(0o755)
    return str(script)


def test_few_files(service, site, tmp_path):
    """Too few to work with: it says so and does not start. With a few it crawls slowly."""
    web = site({}, default=lambda request: page("/x"))
    for threads, least in (("1", 72), ("8", 128)):
        binary = with_few_files(tmp_path, least - 1)
        few = Crawld(tmp_path / threads, "--fetch-threads", threads, binary=binary)
        with pytest.raises(AssertionError, match="ended before"):
            few.start()
        assert few._ended(10) == 1
        assert len(few.log) == 1 and f"{least - 1} file descriptors are too few" in few.log[0]
    crawld = service("--fetch-threads", "1", binary=with_few_files(tmp_path, 72))
    urls = [web.url(f"/{i}", host=f"127.0.7.{i % 40 + 1}") for i in range(200)]
    assert crawld.crawl(urls)["counts"]["succeeded"] == 200


def test_allowed_hosts_off_loopback(service):
    crawld = service("--listen", "0.0.0.0:0", "--no-auth")
    assert crawld.get("/v1/jobs", Host="evil.example").status == 200
    crawld = service("--listen", "0.0.0.0:0", "--no-auth", "--allowed-host", "crawl.example")
    assert crawld.get("/v1/jobs", Host="evil.example").status == 403
    assert crawld.get("/v1/jobs", Host="crawl.example:80").status == 200
    assert crawld.get("/v1/jobs", Host="localhost").status == 200


def test_only_its_user_reads_the_files(service):
    crawld = service()
    modes = {p.name: p.stat().st_mode & 0o777 for p in crawld.folder.glob("crawld.db*")}
    files = {"", "-wal", "-shm", ".lock", ".killers"}
    assert set(modes) == {"crawld.db" + end for end in files}
    assert set(modes.values()) == {0o600}, modes


@pytest.mark.parametrize("name", ["no database", "a folder", "nowhere/x"])
def test_what_is_no_database_stays_alone(tmp_path, name):
    (tmp_path / "no database").write_text("a text of somebody's, which is long enough to be looked at\n" * 99)
    (tmp_path / "a folder").mkdir()
    before = sorted(tmp_path.iterdir())
    result = run("serve", "--listen", "127.0.0.1:0", "--database", f"sqlite:{tmp_path / name}")
    assert result.returncode == 1 and result.stderr.count("\n") == 1, result
    assert sorted(tmp_path.iterdir()) == before


def test_one_database_one_service(service):
    crawld = service()
    second = Crawld(crawld.folder)
    with pytest.raises(AssertionError, match="ended before"):
        second.start()
    assert second._ended(10) != 0
    assert crawld.get("/readyz").status == 200
