#include "api/quota.h"

#include "tests/test.h"

/* How many of |n| calls at |now_ms| pass. */
static int pass(struct quota *q, int64_t tenant, int64_t now_ms, int n) {
    uint64_t left;
    int passed = 0;

    for (int i = 0; i < n; i++)
        passed += quota_take(q, tenant, now_ms, &left);
    return passed;
}

TEST(a_second_holds_so_many) {
    OWNED(quota) struct quota *q = quota_new(10);
    uint64_t left;

    CHECK(quota_take(q, 1, 1000, &left));
    CHECK_INT(left, 9);
    CHECK_INT(pass(q, 1, 1000, 20), 9);
    CHECK_INT(pass(q, 2, 1000, 20), 10); /* of another tenant */
    CHECK_INT(pass(q, 1, 1099, 5), 0);
    CHECK_INT(pass(q, 1, 1100, 5), 1);
    CHECK_INT(pass(q, 1, 1600, 9), 5);
    CHECK_INT(pass(q, 1, 999999, 50), 10);
}

TEST(many_looks_lose_nothing) {
    OWNED(quota) struct quota *q = quota_new(3);
    int passed = 0;

    (void)pass(q, 1, 0, 3);
    for (int64_t ms = 1; ms <= 10000; ms++)
        passed += pass(q, 1, ms, 1);
    CHECK_INT(passed, 30);
}

TEST(a_clock_set_back_gives_nothing_away) {
    OWNED(quota) struct quota *q = quota_new(2);

    CHECK_INT(pass(q, 1, 5000, 5), 2);
    CHECK_INT(pass(q, 1, 1000, 5), 0);
    CHECK_INT(pass(q, 1, 1500, 5), 1);
}

TEST_MAIN
