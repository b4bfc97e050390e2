/* Calls with an Idempotency-Key: carried out once. */
#include "api/keyed.h"

#include "base/mem.h"
#include "tests/unit/api/service.h"

/* --- the header -------------------------------------------------------------------------- */

static const char *parsed(const char *value) {
    static char text[ONCE_MAX_KEY_BYTES + 1];
    OWNED_BUF struct buf key = BUF_INIT(ONCE_MAX_KEY_BYTES);
    enum err e = keyed_parse(str_of(value), &key);

    (void)snprintf(text, sizeof text, "%.*s", (int)key.len, key.ptr ? key.ptr : "");
    return e == ERR_OK ? text : err_text(e);
}

TEST(a_key_is_a_text_in_quotes_or_bare) {
    CHECK_STR(str_of(parsed("\"8e03978e-40d5-43dd\"")), "8e03978e-40d5-43dd");
    CHECK_STR(str_of(parsed("8e03978e-40d5-43dd")), "8e03978e-40d5-43dd");
    CHECK_STR(str_of(parsed("\"a b, c;d\"")), "a b, c;d");
    CHECK_STR(str_of(parsed("\"\\\"\\\\\"")), "\"\\");
    CHECK_STR(str_of(parsed("a/+=:'()")), "a/+=:'()");
}

TEST(a_key_is_nothing_else) {
    static const char *const none[] = {
        "",         "\"\"",     "\"",           "\"a",      "a\"",       "a\"b\"",
        "a b",      "a,b",      "a;b",          "a\\b",     "\"a\"b\"",  "\"a\\\"",
        "\"a\\n\"", "\"a\tb\"", "\"\xc3\xa4\"", "\xc3\xa4", "\"a\x7f\"", "\"a\";b=1",
    };

    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK_STR(str_of(parsed(none[i])), "invalid input");
}

TEST(a_key_has_255_bytes_at_most) {
    char text[300];

    memset(text, 'k', sizeof text);
    text[255] = '\0';
    CHECK_STR(str_of(parsed(text)), text);
    text[255] = 'k';
    text[256] = '\0';
    CHECK_STR(str_of(parsed(text)), "larger than the limit");
    text[0] = text[257] = '"';
    text[256] = 'k';
    text[258] = '\0';
    CHECK_STR(str_of(parsed(text)), "larger than the limit");
    text[256] = '"';
    text[257] = '\0';
    CHECK_STR(str_upto(str_of(parsed(text)), 2), "kk");
}

/* --- calls ------------------------------------------------------------------------------- */

static unsigned keyed(const char *line, const char *key, const char *type, const char *list) {
    char headers[512];

    (void)snprintf(headers, sizeof headers, "Content-Type: %s\nIdempotency-Key: %s", type, key);
    return call(line, headers, str_of(list));
}

static bool is_replayed(void) {
    return str_find_str(buf_str(&head), STR("Idempotency-Replayed: true\n")) != STR_END;
}

static const char *id_of_answer(void) {
    static char ids[4][64];
    static unsigned next;

    char *id = ids[next++ % 4];

    (void)snprintf(id, sizeof *ids, "%s", job_path(""));
    return id;
}

TEST(a_repeat_is_answered_with_the_job_of_the_first) {
    const char *first, *second;
    unsigned jobs;

    CHECK_INT(keyed("POST /v1/jobs?paused=1", "\"one\"", "text/plain", "http://a.test/\nx\n"), 202);
    CHECK(!is_replayed() && holds("\"submission\":"));
    first = id_of_answer();
    CHECK_INT(get("/v1/jobs?limit=500"), 200);
    jobs = count("\"id\":");
    CHECK_INT(
        keyed("POST /v1/jobs?paused=1", "one", "text/plain; charset=utf-8", "http://a.test/\nx\n"),
        202);
    CHECK(is_replayed() && has_header("Location: "));
    CHECK_INT(count("\"submission\":"), 0);
    second = id_of_answer();
    CHECK_STR(str_of(second), first);
    CHECK_INT(get("/v1/jobs?limit=500"), 200);
    CHECK_INT(count("\"id\":"), jobs);
}

TEST(a_repeat_shows_the_job_as_it_is_now) {
    char line[128];

    CHECK_INT(keyed("POST /v1/jobs", "now", "text/plain", "http://a.test/"), 202);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/cancel"));
    CHECK_INT(call(line, "", STR_NONE), 200);
    CHECK_INT(keyed("POST /v1/jobs", "now", "text/plain", "http://a.test/"), 202);
    CHECK(holds("\"state\":\"cancelling\""));
    (void)snprintf(line, sizeof line, "DELETE %s", job_path(""));
    CHECK_INT(call(line, "", STR_NONE), 204);
    CHECK_INT(keyed("POST /v1/jobs", "now", "text/plain", "http://a.test/"), 404);
    CHECK(holds("\"code\":\"job_not_found\""));
    CHECK_INT(keyed("POST /v1/jobs", "now", "text/plain", "http://b.test/"), 422);
}

