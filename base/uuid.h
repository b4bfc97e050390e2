/* uuid - UUID version 7 (RFC 9562 section 5.7): time-ordered identifiers. Pure
 * but for the random bytes that uuid_new takes from the kernel.
 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include "base/str.h"

enum { UUID_TEXT_LEN = 36 };

struct uuid {
    unsigned char bytes[16];
};

struct uuid uuid_new(int64_t wall_ms);
/* Lower-case text with dashes and a NUL. */
void uuid_text(const struct uuid *u, char ret_text[UUID_TEXT_LEN + 1]);
/* Any version, either case, with dashes; ERR_INVALID otherwise. */
MUST_USE enum err uuid_parse(struct str text, struct uuid *ret_uuid);

#endif
