#include "api/guard.h"

#include "tests/test.h"

enum { MOST = 8 };

/* "Name: value" lines; the name ends at the first colon. */
static struct api_request request(const char *target, const char *head,
                                  struct api_header headers[MOST]) {
    struct api_request r = {.method = STR("GET"), .version = STR("HTTP/1.1")};
    struct str lines = str_of(head);

    r.target = str_of(target);
    r.headers = headers;
    while (lines.len) {
        struct str value = str_cut(&lines, '\n');
        struct str name = str_cut(&value, ':');

        headers[r.n_headers++] =
            (struct api_header){name, str_starts(value, STR(" ")) ? str_from(value, 1) : value};
    }
    return r;
}

static unsigned framing(const char *target, const char *head) {
    struct api_header headers[MOST];
    struct api_request r = request(target, head, headers);
    struct guard_refusal found = guard_framing(&r);

    return found.code == PROBLEM_COUNT ? 0 : problem_status(found.code);
}

TEST(lets_ordinary_requests_pass) {
    CHECK_INT(framing("/v1/jobs?x=%20", "Host: a \nContent-Length: 5"), 0);
    CHECK_INT(framing("/", "Host: a\nTransfer-Encoding: Chunked\nX-Text: a\tb"), 0);
}

TEST(refuses_what_two_parsers_may_read_differently) {
    CHECK_INT(framing("/", "Host: a\nContent-Length: 5\nTransfer-Encoding: chunked"), 400);
    CHECK_INT(framing("/", "Host: a\nContent-Length: 5\ncontent-length: 5"), 400);
    CHECK_INT(framing("/", "Host: a\nContent-Length : 5"), 400);
    CHECK_INT(framing("/", "Host: a\nContent-Length: +5"), 400);
    CHECK_INT(framing("/", "Host: a\nContent-Length:"), 400);
    CHECK_INT(framing("/", "Host: a\nHost: b"), 400);
    CHECK_INT(framing("/", "Accept: b"), 400);
    CHECK_INT(framing("/", "Host: a\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked"), 400);
    CHECK_INT(framing("/", "Host: a\nTransfer-Encoding: gzip, chunked"), 501);
    CHECK_INT(framing("/", "Host: a\nTransfer-Encoding: xchunked"), 501);
    CHECK_INT(framing("/", "Host: a\nTransfer-Encoding: chunked "), 501);
    CHECK_INT(framing("/", "Host: a\nTransfer-Encoding: Chunked\t"), 501);
    CHECK_INT(framing("/", "Host: a\nX\x01: b"), 400);
    CHECK_INT(framing("/", "Host: a\nX: b\x7f"), 400);
}

TEST(refuses_targets_that_are_no_path) {
    CHECK_INT(framing("http://evil/a", "Host: a"), 400);
    CHECK_INT(framing("*", "Host: a"), 400);
    CHECK_INT(framing("", "Host: a"), 400);
    CHECK_INT(framing("/a%00b", "Host: a"), 400);
    CHECK_INT(framing("/a\x01", "Host: a"), 400);
    CHECK_INT(framing("/a b", "Host: a"), 400);
}

TEST(refuses_a_nul_in_a_header) {
    struct api_header headers[] = {{STR("Host"), STR("a")}, {STR("X"), STR("a\0b")}};
    struct api_request r = {.target = STR("/"), .version = STR("HTTP/1.1"), .headers = headers};

    r.n_headers = 2;
    CHECK_INT(guard_framing(&r).code, PROBLEM_BAD_REQUEST);
}

TEST(refuses_chunks_in_http_1_0) {
    struct api_header headers[] = {{STR("Transfer-Encoding"), STR("chunked")}};
    struct api_request r = {.target = STR("/"), .version = STR("HTTP/1.0"), .headers = headers};

    r.n_headers = 1;
    CHECK_INT(guard_framing(&r).code, PROBLEM_BAD_REQUEST);
    r.n_headers = 0;
    CHECK_INT(guard_framing(&r).code, PROBLEM_COUNT);
}

static const char *const allowed[] = {"crawl.example", NULL};

