/* xmlfeed - the links of a feed or a sitemap, found while its bytes arrive.
 *
 * Pure: no clock, no I/O, no globals; over xml. RSS 0.9x and 2.0, RSS 1.0 (RDF), Atom
 * (RFC 4287, and 0.3), XML sitemaps and their indexes (sitemaps.org 0.9) with the
 * extensions for images and videos; of the modules of RSS those of Media RSS, iTunes and
 * wfw. Which one a document is, its root element tells. Values are given out as written:
 * resolving and filtering is the caller's. xml:base is followed.
 *
 * A link is what the format itself says is a URL to be followed. Text that may hold
 * HTML (description, content:encoded, an Atom content of type html) is not read, but
 * elements of XHTML are, as in a page. Names that look like URLs are none: Atom's id, a
 * guid with isPermaLink="false" or without a scheme, rdf:about, category schemes.
 */
#ifndef CRAWLER_XMLFEED_H
#define CRAWLER_XMLFEED_H

#include "crawler/url.h"
#include "storage/model.h"

enum xmlfeed_kind {
    XMLFEED_UNKNOWN, /* no root element was seen */
    XMLFEED_RSS,
    XMLFEED_RDF, /* RSS 0.90 and 1.0 */
    XMLFEED_ATOM,
    XMLFEED_SITEMAP,
    XMLFEED_SITEMAP_INDEX,
    XMLFEED_XHTML, /* for the reader of HTML */
    XMLFEED_OTHER, /* XML of another kind: has no links */
};

enum { XMLFEED_MAX_BASES = 8 }; /* of xml:base inside one another; those further in do not count */

/* Borrowed for the callback. */
struct xmlfeed_link {
    /* TAG_FEED or TAG_SITEMAP, and in |attr| which of its elements; an element of XHTML,
     * and its attribute. A sitemap's pages, or an index's sitemaps, are ATTR_LOC; the latter
     * have "sitemap" as |rel|. */
    enum tag tag;
    enum attr attr;
    struct str value, rel;
    bool too_long;          /* there is one, but the value is longer than XML_MAX_VALUE */
    const struct url *base; /* what xml:base said; NULL: nothing */
};

struct xmlfeed_options {
    bool (*link)(void *arg, const struct xmlfeed_link *l); /* false: stop */
    void *arg;
    const struct url *document; /* what an xml:base is resolved against, or NULL; must stay */
};

struct xmlfeed;
struct xmlfeed *xmlfeed_new(const struct xmlfeed_options *o); /* NULL: out of memory */
void xmlfeed_free(struct xmlfeed *x);                         /* NULL is fine */
DEFINE_OWNED(xmlfeed)

/* In UTF-8, without a byte order mark. ERR_STOPPED, ERR_NO_MEMORY: as xml_feed. */
MUST_USE enum err xmlfeed_feed(struct xmlfeed *x, struct str bytes);
enum xmlfeed_kind xmlfeed_kind(const struct xmlfeed *x);

/* What the root element says, if it is in |head| at all. ERR_NO_MEMORY. */
MUST_USE enum err xmlfeed_kind_of(struct str head, enum xmlfeed_kind *ret_kind);

#endif
