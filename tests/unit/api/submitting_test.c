/* How a list is taken: as a whole or not at all, or only looked at. */
#include "tests/unit/api/service.h"

static unsigned post(const char *line, const char *type, const char *list) {
    char header[64];

    (void)snprintf(header, sizeof header, "Content-Type: %s", type);
    return call(line, header, str_of(list));
}

static unsigned jobs(void) {
    return get("/v1/jobs?limit=500") != 200 ? 0 : count("\"id\":");
}

/* --- strict ---------------------------------------------------------------------------- */

TEST(a_strict_list_is_taken_as_a_whole) {
    CHECK_INT(post("POST /v1/jobs?strict=1", "text/plain", "http://a.test/\nhttp://a.test/\n"),
              202);
    CHECK(holds("\"accepted\":1,\"duplicates\":1,\"rejected\":0"));
    CHECK_INT(post("POST /v1/jobs?strict=true", "application/json",
                   "{\"urls\":[\"http://a.test/\"],\"priority\":3}"),
              202);
    CHECK_INT(post("POST /v1/jobs?strict=1&paused=1", "text/plain", ""), 202);
    CHECK_INT(post("POST /v1/jobs?strict=0", "text/plain", "http://a.test/\nx\n"), 202);
    CHECK(holds("\"rejected\":1"));
}

TEST(a_strict_list_is_refused_as_a_whole) {
    unsigned before = jobs();

    CHECK_INT(post("POST /v1/jobs?strict=1", "text/plain", "http://a.test/\n\nx\nftp://a/\n"), 422);
    CHECK(holds("\"code\":\"rejected_url\""));
    CHECK(holds("\"errors\":[{\"line\":3,"));
    CHECK(holds("{\"line\":4,\"detail\":\"only http and https are crawled\"}"));
    CHECK_INT(
        post("POST /v1/jobs?strict=1", "application/json", "{\"urls\":[\"http://a.test/\",\"x\"]}"),
        422);
    CHECK(holds("\"code\":\"rejected_url\""));
    CHECK(holds("\"errors\":[{\"pointer\":\"#/urls/1\","));
    CHECK_INT(post("POST /v1/jobs?strict=1", "text/plain", "# none\n"), 422);
    CHECK(holds("\"code\":\"empty_list\""));
    CHECK_INT(jobs(), before);
}

TEST(a_strict_addition_changes_nothing) {
    char line[128];

    CHECK_INT(post("POST /v1/jobs?paused=1", "text/plain", "http://a.test/"), 202);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/urls?strict=1"));
    CHECK_INT(post(line, "text/plain", "http://a.test/2\nx\n"), 422);
    CHECK(holds("\"errors\":[{\"line\":2,"));
    CHECK_INT(get(job_path("")), 200);
    CHECK(holds("\"total\":1,"));
    CHECK_INT(post(line, "text/plain", "http://a.test/2\n"), 202);
    CHECK(holds("\"total\":2,"));
}

TEST(strict_is_a_flag_of_the_query) {
    CHECK_INT(post("POST /v1/jobs?strict=yes", "text/plain", "http://a.test/"), 400);
    CHECK(holds("{\"parameter\":\"strict\",\"detail\":\"must be 1, 0, true or false\"}"));
    CHECK_INT(post("POST /v1/jobs?strict=", "application/json", "{\"urls\":[]}"), 400);
    CHECK_INT(post_json("{\"urls\":[\"http://a.test/\"],\"strict\":true}"), 400);
    CHECK(holds("{\"pointer\":\"#/strict\",\"detail\":\"is a parameter of the query\"}"));
}

/* --- dry runs -------------------------------------------------------------------------- */

TEST(a_dry_run_tells_and_stores_nothing) {
    unsigned before = jobs();

    CHECK_INT(post("POST /v1/jobs?dry_run=1&host_delay_ms=1500", "text/plain",
                   "http://b.test/1\nhttps://a.test/\nhttp://b.test/2\nx\nhttp://b.test/1#f\n"
                   "http://b.test:8080/\nhttp://b.test/3\n"),
              200);
    CHECK(holds("{\"submission\":{\"received\":7,\"accepted\":5,\"duplicates\":1,\"rejected\":1,"));
    CHECK(holds("{\"index\":3,\"input\":\"x\",\"code\":\"invalid_url\","));
    CHECK(holds("\"host_count\":3,\"hosts\":[{\"host\":\"b.test:80\",\"urls\":3},"
                "{\"host\":\"a.test:443\",\"urls\":1},{\"host\":\"b.test:8080\",\"urls\":1}],"
                "\"least_seconds\":3}"));
    CHECK_INT(post("POST /v1/jobs?dry_run=true", "application/json",
                   "{\"urls\":[\"http://a.test/1\",\"http://a.test/2\"],\"host_delay_ms\":250}"),
              200);
    CHECK(holds("\"least_seconds\":0.250}"));
    CHECK_INT(str_find_str(buf_str(&head), STR("Location:")) == STR_END, 1);
    CHECK_INT(jobs(), before);
}

