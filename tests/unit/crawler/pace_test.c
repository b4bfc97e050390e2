#include "crawler/pace.h"

#include "tests/test.h"

/* |n| answers, each when the delay has passed. Returns the delay then. */
static uint32_t answers(struct pace *p, int n, uint32_t status, int64_t ttfb_ms,
                        uint32_t configured_ms, int64_t *now) {
    for (int i = 0; i < n; i++) {
        *now += pace_delay_ms(p, configured_ms) + 1;
        pace_answered(p, status, ttfb_ms, configured_ms, *now);
    }
    return pace_delay_ms(p, configured_ms);
}

TEST(leaves_a_quick_server_alone) {
    struct pace p;
    int64_t now = 0;

    pace_init(&p);
    CHECK_INT(pace_delay_ms(&p, 0), 0);
    CHECK_INT(answers(&p, 1000, 200, 200, 0, &now), 0);
    CHECK_INT(answers(&p, 1000, 200, 900, 0, &now), 0);
    CHECK_INT(answers(&p, 10, 404, 900, 250, &now), 250);
    CHECK_INT(pace_saved(&p), 0);
}

TEST(a_hiccup_is_none) {
    struct pace p;
    int64_t now = 0;

    pace_init(&p);
    CHECK_INT(answers(&p, 1, 200, 25000, 0, &now), 0);
    answers(&p, 10, 200, 200, 0, &now);
    CHECK_INT(answers(&p, 2, 200, 25000, 0, &now), 0);
    pace_failed(&p, 30000);
    CHECK_INT(pace_delay_ms(&p, 0), 0);
}

TEST(gives_a_slow_server_room) {
    struct pace p;
    int64_t now = 0;

    pace_init(&p);
    answers(&p, 12, 200, 3000, 0, &now);
    CHECK(pace_delay_ms(&p, 0) > 3000 && pace_delay_ms(&p, 0) <= 4000);
    CHECK_INT(pace_delay_ms(&p, 8000), 8000);
    CHECK_INT(answers(&p, 12, 200, 200, 0, &now), 0);
    CHECK_INT(answers(&p, 40, 200, 100000, 0, &now), PACE_MAX_LATENCY_ROOM_MS);
}

TEST(errors_never_speed_up) {
    struct pace p;
    int64_t now = 0;
    uint32_t before;

    pace_init(&p);
    before = answers(&p, 12, 200, 5000, 0, &now);
    CHECK_INT(answers(&p, 100, 404, 5, 0, &now), before);
    CHECK_INT(answers(&p, 100, 500, 5, 0, &now), before);
    CHECK_INT(answers(&p, 100, 301, 5, 0, &now), before);
    for (int i = 0; i < 100; i++)
        pace_failed(&p, 0);
    CHECK_INT(pace_delay_ms(&p, 0), before);
    CHECK(answers(&p, 1, 304, 5, 0, &now) < before);
    before = pace_delay_ms(&p, 0);
    pace_failed(&p, 30000);
    CHECK(pace_delay_ms(&p, 0) > before);
}

TEST(refusals_double_the_delay) {
    struct pace p;
    int64_t now = 0;

    pace_init(&p);
    CHECK_INT(answers(&p, 1, 429, 20, 0, &now), 1000);
    CHECK_INT(answers(&p, 1, 503, 20, 0, &now), 2000);
    CHECK_INT(answers(&p, 1, 429, 20, 0, &now), 4000);
    CHECK_INT(answers(&p, 1000, 429, 20, 0, &now), PACE_MAX_MS);
    pace_init(&p);
    CHECK_INT(answers(&p, 1, 429, 20, 250, &now), 1000);
    pace_init(&p);
    CHECK_INT(answers(&p, 1, 429, 20, 5000, &now), 10000);
    pace_init(&p);
    CHECK_INT(answers(&p, 1, 429, 20, 86400000, &now), 86400000);
    CHECK_INT(pace_saved(&p), PACE_MAX_MS);
}

TEST(refusals_that_come_together_count_once) {
    struct pace p;

    pace_init(&p);
    for (int64_t now = 0; now < 1000; now += 10)
        pace_answered(&p, 429, 20, 0, now);
    CHECK_INT(pace_delay_ms(&p, 0), 1000);
    pace_answered(&p, 429, 20, 0, 1000);
    CHECK_INT(pace_delay_ms(&p, 0), 2000);
}

TEST(good_answers_bring_it_back_step_by_step) {
    struct pace p;
    int64_t now = 0;
    uint32_t last = 8000;

    pace_init(&p);
    answers(&p, 4, 429, 20, 0, &now);
    for (int i = 0; i < 16; i++) {
        CHECK_INT(pace_delay_ms(&p, 0), last);
        CHECK_INT(answers(&p, 3, 404, 20, 0, &now), last);
        answers(&p, 1, 200, 20, 0, &now);
        last -= 500;
    }
    CHECK_INT(answers(&p, 3, 200, 20, 0, &now), 0);
}

TEST(comes_back_as_it_was_kept) {
    struct pace p, later;
    int64_t now = 0;

    pace_init(&p);
    answers(&p, 3, 429, 20, 0, &now);
    pace_restore(&later, pace_saved(&p));
    CHECK_INT(pace_delay_ms(&later, 0), 4000);
    CHECK_INT(answers(&later, 16, 200, 20, 0, &now), 0);
    pace_restore(&later, UINT32_MAX);
    CHECK_INT(pace_delay_ms(&later, 0), PACE_MAX_MS);
    pace_restore(&later, 0);
    CHECK_INT(pace_delay_ms(&later, 0), 0);
}

/* A server that takes so many requests a second and refuses the rest. */
TEST(settles_near_what_a_server_takes) {
    struct pace p;
    int64_t now = 0, last = -1000000;
    int refusals = 0, good = 0;

    pace_init(&p);
    while (now < 3600 * 1000) {
        bool is_refused = now - last < 3000;

        if (!is_refused)
            last = now;
        refusals += is_refused;
        good += !is_refused;
        pace_answered(&p, is_refused ? 429 : 200, 50, 100, now);
        now += pace_delay_ms(&p, 100);
    }
    CHECK(good > 600 && refusals < good / 4);
}

/* Whatever comes, the configured delay is never undercut, and nothing overflows. */
TEST(never_undercuts_what_is_configured) {
    static const uint32_t statuses[] = {200, 304, 301, 404, 429, 500, 503, 0};
    static const int64_t times[] = {-5, 0, 5, 900, 5000, INT64_MAX};
    struct pace p;
    uint32_t random = 1;
    int64_t now = 0;

    pace_init(&p);
    for (int i = 0; i < 100000; i++) {
        uint32_t configured = (uint32_t)i % 7 * 500;

        random = random * 1664525 + 1013904223;
        now += random >> 20;
        if (random >> 16 & 1)
            pace_failed(&p, times[(random >> 24) % 6]);
        else
            pace_answered(&p, statuses[random >> 29], times[(random >> 24) % 6], configured, now);
        CHECK(pace_delay_ms(&p, configured) >= configured);
        CHECK(pace_delay_ms(&p, configured) <= PACE_MAX_MS);
    }
}

TEST_MAIN
