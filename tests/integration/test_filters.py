"""Filters that leave little of a long result: the answer is right, and nobody waits for it."""

from rig.site import page

PAGES = 3000


def site_of_pages(request):
    number = int(request.path[1:])
    return page("/common", f"http://h{number}.test/only-here")


def test_a_filter_that_leaves_little(service, site):
    web = site({}, default=site_of_pages)
    crawld = service()
    urls = [web.url(f"/{i}", host=f"127.0.6.{i % 20 + 1}") for i in range(PAGES)]
    job = crawld.crawl(urls)
    links = f"/v1/jobs/{job['id']}/links?format=tsv"
    assert crawld.get(f"{links}&host=nowhere.test").text == "source_url\tparsed_url\n"
    for wanted in (0, PAGES - 1):
        rows = crawld.get(f"{links}&host=h{wanted}.test").text.splitlines()[1:]
        assert rows == [f"{urls[wanted]}\thttp://h{wanted}.test/only-here"]
    ndjson = crawld.get(f"/v1/jobs/{job['id']}/links?format=ndjson&scheme=https")
    assert (ndjson.status, ndjson.body) == (200, b"")
    gone = crawld.get(f"/v1/jobs/{job['id']}/urls?format=ndjson&code=timeout")
    assert (gone.status, gone.body) == (200, b"")
