/* Calls from end to end: the desk over a real store, without a socket. */
#include "api/packing.h"
#include "tests/unit/api/service.h"

/* "POST /v1/jobs/{id}/|what|" for the job in the last answer that was one. */
static unsigned act(const char *what) {
    char line[128], below[32];

    (void)snprintf(below, sizeof below, "/%s", what);
    (void)snprintf(line, sizeof line, "POST %s", job_path(below));
    return call(line, "", STR_NONE);
}

/* --- submitting ------------------------------------------------------------------------ */

TEST(takes_a_json_list) {
    CHECK_INT(post_json("{\"urls\":[\"http://a.test/#x\",\"http://a.test/\",\"ftp://b/\","
                        "\"http://u:p@c/\",\"nonsense\",\"HTTPS://D.test\"],"
                        "\"name\":\"n\",\"metadata\":{\"k\":1.0},\"host_delay_ms\":500}"),
              202);
    CHECK(
        holds("\"submission\":{\"received\":6,\"accepted\":2,\"duplicates\":1,\"rejected\":3,"
              "\"rejects\":[{\"index\":2,\"input\":\"ftp://b/\",\"code\":\"unsupported_scheme\""));
    CHECK(holds("\"index\":3,\"input\":\"http://u:p@c/\",\"code\":\"invalid_url\""));
    CHECK(holds("\"state\":\"queued\""));
    CHECK(holds("\"name\":\"n\""));
    CHECK(holds("\"metadata\":{\"k\":1.0}"));
    CHECK(holds("\"options\":{\"host_delay_ms\":500}"));
    CHECK(holds("\"actions\":[\"pause\",\"cancel\"]"));
    CHECK(holds("\"total\":5,\"queued\":2,\"running\":0,\"succeeded\":0,\"failed\":3,"));
    CHECK(has_header("Location: /v1/jobs/"));
    CHECK(has_header("Cache-Control: private, no-cache\nVary: Accept, Accept-Encoding, "
                     "Authorization\n"));
}

TEST(takes_a_text_list) {
    CHECK_INT(
        post_text("?host_delay_ms=500&extract.elements=a,area",
                  "\xef\xbb\xbf# list\r\nhttp://a.test/\r\n\r\n http://b.test/ \nhttp://x y/"),
        202);
    CHECK(holds("\"received\":3,\"accepted\":2,\"duplicates\":0,\"rejected\":1"));
    CHECK(holds("\"extract\":{\"elements\":[\"a\",\"area\"]}"));
}

TEST(refuses_lists_without_a_url) {
    CHECK_INT(post_json("{\"urls\":[]}"), 422);
    CHECK(holds("\"code\":\"empty_list\""));
    CHECK_INT(post_json("{\"urls\":[\"x\",\"ftp://a/\"]}"), 422);
    CHECK(holds("\"pointer\":\"#/urls/1\""));
    CHECK_INT(post_text("", "# nothing\n"), 422);
    CHECK_INT(post_text("", "\nx\n"), 422);
    CHECK(holds("\"code\":\"no_valid_url\""));
    CHECK(holds("\"line\":2"));
}

TEST(a_paused_job_may_begin_without_a_list) {
    CHECK_INT(post_json("{\"urls\":[],\"paused\":true,\"priority\":7}"), 202);
    CHECK(holds("\"state\":\"paused\""));
    CHECK(holds("\"priority\":7"));
    CHECK(holds("\"received\":0,\"accepted\":0"));
    CHECK(holds("\"options\":{}"));
    CHECK_INT(act("resume"), 200); /* nothing to do */
    CHECK(holds("\"state\":\"completed\",\"stop_reason\":\"no_more_urls\""));
    CHECK(holds("\"progress\":1,"));
    CHECK_INT(post_text("?paused=true", ""), 202);
    CHECK(holds("\"state\":\"paused\""));
    CHECK_INT(post_text("?paused=true", "# none\n\n"), 202);
    CHECK_INT(post_json("{\"urls\":[],\"paused\":false}"), 422);
    CHECK_INT(post_json("{\"paused\":true}"), 400);
    CHECK(holds("\"pointer\":\"#/urls\""));
    CHECK_INT(post_json("{\"urls\":[\"x\"],\"paused\":true}"), 422);
    CHECK(holds("\"code\":\"no_valid_url\""));
}

