#include "api/problem.h"

#include "base/utf8.h"
#include "tests/test.h"

TEST(says_what_is_wrong_and_where) {
    OWNED_PROBLEM struct problem p;
    OWNED_BUF struct buf out = BUF_INIT(1 << 16);

    problem_init(&p, PROBLEM_INVALID_OPTION);
    problem_fault(&p, FAULT_POINTER, STR("#/urls/3"), "must be a %s", "text");
    problem_fault_line(&p, 7, "is not UTF-8");
    problem_fault(&p, FAULT_PARAMETER, STR("li\"mit"), "is odd");
    CHECK_OK(problem_write(&p, STR("id-1"), &out));
    CHECK_STR(buf_str(&out),
              "{\"type\":\"urn:crawld:problem:invalid_option\",\"code\":\"invalid_option\","
              "\"title\":\"The request has options that are not valid\",\"status\":400,"
              "\"detail\":\"#/urls/3: must be a text\",\"request_id\":\"id-1\",\"errors\":["
              "{\"pointer\":\"#/urls/3\",\"detail\":\"must be a text\"},"
              "{\"line\":7,\"detail\":\"is not UTF-8\"},"
              "{\"parameter\":\"li\\\"mit\",\"detail\":\"is odd\"}]}");
}

static void check_detail(const struct problem *p, const char *expected) {
    OWNED_BUF struct buf out = BUF_INIT(1 << 16);

    CHECK_OK(problem_write(p, STR("id"), &out));
    CHECK(str_find_str(buf_str(&out), str_of(expected)) != STR_END);
}

TEST(says_in_the_detail_what_it_speaks_of) {
    OWNED_PROBLEM struct problem line, parameter, general, title;

    problem_init(&line, PROBLEM_INVALID_TEXT);
    problem_fault_line(&line, 7, "is not UTF-8");
    check_detail(&line, "\"detail\":\"line 7: is not UTF-8\"");
    problem_init(&parameter, PROBLEM_INVALID_PARAMETER);
    problem_fault(&parameter, FAULT_PARAMETER, STR("limit"), "is odd");
    check_detail(&parameter, "\"detail\":\"limit: is odd\"");
    problem_init(&general, PROBLEM_NOT_READY);
    problem_fault(&general, FAULT_GENERAL, STR_NONE, "stopping");
    check_detail(&general, "\"detail\":\"stopping\"");
    problem_init(&title, PROBLEM_NOT_FOUND);
    check_detail(&title, "\"detail\":\"There is no such resource\"");
}

TEST(holds_text_from_outside_within_bounds) {
    OWNED_PROBLEM struct problem p;
    OWNED_BUF struct buf out = BUF_INIT(1 << 16);
    char text[5000];

    memset(text, '\xc3', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    problem_init(&p, PROBLEM_NOT_FOUND);
    problem_detail(&p, "%s", text);
    for (int i = 0; i < 100; i++) {
        problem_fault(&p, FAULT_POINTER, str_of(text), "%s", text);
        problem_fault_line(&p, 1, "%s", text);
    }
    CHECK_INT(p.n_faults, PROBLEM_MAX_FAULTS);
    CHECK_OK(problem_write(&p, STR("id"), &out));
    CHECK(utf8_valid(buf_str(&out)));
}

TEST(has_a_status_for_every_code) {
    for (int c = 0; c < PROBLEM_COUNT; c++)
        CHECK(problem_status((enum problem_code)c) >= 400);
}

TEST_MAIN
