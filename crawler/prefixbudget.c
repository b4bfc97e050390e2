/* Sets of four slots, found by the key's low bits; twice as many sets when one is full, up
 * to MOST_SETS. From then on as "Space-Saving" (Metwally et al., 2005) has it, a set at a
 * time: a new key takes over the slot with the least count, and goes on from that count.
 */
#include "crawler/prefixbudget.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

enum { WAYS = 4, FIRST_SETS = 16, MOST_SETS = 1024, SHAPE_MAX_BYTES = 2048 };

struct slot {
    uint64_t key; /* 0: empty */
    uint32_t count;
};

struct prefixbudget {
    uint64_t seed;
    uint32_t limit;
    size_t n_sets; /* a power of two */
    struct slot *slots;
};

uint32_t prefixbudget_limit(uint64_t max_pages) {
    uint64_t half = max_pages / 2;

    if (half < PREFIXBUDGET_LEAST)
        return PREFIXBUDGET_LEAST;
    return half < UINT32_MAX ? (uint32_t)half : UINT32_MAX;
}

struct prefixbudget *prefixbudget_new(uint32_t limit, uint64_t seed) {
    struct prefixbudget *b = NEW(struct prefixbudget);

    b->seed = seed;
    b->limit = limit;
    b->n_sets = FIRST_SETS;
    b->slots = NEW_N(struct slot, FIRST_SETS * WAYS);
    return b;
}

void prefixbudget_free(struct prefixbudget *b) {
    if (!b)
        return;
    free(b->slots);
    free(b);
}

/* --- shapes --------------------------------------------------------------------------- */

/* The text of a shape, cut where it would be too long. */
struct shape {
    size_t len;
    bool has_digits;
    char text[SHAPE_MAX_BYTES];
};

static void shape_put(struct shape *s, char c) {
    if (s->len < sizeof s->text)
        s->text[s->len++] = c;
}

static void shape_put_directory(struct shape *s, struct str path) {
    size_t end = path.len;
    bool in_digits = false;

    while (end > 0 && path.ptr[end - 1] != '/')
        end--;
    for (size_t i = 0; i < end; i++) {
        bool is_digit = ascii_is_digit(path.ptr[i]);

        s->has_digits |= is_digit;
        if (!is_digit || !in_digits)
            shape_put(s, is_digit ? '0' : path.ptr[i]);
        in_digits = is_digit;
    }
}

/* A sum, so that their order does not matter. */
static uint64_t hash_of_names(struct str query, uint64_t seed) {
    uint64_t sum = 0;

    while (query.len > 0) {
        struct str pair = str_cut(&query, '&');

        if (pair.len > 0)
            sum += hash_u64_seeded(str_cut(&pair, '='), seed);
    }
    return sum;
}

uint64_t prefixbudget_key(const struct prefixbudget *b, const struct url *u) {
    struct str query = url_query(u), host = url_hostname(u);
    struct shape s;
    uint64_t key;

    s.len = 0;
    s.has_digits = false;
    shape_put_directory(&s, url_path(u));
    if (query.len == 0 && !s.has_digits)
        return 0;
    key = hash_u64_seeded(str_at(s.text, s.len), b->seed);
    key += hash_u64_seeded(host, b->seed + url_effective_port(u)) * 3;
    key += hash_of_names(query, b->seed) * 5;
    return key ? key : 1;
}

/* --- counts --------------------------------------------------------------------------- */

static struct slot *set_of(const struct prefixbudget *b, uint64_t key) {
    return b->slots + (key & (b->n_sets - 1)) * WAYS;
}

/* The slot of |key|, else the one with the least count; an empty one has none. */
static struct slot *slot_for(struct slot *set, uint64_t key) {
    struct slot *least = set;

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].count < least->count)
            least = &set[i];
    }
    return least;
}

/* No set of the larger table gets more than one of the smaller had. */
static void grow(struct prefixbudget *b) {
    struct prefixbudget old = *b;

    b->n_sets *= 2;
    b->slots = NEW_N(struct slot, b->n_sets * WAYS);
    for (size_t i = 0; i < old.n_sets * WAYS; i++) {
        const struct slot *from = &old.slots[i];

        if (from->key)
            *slot_for(set_of(b, from->key), from->key) = *from;
    }
    free(old.slots);
}

bool prefixbudget_admit(struct prefixbudget *b, uint64_t key) {
    struct slot *slot;

    if (key == 0)
        return true;
    for (slot = slot_for(set_of(b, key), key); slot->key && slot->key != key;
         slot = slot_for(set_of(b, key), key)) {
        if (b->n_sets == MOST_SETS)
            break;
        grow(b);
    }
    slot->key = key;
    if (slot->count >= b->limit)
        return false;
    slot->count++;
    return true;
}
