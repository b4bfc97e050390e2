#include "base/hash.h"

#define XXH_INLINE_ALL /* short inputs cost less than a call does */
#include <xxhash.h>

uint64_t hash_u64(struct str s) {
    return XXH3_64bits(s.ptr, s.len);
}

uint64_t hash_u64_seeded(struct str s, uint64_t seed) {
    return XXH3_64bits_withSeed(s.ptr, s.len, seed);
}

int64_t hash_i63(struct str s) {
    return (int64_t)(hash_u64(s) >> 1);
}
