#include "crawler/reply.h"

#include "tests/test.h"

#define HOUR_MS (3600 * 1000)
#define NOW 784111777000 /* Sun, 06 Nov 1994 08:49:37 GMT */

static int64_t after(const char *value) {
    return reply_retry_after(str_of(value), NOW);
}

TEST(reads_seconds) {
    CHECK_INT(after("120"), 120000);
    CHECK_INT(after("0"), 0);
    CHECK_INT(after("3600"), HOUR_MS);
    CHECK_INT(after("007"), 7000);
}

TEST(reads_dates_in_three_formats) {
    CHECK_INT(after("Sun, 06 Nov 1994 08:50:37 GMT"), 60000);
    CHECK_INT(after("Sunday, 06-Nov-94 08:50:37 GMT"), 60000);
    CHECK_INT(after("Sun Nov  6 08:50:37 1994"), 60000);
}

TEST(clamps_what_is_too_long) {
    CHECK_INT(after("3601"), HOUR_MS);
    CHECK_INT(after("99999999999999999999999999"), HOUR_MS);
    CHECK_INT(after("18446744073709551616"), HOUR_MS);
    CHECK_INT(after("Sun, 06 Nov 1994 10:49:37 GMT"), HOUR_MS);
    CHECK_INT(after("Fri, 31 Dec 9999 23:59:59 GMT"), HOUR_MS);
}

TEST(clamps_what_is_past) {
    CHECK_INT(after("Sun, 06 Nov 1994 08:49:37 GMT"), 0);
    CHECK_INT(after("Sat, 05 Nov 1994 08:49:37 GMT"), 0);
    CHECK_INT(after("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
}

TEST(takes_nothing_else) {
    static const char *const bad[] = {
        "",
        "-1",
        "-120",
        "+5",
        "1.5",
        "5s",
        "5 minutes",
        "120, 60",
        "soon",
        "0x10",
        ";",
        "1e3",
        "GMT",
        "\xff\xfe",
        "Sunday",
        "Sun, 99 Nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (after(bad[i]) != -1)
            TEST_FAIL("\"%s\" gives %" PRId64, bad[i], after(bad[i]));
    }
    CHECK_INT(reply_retry_after(STR("12\0"
                                    "0"),
                                NOW),
              -1);
}

TEST(takes_endless_junk) {
    static char junk[100000];

    memset(junk, 'S', sizeof junk);
    CHECK_INT(reply_retry_after(str_at(junk, sizeof junk), NOW), -1);
    memset(junk, '9', sizeof junk);
    CHECK_INT(reply_retry_after(str_at(junk, sizeof junk), NOW), HOUR_MS);
}

static int64_t after_lines(const char *first, const char *second) {
    struct reply r;
    int64_t ms = -2;

    reply_init(&r);
    if (reply_put_line(&r, STR("HTTP/1.1 429 Slow down\r\n"), NOW) == ERR_OK &&
        reply_put_line(&r, str_of(first), NOW) == ERR_OK &&
        reply_put_line(&r, str_of(second), NOW) == ERR_OK)
        ms = r.retry_after_ms;
    reply_done(&r);
    return ms;
}

TEST(finds_it_in_a_head) {
    CHECK_INT(after_lines("Server: x\r\n", "retry-after:  5 \r\n"), 5000);
    CHECK_INT(after_lines("Server: x\r\n", "Retry-After:\r\n"), -1);
    CHECK_INT(after_lines("Server: x\r\n", "X-Retry-After: 5\r\n"), -1);
    CHECK_INT(after_lines("Retry-After: 60\r\n", "Retry-After: 5\r\n"), 60000);
    CHECK_INT(after_lines("Retry-After: 60\r\n", "Retry-After: soon\r\n"), 60000);
    CHECK_INT(after_lines("Retry-After: soon\r\n", "Retry-After: 60\r\n"), 60000);
}

/* RFC 9110 section 5.3: fields of one name are one list, line by line here */
TEST(gathers_link_headers) {
    static const char *const lines[] = {"HTTP/1.1 103 Early\r\n",
                                        "Link: </no>\r\n",
                                        "\r\n",
                                        "HTTP/1.1 200 OK\r\n",
                                        "LINK:  </a>; rel=x \r\n",
                                        "Linked: </no>\r\n",
                                        "link: </b>,</c>\r\n",
                                        "\r\n",
                                        "Link: </trailer>\r\n"};
    struct reply r;

    reply_init(&r);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        CHECK_OK(reply_put_line(&r, str_of(lines[i]), NOW));
    CHECK_STR(buf_str(&r.link), "</a>; rel=x\n</b>,</c>");
    reply_done(&r);
}

TEST_MAIN
