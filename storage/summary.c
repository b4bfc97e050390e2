#include "storage/summary.h"

#include <stdlib.h>

enum { SUBCLASS_BITS = 2, SUBCLASSES = 1 << SUBCLASS_BITS };

void summary_free(struct summary *s) {
    for (size_t i = 0; s && i < s->n_hosts; i++)
        free(s->hosts[i].name);
    free(s);
}

/* 0 to 3 have a class each; from there on each octave has four. */
size_t summary_time(int64_t ms) {
    unsigned octave;
    size_t class;

    if (ms < SUBCLASSES)
        return ms < 0 ? 0 : (size_t)ms;
    octave = 63 - (unsigned)__builtin_clzll((unsigned long long)ms) - SUBCLASS_BITS;
    class = SUBCLASSES * (octave + 1) + (((size_t)ms >> octave) & (SUBCLASSES - 1));
    return class < SUMMARY_TIMES ? class : SUMMARY_TIMES - 1;
}

int64_t summary_time_most(size_t class) {
    size_t next = class + 1;

    if (class < SUBCLASSES)
        return (int64_t)class;
    return ((int64_t)(SUBCLASSES + next % SUBCLASSES) << (next / SUBCLASSES - 1)) - 1;
}

int64_t summary_quantile(const uint64_t by_time[SUMMARY_TIMES], unsigned permille) {
    uint64_t all = 0, wanted, passed = 0;

    for (size_t i = 0; i < SUMMARY_TIMES; i++)
        all += by_time[i];
    wanted = all / 1000 * permille + (all % 1000 * permille + 999) / 1000;
    for (size_t i = 0; i < SUMMARY_TIMES && all; i++) {
        passed += by_time[i];
        if (passed >= wanted && passed)
            return summary_time_most(i);
    }
    return -1;
}
