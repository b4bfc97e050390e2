/* extract - the links of one document, found while its bytes arrive.
 *
 * Pure: no clock, no I/O, no globals. Joins charset, html, xmlfeed and url: which
 * encoding, which tags, resolved against what. Each link once a page (by
 * resolved URL), in document order; resolved against the first <base href>,
 * else the final URL, in the document's encoding. What is in SVG, MathML or a
 * template is no link of the document. A page may be HTML, XHTML, a feed (RSS, Atom) or an
 * XML sitemap: by its media type, and where that is an XML one, or none, or HTML's over
 * what begins as a feed, by its first bytes. Memory does not follow the size of the
 * document, only the number of its links.
 *
 * One thread at a time per struct extract.
 */
#ifndef CRAWLER_EXTRACT_H
#define CRAWLER_EXTRACT_H

#include "base/own.h"
#include "storage/model.h"

struct extract_options {
    uint64_t elements; /* as struct job_options has them; those of HTML, and TAG_HEADER */
    struct str schemes;
    enum fragments_mode fragments;
    bool text;
    enum nofollow_mode nofollow;
    uint32_t max_links;
};
/* Is |name| one that may be asked for: an element of HTML, or "Link:"? Feeds and sitemaps
 * are not asked for, but reported. */
bool extract_takes_element(struct str name, enum tag *ret_tag);
/* The defaults of a job: a, area, link; http and https; strip; no text; keep; 100,000. */
struct extract_options extract_defaults(void);
struct extract_options extract_options_of(const struct job_options *o); /* borrows */

struct extract;
/* |document_url|: the final URL. |content_type|: the header's value, or STR_NONE.
 * What |o| borrows must stay. NULL: out of memory. */
struct extract *extract_new(const struct extract_options *o, struct str document_url,
                            struct str content_type);
void extract_free(struct extract *x); /* NULL is fine */
DEFINE_OWNED(extract)

/* Whether a body of this media type may hold links at all; for another one no
 * extract need be made but for its Link headers: one that is made passes over the body. */
bool extract_reads(struct str content_type);

/* The values of the Link headers that came with the document, a line each: before its
 * first bytes. An error comes out of the next call. */
void extract_put_header(struct extract *x, struct str link_values);
/* ERR_NO_MEMORY only: no document is wrong. */
MUST_USE enum err extract_feed(struct extract *x, struct str bytes);
/* The end: moves what was found into |ret_links|, which is initialised. A link
 * beyond max_links or longer than 64 KiB is counted in its |dropped|. */
MUST_USE enum err extract_finish(struct extract *x, struct links *ret_links);

/* The memory that its links take: what a small document can make large. */
size_t extract_size(const struct extract *x);

/* The encoding of queries so far; UTF-8 until one was declared or guessed, and in feeds. */
struct charset;
const struct charset *extract_charset(const struct extract *x);

#endif
