#include "storage/summary.h"

#include "tests/test.h"

TEST(each_time_has_a_class) {
    size_t last = 0;

    for (int64_t ms = 0; ms < 100000; ms++) {
        size_t class = summary_time(ms);

        CHECK(class == last || class == last + 1);
        CHECK(summary_time_most(class) >= ms);
        CHECK(summary_time_most(class) <= ms + ms / 4);
        CHECK(class == 0 || summary_time_most(class - 1) < ms);
        last = class;
    }
    CHECK_INT(summary_time(-1), 0);
    CHECK_INT(summary_time(INT64_MAX), SUMMARY_TIMES - 1);
    CHECK(summary_time((int64_t)24 * 3600 * 1000) < SUMMARY_TIMES - 1);
}

TEST(quantiles) {
    uint64_t by_time[SUMMARY_TIMES] = {0};

    CHECK_INT(summary_quantile(by_time, 500), -1);
    by_time[summary_time(1)] = 1;
    CHECK_INT(summary_quantile(by_time, 0), 1);
    CHECK_INT(summary_quantile(by_time, 1000), 1);
    by_time[summary_time(1)] = 900;
    by_time[summary_time(2)] = 99;
    by_time[summary_time(3)] = 1;
    CHECK_INT(summary_quantile(by_time, 500), 1);
    CHECK_INT(summary_quantile(by_time, 900), 1);
    CHECK_INT(summary_quantile(by_time, 901), 2);
    CHECK_INT(summary_quantile(by_time, 999), 2);
    CHECK_INT(summary_quantile(by_time, 1000), 3);
}

TEST_MAIN