TEST(refuses_what_is_malformed) {
    CHECK_INT(post_json("{\"urls\":\n  [}"), 400);
    CHECK(holds("\"detail\":\"line 2: is not JSON (column 4)\""));
    CHECK(holds("\"errors\":[{\"line\":2,\"detail\":\"is not JSON (column 4)\"}]"));
    CHECK_INT(post_json("{\"name\":1,\"name\":2}"), 400);
    CHECK(holds("names a member twice"));
    CHECK_INT(post_json("{}"), 400);
    CHECK(holds("\"pointer\":\"#/urls\""));
    CHECK_INT(post_json("{\"urls\":[\"http://a/\",1]}"), 400);
    CHECK(holds("\"errors\":[{\"pointer\":\"#/urls/1\""));
    CHECK_INT(post_json("{\"urls\":[\"http://a/\"],\"index_links\":1}"), 400);
    CHECK(holds("\"detail\":\"must be true or false\""));
    CHECK_INT(post_text("", "http://a.test/\nhttp://b.test/\xff\n"), 400);
    CHECK(holds("\"line\":2"));
    CHECK_INT(post_text("?a=1&a=2", "http://a.test/"), 400);
    CHECK_INT(call("POST /v1/jobs?name=x", "Content-Type: application/json",
                   STR("{\"urls\":[\"http://a/\"]}")),
              400);
    CHECK(holds("\"parameter\":\"name\""));
}

TEST(takes_packed_lists) {
    struct str text = STR("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x28\x29\x29\xb0\xd2\xd7"
                          "\x4f\xd4\x2b\x49\x2d\x2e\xd1\xe7\xca\x80\x70\x93\xa0\x5c\x00\xef\x55"
                          "\x87\x65\x1e\x00\x00\x00");
    struct str json = STR("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x2a\x2d\xca\x29\x56"
                          "\xb2\x8a\x56\xca\x28\x29\x29\xb0\xd2\xd7\x4f\xd4\x2b\x49\x2d\x2e\xd1"
                          "\x57\x8a\xad\x05\x00\xc1\x75\x78\x39\x1b\x00\x00\x00");
    const char *packed_text = "Content-Type: text/plain\nContent-Encoding: gzip";
    OWNED_BUF struct buf longer = BUF_INIT(1000);

    CHECK_INT(call("POST /v1/jobs", packed_text, text), 202);
    CHECK(holds("\"accepted\":2"));
    CHECK_INT(call("POST /v1/jobs", packed_text, str_upto(text, text.len - 4)), 400);
    CHECK(holds("\"code\":\"invalid_body\""));
    CHECK_OK(buf_put(&longer, text));
    CHECK_OK(buf_put(&longer, text));
    CHECK_INT(call("POST /v1/jobs", packed_text, buf_str(&longer)), 202);
    CHECK(holds("\"received\":4"));
    CHECK_OK(buf_put(&longer, STR("\n")));
    CHECK_INT(call("POST /v1/jobs", packed_text, buf_str(&longer)), 400);
    CHECK(holds("\"code\":\"invalid_body\""));
    CHECK_OK(buf_put(&longer, text));
    CHECK_INT(call("POST /v1/jobs", packed_text, buf_str(&longer)), 400);
    CHECK_INT(
        call("POST /v1/jobs", "Content-Type: application/json\nContent-Encoding: x-gzip", json),
        202);
    CHECK(holds("\"accepted\":1"));
}

TEST(refuses_bodies_that_it_cannot_read) {
    struct str text = STR("http://a.test/");

    CHECK_INT(call("POST /v1/jobs", "", text), 415);
    CHECK_INT(call("POST /v1/jobs", "Content-Type: application/x-www-form-urlencoded", text), 415);
    CHECK(holds("--data-binary"));
    CHECK(has_header("Accept-Post: application/json, text/plain"));
    CHECK_INT(call("POST /v1/jobs", "Content-Type: text/plain; charset=latin1", text), 415);
    CHECK_INT(call("POST /v1/jobs", "Content-Type: application/json; charset=utf-16", text), 415);
    CHECK_INT(call("POST /v1/jobs", "Content-Type: text/plain; charset=\"US-ASCII\"", text), 202);
    CHECK_INT(call("POST /v1/jobs", "Content-Type: application/json; charset=UTF-8",
                   STR("{\"urls\":[\"http://a.test/\"]}")),
              202);
    CHECK_INT(call("POST /v1/jobs", "Content-Type: text/plain\nContent-Encoding: br", text), 415);
    CHECK(has_header("Accept-Encoding: gzip"));
    CHECK_INT(call("POST /v1/jobs", "Content-Type: text/plain\nContent-Encoding: gzip", text), 400);
}