TEST(a_key_belongs_to_one_request) {
    CHECK_INT(keyed("POST /v1/jobs?priority=3", "r", "text/plain", "http://a.test/\n"), 202);
    CHECK_INT(keyed("POST /v1/jobs?priority=3", "r", "text/plain", "http://a.test/"), 422);
    CHECK(holds("\"code\":\"idempotency_key_reused\""));
    CHECK_INT(keyed("POST /v1/jobs?priority=4", "r", "text/plain", "http://a.test/\n"), 422);
    CHECK_INT(keyed("POST /v1/jobs?nonsense=4", "r", "text/plain", "http://a.test/\n"), 422);
    CHECK_INT(keyed("POST /v1/jobs", "r", "text/plain", "http://a.test/\n"), 422);
    CHECK_INT(keyed("POST /v1/jobs?priority=3", "r", "application/json", "http://a.test/\n"), 422);
    CHECK_INT(keyed("POST /v1/jobs?priority=3", "r", "text/plain", ""), 422);
    CHECK_INT(keyed("POST /v1/jobs?priority=3", "R", "text/plain", "http://a.test/\n"), 202);
    CHECK(!is_replayed());
    CHECK_INT(keyed("POST /v1/jobs?priority=3", "r", "text/plain", "http://a.test/\n"), 202);
    CHECK(is_replayed());
}

TEST(json_is_known_again_too) {
    static const char body_of_one[] = "{\"urls\":[\"http://a.test/\"],\"priority\":3}";
    static const char the_same_in_other_words[] = "{\"priority\":3,\"urls\":[\"http://a.test/\"]}";

    CHECK_INT(keyed("POST /v1/jobs", "j", "application/json", body_of_one), 202);
    CHECK_INT(keyed("POST /v1/jobs", "j", "application/json", body_of_one), 202);
    CHECK(is_replayed());
    CHECK_INT(keyed("POST /v1/jobs", "j", "application/json", the_same_in_other_words), 422);
}

TEST(an_error_frees_the_key) {
    CHECK_INT(keyed("POST /v1/jobs", "e", "text/plain", "x"), 422);
    CHECK(holds("\"code\":\"no_valid_url\""));
    CHECK_INT(keyed("POST /v1/jobs?priority=99", "e", "text/plain", "http://a.test/"), 400);
    CHECK_INT(keyed("POST /v1/jobs", "e", "text/html", "http://a.test/"), 415);
    CHECK_INT(keyed("POST /v1/jobs", "e", "application/json", "{"), 400);
    CHECK_INT(keyed("POST /v1/jobs", "e", "text/plain", "http://a.test/\n\xff\n"), 400);
    CHECK_INT(keyed("POST /v1/jobs?strict=1", "e", "text/plain", "http://a.test/\nx"), 422);
    CHECK_INT(keyed("POST /v1/jobs", "e", "text/plain", "http://a.test/"), 202);
    CHECK(!is_replayed());
}

TEST(a_key_that_is_none_is_refused) {
    CHECK_INT(keyed("POST /v1/jobs", "a b", "text/plain", "http://a.test/"), 400);
    CHECK(holds("\"parameter\":\"Idempotency-Key\",\"detail\":\"must be one text"));
    CHECK_INT(keyed("POST /v1/jobs", "", "text/plain", "http://a.test/"), 400);
    CHECK_INT(keyed("POST /v1/jobs", "a\nIdempotency-Key: a", "text/plain", "http://a.test/"), 400);
}

TEST(a_dry_run_needs_no_key) {
    CHECK_INT(keyed("POST /v1/jobs?dry_run=1", "d", "text/plain", "http://a.test/"), 200);
    CHECK_INT(keyed("POST /v1/jobs?dry_run=1", "d", "text/plain", "http://b.test/"), 200);
    CHECK_INT(keyed("POST /v1/jobs", "d", "text/plain", "http://a.test/"), 202);
    CHECK(!is_replayed());
}

TEST(additions_are_made_once) {
    char line[128];

    CHECK_INT(post_text("?paused=1", "http://a.test/"), 202);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/urls"));
    CHECK_INT(keyed(line, "add", "text/plain", "http://a.test/2"), 202);
    CHECK(holds("\"total\":2,"));
    CHECK_INT(keyed(line, "add", "text/plain", "http://a.test/2"), 202);
    CHECK(is_replayed() && has_header("Location: ") && holds("\"duplicates\":0,"));
    CHECK_INT(keyed(line, "add", "text/plain", "http://a.test/3"), 422);
    CHECK_INT(keyed("POST /v1/jobs", "add", "text/plain", "http://a.test/2"), 422);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/cancel"));
    CHECK_INT(call(line, "", STR_NONE), 200);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/urls"));
    CHECK_INT(keyed(line, "add", "text/plain", "http://a.test/2"), 202); /* it was made before */
    CHECK(is_replayed());
    CHECK_INT(keyed(line, "add2", "text/plain", "http://a.test/2"), 409);
}

