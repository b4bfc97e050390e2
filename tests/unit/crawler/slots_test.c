#include "crawler/slots.h"

#include "tests/test.h"

static unsigned take(struct slots *s, unsigned engine, unsigned n) {
    unsigned taken = 0;

    while (taken < n && slots_take(s, engine))
        taken++;
    return taken;
}

TEST(one_may_have_all_that_others_leave) {
    OWNED(slots) struct slots *s = slots_new(10, 3);

    CHECK_INT(take(s, 1, 2), 2);
    CHECK_INT(take(s, 2, 20), 8);
    CHECK(!slots_are_wanted(s, 0)); /* none is free */
    slots_give(s, 1, 1);
    CHECK(slots_are_wanted(s, 1));
    CHECK_INT(take(s, 2, 20), 1);
}

TEST(who_has_fewest_goes_first) {
    OWNED(slots) struct slots *s = slots_new(10, 2);

    CHECK_INT(take(s, 0, 20), 10);
    CHECK_INT(take(s, 1, 1), 0);
    for (int i = 1; i <= 5; i++) {
        slots_give(s, 0, 1);
        CHECK_INT(take(s, 0, 1), 0);
        CHECK(slots_are_wanted(s, 0));
        CHECK_INT(take(s, 1, 20), 1);
    }
    slots_give(s, 0, 1); /* 4 and 5 */
    CHECK_INT(take(s, 0, 20), 1);
    slots_give(s, 1, 1);
    CHECK_INT(take(s, 1, 20), 1);
}

/* With as many each, who waits longest goes first: else one of two would have the only slot for
 * ever. */
TEST(a_single_slot_goes_round) {
    OWNED(slots) struct slots *s = slots_new(1, 3);

    CHECK(slots_take(s, 0));
    CHECK(!slots_take(s, 1));
    CHECK(!slots_take(s, 2));
    for (unsigned turn = 0; turn < 9; turn++) {
        slots_give(s, turn % 3, 1);
        CHECK(!slots_take(s, turn % 3));
        CHECK(!slots_take(s, (turn + 2) % 3));
        CHECK(slots_take(s, (turn + 1) % 3));
    }
}

TEST(who_rests_is_in_nobodys_way) {
    OWNED(slots) struct slots *s = slots_new(2, 2);

    CHECK_INT(take(s, 0, 2), 2);
    CHECK(!slots_take(s, 1));
    slots_give(s, 0, 1);
    CHECK(!slots_take(s, 0));
    CHECK(slots_are_wanted(s, 0));
    slots_rest(s, 1);
    CHECK(!slots_are_wanted(s, 0));
    CHECK(slots_take(s, 0));
}

TEST_MAIN
