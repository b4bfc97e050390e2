/* How a list is taken: as a whole or not at all. */
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
    CHECK(holds("{\"parameter\":\"strict\",\"detail\":\"must be 1 or 0\"}"));
    CHECK_INT(post("POST /v1/jobs?strict=", "application/json", "{\"urls\":[]}"), 400);
    CHECK_INT(post_json("{\"urls\":[\"http://a.test/\"],\"strict\":true}"), 400);
    CHECK(holds("{\"pointer\":\"#/strict\",\"detail\":\"is a parameter of the query\"}"));
}

int main(int argc, char **argv) {
    return service_main(argc, argv);
}
