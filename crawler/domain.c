#include "crawler/domain.h"

#include <libpsl.h>
#include <string.h>

#include "base/hash.h"

enum {
    NAME_MAX_BYTES = 253, /* what DNS can ask about */
    /* No rule has nearly as many labels; each one costs a look-up. */
    MOST_LABELS = 10,
    BUCKET_BITS = 12,
};
_Static_assert(1 << BUCKET_BITS == DOMAIN_BUCKETS, "buckets fill their bits");

/* More than one is no name that DNS knows, but may stand in a URL. */
static struct str without_dot(struct str hostname) {
    while (hostname.len > 1 && hostname.ptr[hostname.len - 1] == '.')
        hostname.len--;
    return hostname;
}

/* In a parsed URL only an IPv4 address has a last label of digits. */
static bool is_address(struct str name) {
    size_t start = name.len;

    while (start > 0 && ascii_is_digit(name.ptr[start - 1]))
        start--;
    return name.ptr[0] == '[' || (start < name.len && (start == 0 || name.ptr[start - 1] == '.'));
}

/* Where the last MOST_LABELS labels begin. */
static size_t start_of_labels(struct str name) {
    size_t start = name.len;

    for (int dots = 0; start > 0; start--)
        if (name.ptr[start - 1] == '.' && ++dots == MOST_LABELS)
            break;
    return start;
}

struct str domain_of(struct str hostname) {
    struct str name = without_dot(hostname), tail;
    char chars[NAME_MAX_BYTES + 1];
    const char *domain;

    if (name.len == 0 || name.len > NAME_MAX_BYTES || is_address(name))
        return name;
    tail = str_from(name, start_of_labels(name));
    memcpy(chars, tail.ptr, tail.len);
    chars[tail.len] = 0;
    domain = psl_registrable_domain(psl_builtin(), chars);
    return domain ? str_from(tail, (size_t)(domain - chars)) : name;
}

bool domain_is_same(struct str a, struct str b) {
    return str_eq(without_dot(a), without_dot(b)) || str_eq(domain_of(a), domain_of(b));
}

uint32_t domain_bucket(struct str hostname) {
    return (uint32_t)(hash_u64(domain_of(hostname)) % DOMAIN_BUCKETS);
}

void domain_cache_init(struct domain_cache *c, uint64_t seed) {
    *c = (struct domain_cache){.seed = seed};
}

uint32_t domain_cache_bucket(struct domain_cache *c, struct str hostname) {
    /* never 0: an empty slot has no tag */
    uint64_t hash = hash_u64_seeded(hostname, c->seed) | (uint64_t)1 << BUCKET_BITS;
    uint64_t *slot = &c->slots[hash >> BUCKET_BITS >> 1 & (DOMAIN_CACHE_SLOTS - 1)];

    if (*slot >> BUCKET_BITS != hash >> BUCKET_BITS)
        *slot = hash >> BUCKET_BITS << BUCKET_BITS | domain_bucket(hostname);
    return (uint32_t)(*slot % DOMAIN_BUCKETS);
}
