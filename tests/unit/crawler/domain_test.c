#include "crawler/domain.h"

#include "base/hash.h"
#include "tests/test.h"

#define CHECK_DOMAIN(hostname, wanted) CHECK_STR(domain_of(STR(hostname)), wanted)

TEST(finds_what_one_can_register) {
    CHECK_DOMAIN("example.com", "example.com");
    CHECK_DOMAIN("www.example.com", "example.com");
    CHECK_DOMAIN("a.b.c.example.co.uk", "example.co.uk");
    CHECK_DOMAIN("me.github.io", "me.github.io");
    CHECK_DOMAIN("x.me.github.io", "me.github.io");
    CHECK_DOMAIN("www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn");
    CHECK_DOMAIN("a.b.no-such-suffix", "b.no-such-suffix");
}

TEST(keeps_rules_with_stars_and_exceptions) {
    CHECK_DOMAIN("x.y.z.kawasaki.jp", "y.z.kawasaki.jp");
    CHECK_DOMAIN("www.city.kawasaki.jp", "city.kawasaki.jp");
}

TEST(what_has_no_domain_is_its_own) {
    CHECK_DOMAIN("", "");
    CHECK_DOMAIN(".", ".");
    CHECK_DOMAIN("localhost", "localhost");
    CHECK_DOMAIN("com", "com");
    CHECK_DOMAIN("co.uk", "co.uk");
    CHECK_DOMAIN("192.0.2.1", "192.0.2.1");
    CHECK_DOMAIN("[2001:db8::1]", "[2001:db8::1]");
}

TEST(passes_over_a_trailing_dot) {
    CHECK_DOMAIN("www.example.com.", "example.com");
    CHECK_DOMAIN("localhost.", "localhost");
    CHECK(domain_is_same(STR("example.com."), STR("www.example.com")));
    CHECK_INT(domain_bucket(STR("a.example.com.")), domain_bucket(STR("example.com")));
}

TEST(takes_odd_names) {
    char many[253];

    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 2 ? '.' : 'a';
    memcpy(many + sizeof many - 11, "example.com", 11);
    CHECK_STR(domain_of(str_at(many, sizeof many)), "example.com");
    CHECK_DOMAIN("a..com", "a..com");
    CHECK_DOMAIN("..", ".");
    CHECK_DOMAIN("a.example.com..", "example.com");
}

TEST(a_name_too_long_for_dns_is_its_own) {
    char name[300];

    memset(name, 'a', sizeof name);
    memcpy(name + sizeof name - 12, ".example.com", 12);
    CHECK_INT(domain_of(str_at(name, sizeof name)).len, sizeof name);
}

TEST(tells_whether_two_are_the_same) {
    CHECK(domain_is_same(STR("a.example.com"), STR("b.c.example.com")));
    CHECK(!domain_is_same(STR("a.github.io"), STR("b.github.io")));
    CHECK(!domain_is_same(STR("192.0.2.1"), STR("198.51.2.1")));
    CHECK(!domain_is_same(STR("example.com"), STR("example.org")));
}

TEST(buckets_are_stable) {
    CHECK_INT(domain_bucket(STR("www.example.com")), hash_u64(STR("example.com")) & 4095);
    CHECK_INT(domain_bucket(STR("192.0.2.1")), hash_u64(STR("192.0.2.1")) & 4095);
}

TEST(the_cache_says_the_same) {
    static struct domain_cache c;
    char name[32];

    domain_cache_init(&c, 7);
    CHECK_INT(domain_cache_bucket(&c, STR("")), domain_bucket(STR("")));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3000; i++) {
            struct str host = str_at(name, (size_t)snprintf(name, sizeof name, "h%d.d.org", i));

            CHECK_INT(domain_cache_bucket(&c, host), domain_bucket(host));
        }
    }
}

TEST_MAIN