TEST(holds_json_but_not_text_to_the_limit) {
    OWNED_BUF struct buf big = BUF_INIT(1 << 20);

    CHECK_OK(buf_put(&big, STR("{\"urls\":[\"http://a.test/\"")));
    while (big.len < 70000)
        CHECK_OK(buf_printf(&big, ",\"http://a.test/%zu\"", big.len));
    CHECK_OK(buf_put(&big, STR("]}")));
    CHECK_INT(call("POST /v1/jobs", "Content-Type: application/json", buf_str(&big)), 413);
    CHECK(holds("text/plain"));
    CHECK_INT(
        call("POST /v1/jobs", "Content-Type: application/json\nContent-Length: 70000", STR_NONE),
        413);
    buf_clear(&big);
    while (big.len < 200000)
        CHECK_OK(buf_printf(&big, "http://a.test/%zu\n", big.len));
    CHECK_INT(call("POST /v1/jobs", "Content-Type: text/plain", buf_str(&big)), 202);
}

TEST(bounds_all_json_bodies_together) {
    enum { CALLS = 17 };
    struct api_header headers[] = {{STR("Host"), STR("localhost")},
                                   {STR("Content-Type"), STR("application/json")}};
    struct api_request r = {.method = STR("POST"), .target = STR("/v1/jobs")};
    struct api_call *calls[CALLS];
    static char piece[64 << 10];

    r.version = STR("HTTP/1.1");
    r.headers = headers;
    r.n_headers = 2;
    for (int i = 0; i < CALLS; i++) {
        calls[i] = api_call_new(api, &r);
        CHECK(api_call_body(calls[i], str_at(piece, sizeof piece)));
    }
    CHECK(api_call_wants_body(calls[CALLS - 2]));
    CHECK_INT(api_call_response(calls[CALLS - 1])->status, 503);
    for (int i = 0; i < CALLS; i++)
        api_call_free(calls[i]);
    CHECK_INT(post_json("{\"urls\":[\"http://a.test/\"]}"), 202);
}

static bool is_packed(const struct api_response *r) {
    for (size_t i = 0; i < r->n_headers; i++)
        if (str_eq(r->headers[i].name, STR("Content-Encoding")))
            return true;
    return false;
}

static struct api_call *stream_packed(const char *target) {
    struct api_header headers[] = {{STR("Host"), STR("localhost")},
                                   {STR("Accept-Encoding"), STR("gzip")}};
    struct api_request r = {.method = STR("GET"), .target = str_of(target)};
    struct api_call *c;

    r.version = STR("HTTP/1.1");
    r.headers = headers;
    r.n_headers = 2;
    c = api_call_new(api, &r);
    api_call_finish(c);
    return c;
}

TEST(packs_so_many_streams_at_once) {
    struct api_call *calls[PACKING_MOST_STREAMS + 1];
    char target[128];

    CHECK_INT(post_json("{\"urls\":[\"http://a.test/\"],\"paused\":true}"), 202);
    (void)snprintf(target, sizeof target, "%s", job_path("/links?format=tsv"));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i <= PACKING_MOST_STREAMS; i++) {
            calls[i] = stream_packed(target);
            CHECK(is_packed(api_call_response(calls[i])) == (i < PACKING_MOST_STREAMS));
        }
        for (int i = 0; i <= PACKING_MOST_STREAMS; i++)
            api_call_free(calls[i]);
    }
}

