/* utf8 - checks and mends UTF-8 (WHATWG Encoding section 9.1: what a decoder
 * accepts, and where it puts U+FFFD). Pure.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"

size_t utf8_ascii_prefix(struct str s); /* of |s|, in bytes */
bool utf8_valid(struct str s);          /* no surrogates, no overlong forms, at most U+10FFFF */
/* Appends |s| with each maximal bad part replaced by U+FFFD. */
MUST_USE enum err utf8_put_mended(struct buf *b, struct str s);
/* Appends one code point; surrogates and beyond U+10FFFF become U+FFFD. */
MUST_USE enum err utf8_put(struct buf *b, uint32_t code_point);
/* Decodes the first code point of |s| and its length (1 to 4); U+FFFD with the
 * length of the maximal bad part where it is not one. |s| is not empty. */
uint32_t utf8_first(struct str s, size_t *ret_len);

/* Appends |s| as a JSON string with its quotes (RFC 8259 section 7); bad UTF-8
 * is mended on the way, so the result is always valid. */
MUST_USE enum err json_put_string(struct buf *b, struct str s);

#endif
