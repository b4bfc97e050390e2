/* extract_xml - from a feed or sitemap to links: which of those that xmlfeed finds are
 * asked for, and against what they are resolved. Pure.
 *
 * The list of elements that a job asks for chooses among elements of HTML: what a feed or
 * sitemap is made of is reported whatever it says. Queries are in UTF-8 (RFC 3987
 * section 3.1), in whatever encoding the document is.
 */
#ifndef CRAWLER_EXTRACT_XML_H
#define CRAWLER_EXTRACT_XML_H

#include "crawler/extract_found.h"
#include "crawler/xmlfeed.h"

struct extract_xml {
    struct extract_found *found;
    struct xmlfeed *feed;
    enum err e; /* what stopped it */
};

/* |x| may not move, nor may |found|. ERR_NO_MEMORY. */
MUST_USE enum err extract_xml_init(struct extract_xml *x, struct extract_found *found);
void extract_xml_done(struct extract_xml *x); /* zeroes are fine */

/* In UTF-8; wrong bytes count as U+FFFD. ERR_NO_MEMORY. */
MUST_USE enum err extract_xml_feed(struct extract_xml *x, struct str bytes);

/* The encoding of XML that begins with |head|, after its byte order mark, by RFC 7303
 * section 3: what the mark says, or the transport, or the declaration; else UTF-8. */
const struct charset *extract_xml_charset(const struct charset *bom,
                                          const struct charset *transport, struct str head);
/* What kind of document |head| is the beginning of. ERR_NO_MEMORY. */
MUST_USE enum err extract_xml_kind(const struct charset *c, struct str head,
                                   enum xmlfeed_kind *ret_kind);

#endif