/* After its refusal a body is read for a while, so that the sender gets to see it. */
TEST(cuts_the_line_of_who_does_not_stop) {
    struct api_header headers[] = {{STR("Host"), STR("localhost")},
                                   {STR("Content-Type"), STR("application/json")}};
    struct api_request r = {.method = STR("POST"), .target = STR("/v1/jobs")};
    OWNED(api_call) struct api_call *c = NULL;
    static char piece[1 << 20];
    int n = 0;

    r.version = STR("HTTP/1.1");
    r.headers = headers;
    r.n_headers = 2;
    c = api_call_new(api, &r);
    while (n < 1000 && api_call_body(c, str_at(piece, sizeof piece)))
        n++;
    CHECK(n >= 60 && n < 100);
    CHECK_INT(api_call_response(c)->status, 413);
}

TEST(rejects_what_is_too_long_alike) {
    static char text[9000], json[9100];

    (void)snprintf(text, sizeof text, "http://a.test/\nhttp://a.test/%08500d\n", 1);
    (void)snprintf(json, sizeof json, "{\"urls\":[\"http://a.test/\",\"http://a.test/%08500d\"]}",
                   1);
    CHECK_INT(post_text("", text), 202);
    CHECK(holds("\"accepted\":1,\"duplicates\":0,\"rejected\":1"));
    CHECK(holds("\"detail\":\"is longer than 8,192 bytes\""));
    CHECK_INT(post_json(json), 202);
    CHECK(holds("\"accepted\":1,\"duplicates\":0,\"rejected\":1"));
}

TEST(says_what_has_grown_too_long) {
    OWNED_BUF struct buf text = BUF_INIT(1 << 14);

    CHECK_OK(buf_put(&text, STR("http://a.test/\nhttp://a.test/")));
    for (int i = 0; i < 3000; i++)
        CHECK_OK(buf_put(&text, STR("\xc3\xa9")));
    CHECK_INT(call("POST /v1/jobs", "Content-Type: text/plain", buf_str(&text)), 202);
    CHECK(holds("in its canonical form"));
}

static bool is_refused_while_full(void) {
    OWNED_BUF struct buf big = BUF_INIT(16 << 20);

    for (int i = 0; i < 110000; i++)
        if (buf_printf(&big, "http://h%d.test/\n", i) != ERR_OK)
            return false;
    return call("POST /v1/jobs", "Content-Type: text/plain", buf_str(&big)) == 503;
}

TEST(says_when_there_is_no_room) {
    CHECK(is_refused_while_full());
    CHECK(holds("\"code\":\"no_room\""));
    CHECK(has_header("Retry-After: "));
}

/* --- jobs --------------------------------------------------------------------------------- */

TEST(shows_a_job_and_its_version) {
    char line[128], match[64];
    const char *etag;

    CHECK_INT(post_json("{\"urls\":[\"http://a.test/\",\"http://b.test/\"]}"), 202);
    running = 7;
    CHECK_INT(get(job_path("")), 200);
    CHECK(holds("\"total\":2,\"queued\":0,\"running\":2,"));
    running = 0;
    etag = strstr(head.ptr, "ETag: W/");
    CHECK(etag);
    (void)snprintf(match, sizeof match, "If-None-Match: \"x\", %.*s", (int)strcspn(etag + 6, "\n"),
                   etag + 6);
    (void)snprintf(line, sizeof line, "GET %s", job_path(""));
    CHECK_INT(call(line, match, STR_NONE), 304);
    CHECK_INT(call(line, "If-None-Match: W/\"999\"", STR_NONE), 200);
}

TEST(lists_jobs_by_pages) {
    char next[256];
    const char *link;
    unsigned seen = 0;

    for (int i = 0; i < 5; i++)
        CHECK_INT(post_json("{\"urls\":[\"http://a.test/\"],\"name\":\"p & q\"}"), 202);
    CHECK_INT(get("/v1/jobs?name=p%20%26%20q&limit=2"), 200);
    for (;;) {
        seen += count("{\"id\":");
        CHECK(seen <= 5);
        link = strstr(head.ptr, "Link: <");
        if (!link || seen >= 5)
            break;
        CHECK_INT(count("{\"id\":"), 2);
        (void)snprintf(next, sizeof next, "%.*s", (int)strcspn(link + 7, ">"), link + 7);
        buf_clear(&head);
        CHECK_INT(get(next), 200);
    }
    CHECK_INT(seen, 5);
    CHECK(holds("\"next_cursor\":null"));
    CHECK_INT(get("/v1/jobs?state=failed"), 200);
    CHECK_INT(count("{\"id\":"), 0);
    CHECK_INT(get("/v1/jobs?state=receiving"), 400);
    CHECK_INT(get("/v1/jobs?limit=0"), 400);
    CHECK_INT(get("/v1/jobs?cursor=AAAA"), 400);
}

