#include "base/map.h"

#include "tests/test.h"

enum { KEYS = 300, STEPS = 50000 };

static unsigned next_random(unsigned *state) {
    *state = *state * 1103515245U + 12345U;
    return *state >> 8;
}

/* Random changes, beside a plain array that says what must be true. */
TEST(agrees_with_an_array) {
    static int values[KEYS];
    static bool present[KEYS];
    struct map m;
    unsigned seed = 5;
    size_t n = 0, walked = 0, at = 0;

    map_init(&m);
    for (int step = 0; step < STEPS; step++) {
        unsigned key = next_random(&seed) % KEYS;

        CHECK(map_get(&m, key) == (present[key] ? &values[key] : NULL));
        if (next_random(&seed) % 2) {
            map_put(&m, key, &values[key]);
            n += !present[key];
            present[key] = true;
        } else {
            CHECK(map_remove(&m, key) == (present[key] ? &values[key] : NULL));
            n -= present[key];
            present[key] = false;
        }
        CHECK_INT(m.n, n);
    }
    while (map_next(&m, &at))
        walked++;
    CHECK_INT(walked, n);
    map_done(&m);
}

TEST(an_empty_map_has_nothing) {
    struct map m;
    size_t at = 0;

    map_init(&m);
    CHECK(!map_get(&m, 1) && !map_remove(&m, 1) && !map_next(&m, &at));
    map_done(&m);
}

TEST_MAIN
