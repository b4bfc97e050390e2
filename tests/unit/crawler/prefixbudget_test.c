#include "crawler/prefixbudget.h"

#include "tests/test.h"

static uint64_t key_of(const struct prefixbudget *b, const char *text) {
    OWNED_URL struct url u;

    url_init(&u);
    if (url_parse(&u, str_of(text), NULL, NULL) != ERR_OK)
        TEST_FAIL("no URL: %s", text);
    return prefixbudget_key(b, &u);
}

static bool is_same(const char *a, const char *b) {
    OWNED(prefixbudget) struct prefixbudget *p = prefixbudget_new(1, 7);

    return key_of(p, a) == key_of(p, b);
}

TEST(a_shape_is_directory_and_names) {
    CHECK(is_same("http://e.org/a?x=1&y=2", "http://e.org/b?y=&x"));
    CHECK(is_same("http://e.org/cal/2026/05/1", "http://e.org/cal/1/1/x"));
    CHECK(is_same("http://e.org/d-2026-05-01/", "http://e.org/d-1-2-3/"));
    CHECK(is_same("http://e.org/a?x=1", "http://e.org/?x=2#f"));
    CHECK(!is_same("http://e.org/a?x=1", "http://e.org/a?y=1"));
    CHECK(!is_same("http://e.org/a?x=1", "http://e.org/a?x=1&x=2"));
    CHECK(!is_same("http://e.org/a/?x=1", "http://e.org/b/?x=1"));
    CHECK(!is_same("http://e.org/?x=1", "http://f.org/?x=1"));
    CHECK(!is_same("http://e.org/?x=1", "http://e.org:81/?x=1"));
    CHECK(!is_same("http://e.org/?x=1", "https://e.org/?x=1"));
}

TEST(plain_directories_have_no_budget) {
    OWNED(prefixbudget) struct prefixbudget *b = prefixbudget_new(1, 7);

    CHECK_INT(key_of(b, "http://e.org/wiki/Apollo_11"), 0);
    CHECK_INT(key_of(b, "http://e.org/?"), 0);
    CHECK(key_of(b, "http://e.org/2026/") != 0);
    CHECK(key_of(b, "http://e.org/?a") != 0);
    for (int i = 0; i < 10; i++)
        CHECK(prefixbudget_admit(b, 0));
}

TEST(admits_so_many_of_a_shape) {
    OWNED(prefixbudget) struct prefixbudget *b = prefixbudget_new(3, 7);
    uint64_t a = key_of(b, "http://e.org/?a"), c = key_of(b, "http://e.org/?c");

    for (int i = 0; i < 3; i++)
        CHECK(prefixbudget_admit(b, a));
    CHECK(!prefixbudget_admit(b, a) && !prefixbudget_admit(b, a));
    CHECK(prefixbudget_admit(b, c));
}

TEST(has_a_limit_that_follows_the_job) {
    CHECK_INT(prefixbudget_limit(0), PREFIXBUDGET_LEAST);
    CHECK_INT(prefixbudget_limit(10000), 5000);
    CHECK_INT(prefixbudget_limit(UINT64_MAX), UINT32_MAX);
}

static uint64_t mixed(uint64_t i) {
    return (i + 1) * 0x9e3779b97f4a7c15U;
}

TEST(remembers_thousands_of_shapes) {
    OWNED(prefixbudget) struct prefixbudget *b = prefixbudget_new(2, 7);

    for (uint64_t i = 0; i < 1000; i++)
        CHECK(prefixbudget_admit(b, mixed(i)) && prefixbudget_admit(b, mixed(i)));
    for (uint64_t i = 0; i < 1000; i++)
        CHECK(!prefixbudget_admit(b, mixed(i)));
}

/* A site cannot flush the count of one shape by making up others. */
TEST(never_forgets_a_count) {
    OWNED(prefixbudget) struct prefixbudget *b = prefixbudget_new(500, 7);
    uint64_t trap = 12345, other = 0;

    for (int i = 0; i < 500; i++) {
        CHECK(prefixbudget_admit(b, trap));
        for (int k = 0; k < 40; k++)
            CHECK(prefixbudget_admit(b, mixed(other++)));
    }
    CHECK(!prefixbudget_admit(b, trap));
}

TEST_MAIN
