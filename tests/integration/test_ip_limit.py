"""Many names on one server: --ip-connections bounds what runs there at once."""

import pytest

from rig.dns import A
from rig.site import Reply

NAMES = 24


@pytest.mark.parametrize("robots", ["ignore", "obey"])
@pytest.mark.parametrize("limit, at_once", [("3", range(2, 4)), ("0", range(8, 2 * NAMES + 1))])
def test_requests_at_one_address(service, site, dns, robots, limit, at_once):
    seen = []
    web = site({})

    def answer(request):
        seen.append(web.in_flight)
        return Reply(delay=0.1, body=b"x")

    web.default = answer
    names = [f"n{i}.test" for i in range(NAMES)]
    servers = dns({name: A("127.0.0.9") for name in names})
    crawld = service(
        "--ip-connections", limit, "--fetch-threads", "3", "--dns-server", servers.address,
        env={"CRAWLD_ROBOTS": robots},
    )  # fmt: skip
    job = crawld.crawl([web.url(f"/{i}", host=name) for i in range(2) for name in names])
    assert job["counts"]["succeeded"] == 2 * NAMES
    assert max(seen) in at_once


@pytest.mark.parametrize("hosts", [1, 30])
def test_transfers_in_all(service, site, hosts):
    """Whichever engine's they are: one host may have them all, and many have no more."""
    seen = []
    web = site({})

    def answer(request):
        seen.append(web.in_flight)
        return Reply(delay=0.1, body=b"x")

    web.default = answer
    crawld = service(
        "--max-transfers", "6", "--fetch-threads", "3", "--host-connections", "10", env={"CRAWLD_ROBOTS": "ignore"}
    )
    job = crawld.crawl([web.url(f"/{i}", host=f"127.0.7.{i % hosts + 1}") for i in range(60)])
    assert job["counts"]["succeeded"] == 60
    assert max(seen) == 6
