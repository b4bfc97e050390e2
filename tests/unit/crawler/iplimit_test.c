#include "crawler/iplimit.h"

#include "tests/test.h"

static struct address at(const char *text) {
    struct address a = {0};

    if (address_parse(str_of(text), &a) != ERR_OK)
        abort();
    return a;
}

TEST(lets_so_many_in_at_one_address) {
    OWNED(iplimit) struct iplimit *l = iplimit_new(2);
    struct address a = at("192.0.2.1"), b = at("192.0.2.2"), c = at("[2001:db8::1]");

    CHECK(iplimit_take(l, &a));
    CHECK(iplimit_take(l, &a));
    CHECK(!iplimit_take(l, &a));
    CHECK(iplimit_take(l, &b));
    CHECK(iplimit_take(l, &c));
    iplimit_give(l, &a);
    CHECK(iplimit_take(l, &a));
    CHECK(!iplimit_take(l, &a));
}

TEST(none_is_no_limit) {
    OWNED(iplimit) struct iplimit *l = iplimit_new(0);
    struct address a = at("192.0.2.1");

    for (int i = 0; i < 1000; i++)
        CHECK(iplimit_take(l, &a));
    for (int i = 0; i < 1000; i++)
        iplimit_give(l, &a);
}

TEST_MAIN
