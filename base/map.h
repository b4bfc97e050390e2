/* map - from 64-bit keys to pointers: open addressing, linear probing.
 *
 * Keys may be hashes that outsiders can choose: they are mixed with a seed of
 * the map's own. Owns its table only. One thread at a time.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_slot {
    uint64_t key;
    void *value; /* NULL: empty */
};

struct map {
    struct map_slot *slots;
    size_t n, cap; /* cap: 0 or a power of two */
    uint64_t seed;
};

void map_init(struct map *m);
void map_done(struct map *m);

void *map_get(const struct map *m, uint64_t key); /* or NULL */
/* |value| is not NULL; one that is there under |key| is replaced. */
void map_put(struct map *m, uint64_t key, void *value);
void *map_remove(struct map *m, uint64_t key); /* what was there, or NULL */

/* Walks in no particular order: start with *at = 0; NULL at the end. The map
 * must not change on the way. */
void *map_next(const struct map *m, size_t *at);

#endif
