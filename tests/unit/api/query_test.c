#include "api/query.h"

#include "tests/test.h"

static struct problem problem;

static enum err parse(struct query *q, const char *raw) {
    query_done(q);
    problem_done(&problem);
    return query_parse(q, str_of(raw), &problem);
}

TEST(decodes_names_and_values) {
    struct query q;

    query_init(&q);
    CHECK_OK(parse(&q, "a=1&b%2Bc=x%20y+z&&empty=&flag"));
    CHECK_INT(q.n, 4);
    CHECK_STR(*query_get(&q, "a"), "1");
    CHECK_STR(*query_get(&q, "b+c"), "x y z");
    CHECK_STR(*query_get(&q, "empty"), "");
    CHECK_STR(*query_get(&q, "flag"), "");
    CHECK(!query_get(&q, "c"));
    CHECK_OK(parse(&q, ""));
    query_done(&q);
}

TEST(refuses_what_is_broken) {
    static const char *const broken[] = {"a=%",   "a=%4",    "a=%zz", "%f=1", "a=%01",
                                         "a=%ff", "a=1&a=2", "a=%7f", "a=%C3"};
    struct query q;
    char many[QUERY_MAX_PARAMETERS * 8];
    size_t len = 0;

    query_init(&q);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        CHECK_ERR(parse(&q, broken[i]), ERR_INVALID);
        CHECK_INT(problem.n_faults, 1);
    }
    CHECK_ERR(parse(&q, "a=%1f"), ERR_INVALID);
    CHECK_STR(str_of(problem.faults[0].detail), "holds a control character");
    CHECK_ERR(parse(&q, "a=%fe"), ERR_INVALID);
    CHECK_STR(str_of(problem.faults[0].detail), "is not text in UTF-8");
    for (int i = 0; i <= QUERY_MAX_PARAMETERS; i++)
        len += (size_t)snprintf(many + len, sizeof many - len, "p%d=&", i);
    CHECK_ERR(parse(&q, many), ERR_INVALID);
    query_done(&q);
    problem_done(&problem);
}

TEST(escapes_what_goes_into_a_link) {
    OWNED_BUF struct buf out = BUF_INIT(100);

    CHECK_OK(query_put_escaped(&out, STR("a-b_c.~/?&=+ \xc3")));
    CHECK_STR(buf_str(&out), "a-b_c.~%2F%3F%26%3D%2B%20%C3");
}

TEST_MAIN
