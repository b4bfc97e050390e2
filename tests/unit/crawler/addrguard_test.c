#include "crawler/addrguard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "tests/test.h"

static bool blocks(const struct addrguard *g, const char *text) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return addrguard_blocks(g, (struct sockaddr *)&v4);
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
        TEST_FAIL("cannot read %s", text);
    return addrguard_blocks(g, (struct sockaddr *)&v6);
}

static enum err allow(struct addrguard *g, const char *cidr) {
    return addrguard_allow(g, str_of(cidr));
}

TEST(blocks_the_inside_and_not_the_world) {
    OWNED(addrguard) struct addrguard *g = addrguard_new();

    CHECK(blocks(g, "127.0.0.1") && blocks(g, "10.1.2.3") && blocks(g, "169.254.169.254"));
    CHECK(blocks(g, "::1") && blocks(g, "fd00::1") && blocks(g, "fe80::1") && blocks(g, "::"));
    CHECK(!blocks(g, "1.1.1.1") && !blocks(g, "2606:4700:4700::1111"));
}

TEST(looks_into_what_carries_an_address) {
    OWNED(addrguard) struct addrguard *g = addrguard_new();

    CHECK(blocks(g, "::ffff:10.0.0.1") && !blocks(g, "::ffff:1.1.1.1"));
    CHECK(blocks(g, "64:ff9b::10.0.0.1") && !blocks(g, "64:ff9b::1.1.1.1"));
}

TEST(allows_what_an_operator_opened) {
    OWNED(addrguard) struct addrguard *g = addrguard_new();

    CHECK_OK(allow(g, "127.0.0.0/8"));
    CHECK_OK(allow(g, "::1"));
    CHECK_OK(allow(g, "10.0.0.7"));
    CHECK(!blocks(g, "127.0.0.1") && !blocks(g, "127.255.255.255") && !blocks(g, "::1"));
    CHECK(!blocks(g, "::ffff:127.0.0.1"));
    CHECK(!blocks(g, "10.0.0.7") && blocks(g, "10.0.0.8") && !blocks(g, "128.0.0.1"));
    CHECK(blocks(g, "::2") && blocks(g, "::"));
}

TEST(an_open_carrier_does_not_open_what_it_carries) {
    OWNED(addrguard) struct addrguard *g = addrguard_new();

    CHECK_OK(allow(g, "2002::/16"));
    CHECK_OK(allow(g, "2001::/32"));
    CHECK_OK(allow(g, "64:ff9b:1::/48"));
    CHECK(blocks(g, "2002:a00:1::1") && !blocks(g, "2002:101:101::1"));
    CHECK(blocks(g, "64:ff9b:1:a00:0:100::") && !blocks(g, "64:ff9b:1:101:1:100::"));
    /* Teredo: server 1.1.1.1, client 10.0.0.1 and 1.1.1.1 with their bits inverted */
    CHECK(blocks(g, "2001:0:101:101::f5ff:fffe") && !blocks(g, "2001:0:101:101::fefe:fefe"));
    CHECK(blocks(g, "2001:0:a00:1::fefe:fefe"));
}

TEST(opening_ipv6_opens_no_ipv4) {
    OWNED(addrguard) struct addrguard *g = addrguard_new();

    CHECK_OK(allow(g, "::/0"));
    CHECK(!blocks(g, "fd00::1") && !blocks(g, "::1"));
    CHECK(blocks(g, "10.0.0.1") && blocks(g, "::ffff:10.0.0.1") && blocks(g, "::10.0.0.1"));
    CHECK_OK(allow(g, "0.0.0.0/0"));
    CHECK(!blocks(g, "10.0.0.1"));
}

TEST(reads_ranges_strictly) {
    static const char *const bad[] = {"",          "/8",        "10.0.0.0/",   "10.0.0.0/33",
                                      "10.0.0/8",  "::/129",    "fe80::%1/64", "10.0.0.0/-1",
                                      "localhost", "10.0.0.0 ", "0x7f.1",      "::1/64/64"};
    OWNED(addrguard) struct addrguard *g = addrguard_new();

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ERR(allow(g, bad[i]), ERR_INVALID);
    CHECK_ERR(addrguard_allow(g, STR("10.0.0.1\0/8")), ERR_INVALID);
    CHECK(blocks(g, "10.0.0.1"));
}

TEST(blocks_other_families) {
    OWNED(addrguard) struct addrguard *g = addrguard_new();
    struct sockaddr_un local = {.sun_family = AF_UNIX};

    CHECK_OK(allow(g, "::/0"));
    CHECK_OK(allow(g, "0.0.0.0/0"));
    CHECK(addrguard_blocks(g, (struct sockaddr *)&local));
}

TEST_MAIN
