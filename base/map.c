#include "base/map.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/random.h"

enum { FIRST_CAP = 16 };

void map_init(struct map *m) {
    *m = (struct map){.seed = random_u64()};
}

void map_done(struct map *m) {
    free(m->slots);
    *m = (struct map){.seed = m->seed};
}

static size_t home(const struct map *m, uint64_t key) {
    uint64_t x = key ^ m->seed; /* splitmix64's finisher */

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return (size_t)(x ^ (x >> 31)) & (m->cap - 1);
}

/* The slot that holds |key|, or the empty one where it would go. */
static struct map_slot *find(const struct map *m, uint64_t key) {
    size_t at = home(m, key);

    while (m->slots[at].value && m->slots[at].key != key)
        at = (at + 1) & (m->cap - 1);
    return &m->slots[at];
}

static void grow(struct map *m) {
    struct map old = *m;

    m->cap = old.cap ? old.cap * 2 : FIRST_CAP;
    m->slots = NEW_N(struct map_slot, m->cap);
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].value)
            *find(m, old.slots[i].key) = old.slots[i];
    free(old.slots);
}

void *map_get(const struct map *m, uint64_t key) {
    return m->cap ? find(m, key)->value : NULL;
}

void map_put(struct map *m, uint64_t key, void *value) {
    struct map_slot *slot;

    if ((m->n + 1) * 4 > m->cap * 3)
        grow(m);
    slot = find(m, key);
    if (!slot->value)
        m->n++;
    *slot = (struct map_slot){key, value};
}

/* Closes the gap at |hole|: each follower that may not stay behind it moves up. */
static void close_gap(struct map *m, size_t hole) {
    size_t mask = m->cap - 1;

    for (size_t at = (hole + 1) & mask; m->slots[at].value; at = (at + 1) & mask) {
        size_t from_home = (at - home(m, m->slots[at].key)) & mask;

        if (from_home >= ((at - hole) & mask)) {
            m->slots[hole] = m->slots[at];
            hole = at;
        }
    }
    m->slots[hole] = (struct map_slot){0};
}

void *map_remove(struct map *m, uint64_t key) {
    struct map_slot *slot = m->cap ? find(m, key) : NULL;
    void *value = slot ? slot->value : NULL;

    if (!value)
        return NULL;
    m->n--;
    close_gap(m, (size_t)(slot - m->slots));
    return value;
}

void *map_next(const struct map *m, size_t *at) {
    while (*at < m->cap) {
        void *value = m->slots[(*at)++].value;

        if (value)
            return value;
    }
    return NULL;
}
