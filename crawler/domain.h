/* domain - whose host is it: the registrable domain of a hostname ("example.co.uk" of
 * "www.example.co.uk"), by the public suffix list that libpsl has built in.
 *
 * Pure; any thread. Hostnames are as url_hostname() gives them: lower case, punycode, a
 * trailing dot is passed over. All rules of the list count, the private ones too:
 * two users of "github.io" are two domains. Lists differ from one libpsl to the next: who
 * shares out work by bucket over several programs keeps the bucket where the host is kept.
 *
 * A name costs 0.4 us and more (libpsl looks up each of its labels), so hosts are asked
 * about, not URLs; through a struct domain_cache one that came lately costs 5 ns.
 */
#ifndef CRAWLER_DOMAIN_H
#define CRAWLER_DOMAIN_H

#include "base/str.h"

enum { DOMAIN_BUCKETS = 4096 };

/* Borrows from |hostname|. Itself (without a trailing dot) where it has no registrable
 * domain: IP addresses, single labels, public suffixes. */
struct str domain_of(struct str hostname);

bool domain_is_same(struct str a, struct str b);

/* 0 to DOMAIN_BUCKETS - 1: a hash of the registrable domain that may be stored. */
uint32_t domain_bucket(struct str hostname);

/* Answers of domain_bucket that were given lately; 8 KiB. One thread at a time. */
enum { DOMAIN_CACHE_SLOTS = 1024 };
struct domain_cache {
    uint64_t seed;
    uint64_t slots[DOMAIN_CACHE_SLOTS]; /* tag << 12 | bucket; 0: empty */
};

/* |seed|: random, so that nobody crafts a name that gets another one's answer. */
void domain_cache_init(struct domain_cache *c, uint64_t seed);
/* domain_bucket(hostname), by way of the cache. */
uint32_t domain_cache_bucket(struct domain_cache *c, struct str hostname);

#endif
