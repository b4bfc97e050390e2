#include "base/str.h"

#include "tests/test.h"

TEST(cuts_at_each_separator) {
    struct str s = STR("a,,b");

    CHECK_STR(str_cut(&s, ','), "a");
    CHECK_STR(str_cut(&s, ','), "");
    CHECK_STR(str_cut(&s, ','), "b");
    CHECK_INT(s.len, 0);
}

TEST(finds_and_clamps) {
    CHECK_INT(str_find(STR("abc"), 'c'), 2);
    CHECK(str_find(STR("abc"), 'x') == STR_END);
    CHECK(str_find(STR_NONE, 'x') == STR_END);
    CHECK_INT(str_find_str(STR("a--b"), STR("--")), 1);
    CHECK_INT(str_find_str(STR("ab"), STR("")), 0);
    CHECK_STR(str_from(STR("abc"), 9), "");
    CHECK_STR(str_upto(STR("abc"), STR_END), "abc");
}

TEST(compares_letters_without_case_only_in_ascii) {
    CHECK(str_eq_ascii(STR("Content-Type"), STR("content-TYPE")));
    CHECK(!str_eq_ascii(STR("a"), STR("ab")));
    CHECK(!str_eq_ascii(STR("\xc3\x84"), STR("\xc3\xa4")));
    CHECK(str_starts_ascii(STR("HTTP://x"), STR("http:")));
    CHECK(str_ends(STR("abc"), STR("bc")) && !str_ends(STR("c"), STR("bc")));
    CHECK(str_cmp(STR("a"), STR("ab")) < 0 && str_cmp(STR("b"), STR("ab")) > 0);
    CHECK_INT(str_cmp(STR_NONE, STR("")), 0);
}

TEST(trims_both_ends) {
    CHECK_STR(str_trim(STR(" \t a b\r\n\f")), "a b");
    CHECK_STR(str_trim(STR("   ")), "");
}

TEST(reads_numbers_strictly) {
    uint64_t v = 7;

    CHECK_OK(str_to_u64(STR("18446744073709551615"), UINT64_MAX, &v));
    CHECK(v == UINT64_MAX);
    CHECK_ERR(str_to_u64(STR("18446744073709551616"), UINT64_MAX, &v), ERR_TOO_BIG);
    CHECK_ERR(str_to_u64(STR("11"), 10, &v), ERR_TOO_BIG);
    CHECK_ERR(str_to_u64(STR(""), 10, &v), ERR_INVALID);
    CHECK_ERR(str_to_u64(STR("-1"), 10, &v), ERR_INVALID);
    CHECK_ERR(str_to_u64(STR(" 1"), 10, &v), ERR_INVALID);
    CHECK_ERR(str_to_u64(STR("99999999999999999999x"), 10, &v), ERR_INVALID);
    CHECK(v == UINT64_MAX);
}

TEST_MAIN