static enum problem_code browser_of(struct guard_policy policy, const char *head) {
    struct api_header headers[MOST];
    struct api_request r = request("/", head, headers);

    return guard_browser(&r, &policy).code;
}

static enum problem_code browser(bool is_loopback, const char *head) {
    return browser_of((struct guard_policy){is_loopback, is_loopback ? allowed : NULL, false, NULL},
                      head);
}

TEST(knows_the_hosts_of_this_machine) {
    static const char *const own[] = {"localhost",     "LOCALHOST:8080", "127.0.0.1:80",
                                      "127.8.9.1",     "[::1]",          "[::1]:8080",
                                      "crawl.example", "crawl.example:1"};
    static const char *const foreign[] = {
        "evil.test", "127.0.0.1.evil.test", "10.0.0.1", "[::2]", "localhost.evil", "", "0x7f.1",
        "[::1",      "[127.0.0.1]"};
    char head[64];

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        (void)snprintf(head, sizeof head, "Host: %s", own[i]);
        CHECK_INT(browser(true, head), PROBLEM_COUNT);
    }
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        (void)snprintf(head, sizeof head, "Host: %s", foreign[i]);
        CHECK_INT(browser(true, head), PROBLEM_FORBIDDEN_HOST);
        CHECK_INT(browser(false, head), PROBLEM_COUNT);
        CHECK_INT(browser_of((struct guard_policy){false, allowed + 1, false, NULL}, head),
                  PROBLEM_COUNT);
        CHECK_INT(browser_of((struct guard_policy){false, allowed, false, NULL}, head),
                  PROBLEM_FORBIDDEN_HOST);
    }
    CHECK_INT(
        browser_of((struct guard_policy){false, allowed, false, NULL}, "Host: CRAWL.example:80"),
        PROBLEM_COUNT);
    CHECK_INT(browser_of((struct guard_policy){false, allowed, false, NULL}, "Host: 127.0.0.1"),
              PROBLEM_COUNT);
}

TEST(refuses_other_sites) {
    enum problem_code no = PROBLEM_FORBIDDEN_ORIGIN;

    CHECK_INT(browser(true, "Host: localhost:8080 \nOrigin: http://localhost:8080 "),
              PROBLEM_COUNT);
    CHECK_INT(browser(false, "Host: c.test\nOrigin: https://C.test:443"), PROBLEM_COUNT);
    CHECK_INT(browser(false, "Host: c.test:80\nOrigin: http://c.test"), PROBLEM_COUNT);
    CHECK_INT(browser(true, "Host: localhost:8080\nOrigin: http://localhost:3000"), no);
    CHECK_INT(browser(true, "Host: localhost\nOrigin: http://evil.test"), no);
    CHECK_INT(browser(true, "Host: localhost\nOrigin: null"), no);
    CHECK_INT(browser(true, "Host: localhost\nOrigin:"), no);
    CHECK_INT(browser(true, "Host: localhost\nSec-Fetch-Site: cross-site"), no);
    CHECK_INT(browser(true, "Host: localhost\nSec-Fetch-Site: same-origin"), PROBLEM_COUNT);
}

#ifdef CRAWLD_TEST_SWITCHES
TEST(guards_can_be_seen_to_matter) {
    (void)setenv("CRAWLD_TEST_GUARDS_OFF", "framing,host,browser", 1);
    CHECK_INT(framing("*", "Host: a\nContent-Length: 5\nTransfer-Encoding: chunked"), 0);
    CHECK_INT(browser(true, "Host: evil.test\nOrigin: http://x.test"), PROBLEM_COUNT);
    (void)unsetenv("CRAWLD_TEST_GUARDS_OFF");
}
#endif

TEST(who_has_a_token_may_come_from_anywhere) {
    static const char foreign[] =
        "Host: a.example\nOrigin: https://b.example\nSec-Fetch-Site: cross-site";

    CHECK_INT(browser_of((struct guard_policy){true, NULL, true, NULL}, foreign), PROBLEM_COUNT);
    CHECK_INT(browser_of((struct guard_policy){true, allowed, true, NULL}, foreign),
              PROBLEM_FORBIDDEN_HOST);
}

TEST_MAIN
