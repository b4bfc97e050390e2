#include "server/endpoint.h"

#include <unistd.h>

#include "tests/test.h"

static const char *reads_as(const char *text, int default_port) {
    static char shown[ENDPOINT_TEXT_LEN];
    struct endpoint a;

    if (endpoint_parse(str_of(text), default_port, &a) != ERR_OK)
        return "refused";
    endpoint_text(&a, shown);
    return shown;
}

TEST(reads_addresses) {
    CHECK_STR(str_of(reads_as("127.0.0.1:8080", -1)), "127.0.0.1:8080");
    CHECK_STR(str_of(reads_as("localhost:0", -1)), "127.0.0.1:0");
    CHECK_STR(str_of(reads_as("[::1]:65535", -1)), "[::1]:65535");
    CHECK_STR(str_of(reads_as("9.9.9.9", 53)), "9.9.9.9:53");
    CHECK_STR(str_of(reads_as("2001:db8::1", 53)), "[2001:db8::1]:53");
    CHECK_STR(str_of(reads_as("[2001:db8::1]", 53)), "[2001:db8::1]:53");
}

TEST(refuses_what_is_none) {
    static const char *const bad[] = {
        "",          ":8080",         "127.0.0.1",   "127.0.0.1:",  "127.0.0.1:65536",
        "127.1:80",  "example.com:1", "[::1",        "[::1]8080",   "[127.0.0.1]:80",
        "1.2.3.4:x", "::1:8080:",     "1.2.3.4:80 ", "0x7f.1:8080", "1.2.3.4:-1"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_STR(str_of(reads_as(bad[i], -1)), "refused");
}

static bool is_loopback(const char *text) {
    struct endpoint a;

    return endpoint_parse(str_of(text), 1, &a) == ERR_OK && endpoint_is_loopback(&a);
}

TEST(knows_loopback) {
    CHECK(is_loopback("127.255.0.1") && is_loopback("::1") && is_loopback("::ffff:127.0.0.1"));
    CHECK(!is_loopback("128.0.0.1") && !is_loopback("::") && !is_loopback("0.0.0.0"));
    CHECK(!is_loopback("::ffff:10.0.0.1"));
}

TEST(asks_a_wildcard_on_loopback) {
    struct endpoint a;
    char text[ENDPOINT_TEXT_LEN];

    CHECK_OK(endpoint_parse(STR("0.0.0.0:80"), -1, &a));
    endpoint_make_reachable(&a);
    endpoint_text(&a, text);
    CHECK_STR(str_of(text), "127.0.0.1:80");
    CHECK_OK(endpoint_parse(STR("[::]:80"), -1, &a));
    endpoint_make_reachable(&a);
    endpoint_text(&a, text);
    CHECK_STR(str_of(text), "[::1]:80");
}

TEST(listens_once_an_address) {
    struct endpoint a, found;
    int first = -1, second = -1;

    CHECK_OK(endpoint_parse(STR("127.0.0.1:0"), -1, &a));
    CHECK_OK(endpoint_listen(&a, &first));
    CHECK_OK(endpoint_of_socket(first, &found));
    CHECK(endpoint_port(&found) != 0);
    CHECK_ERR(endpoint_listen(&found, &second), ERR_IO);
    close(first);
}

TEST_MAIN
