/* base64 - bytes as text (RFC 4648 section 4: with + and /, padded, no line ends). Pure. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/* Both append. ERR_TOO_BIG past the buffer. */
MUST_USE enum err base64_encode(struct buf *b, struct str bytes);
/* ERR_INVALID for anything that base64_encode would not have written; |b| may hold a part of
 * it then. */
MUST_USE enum err base64_decode(struct buf *b, struct str text);

#endif