TEST(pauses_and_resumes) {
    CHECK_INT(post_json("{\"urls\":[\"http://a.test/\",\"http://b.test/\"]}"), 202);
    CHECK_INT(act("resume"), 200); /* it goes on already */
    CHECK(holds("\"state\":\"queued\""));
    for (int i = 0; i < 2; i++) {
        CHECK_INT(act("pause"), 200);
        CHECK(holds("\"state\":\"paused\""));
        CHECK(holds("\"is_finished\":false"));
        CHECK(holds("\"actions\":[\"resume\",\"cancel\"]"));
        CHECK(has_header("ETag: W/\""));
    }
    CHECK_INT(get("/v1/jobs?state=paused&limit=1"), 200);
    CHECK_INT(count("\"state\":\"paused\""), 1);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(act("resume"), 200);
        CHECK(holds("\"state\":\"queued\""));
        CHECK(holds("\"actions\":[\"pause\",\"cancel\"]"));
    }
    CHECK_INT(act("pause"), 200);
    CHECK_INT(act("cancel"), 200);
    CHECK(holds("\"actions\":[]"));
    CHECK_INT(act("pause"), 409);
    CHECK(holds("\"detail\":\"a job that is cancelling cannot be paused\""));
    CHECK_INT(act("resume"), 409);
    CHECK(holds("cannot be resumed"));
    CHECK_INT(call("POST /v1/jobs/0190a000-0000-7000-8000-000000000000/pause", "", STR_NONE), 404);
    CHECK_INT(get(job_path("/pause")), 405);
    CHECK(has_header("Allow: POST\n"));
}

TEST(cancels_and_deletes) {
    char line[128];

    CHECK_INT(post_json("{\"urls\":[\"http://a.test/\",\"http://b.test/\"]}"), 202);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/cancel"));
    CHECK_INT(call(line, "", STR_NONE), 200);
    CHECK(holds("\"state\":\"cancel"));
    CHECK_INT(call(line, "", STR_NONE), 200);
    (void)snprintf(line, sizeof line, "DELETE %s", job_path(""));
    CHECK_INT(call(line, "", STR_NONE), 204);
    CHECK_INT(body.len, 0);
    CHECK_INT(call(line, "", STR_NONE), 404);
    CHECK_INT(get(job_path("")), 404);
    CHECK_INT(get(job_path("/links?format=tsv")), 404);
    CHECK_INT(get(job_path("/urls")), 404);
}

static unsigned add(const char *type, const char *list) {
    char line[128], header[64];

    (void)snprintf(line, sizeof line, "POST %s", job_path("/urls"));
    (void)snprintf(header, sizeof header, "Content-Type: %s", type);
    return call(line, header, str_of(list));
}

TEST(adds_urls) {
    CHECK_INT(post_json("{\"urls\":[],\"paused\":true,\"metadata\":{\"a\":1}}"), 202);
    CHECK_INT(add("text/plain", "http://a.test/1\nhttp://a.test/2\nno URL\nhttp://a.test/1"), 202);
    CHECK(holds("\"state\":\"paused\""));
    CHECK(holds("\"total\":3,\"queued\":2,\"running\":0,\"succeeded\":0,\"failed\":1,"));
    CHECK(holds("\"received\":4,\"accepted\":2,\"duplicates\":1,\"rejected\":1,"));
    CHECK(has_header("Location: /v1/jobs/"));
    CHECK_INT(add("application/json", "{\"urls\":[\"http://a.test/2\",\"http://b.test/\"]}"), 202);
    CHECK(holds("\"received\":2,\"accepted\":1,\"duplicates\":1,\"rejected\":0,"));
    CHECK(holds("\"total\":4,\"queued\":3,"));
    CHECK(holds("\"metadata\":{\"a\":1}"));
    CHECK_INT(act("resume"), 200);
    CHECK(holds("\"state\":\"queued\""));
}

