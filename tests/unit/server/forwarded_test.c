#include "server/forwarded.h"

#include "tests/test.h"

/* With 10.0.0.0/8 and fd00::/8 trusted. */
static struct str client_of(const char *header) {
    OWNED(addrguard) struct addrguard *g = addrguard_new();

    if (addrguard_allow(g, STR("10.0.0.0/8")) != ERR_OK ||
        addrguard_allow(g, STR("fd00::/8")) != ERR_OK)
        return STR("?");
    return forwarded_client(str_of(header), g);
}

TEST(the_last_one_that_is_not_ours_called) {
    CHECK_STR(client_of("192.0.2.1"), "192.0.2.1");
    CHECK_STR(client_of("192.0.2.1, 10.1.1.1"), "192.0.2.1");
    CHECK_STR(client_of("192.0.2.1,192.0.2.2 , 10.1.1.1,fd00::7"),
              "192.0.2.2"); /* 1 may be a lie */
    CHECK_STR(client_of("2001:db8::1, [fd00::7]:443"), "2001:db8::1");
    CHECK_STR(client_of("10.2.2.2, 10.1.1.1"), "10.2.2.2");
}

TEST(behind_a_word_that_is_none_nothing_is_believed) {
    CHECK_STR(client_of(""), "");
    CHECK_STR(client_of("unknown"), "");
    CHECK_STR(client_of("192.0.2.1, unknown, 10.1.1.1"), "10.1.1.1");
    CHECK_STR(client_of("192.0.2.1, , 10.1.1.1"), "10.1.1.1");
    CHECK_STR(client_of(","), "");
}

TEST_MAIN
