"""Small jobs behind a huge one: the order of requests at the site tells who had to wait."""

import concurrent.futures

import pytest

from rig.site import Reply, page

pytestmark = pytest.mark.threaded

SMALL_JOBS, SMALL = 20, 10


def huge_list(web, n=100_000, hosts=2_000):
    return "\n".join(
        web.url(f"/huge/{i // hosts}", f"127.1.{i % hosts // 250}.{i % 250 + 1}") for i in range(n)
    )


@pytest.mark.parametrize("place", ["the same hosts", "hosts of their own"])
def test_small_jobs_do_not_wait_for_a_huge_one(service, site, place):
    web = site({}, default=Reply(body=page("/x").body, delay=0.02))
    crawld = service("--max-transfers", "40")
    huge = crawld.post_text("/v1/jobs", huge_list(web)).json["id"]
    crawld.wait(huge, lambda j: j["counts"]["succeeded"] > 500)
    net = 1 if place == "the same hosts" else 2
    begin = len(web.requests)
    jobs = [
        crawld.submit([web.url(f"/small{n}/{i}", f"127.{net}.1.{n + 1}") for i in range(SMALL)], paused=True)["id"]
        for n in range(SMALL_JOBS)
    ]
    with concurrent.futures.ThreadPoolExecutor(SMALL_JOBS) as callers:  # all at once
        list(callers.map(lambda job: crawld.call("POST", f"/v1/jobs/{job}/resume"), jobs))
    for job_id in jobs:
        assert crawld.wait(job_id, seconds=30)["counts"]["succeeded"] == SMALL
    order = [r.path.startswith("/small") for r in web.requests[begin:]]
    assert sum(order) == SMALL_JOBS * SMALL
    last = len(order) - order[::-1].index(True)
    # between the first and the last request of the small jobs: no more than twice as many of others
    between = order[order.index(True) : last]
    assert between.count(False) <= 2 * sum(order), (len(between), sum(order))
    assert crawld.call("POST", f"/v1/jobs/{huge}/cancel", "").status == 200
    job = crawld.wait(huge, seconds=30)
    assert job["counts"]["succeeded"] < 100_000