TEST(retries_are_made_once) {
    char line[128];

    CHECK_INT(post_text("?paused=1", "http://a.test/"), 202);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/retry?code=timeout"));
    CHECK_INT(call(line, "Idempotency-Key: again", STR_NONE), 202);
    CHECK(!is_replayed() && holds("\"retried\":0"));
    CHECK_INT(call(line, "Idempotency-Key: again", STR_NONE), 202);
    CHECK(is_replayed());
    CHECK_INT(count("\"retried\""), 0);
    CHECK_INT(call(line, "Idempotency-Key: again", STR("a body")), 422);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/retry"));
    CHECK_INT(call(line, "Idempotency-Key: again", STR_NONE), 422);
    CHECK_INT(call(line, "Idempotency-Key: a b", STR_NONE), 400);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/retry?code=x"));
    CHECK_INT(call(line, "Idempotency-Key: free", STR_NONE), 400);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/retry"));
    CHECK_INT(call(line, "Idempotency-Key: free", STR_NONE), 202);
    CHECK(!is_replayed());
}

TEST(a_key_holds_for_a_day_by_the_clock_of_the_calls) {
    ahead_ms = 1000LL * 365 * 86400 * 1000; /* by which nothing is too old for the store */
    CHECK_INT(keyed("POST /v1/jobs", "day", "text/plain", "http://a.test/"), 202);
    ahead_ms += ONCE_KEPT_MS - 60000;
    CHECK_INT(keyed("POST /v1/jobs", "day", "text/plain", "http://a.test/"), 202);
    CHECK(is_replayed());
    CHECK_INT(keyed("POST /v1/jobs", "day", "text/plain", "http://b.test/"), 422);
    ahead_ms += 60000;
    CHECK_INT(keyed("POST /v1/jobs", "day", "text/plain", "http://b.test/"), 202);
    CHECK(!is_replayed());
    ahead_ms = 0;
}

/* --- two at once -------------------------------------------------------------------------- */

static struct api_call *begin(const char *key) {
    struct api_header headers[] = {{STR("Host"), STR("localhost:8080")},
                                   {STR("Content-Type"), STR("text/plain")},
                                   {STR("Idempotency-Key"), str_of(key)}};
    struct api_request r = {.method = STR("POST"),
                            .target = STR("/v1/jobs"),
                            .version = STR("HTTP/1.1"),
                            .headers = headers,
                            .n_headers = 3,
                            .now_ms = clock_wall_ms()};

    return api_call_new(api, &r);
}

TEST(one_under_way_holds_the_key_until_its_answer) {
    OWNED(api_call) struct api_call *first = begin("busy"), *gone = NULL;

    CHECK(api_call_wants_body(first));
    CHECK_INT(keyed("POST /v1/jobs", "busy", "text/plain", "http://a.test/"), 409);
    CHECK(holds("\"code\":\"idempotency_key_in_use\"") && has_header("Retry-After: 1\n"));
    CHECK(api_call_body(first, STR("http://a.test/")));
    CHECK_INT(keyed("POST /v1/jobs", "busy", "text/plain", "http://b.test/"), 409);
    api_call_finish(first);
    CHECK_INT(api_call_response(first)->status, 202);
    CHECK_INT(keyed("POST /v1/jobs", "busy", "text/plain", "http://a.test/"), 202);
    CHECK(is_replayed());
    gone = begin("gone");
    CHECK(api_call_body(gone, STR("http://a.test/")));
    api_call_free(TAKE(gone)); /* its sender went away */
    CHECK_INT(keyed("POST /v1/jobs", "gone", "text/plain", "http://b.test/"), 202);
    CHECK(!is_replayed());
}

TEST(a_refusal_frees_the_key_before_it_is_heard) {
    OWNED(api_call) struct api_call *bad = begin("heard"), *stopped = NULL;

    CHECK(api_call_body(bad, STR("http://a.test/\n\xff\n")));
    CHECK(!api_call_wants_body(bad));
    CHECK_INT(keyed("POST /v1/jobs", "heard", "text/plain", "http://a.test/"), 202);
    stopped = begin("refused");
    api_call_refuse(stopped, "the service is stopping");
    CHECK_INT(keyed("POST /v1/jobs", "refused", "text/plain", "http://a.test/"), 202);
}

int main(int argc, char **argv) {
    return service_main(argc, argv);
}