TEST(a_dry_run_shows_the_hundred_largest_hosts) {
    OWNED_BUF struct buf list = BUF_INIT(1 << 20);

    for (unsigned host = 0; host < 150; host++)
        for (unsigned i = 0; i <= host % 75; i++)
            CHECK_OK(buf_printf(&list, "http://h%03u.test/%u\n", host, i));
    CHECK_OK(buf_put_char(&list, '\0'));
    CHECK_INT(post("POST /v1/jobs?dry_run=1", "text/plain", list.ptr), 413);
    buf_clear(&list);
    for (unsigned host = 0; host < 150; host++)
        for (unsigned i = 0; i <= host % 5; i++)
            CHECK_OK(buf_printf(&list, "http://h%03u.test/%u\n", host, i));
    CHECK_OK(buf_put_char(&list, '\0'));
    CHECK_INT(post("POST /v1/jobs?dry_run=1", "text/plain", list.ptr), 200);
    CHECK(holds("\"host_count\":150,\"hosts\":[{\"host\":\"h004.test:80\",\"urls\":5},"
                "{\"host\":\"h009.test:80\",\"urls\":5},"));
    CHECK(holds("{\"host\":\"h046.test:80\",\"urls\":2}],")); /* the 100th of 150 */
    CHECK_INT(count("{\"host\":"), 100);
}

TEST(a_dry_run_judges_as_a_real_one) {
    CHECK_INT(post("POST /v1/jobs?dry_run=1", "text/plain", "# none\n"), 422);
    CHECK(holds("\"code\":\"empty_list\""));
    CHECK_INT(post("POST /v1/jobs?dry_run=1", "text/plain", "x\n"), 422);
    CHECK(holds("\"code\":\"no_valid_url\""));
    CHECK_INT(post("POST /v1/jobs?dry_run=1&strict=1", "text/plain", "http://a.test/\nx\n"), 422);
    CHECK(holds("\"code\":\"rejected_url\""));
    CHECK_INT(post("POST /v1/jobs?dry_run=1&paused=1", "text/plain", ""), 200);
    CHECK(holds("\"host_count\":0,\"hosts\":[],\"least_seconds\":0}"));
    CHECK_INT(post("POST /v1/jobs?dry_run=1&host_delay_ms=1", "text/plain", "http://a.test/"), 400);
    CHECK_INT(post("POST /v1/jobs?dry_run=1", "application/json",
                   "{\"urls\":[\"http://a.test/\"],\"priority\":99}"),
              400);
    CHECK_INT(post("POST /v1/jobs?dry_run=2", "text/plain", "http://a.test/"), 400);
}

TEST(a_dry_run_holds_text_to_the_limit_too) {
    OWNED_BUF struct buf big = BUF_INIT(1 << 20);

    while (big.len < 70000)
        CHECK_OK(buf_printf(&big, "http://a.test/%zu\n", big.len));
    CHECK_INT(call("POST /v1/jobs?dry_run=1", "Content-Type: text/plain", buf_str(&big)), 413);
    CHECK(holds("with dry_run a list is held to 65536 bytes"));
    CHECK_INT(call("POST /v1/jobs?dry_run=1", "Content-Type: text/plain\nContent-Length: 70000",
                   STR_NONE),
              413);
    CHECK_INT(call("POST /v1/jobs", "Content-Type: text/plain", buf_str(&big)), 202);
}

TEST(additions_have_no_dry_run) {
    char line[128];

    CHECK_INT(post("POST /v1/jobs?paused=1", "text/plain", "http://a.test/"), 202);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/urls?dry_run=1"));
    CHECK_INT(post(line, "text/plain", "http://a.test/2\n"), 400);
    CHECK(holds("is not a parameter of this call"));
}

int main(int argc, char **argv) {
    return service_main(argc, argv);
}
