/* accept - which of our formats a caller wants (RFC 9110 section 12.5.1), and in which coding.
 * Pure. */
#ifndef API_ACCEPT_H
#define API_ACCEPT_H

#include "api/format.h"
#include "base/pack.h"

/* By the Accept header |accept| (empty: anything will do), out of |formats| (bits 1 << FORMAT_x).
 * Where the caller likes several equally: the first of enum format. ERR_NOT_FOUND: none
 * matches. */
MUST_USE enum err accept_choose(struct str accept, unsigned formats, enum format *ret_format);
/* By the Accept-Encoding header |accept| (section 12.5.3): false where the body is best sent
 * as it is. Where the caller likes both equally: zstd. */
bool accept_coding(struct str accept, enum pack_format *ret_format);

#endif
