#include "storage/radix.h"

#include <string.h>

enum { DIGITS = 8, VALUES = 256, FEW = 48 };

static void insertion_sort(struct radix_pair *pairs, size_t n) {
    for (size_t i = 1; i < n; i++) {
        struct radix_pair moving = pairs[i];
        size_t at = i;

        for (; at > 0 && pairs[at - 1].key > moving.key; at--)
            pairs[at] = pairs[at - 1];
        pairs[at] = moving;
    }
}

static unsigned digit(uint64_t key, int place) {
    return (unsigned)(key >> (8 * place)) & (VALUES - 1);
}

/* Moves the pairs into |to| in the order of one digit. */
static void sort_digit(const struct radix_pair *from, size_t n, struct radix_pair *to, int place,
                       const size_t counts[VALUES]) {
    size_t starts[VALUES], start = 0;

    for (int v = 0; v < VALUES; v++) {
        starts[v] = start;
        start += counts[v];
    }
    for (size_t i = 0; i < n; i++)
        to[starts[digit(from[i].key, place)]++] = from[i];
}

void radix_sort(struct radix_pair *pairs, size_t n, struct radix_pair *scratch) {
    size_t counts[DIGITS][VALUES] = {{0}};
    struct radix_pair *from = pairs, *to = scratch;

    if (n < FEW) {
        insertion_sort(pairs, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        for (int place = 0; place < DIGITS; place++)
            counts[place][digit(pairs[i].key, place)]++;
    for (int place = 0; place < DIGITS; place++) {
        struct radix_pair *was = from;

        if (counts[place][digit(from[0].key, place)] == n)
            continue; /* all are equal here */
        sort_digit(from, n, to, place, counts[place]);
        from = to;
        to = was;
    }
    if (from != pairs)
        memcpy(pairs, from, n * sizeof *pairs);
}
