#include "crawler/circuit.h"

#include "tests/test.h"

enum { ANY = 0 }; /* a random number where times are not looked at */

/* Fails at |*now|, and moves on to the end of the block. */
static enum circuit_state fail(struct circuit *c, int64_t *now) {
    enum circuit_state state = circuit_failed(c, *now, *now, ANY, 1);

    if (circuit_blocked_until(c) > *now)
        *now = circuit_blocked_until(c);
    return state;
}

TEST(opens_after_failures_in_a_row) {
    struct circuit c = {0};
    int64_t now = 1000;

    for (int i = 0; i < 4; i++)
        CHECK_INT(fail(&c, &now), CIRCUIT_CLOSED);
    circuit_succeeded(&c);
    for (int i = 0; i < 4; i++)
        CHECK_INT(fail(&c, &now), CIRCUIT_CLOSED);
    CHECK(!circuit_is_probing(&c) && circuit_blocked_until(&c) == 0);
    CHECK_INT(fail(&c, &now), CIRCUIT_OPENED);
    CHECK(circuit_is_probing(&c) && circuit_blocked_until(&c) > 1000);
}

TEST(waits_longer_each_time_and_gives_up) {
    static const int64_t wanted[] = {30, 60, 120, 240};
    struct circuit c = {.fails = CIRCUIT_FAILURES - 1};
    int64_t now = 0, begin;

    for (int i = 0; i < 4; i++) {
        begin = now;
        CHECK_INT(fail(&c, &now), CIRCUIT_OPENED);
        CHECK_INT(now - begin, wanted[i] * 750);
    }
    begin = now;
    CHECK_INT(fail(&c, &now), CIRCUIT_GAVE_UP);
    CHECK_INT(now - begin, CIRCUIT_GAVE_UP_MS);
}

TEST(tries_again_with_one_after_giving_up) {
    struct circuit c = circuit_restored(CIRCUIT_FAILURES + CIRCUIT_PROBES, 5000);
    int64_t now = 5000;

    CHECK(circuit_is_probing(&c));
    CHECK_INT(fail(&c, &now), CIRCUIT_GAVE_UP);
    CHECK_INT(now, 5000 + CIRCUIT_GAVE_UP_MS);
    circuit_succeeded(&c);
    CHECK(!circuit_is_probing(&c));
    CHECK_INT(circuit_blocked_until(&c), 0);
    CHECK_INT(fail(&c, &now), CIRCUIT_CLOSED);
}

/* A thousand requests were on their way when the host died. */
TEST(passes_over_what_started_before) {
    struct circuit c = {0};
    int64_t until;

    for (int i = 0; i < 5; i++)
        (void)circuit_failed(&c, 0, 100, ANY, 1);
    until = circuit_blocked_until(&c);
    for (int i = 0; i < 1000; i++)
        CHECK_INT(circuit_failed(&c, 50, until + i, ANY, 1), CIRCUIT_OPENED);
    CHECK_INT(circuit_blocked_until(&c), until);
    CHECK_INT(circuit_failed(&c, until, until + 5, ANY, 1), CIRCUIT_OPENED);
    CHECK(circuit_blocked_until(&c) > until + 5);
    circuit_succeeded(&c);
    CHECK(!circuit_is_probing(&c));
}

TEST(spreads_by_chance) {
    int64_t least = INT64_MAX, most = 0;

    for (uint64_t random = 0; random <= 15001; random++) {
        struct circuit c = {.fails = CIRCUIT_FAILURES - 1};

        (void)circuit_failed(&c, 0, 0, random, 1);
        least = least < circuit_blocked_until(&c) ? least : circuit_blocked_until(&c);
        most = most > circuit_blocked_until(&c) ? most : circuit_blocked_until(&c);
    }
    CHECK_INT(least, 22500);
    CHECK_INT(most, 37500);
}

TEST(runs_faster_in_tests) {
    struct circuit c = {.fails = CIRCUIT_FAILURES - 1};

    (void)circuit_failed(&c, 0, 0, 0, 100);
    CHECK_INT(circuit_blocked_until(&c), 225);
}

TEST(comes_back_as_it_was_kept) {
    struct circuit c = circuit_restored(3, 777);

    CHECK_INT(circuit_blocked_until(&c), 0);
    CHECK_INT(c.fails, 3);
    c = circuit_restored(6, 777);
    CHECK_INT(circuit_blocked_until(&c), 777);
    c = circuit_restored(UINT32_MAX, 777);
    CHECK_INT(circuit_failed(&c, 777, 777, 0, 1), CIRCUIT_GAVE_UP);
}

TEST(is_asked_again_by_one_request_whatever_comes_of_older_ones) {
    struct circuit c = circuit_restored(9, 600000);

    circuit_ask_again(&c, 1000);
    CHECK_INT(circuit_blocked_until(&c), 1000);
    CHECK(circuit_is_probing(&c));
    (void)circuit_failed(&c, 999, 1001, 0, 1);
    CHECK_INT(circuit_blocked_until(&c), 1000);
    CHECK_INT(circuit_failed(&c, 1000, 1002, 0, 1), CIRCUIT_GAVE_UP);
    CHECK_INT(circuit_blocked_until(&c), 1002 + CIRCUIT_GAVE_UP_MS);
}

TEST(counts_what_never_connected) {
    CHECK(circuit_counts(CODE_DNS_ERROR, false) && circuit_counts(CODE_CONNECT_ERROR, false));
    CHECK(circuit_counts(CODE_TLS_ERROR, false) && circuit_counts(CODE_TIMEOUT, false));
    CHECK(circuit_counts(CODE_CONNECTION_LOST, false));
    CHECK(!circuit_counts(CODE_TIMEOUT, true) && !circuit_counts(CODE_CONNECTION_LOST, true));
    CHECK(!circuit_counts(CODE_NONE, true) && !circuit_counts(CODE_HTTP_5XX, true));
    CHECK(!circuit_counts(CODE_BLOCKED_ADDRESS, false));
    CHECK(!circuit_counts(CODE_PROTOCOL_ERROR, false));
}

TEST_MAIN
