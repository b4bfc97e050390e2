#include "api/cursor.h"

#include "tests/test.h"

static const struct uuid job = {{1, 2, 3}}, other = {{1, 2, 4}};

TEST(comes_back_as_it_was) {
    struct cursor c = {CURSOR_TASKS, {UINT64_MAX, 0, (uint64_t)1 << 63}}, back;
    char text[CURSOR_MAX_TEXT];
    struct str s = cursor_text(&c, &job, text);

    CHECK(s.len <= CURSOR_MAX_TEXT);
    CHECK_OK(cursor_parse(s, &job, &back));
    CHECK_INT(back.kind, CURSOR_TASKS);
    CHECK(memcmp(back.numbers, c.numbers, sizeof c.numbers) == 0);
}

TEST(belongs_to_one_job) {
    struct cursor c = {CURSOR_LINKS, {7, 1, 3}}, back;
    char text[CURSOR_MAX_TEXT];
    struct str s = cursor_text(&c, &job, text);

    CHECK_ERR(cursor_parse(s, &other, &back), ERR_INVALID);
    CHECK_ERR(cursor_parse(s, NULL, &back), ERR_INVALID);
}

TEST(refuses_what_was_made_up) {
    struct cursor c = {CURSOR_JOBS, {300}}, back;
    char text[CURSOR_MAX_TEXT], changed[CURSOR_MAX_TEXT], huge[CURSOR_MAX_TEXT * 2];
    struct str s = cursor_text(&c, NULL, text);

    memset(huge, 'A', sizeof huge);
    CHECK_OK(cursor_parse(s, NULL, &back));
    CHECK_ERR(cursor_parse(STR(""), NULL, &back), ERR_INVALID);
    CHECK_ERR(cursor_parse(STR("!"), NULL, &back), ERR_INVALID);
    CHECK_ERR(cursor_parse(STR("AAAA\0AAA"), NULL, &back), ERR_INVALID);
    CHECK_ERR(cursor_parse(str_at(huge, CURSOR_MAX_TEXT), NULL, &back), ERR_INVALID);
    CHECK_ERR(cursor_parse(str_at(huge, sizeof huge), NULL, &back), ERR_INVALID);
    for (size_t n = 0; n < s.len; n++)
        CHECK_ERR(cursor_parse(str_upto(s, n), NULL, &back), ERR_INVALID);
    for (size_t i = 0; i + 1 < s.len; i++) {
        memcpy(changed, s.ptr, s.len);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        CHECK_ERR(cursor_parse(str_at(changed, s.len), NULL, &back), ERR_INVALID);
    }
}

TEST_MAIN
