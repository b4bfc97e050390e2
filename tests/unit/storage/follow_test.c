#include "storage/model.h"
#include "tests/test.h"

static struct follow_url a_url(void) {
    return (struct follow_url){.url = STR("https://a.example/x"),
                               .host_key = STR("a.example:443"),
                               .bucket = 4095,
                               .depth = 3,
                               .prefix_len = 18};
}

TEST(what_goes_in_comes_out_in_order) {
    struct follow_url u = a_url(), back;
    struct follow f;
    struct str rest;

    follow_init(&f);
    CHECK_OK(follow_put(&f, &u));
    u.url = STR("https://a.example/");
    CHECK_OK(follow_put(&f, &u));
    CHECK_INT(f.n, 2);
    rest = buf_str(&f.rows);
    CHECK_OK(follow_next(&rest, &back));
    CHECK_STR(back.url, "https://a.example/x");
    CHECK_STR(back.host_key, "a.example:443");
    CHECK(back.bucket == 4095 && back.depth == 3 && back.prefix_len == 18);
    CHECK_OK(follow_next(&rest, &back));
    CHECK_STR(back.url, "https://a.example/");
    CHECK_ERR(follow_next(&rest, &back), ERR_NOT_FOUND);
    follow_done(&f);
}

TEST(each_cut_is_seen) {
    struct follow_url u = a_url(), back;
    struct follow f;

    follow_init(&f);
    CHECK_OK(follow_put(&f, &u));
    for (size_t len = 1; len < f.rows.len; len++) {
        struct str rest = str_upto(buf_str(&f.rows), len);

        CHECK_ERR(follow_next(&rest, &back), ERR_CORRUPT);
    }
    follow_done(&f);
}

TEST(what_does_not_fit_leaves_nothing_behind) {
    struct follow_url u = a_url();
    struct follow f = {.rows = BUF_INIT(50)};
    size_t len;

    CHECK_OK(follow_put(&f, &u));
    len = f.rows.len;
    CHECK_ERR(follow_put(&f, &u), ERR_TOO_BIG);
    CHECK(f.rows.len == len && f.n == 1);
    follow_done(&f);
}

TEST_MAIN
