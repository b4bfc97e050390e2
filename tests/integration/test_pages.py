"""Real pages from a real server: the links found are those of a browser's parser.

Each page gets a loopback address of its own, and its own path, so that its
relative links come out as they should but for their origin.
"""

import gzip
import json
import lzma
import re
from urllib.parse import urldefrag, urlsplit

import pytest

LEAST_EQUAL = 0.95
ABSOLUTE = re.compile(r"\s*[a-zA-Z][a-zA-Z0-9+.-]*:")
NO_SCHEME = re.compile(r"\s*[/\\][/\\]")


def origin_of(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def moved(page, link, origin):
    """Where the link of a page points when the page is served from |origin|."""
    _, _, raw, resolved, _ = link
    resolved = urldefrag(resolved)[0]
    if ABSOLUTE.match(raw):
        return resolved
    if NO_SCHEME.match(raw):
        return re.sub("^https:", "http:", resolved)
    if origin_of(page["base"]) != origin_of(page["url"]):
        return resolved  # relative to a <base href> elsewhere
    return resolved.replace(origin_of(page["url"]), origin, 1)


def expected(page, origin):
    anchors = (link for link in page["links"] if link[:2] == ["a", "href"] and link[3])
    return {
        moved(page, link, origin) for link in anchors if link[3].startswith(("http:", "https:"))
    }


@pytest.fixture
def pages(test_data):
    with lzma.open(test_data / "pages" / "links.jsonl.xz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def host_of(i):
    return f"127.1.{i // 250}.{i % 250 + 1}"


def name_of(page):
    return page["file"].rsplit("/", 1)[-1].removesuffix(".gz")


def server_block(i, page, port, folder):
    path = urlsplit(page["url"]).path or "/"
    return (
        f"server {{ listen {host_of(i)}:{port};"
        f' root {folder}; location = "{path}" {{ rewrite ^ /{name_of(page)} break; }} }}\n'
    )


def test_links_of_real_pages(service, nginx, tmp_path, test_data, pages):
    folder = tmp_path / "pages"
    folder.mkdir()
    for page in pages:
        packed = test_data / "pages" / "html" / (name_of(page) + ".gz")
        (folder / name_of(page)).write_bytes(gzip.decompress(packed.read_bytes()))

    server = nginx(
        folder,
        blocks=lambda port: "".join(
            server_block(i, page, port, folder) for i, page in enumerate(pages)
        ),
    )
    origins = [f"http://{host_of(i)}:{server.port}" for i in range(len(pages))]
    urls = [
        origin + page["url"][len(origin_of(page["url"])) :]
        for origin, page in zip(origins, pages)
    ]
    crawld = service()
    job = crawld.crawl(urls, extract={"elements": ["a"]})
    assert job["counts"]["succeeded"] == len(pages), job

    found = {origin: set() for origin in origins}
    for source, link in crawld.tsv(job["id"]):
        found[origin_of(source)].add(link)
    different = [
        f"{name_of(page)}: missing {sorted(want - found[origin])[:3]},"
        f" surplus {sorted(found[origin] - want)[:3]}"
        for origin, page in zip(origins, pages)
        if (want := expected(page, origin)) != found[origin]
    ]
    print("\n".join(different))
    assert len(different) <= (1 - LEAST_EQUAL) * len(pages), "\n".join(different)
