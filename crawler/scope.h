/* scope - may a job follow this link?
 *
 * Pure; a scope is immutable. Asked once for each link of a page that a job with max_depth
 * may go on from. Depth, max_pages, robots and duplicates are for others, and so is
 * counting: what is out of scope, excluded or a trap is one "out_of_scope" of not_followed;
 * what is not a page at all is not counted.
 *
 * What is followed: href of <a> and <area>; <link rel> (and the header Link:) with next,
 * prev, canonical or alternate, if it is no stylesheet; with nofollow=drop none with
 * rel=nofollow; http and https only.
 *
 * Modes. The chain of discovery began with a submitted URL, the seed. No mode looks at the
 * scheme: a site that moved to https is still itself.
 *   page    nothing: the list and no more, whatever max_depth says. Not even the same path
 *           with another query, which on many sites is the whole site.
 *   prefix  the seed's host, and below the seed's directory: of /docs/intro.html what
 *           begins with /docs/; of /docs (without a slash) all of the host
 *   host    the seed's host: the same name (www. is another), on the same port or both on
 *           the default port of their scheme
 *   domain  the seed's registrable domain, any host and port in it (crawler/domain.h)
 *   any     everything
 * Only links are judged. A seed is fetched whatever scope, include and exclude say.
 *
 * Which URL of the seed: where it led to. "http://example.com" that redirects to
 * "https://www.example.com/" is a crawl of the latter, for otherwise nothing at all would be
 * followed. Deeper pages do not move the scope: one that was redirected out of it is
 * reported with its links, none of which are followed.
 *
 * What a task has to remember. In host and domain each hop keeps what the seed had, so a
 * page's own URL says it. A prefix would shrink with each directory: its length goes with
 * the task (task.prefix_len, 16 bits; 0 for submitted ones), and the first so many bytes of
 * any followed page's path are the seed's prefix. Nothing else need be kept.
 *
 * include, exclude: globs (crawler/glob.h). A link must match one of include, where there
 * are any, besides being in scope; exclude wins over both.
 *
 * Traps, in any mode: URLs longer than SCOPE_MAX_URL_BYTES, deeper than SCOPE_MAX_SEGMENTS,
 * with more than SCOPE_MAX_PARAMETERS, or with a path that repeats itself: a run of
 * segments three times in a row (/a/b/a/b/a/b), or one segment more than four times
 * anywhere; segments of digits only do not count (/2011/11/11/11). Endless shapes are for
 * crawler/prefixbudget.h, after duplicates are out.
 */
#ifndef CRAWLER_SCOPE_H
#define CRAWLER_SCOPE_H

#include "crawler/url.h"
#include "storage/model.h"

enum {
    SCOPE_MAX_URL_BYTES = 2048, /* without fragment */
    SCOPE_MAX_SEGMENTS = 20,
    SCOPE_MAX_PARAMETERS = 32,
    SCOPE_MAX_GLOBS = 200,           /* include and exclude together */
    SCOPE_MAX_GLOB_BYTES = 16 << 10, /* of all of them: bounds what one link may cost */
};

struct scope_options {
    enum scope_mode mode;
    enum nofollow_mode nofollow;
    const struct str *include, *exclude; /* borrowed for the call */
    size_t n_include, n_exclude;
};

struct scope; /* opaque; immutable: any thread */

/* ERR_INVALID or ERR_TOO_BIG of a glob or of all of them; *ret_bad (may be NULL) is then
 * the place of the bad one in include, and after them in exclude; their number where it
 * is all of them that are too many. */
MUST_USE enum err scope_new(const struct scope_options *o, struct scope **ret_scope,
                            size_t *ret_bad);
void scope_free(struct scope *s); /* NULL is fine */
DEFINE_OWNED(scope)

/* The page whose links are judged: what host, prefix and domain are measured by. */
struct scope_page {
    const struct url *url; /* borrowed */
    uint16_t prefix_len;   /* for the tasks that its links become; 0 but in mode prefix */
    bool is_outside;       /* redirected out of scope: its links are, too */
    struct str domain;     /* in mode domain; borrowed from |url| */
};

/* Once a page. |task|, |last|: its URL as it was asked for, and the final one; both http or
 * https, and the same one where it was not redirected. Both are borrowed as long as the
 * page is used. |depth|, |prefix_len|: its task's. */
struct scope_page scope_page_of(const struct scope *s, const struct url *task,
                                const struct url *last, uint32_t depth, uint16_t prefix_len);

enum scope_verdict {
    SCOPE_FOLLOW,
    SCOPE_OUTSIDE,    /* of the mode, or of include; or it has credentials */
    SCOPE_EXCLUDED,   /* by exclude */
    SCOPE_TRAP,       /* guessed from its looks */
    SCOPE_NOT_A_PAGE, /* another element, rel, or scheme */
};

/* |link|: resolved; its fragment does not count. |found|: what links_view_next said of it,
 * of which tag, attr and rel are read. */
enum scope_verdict scope_judge(const struct scope *s, const struct scope_page *page,
                               const struct url *link, const struct link *found);
/* Likewise for a sitemap itself: include and exclude are for pages. */
enum scope_verdict scope_judge_sitemap(const struct scope *s, const struct scope_page *page,
                                       const struct url *link);
/* The same for a URL that no element names (of a sitemap). */
enum scope_verdict scope_judge_url(const struct scope *s, const struct scope_page *page,
                                   const struct url *link);
/* The first part of scope_judge, for which |link| need not be parsed: false makes it
 * SCOPE_NOT_A_PAGE. */
bool scope_follows_element(const struct scope *s, const struct link *found);

#endif
