"""Two jobs on one host share its delay: the server's own log is the witness."""

import pytest

from rig.crawld import LOOPBACK
from rig.site import Reply, page, redirect

DELAY_MS, LEAST_MS = 200, 198


def gaps_ms(requests):
    times = sorted(r.at for r in requests)
    return [1000 * (b - a) for a, b in zip(times, times[1:])]


def test_two_jobs_one_host(service, site):
    web = site({}, default=page("/x"))
    crawld = service("--min-host-delay-ms", "0", defaults=LOOPBACK)
    jobs = [
        crawld.submit([web.url(f"/{name}/{i}") for i in range(10)], host_delay_ms=DELAY_MS)
        for name in ("one", "two")
    ]
    for job in jobs:
        assert crawld.wait(job["id"])["counts"]["succeeded"] == 10
    assert len(web.requests) == 20
    assert min(gaps_ms(web.requests)) >= LEAST_MS
    # shared fairly: neither job waits for the other one's end
    first_half = {path.split("/")[1] for path in web.paths()[:10]}
    assert first_half == {"one", "two"}


def test_redirects_wait_for_their_turn(service, site):
    web = site({f"/{i}": page("/x") for i in range(3)})
    for i in range(3):
        web.table[f"/go/{i}"] = redirect(f"/{i}")
    crawld = service("--min-host-delay-ms", "0", defaults=LOOPBACK)
    urls = [web.url(f"/go/{i}") for i in range(3)]
    job = crawld.crawl(urls, host_delay_ms=DELAY_MS)
    assert job["counts"]["succeeded"] == 3
    assert len(web.requests) == 6
    assert min(gaps_ms(web.requests)) >= LEAST_MS


def test_the_floor_of_the_server_holds(service, site):
    web = site({}, default=page("/x"))
    crawld = service("--min-host-delay-ms", "150", "--host-delay-ms", "150", defaults=LOOPBACK)
    urls = [web.url(f"/{i}") for i in range(5)]
    answer = crawld.post_json("/v1/jobs", {"urls": urls, "host_delay_ms": 0})
    if answer.status == 202:
        crawld.wait(answer.json["id"])
        assert min(gaps_ms(web.requests)) >= 148
    else:
        assert answer.status == 400, answer


@pytest.mark.parametrize("connections", [1, 2])
def test_connections_at_once(service, site, connections):
    now, most = [], []

    def slow(request):
        now.append(request)
        most.append(sum(1 for r in now if request.at - r.at < 0.29))
        return Reply(body=b"x", delay=0.3)

    web = site({}, default=slow)
    crawld = service()
    urls = [web.url(f"/{i}") for i in range(8)]
    job = crawld.crawl(urls, host_connections=connections)
    assert job["counts"]["succeeded"] == 8
    assert max(most) == connections
