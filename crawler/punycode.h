/* punycode - code points as letters, digits and hyphens (RFC 3492).
 *
 * Pure. The cost is quadratic in the label's length: callers bound it. Part of
 * idna: nobody else includes this.
 */
#ifndef CRAWLER_PUNYCODE_H
#define CRAWLER_PUNYCODE_H

#include "base/buf.h"

/* Appends what stands after "xn--" for the |n| code points. */
MUST_USE enum err punycode_put(struct buf *out, const uint32_t *points, size_t n);

/* Decodes |text| (lower-case ASCII, without "xn--"). ERR_INVALID where it is no
 * punycode, ERR_TOO_BIG where |max| points do not hold it. */
MUST_USE enum err punycode_decode(struct str text, uint32_t *points, size_t max, size_t *ret_n);

#endif