TEST(refuses_what_is_no_addition) {
    char line[128];

    CHECK_INT(post_json("{\"urls\":[\"http://a.test/\"],\"paused\":true}"), 202);
    CHECK_INT(add("text/plain", "# nothing\n"), 422);
    CHECK(holds("\"code\":\"empty_list\""));
    CHECK_INT(add("application/json", "{\"urls\":[\"x\"]}"), 422);
    CHECK(holds("\"pointer\":\"#/urls/0\""));
    CHECK_INT(add("application/json", "{\"urls\":[\"http://b.test/\"],\"priority\":1}"), 400);
    CHECK(holds("{\"pointer\":\"#/priority\",\"detail\":\"is settled when a job is created\"}"));
    CHECK_INT(add("application/json", "{\"urls\":[\"http://b.test/\"],\"extract\":{},\"odd\":1}"),
              400);
    CHECK_INT(count("\"pointer\":"), 2);
    CHECK_INT(add("application/json", "{}"), 400);
    CHECK_INT(add("application/x-www-form-urlencoded", "http://b.test/"), 415);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/urls?priority=1"));
    CHECK_INT(call(line, "Content-Type: text/plain", STR("http://b.test/")), 400);
    CHECK_INT(call("POST /v1/jobs/0190a000-0000-7000-8000-000000000000/urls",
                   "Content-Type: text/plain", STR("http://b.test/")),
              404);
    CHECK_INT(get(job_path("")), 200);
    CHECK(holds("\"total\":1,"));
    CHECK_INT(act("cancel"), 200);
    CHECK_INT(add("text/plain", "http://b.test/"), 409);
    CHECK(holds("takes no more URLs"));
    CHECK_INT(call("PUT /v1/jobs/0190a000-0000-7000-8000-000000000000/urls", "", STR_NONE), 405);
    CHECK(has_header("Allow: POST, GET, HEAD\n"));
}

TEST(lists_hosts_by_pages) {
    char next[256];

    CHECK_INT(post_json("{\"urls\":[\"http://a.test/1\",\"https://b.test/\",\"http://a.test/2\","
                        "\"http://c.test:8080/\",\"no URL\"],\"host_delay_ms\":2500}"),
              202);
    CHECK(holds("\"eta_seconds\":5,")); /* by the host with the most */
    CHECK_INT(get(job_path("/hosts")), 200);
    CHECK_INT(count("{\"host\":"), 3);
    CHECK(
        holds("{\"host\":\"a.test:80\",\"queued\":2,\"running\":0,\"done\":0,\"is_estimate\":false,"
              "\"blocked_by\":null,\"blocked_until\":null,\"eta_seconds\":5}"));
    CHECK(holds("\"host\":\"c.test:8080\",\"queued\":1,"));
    CHECK(holds("\"next_cursor\":null"));
    CHECK_INT(get(job_path("/hosts?limit=2")), 200);
    CHECK_INT(count("{\"host\":"), 2);
    CHECK(strstr(head.ptr, "Link: <"));
    (void)snprintf(next, sizeof next, "%.*s", (int)strcspn(strstr(head.ptr, "Link: <") + 7, ">"),
                   strstr(head.ptr, "Link: <") + 7);
    CHECK_INT(get(next), 200);
    CHECK_INT(count("{\"host\":"), 1);
    CHECK(holds("\"next_cursor\":null"));
    CHECK_INT(act("pause"), 200);
    CHECK_INT(get(job_path("/hosts")), 200);
    CHECK_INT(count("\"eta_seconds\":null"), 3);
    CHECK_INT(get(job_path("/hosts?limit=0")), 400);
    CHECK_INT(get(job_path("/hosts?limit=1001")), 400);
    CHECK_INT(get(job_path("/hosts?cursor=x")), 400);
    CHECK_INT(get(job_path("/hosts?state=x")), 400);
    CHECK_INT(get("/v1/jobs/0190a000-0000-7000-8000-000000000000/hosts"), 404);
}

