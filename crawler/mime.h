/* mime - takes a Content-Type apart (MIME Sniffing Standard, section 4.4 "parse a
 * MIME type") and recognises HTML, XML and feeds by their first bytes. Pure.
 */
#ifndef CRAWLER_MIME_H
#define CRAWLER_MIME_H

#include "base/str.h"

enum { MIME_CHARSET_MAX = 64 }; /* bytes; no label of an encoding is nearly as long */

struct mime {
    struct str type, subtype; /* as given, in any case; borrowed from the value */
    bool has_charset;
    size_t charset_len;
    char charset[MIME_CHARSET_MAX]; /* the parameter's value, unquoted, cut to fit */
};

/* ERR_INVALID where the value is no MIME type. */
MUST_USE enum err mime_parse(struct str value, struct mime *ret_mime);
static inline struct str mime_charset(const struct mime *m) {
    return str_at(m->charset, m->charset_len);
}
/* Is it |essence|, "text/html" say? */
bool mime_is(const struct mime *m, struct str essence);

/* Whether the first bytes of an unlabelled document begin as HTML does (section
 * 7.1, without the other types). A UTF-8 byte order mark is passed over. */
bool mime_looks_like_html(struct str head);

/* Whether a document that is said to be HTML begins as a feed does (section 7.3, "rules
 * for distinguishing if a resource is a feed or HTML") or, beyond that, as a sitemap. */
bool mime_looks_like_feed(struct str head);
/* Whether the first bytes of an unlabelled document are an XML declaration's. */
bool mime_looks_like_xml(struct str head);
/* Is it an XML MIME type (section 4.6)? */
bool mime_is_xml(const struct mime *m);

#endif
