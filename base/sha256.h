/* sha256 - SHA-256 of bytes that come in pieces, and HMAC with it (FIPS 180-4, RFC 2104).
 *
 * By libcrypto. What cannot fail but for want of memory ends the process then (mem.h). Each
 * hash by one thread at a time.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include "base/own.h"
#include "base/str.h"

enum { SHA256_BYTES = 32 };

struct sha256_sum {
    unsigned char bytes[SHA256_BYTES];
};

struct sha256;
struct sha256 *sha256_new(void);    /* of no bytes yet; never NULL */
void sha256_free(struct sha256 *h); /* NULL is fine */
DEFINE_OWNED(sha256)
void sha256_put(struct sha256 *h, struct str piece);
/* Of all pieces. After it |h| is only to be freed. */
struct sha256_sum sha256_end(struct sha256 *h);

/* |key| of any length. */
struct sha256_sum sha256_hmac(struct str key, struct str message);

#endif
