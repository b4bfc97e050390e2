"""A page that crashes the process: three times, and then it is left alone."""

from rig.site import Reply, page

# crashes once the submission has its answer, which is not what is looked at here
PAGE = Reply(body=page("/x").body, delay=0.3)
KILLER = {"CRAWLD_TEST_KILLER": "/deadly"}


def test_a_killer_is_found(service, site):
    web = site({}, default=PAGE)
    crawld = service(env=KILLER)
    urls = [web.url("/deadly"), *(web.url(f"/{i}") for i in range(5))]
    job_id = crawld.submit(urls)["id"]
    for _ in range(3):
        assert crawld.await_end(30) != 0
        crawld.restart()
    job = crawld.wait(job_id)
    assert (job["counts"]["succeeded"], job["counts"]["failed"]) == (5, 1)
    record = crawld.records(job_id)[web.url("/deadly")]
    assert (record["outcome"], record["code"]) == ("failed", "internal_error")
    assert web.paths().count("/deadly") == 3


def test_who_was_there_when_it_was_killed_is_innocent(service, site):
    web = site({}, default=PAGE)
    crawld = service(env=KILLER)
    job_id = crawld.submit([web.url("/deadly/1")])["id"]
    for _ in range(2):
        assert crawld.await_end(30) != 0
        crawld.extra_env = {} if len(web.requests) > 1 else KILLER
        crawld.restart()
    assert crawld.wait(job_id)["counts"]["succeeded"] == 1
    assert web.paths() == ["/deadly/1"] * 3


def test_without_the_file_it_works_all_the_same(service, site):
    web = site({}, default=page("/x"))
    crawld = service()
    crawld.stop()
    (crawld.folder / "crawld.db.killers").unlink()
    (crawld.folder / "crawld.db.killers").mkdir()
    crawld.restart()
    assert any("will not be found" in line for line in crawld.log)
    assert crawld.crawl([web.url("/")])["counts"]["succeeded"] == 1
