/* hash - hashes of bytes (XXH3). Not cryptographic: whoever must not be fooled
 * by crafted collisions compares the bytes as well. Stable (but for
 * the seeded one): stored in databases.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/str.h"

uint64_t hash_u64(struct str s);
/* Not to be stored: differs with |seed|, which outsiders do not know, so that they
 * cannot craft collisions. */
uint64_t hash_u64_seeded(struct str s, uint64_t seed);
int64_t hash_i63(struct str s); /* never negative: fits an SQL integer */

#endif
