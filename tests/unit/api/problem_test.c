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
              "\"detail\":\"must be a text\",\"request_id\":\"id-1\",\"errors\":["
              "{\"pointer\":\"#/urls/3\",\"detail\":\"must be a text\"},"
              "{\"line\":7,\"detail\":\"is not UTF-8\"},"
              "{\"parameter\":\"li\\\"mit\",\"detail\":\"is odd\"}]}");
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
