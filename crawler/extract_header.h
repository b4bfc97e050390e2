/* extract_header - the links of the Link headers that came with a document (RFC 8288).
 * Pure.
 *
 * Their targets are resolved against the final URL, whatever <base> the document has
 * (section 3.2), with queries in UTF-8. A link with an anchor parameter tells of another
 * resource, "that one links to this", and is no link from this page, unless the
 * anchor is the page itself or a part of it. One without a rel is reported as a <link>
 * without one is.
 */
#ifndef CRAWLER_EXTRACT_HEADER_H
#define CRAWLER_EXTRACT_HEADER_H

#include "crawler/extract_found.h"

/* |values|: of the headers, a line each. Where they are asked for at all; ERR_NO_MEMORY. */
MUST_USE enum err extract_header_put(struct extract_found *found, struct str values);

#endif