TEST(tells_why_hosts_wait) {
    CHECK_INT(post_json("{\"urls\":[\"http://a.test/1\",\"http://a.test/2\",\"http://a.test/3\"]}"),
              202);
    held = (struct engine_host){.running = 1,
                                .blocked_by = BLOCK_CRAWL_DELAY,
                                .blocked_until = 4000000000000,
                                .delay_ms = 7000};
    CHECK_INT(get(job_path("/hosts")), 200);
    CHECK(holds("\"queued\":2,\"running\":1,\"done\":0,"));
    CHECK(holds("\"blocked_by\":\"crawl_delay\",\"blocked_until\":\"2096-10-02T07:06:40.000Z\""));
    held = (struct engine_host){.running = 1, .blocked_by = BLOCK_CONNECTIONS, .delay_ms = 7000};
    CHECK_INT(get(job_path("/hosts")), 200);
    CHECK(holds("\"blocked_by\":\"connections\",\"blocked_until\":null,\"eta_seconds\":14}"));
    held = (struct engine_host){.running = 9, .blocked_by = BLOCK_DELAY, .blocked_until = 1};
    CHECK_INT(get(job_path("/hosts")), 200);
    CHECK(holds("\"queued\":0,\"running\":3,\"done\":0,"));
    CHECK(holds("\"blocked_by\":null,\"blocked_until\":null,\"eta_seconds\":0}"));
    held = (struct engine_host){0};
}

TEST(an_empty_job_has_no_hosts) {
    CHECK_INT(post_json("{\"urls\":[],\"paused\":true}"), 202);
    CHECK_INT(get(job_path("/hosts")), 200);
    CHECK(holds("{\"items\":[],\"next_cursor\":null}"));
}

/* --- calls ----------------------------------------------------------------------------------- */

TEST(knows_its_paths_and_methods) {
    CHECK_INT(get("/v1"), 404);
    CHECK_INT(get("/v1/jobs/"), 404);
    CHECK_INT(get("/v1/jobs/x"), 404);
    CHECK_INT(get("/v1/jobs/x/links/"), 404);
    CHECK_INT(get("/v1/jobs//links"), 404);
    CHECK_INT(get("//"), 404);
    CHECK_INT(call("PUT /v1/jobs", "", STR_NONE), 405);
    CHECK(has_header("Allow: POST, GET, HEAD\n"));
    CHECK_INT(call("GET /v1/jobs/x/cancel", "", STR_NONE), 405);
    CHECK_INT(call("HEAD /v1/jobs", "", STR_NONE), 200);
    CHECK_INT(get("/v1/jobs?odd=1"), 400);
    CHECK_INT(get("/v1/jobs/0190a000-0000-7000-8000-000000000000?wait=1"), 404);
}

TEST(tells_about_itself) {
    CHECK_INT(get("/"), 200);
    CHECK(holds("/v1/jobs/{id}/links"));
    CHECK_INT(get("/healthz"), 200);
    CHECK_INT(get("/metrics"), 200);
    CHECK(holds("crawld_up 1"));
    CHECK_INT(get("/openapi.yaml"), 200);
    CHECK(holds("openapi: 3.1.0"));
    CHECK_INT(get("/readyz"), 200);
    stopping = true;
    CHECK_INT(get("/readyz"), 503);
    CHECK(holds("\"errors\":[{\"detail\":\"stopping\"}]"));
    stopping = false;
}

TEST(takes_over_a_sane_request_id) {
    CHECK_INT(call("GET /healthz", "X-Request-Id: a-1", STR_NONE), 200);
    CHECK(has_header("X-Request-Id: a-1\n"));
    CHECK_INT(call("GET /healthz", "X-Request-Id: a b", STR_NONE), 200);
    CHECK_INT(str_find_str(buf_str(&head), STR("a b")) == STR_END, 1);
}

TEST(refuses_smugglers_and_other_sites) {
    CHECK_INT(call("GET /healthz", "Content-Length: 1\nTransfer-Encoding: chunked", STR_NONE), 400);
    CHECK_INT(call("GET /healthz", "Host: evil.test", STR_NONE), 400);
    CHECK_INT(call("GET /v1/jobs", "Origin: http://evil.test", STR_NONE), 403);
    CHECK_INT(call("GET /v1/jobs", "Origin: http://localhost:8080", STR_NONE), 200);
}

int main(int argc, char **argv) {
    return service_main(argc, argv);
}
