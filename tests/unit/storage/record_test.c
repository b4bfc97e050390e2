#include "storage/model.h"
#include "tests/test.h"

static struct record full_record(void) {
    return (struct record){.place = 7,
                           .host = INT64_MAX - 1,
                           .url = STR("https://a.example/"),
                           .input = STR("a.example"),
                           .final_url = STR("https://b.example/"),
                           .outcome = OUTCOME_FAILED,
                           .code = CODE_HTTP_4XX,
                           .http_status = 404,
                           .content_type = STR("text/html"),
                           .bytes = 1ULL << 40,
                           .links_found = 3,
                           .links_dropped = 1,
                           .depth = 2,
                           .attempts = 3,
                           .referrer = -1,
                           .redirects = STR("301 https://a.example/"),
                           .started_at = 1700000000000,
                           .elapsed_ms = 12,
                           .etag = STR("\"x\""),
                           .last_modified = STR("Wed, 25 Nov 2026 09:00:00 GMT"),
                           .not_modified = true};
}

TEST(comes_back_as_it_was) {
    const struct record full = full_record();
    struct buf b OWNED_BUF = BUF_INIT(RECORD_MAX_BYTES);
    struct record r;

    CHECK_OK(record_encode(&b, &full));
    CHECK_OK(record_decode(buf_str(&b), &r));
    CHECK(r.index == 7 && r.place == 7 && r.host == INT64_MAX - 1);
    CHECK_STR(r.url, "https://a.example/");
    CHECK_STR(r.input, "a.example");
    CHECK_STR(r.final_url, "https://b.example/");
    CHECK(r.outcome == OUTCOME_FAILED && r.code == CODE_HTTP_4XX && r.http_status == 404);
    CHECK_STR(r.content_type, "text/html");
    CHECK_INT(r.bytes, 1LL << 40);
    CHECK(r.links_found == 3 && r.links_dropped == 1 && r.depth == 2 && r.attempts == 3);
    CHECK_INT(r.referrer, -1);
    CHECK_STR(r.redirects, "301 https://a.example/");
    CHECK_INT(r.started_at, 1700000000000);
    CHECK_INT(r.elapsed_ms, 12);
    CHECK_STR(r.etag, "\"x\"");
    CHECK_STR(r.last_modified, "Wed, 25 Nov 2026 09:00:00 GMT");
    CHECK(r.not_modified);
    CHECK_INT(r.seq, 0);
}

TEST(what_was_discovered_has_no_index) {
    const struct record found = {.place = 9, .referrer = 2, .host = -1};
    struct buf b OWNED_BUF = BUF_INIT(RECORD_MAX_BYTES);
    struct record r;

    CHECK_OK(record_encode(&b, &found));
    CHECK_OK(record_decode(buf_str(&b), &r));
    CHECK(r.index == -1 && r.place == 9 && r.referrer == 2 && r.host == -1);
}

TEST(an_equal_final_url_is_stored_once) {
    const struct record full = full_record();
    struct buf b OWNED_BUF = BUF_INIT(RECORD_MAX_BYTES);
    struct record same = full, r;
    size_t len;

    CHECK_OK(record_encode(&b, &same));
    len = b.len;
    buf_clear(&b);
    same.final_url = same.url;
    CHECK_OK(record_encode(&b, &same));
    CHECK_INT(b.len, len - same.url.len);
    CHECK_OK(record_decode(buf_str(&b), &r));
    CHECK_STR(r.final_url, "https://a.example/");
}

TEST(the_url_stands_first) {
    const struct record full = full_record();
    struct buf b OWNED_BUF = BUF_INIT(RECORD_MAX_BYTES);

    CHECK_OK(record_encode(&b, &full));
    CHECK(b.ptr[0] == (char)full.url.len && str_starts(str_from(buf_str(&b), 1), full.url));
}

TEST(each_cut_is_seen) {
    const struct record full = full_record();
    struct buf b OWNED_BUF = BUF_INIT(RECORD_MAX_BYTES);
    struct record r;

    CHECK_OK(record_encode(&b, &full));
    for (size_t len = 0; len < b.len; len++)
        CHECK_ERR(record_decode(str_upto(buf_str(&b), len), &r), ERR_CORRUPT);
}

TEST(wild_numbers_are_no_outcomes) {
    const struct record full = full_record();
    struct buf b OWNED_BUF = BUF_INIT(RECORD_MAX_BYTES);
    struct record r;

    CHECK_OK(record_encode(&b, &full));
    b.ptr[1 + full.url.len + 2 + 9] = 99; /* behind format, place and host */
    CHECK_ERR(record_decode(buf_str(&b), &r), ERR_CORRUPT);
}

TEST(what_does_not_fit_leaves_nothing_behind) {
    const struct record full = full_record();
    struct buf b OWNED_BUF = BUF_INIT(64);

    CHECK_OK(buf_put(&b, STR("before")));
    CHECK_ERR(record_encode(&b, &full), ERR_TOO_BIG);
    CHECK_STR(buf_str(&b), "before");
}

TEST_MAIN
