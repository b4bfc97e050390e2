/* robots - parse one robots.txt and answer "may this agent fetch this path?"
 *
 * Pure: no clock, no I/O, no globals. Implements RFC 9309 section 2.2, with what is
 * commonly meant where it is silent: misspelt names of fields, "name value" without a
 * colon, Crawl-delay, and that "Allow: /a/index.html" allows "/a/". Fetching and keeping
 * the file is for others, as is what a missing or broken one means.
 */
#ifndef CRAWLER_ROBOTS_H
#define CRAWLER_ROBOTS_H

#include "base/own.h"
#include "base/str.h"

enum {
    ROBOTS_MAX_BYTES = 500 << 10,   /* of a body; lines that end beyond are not read */
    ROBOTS_MAX_DELAY_MS = 86400000, /* a day; no larger Crawl-delay is told */
};

struct robots; /* opaque; immutable once parsed: any thread may read it */

/* Parses |body| for all agents. Bad lines are skipped, never an error: only
 * ERR_NO_MEMORY. Takes at most six times as much memory as is read of the body. */
MUST_USE enum err robots_parse(struct str body, struct robots **ret_robots);
void robots_free(struct robots *r); /* NULL is fine */
DEFINE_OWNED(robots)

/* The value of the |i|th Sitemap line as it stands, trimmed; STR_NONE past the last. */
struct str robots_sitemap(const struct robots *r, size_t i);

/* The product token of a User-Agent value (section 2.2.1): its leading letters, "_"
 * and "-"; may be empty. */
struct str robots_token_of(struct str user_agent);

struct robots_rules; /* opaque; what holds for one agent; immutable */

/* What holds for |token|: all groups that name it, in any case of letters; without
 * one those for "*"; without these no rules. A group names it too with something
 * behind that can be in no token ("User-agent: token/1.0"). An empty token has no
 * groups of its own. The rules borrow from |r|, which must outlive them. ERR_NO_MEMORY. */
MUST_USE enum err robots_rules_for(const struct robots *r, struct str token,
                                   struct robots_rules **ret_rules);
void robots_rules_free(struct robots_rules *rules); /* NULL is fine */
DEFINE_OWNED(robots_rules)

/* May |path_and_query| be fetched? "/a?b" as in a URL, without fragment; a missing "/"
 * in front is supplied, an empty query ("/a?") passed over. The rule with the most octets decides,
 * Allow between equal ones; none: yes; "/robots.txt": yes. Takes bounded time whatever the rules:
 * where searching goes beyond 16 MiB of text, and where memory lacks, the answer is no. */
bool robots_allows(const struct robots_rules *rules, struct str path_and_query);

/* The largest Crawl-delay of the agent's groups; 0: they ask for none. A delay ends
 * the naming of agents, as a rule does. */
uint32_t robots_delay_ms(const struct robots_rules *rules);

#endif
