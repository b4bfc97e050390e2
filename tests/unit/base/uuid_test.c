#include "base/uuid.h"

#include "base/clock.h"
#include "tests/test.h"

TEST(is_version_7_and_ordered_by_time) {
    struct uuid a = uuid_new(1000), b = uuid_new(1001);

    CHECK_INT(a.bytes[6] >> 4, 7);
    CHECK_INT(a.bytes[8] >> 6, 2);
    CHECK(memcmp(a.bytes, b.bytes, sizeof a.bytes) < 0);
}

TEST(text_comes_back) {
    struct uuid u = uuid_new(1795338000123), back;
    char text[UUID_TEXT_LEN + 1];

    uuid_text(&u, text);
    CHECK_INT(strlen(text), UUID_TEXT_LEN);
    CHECK_OK(uuid_parse(str_of(text), &back));
    CHECK(memcmp(&u, &back, sizeof u) == 0);
}

TEST(refuses_what_is_no_uuid) {
    struct uuid u;

    CHECK_OK(uuid_parse(STR("019AAAB3-0000-7000-8000-0123456789aB"), &u));
    CHECK_INT(u.bytes[15], 0xab);
    CHECK_ERR(uuid_parse(STR("019aaab30000700080000123456789ab"), &u), ERR_INVALID);
    CHECK_ERR(uuid_parse(STR("019aaab3-0000-7000-8000-0123456789ag"), &u), ERR_INVALID);
    CHECK_ERR(uuid_parse(STR("019aaab3-0000-7000-80000-123456789ab"), &u), ERR_INVALID);
    CHECK_ERR(uuid_parse(STR(""), &u), ERR_INVALID);
}

TEST(times_are_rfc_3339) {
    char text[CLOCK_TEXT_LEN + 1];

    clock_text(1795338000007, text);
    CHECK_STR(str_of(text), "2026-11-22T09:00:00.007Z");
    clock_text(0, text);
    CHECK_STR(str_of(text), "1970-01-01T00:00:00.000Z");
}

TEST_MAIN
