/* extract_found - what becomes of a value that was found: resolved, filtered, and
 * kept once. Pure but for the seed of its hash.
 *
 * A <base> may come after links that it counts for. So the first values are kept as
 * they were written, and all is resolved anew when a base comes; past EARLY_BYTES of
 * them a late base counts for what follows it only.
 */
#ifndef CRAWLER_EXTRACT_FOUND_H
#define CRAWLER_EXTRACT_FOUND_H

#include "crawler/charset.h"
#include "crawler/extract.h"
#include "crawler/url.h"

/* A value as written in the document, in UTF-8. */
struct found {
    enum tag tag;
    enum attr attr;
    struct str raw, rel, text;
};

/* Values one after another, for later. */
MUST_USE enum err found_store(struct buf *b, const struct found *f);
/* Borrows from |*s|, which moves on; false at its end. */
bool found_take(struct str *s, struct found *ret_found);

/* A set of URLs by their places in struct links: 8 bytes a slot. */
struct seen_slot {
    uint32_t hash;
    uint32_t at; /* place in links.urls, + 1; 0: empty */
};

struct extract_found {
    const struct extract_options *options;
    const struct charset *charset; /* of queries */
    const struct url *xml_base;    /* what is in force in XML; NULL: the base */
    struct url document, base, url;
    char origin[64]; /* of the last link that had another: nearly all pages have few */
    size_t origin_len;
    unsigned known_schemes, asked_schemes; /* a bit for each of enum url_scheme */
    bool has_base;  /* the first base element was seen, whether it counts or not */
    bool uses_base; /* and it counts */
    struct buf early;
    bool early_full;
    bool is_short_of_memory; /* for the document's URL */
    struct links links;
    uint32_t too_long; /* of links.dropped: those without a value */
    struct seen_slot *seen;
    size_t seen_cap; /* 0 or a power of two */
    uint64_t seed;
};

void extract_found_init(struct extract_found *x, const struct extract_options *o,
                        struct str document_url);
void extract_found_done(struct extract_found *x);

/* The final URL, or NULL where it has no parse. */
const struct url *extract_found_document(const struct extract_found *x);

/* ERR_NO_MEMORY. What is no link (no parse, another scheme, seen before) is passed over. */
MUST_USE enum err extract_found_put(struct extract_found *x, const struct found *f);
/* The same, with its rel as written in |rel|: tidied, and a reason to drop the link where
 * nofollow is one. */
MUST_USE enum err extract_found_put_rel(struct extract_found *x, const struct found *f,
                                        struct str rel);
/* A value that was too long to be kept. */
void extract_found_drop(struct extract_found *x);
/* The href of a base element: the first counts. ERR_NO_MEMORY. */
MUST_USE enum err extract_found_base(struct extract_found *x, struct str href);

#endif
