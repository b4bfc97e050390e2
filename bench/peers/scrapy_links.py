"""A Scrapy spider that takes each page's links by LinkExtractor.

    scrapy_links.py LIST OUT IN_FLIGHT PER_HOST
"""

import sys

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor

counts = {"pages": 0, "links": 0}


class Links(scrapy.Spider):
    name = "links"
    extractor = LinkExtractor(deny_extensions=())

    def start_requests(self):
        with open(sys.argv[1]) as lines:
            for url in lines:
                yield scrapy.Request(url.strip(), dont_filter=True)

    def parse(self, response):
        found = self.extractor.extract_links(response)
        self.out.writelines(f"{response.url}\t{link.url}\n" for link in found)
        counts["pages"] += 1
        counts["links"] += len(found)


with open(sys.argv[2], "w") as Links.out:
    process = CrawlerProcess(
        {
            "CONCURRENT_REQUESTS": int(sys.argv[3]),
            "CONCURRENT_REQUESTS_PER_DOMAIN": int(sys.argv[4]),
            "LOG_ENABLED": False,
            "ROBOTSTXT_OBEY": False,
            "TELNETCONSOLE_ENABLED": False,
            "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.7",
        }
    )
    process.crawl(Links)
    process.start()
print(counts["pages"], counts["links"])
