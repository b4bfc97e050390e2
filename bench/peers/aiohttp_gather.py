"""The well-known tutorial's way: all at once by asyncio.gather, links by a regular expression.

    aiohttp_gather.py LIST OUT
"""

import asyncio
import re
import sys
import urllib.parse

import aiohttp

HREF = re.compile(r'href="(.*?)"')


async def fetch(url, session):
    response = await session.request("GET", url)
    response.raise_for_status()
    return await response.text()


async def parse(url, session):
    found = set()
    try:
        html = await fetch(url, session)
    except Exception:
        return None
    for link in HREF.findall(html):
        try:
            found.add(urllib.parse.urljoin(url, link))
        except ValueError:
            pass
    return found


async def write_one(out, url, session):
    found = await parse(url, session)
    if found is None:
        return 0, 0
    out.write("".join(f"{url}\t{link}\n" for link in found))
    return 1, len(found)


async def main():
    with open(sys.argv[1]) as lines:
        urls = lines.read().split()
    with open(sys.argv[2], "w") as out:
        async with aiohttp.ClientSession() as session:
            done = await asyncio.gather(*(write_one(out, url, session) for url in urls))
    print(sum(pages for pages, _ in done), sum(links for _, links in done))


asyncio.run(main())
