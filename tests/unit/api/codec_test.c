#include "api/codec.h"

#include "api/option.h"
#include "tests/test.h"

static const struct job_options defaults = {
    .host_delay_ms = 1000,
    .host_connections = 2,
    .timeout_ms = 30000,
    .max_body_bytes = 10 << 20,
    .max_redirects = 10,
    .max_attempts = 3,
    .retention_seconds = 7200,
};
static bool is_enforced;
static struct job *draft;
static struct problem problem;

static void start(void) {
    job_free(draft);
    draft = calloc(1, sizeof *draft);
    problem_done(&problem);
    problem_init(&problem, PROBLEM_INVALID_OPTION);
}

static enum err read_body(const char *text) {
    OWNED(codec_body) struct codec_body *b = NULL;
    struct codec_limits l = codec_limits_of(&defaults, 100, 2, is_enforced);
    enum err e;

    start();
    e = codec_parse(str_of(text), &b, &problem);
    if (e == ERR_OK)
        codec_read_body(b, &l, draft, &problem);
    return e == ERR_OK && problem.n_faults ? ERR_INVALID : e;
}

static enum err read_query(const char *text) {
    struct codec_limits l = codec_limits_of(&defaults, 100, 2, is_enforced);
    struct query q;
    enum err e;

    start();
    query_init(&q);
    e = query_parse(&q, str_of(text), &problem);
    if (e == ERR_OK)
        codec_read_query(&q, &l, true, draft, &problem);
    query_done(&q);
    return e == ERR_OK && problem.n_faults ? ERR_INVALID : e;
}

static struct str options_text(void) {
    static struct buf out = {.max = 1 << 16};
    struct writer w = writer_on(&out);

    buf_clear(&out);
    writer_open(&w, '{');
    option_write_given(&w, &draft->options);
    writer_close(&w, '}');
    return w.err == ERR_OK ? buf_str(&out) : STR_NONE;
}

static const char all[] =
    "{\"deadline_seconds\":60,\"retention_seconds\":7200,\"max_depth\":3,\"max_pages\":500,"
    "\"scope\":\"domain\","
    "\"include\":[\"*/blog/*\",\"/a\\\\,b\"],\"exclude\":[\"*.pdf\"],"
    "\"sitemap\":\"include\",\"revalidate\":true,"
    "\"host_delay_ms\":500,\"host_connections\":1,\"timeout_ms\":1,\"max_body_bytes\":10485760,"
    "\"max_redirects\":0,\"max_attempts\":3,\"robots\":\"ignore\",\"user_agent\":\"me/1\","
    "\"extract\":{\"elements\":[\"a\",\"img\",\"Link:\"],\"schemes\":[\"http\",\"mailto\"],"
    "\"fragments\":\"keep\",\"text\":true,\"nofollow\":\"drop\",\"max_links\":5}}";

TEST(takes_and_gives_back_every_option) {
    CHECK_OK(read_body(all));
    CHECK_STR(options_text(), all);
    CHECK_INT(draft->options.fragments, FRAGMENTS_KEEP);
    CHECK_INT(draft->options.nofollow, NOFOLLOW_DROP);
    CHECK_INT(draft->options.robots, ROBOTS_IGNORE);
    CHECK_OK(read_query(
        "deadline_seconds=60&retention_seconds=7200&max_depth=3&max_pages=500&scope=domain&"
        "include=*/blog/*,/a%5C,b&exclude=*.pdf&sitemap=include&revalidate=1&"
        "host_delay_ms=500&host_connections=1&timeout_ms=1&"
        "max_body_bytes=10485760&max_redirects=0&max_attempts=3&robots=ignore&"
        "user_agent=me/1&extract.elements=a,img,Link:&extract.schemes=http,mailto&"
        "extract.text=true&extract.fragments=keep&extract.nofollow=drop&"
        "extract.max_links=5"));
    CHECK_STR(options_text(), all);
}

TEST(takes_what_is_of_the_job_itself) {
    CHECK_OK(read_body("{\"priority\":0,\"paused\":true}"));
    CHECK_INT(draft->priority, 0);
    CHECK_INT(draft->state, JOB_PAUSED);
    CHECK_STR(options_text(), "{}");
    CHECK_OK(read_query("priority=9&paused=1"));
    CHECK_INT(draft->priority, 9);
    CHECK_INT(draft->state, JOB_PAUSED);
    CHECK_OK(read_query("paused=false"));
    CHECK(draft->state != JOB_PAUSED);
}

TEST(pages_are_limited_where_links_are_followed) {
    CHECK_OK(read_body("{\"max_depth\":1}"));
    CHECK_INT(draft->options.max_pages, 10000);
    CHECK_STR(options_text(), "{\"max_depth\":1}");
    CHECK_OK(read_body("{\"max_depth\":1,\"max_pages\":7}"));
    CHECK_INT(draft->options.max_pages, 7);
    CHECK_OK(read_body("{\"max_depth\":0,\"scope\":\"host\",\"max_pages\":7}")); /* it was meant */
    CHECK_OK(read_body("{\"sitemap\":\"only\",\"scope\":\"any\"}"));
    CHECK_INT(draft->options.max_pages, 10000);
    CHECK_OK(read_body("{\"sitemap\":\"skip\"}"));
    CHECK_INT(draft->options.max_pages, 0);
    CHECK_OK(read_query("max_depth=2"));
    CHECK_INT(draft->options.max_pages, 10000);
    CHECK_OK(read_body("{}"));
    CHECK_INT(draft->options.max_pages, 0);
}

TEST(globs_are_kept_as_they_are) {
    CHECK_OK(read_query("max_depth=1&include=%20*a*%20,/b%5C,c,/d%5C%5C,/e"));
    CHECK_STR(str_of(draft->options.include), "*a*\n/b\\,c\n/d\\\\\n/e");
    CHECK_ERR(read_query("max_depth=1&include=*,%5C"), ERR_INVALID);
    CHECK_STR(str_of(problem.faults[0].where), "include");
    CHECK(strncmp(problem.faults[0].detail, "number 2 is no glob", 19) == 0);
    CHECK_ERR(read_query("max_depth=1&include=*,%5C,"), ERR_OK); /* the comma itself */
    CHECK_ERR(read_query("max_depth=1&include="), ERR_INVALID);
    CHECK_ERR(read_query("max_depth=1&include=a,,b"), ERR_INVALID);
}

TEST(globs_are_limited_together) {
    OWNED_BUF struct buf text = BUF_INIT(1 << 16);

    for (int n = 100; n <= 101; n++) {
        buf_clear(&text);
        CHECK_OK(buf_put(&text, STR("{\"max_depth\":1,\"include\":[\"*\"")));
        for (int i = 1; i < n; i++)
            CHECK_OK(buf_put(&text, STR(",\"*\"")));
        CHECK_OK(buf_put(&text, STR("],\"exclude\":[\"*\"")));
        for (int i = 1; i < 100; i++)
            CHECK_OK(buf_put(&text, STR(",\"*\"")));
        CHECK_OK(buf_put(&text, STR("]}\0")));
        CHECK_ERR(read_body(text.ptr), n == 100 ? ERR_OK : ERR_INVALID);
    }
    CHECK_STR(str_of(problem.faults[0].where), "#/exclude");
    buf_clear(&text);
    CHECK_OK(buf_put(&text, STR("{\"max_depth\":1,\"include\":[\"*\"")));
    for (int i = 0; i < 17; i++)
        CHECK_OK(buf_printf(&text, ",\"%01000d\"", i));
    CHECK_OK(buf_put(&text, STR("]}\0")));
    CHECK_ERR(read_body(text.ptr), ERR_INVALID);
    CHECK_STR(str_of(problem.faults[0].where), "#/include");
    CHECK_ERR(read_body("{\"max_depth\":1,\"include\":[\"*\"]}"), ERR_OK);
}

TEST(knows_the_stars) {
    CHECK_OK(read_body("{\"extract\":{\"elements\":[\"*\"],\"schemes\":[\"*\"]}}"));
    CHECK(draft->options.elements == UINT64_MAX);
    CHECK_STR(str_of(draft->options.schemes), "*");
    CHECK_STR(options_text(), "{\"extract\":{\"elements\":[\"*\"],\"schemes\":[\"*\"]}}");
    CHECK_ERR(read_body("{\"extract\":{\"elements\":[\"*\",\"a\"]}}"), ERR_INVALID);
    CHECK(strstr(problem.faults[0].detail, "beside others"));
    CHECK_ERR(read_body("{\"extract\":{\"schemes\":[\"http\",\"*\"]}}"), ERR_INVALID);
    CHECK(strstr(problem.faults[0].detail, "beside others"));
    CHECK_ERR(read_query("extract.schemes=http,"), ERR_INVALID);
    CHECK_ERR(read_query("extract.elements=a,,b"), ERR_INVALID);
    CHECK_ERR(read_body("{\"extract\":[\"a\"]}"), ERR_INVALID);
    CHECK_STR(str_of(problem.faults[0].detail), "must be an object");
}

TEST(hands_metadata_back_verbatim) {
    CHECK_OK(read_body("{ \"urls\" : [\"]}\\\"\"] ,\"metadata\" : { \"a\\\"}\" : [1.10, {}],\n"
                       "\"e\":1e5 } , \"name\":\"\xc3\xa9\"}"));
    CHECK_STR(str_of(draft->metadata), "{ \"a\\\"}\" : [1.10, {}],\n\"e\":1e5 }");
    CHECK_STR(str_of(draft->name), "\xc3\xa9");
    CHECK_OK(read_body("{\"metadata\":{}}"));
    CHECK_STR(str_of(draft->metadata), "{}");
    CHECK_OK(read_body("{\"name\":\"x\",\"metadata\":{\"n\":-0.5E+3},\"robots\":\"obey\"}"));
    CHECK_STR(str_of(draft->metadata), "{\"n\":-0.5E+3}");
}

struct wrong {
    const char *body, *pointer;
};

#define FIFTEEN(s) s s s s s s s s s s s s s s s
#define NESTED(inner) FIFTEEN("[[") inner FIFTEEN("]]")

TEST(holds_metadata_to_a_depth) {
    CHECK_OK(read_body("{\"metadata\":{\"[\\\"[\":" NESTED("[1],[1]") "}}"));
    CHECK_ERR(read_body("{\"metadata\":{\"a\":" NESTED("[{}]") "}}"), ERR_INVALID);
}

TEST(points_at_what_is_wrong) {
    static const struct wrong cases[] = {
        {"{\"host_delay_ms\":99}", "#/host_delay_ms"},
        {"{\"host_delay_ms\":60001}", "#/host_delay_ms"},
        {"{\"host_delay_ms\":-1}", "#/host_delay_ms"},
        {"{\"host_delay_ms\":500.0}", "#/host_delay_ms"},
        {"{\"host_delay_ms\":\"500\"}", "#/host_delay_ms"},
        {"{\"host_delay_ms\":null}", "#/host_delay_ms"},
        {"{\"host_connections\":3}", "#/host_connections"},
        {"{\"max_body_bytes\":9223372036854775807}", "#/max_body_bytes"},
        {"{\"max_attempts\":4}", "#/max_attempts"},
        {"{\"robots\":\"Obey\"}", "#/robots"},
        {"{\"user_agent\":\"a\\nb\"}", "#/user_agent"},
        {"{\"user_agent\":\" \"}", "#/user_agent"},
        {"{\"name\":\"\"}", "#/name"},
        {"{\"metadata\":[]}", "#/metadata"},
        {"{\"extract\":5}", "#/extract"},
        {"{\"extract\":{\"text\":1}}", "#/extract/text"},
        {"{\"extract\":{\"elements\":[]}}", "#/extract/elements"},
        {"{\"extract\":{\"elements\":[\"blink\"]}}", "#/extract/elements"},
        {"{\"extract\":{\"elements\":[\"feed\"]}}", "#/extract/elements"},
        {"{\"extract\":{\"schemes\":[\"http,ftp\"]}}", "#/extract/schemes"},
        {"{\"extract\":{\"urls\":[]}}", "#/extract/urls"},
        {"{\"extract.text\":true}", "#/extract.text"},
        {"{\"max_depth\":-1}", "#/max_depth"},
        {"{\"max_depth\":65536}", "#/max_depth"},
        {"{\"max_depth\":1,\"max_pages\":0}", "#/max_pages"},
        {"{\"max_depth\":1,\"scope\":\"site\"}", "#/scope"},
        {"{\"max_depth\":1,\"include\":\"*\"}", "#/include"},
        {"{\"max_depth\":1,\"include\":[]}", "#/include"},
        {"{\"max_depth\":1,\"include\":[\"*\",7]}", "#/include"},
        {"{\"max_depth\":1,\"include\":[\"*\",\"a\",\"\",\"b\"]}", "#/include/2"},
        {"{\"max_depth\":1,\"exclude\":[\"a\\\\\"]}", "#/exclude/0"},
        {"{\"max_depth\":1,\"exclude\":[\"a\\nb\"]}", "#/exclude/0"},
        {"{\"scope\":\"any\"}", "#/scope"},
        {"{\"max_pages\":5}", "#/max_pages"},
        {"{\"sitemap\":true}", "#/sitemap"},
        {"{\"revalidate\":\"yes\"}", "#/revalidate"},
        {"{\"include\":[\"*\"]}", "#/include"},
        {"{\"exclude\":[\"*\"]}", "#/exclude"},
        {"{\"max_depth\":-1,\"scope\":\"any\"}", "#/max_depth"},
        {"{\"priority\":10}", "#/priority"},
        {"{\"priority\":-1}", "#/priority"},
        {"{\"priority\":\"5\"}", "#/priority"},
        {"{\"paused\":1}", "#/paused"},
        {"{\"paused\":null}", "#/paused"},
        {"{\"deadline_seconds\":0}", "#/deadline_seconds"},
        {"{\"deadline_seconds\":31536001}", "#/deadline_seconds"},
        {"{\"deadline_seconds\":1.5}", "#/deadline_seconds"},
        {"{\"retention_seconds\":0}", "#/retention_seconds"},
        {"{\"retention_seconds\":7201}", "#/retention_seconds"},
        {"{\"retention_seconds\":\"60\"}", "#/retention_seconds"},
        {"{\"a/b~c\":1}", "#/a~1b~0c"},
        {"{\"\":1}", "#/"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (read_body(cases[i].body) != ERR_INVALID)
            TEST_FAIL("%s was taken", cases[i].body);
        CHECK_INT(problem.n_faults, 1);
        CHECK_STR(str_of(problem.faults[0].where), cases[i].pointer);
    }
}

TEST(without_a_limit_a_job_may_be_kept_for_years) {
    struct job_options kept = defaults;
    struct codec_limits l;

    kept.retention_seconds = 0; /* for good */
    l = codec_limits_of(&kept, 100, 2, false);
    CHECK_INT(l.of[OPTION_RETENTION_SECONDS].min, 1);
    CHECK_INT(l.of[OPTION_RETENTION_SECONDS].max, CODEC_MAX_RETENTION_SECONDS);
}

TEST(points_at_parameters) {
    static const char *const cases[] = {
        "host_delay_ms=",    "host_delay_ms=5", "host_delay_ms=+500",
        "extract.text=yes",  "extract=x",       "max_depth=x",
        "Strict=1",          "metadata={}",     "unknown=1",
        "extract.elements=", "urls=x",          "extract.elements=a,,b",
        "user_agent=%C3%",   "name=%00",        "priority=10",
        "priority=",         "paused=yes",      "paused=",
        "deadline_seconds=0"};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_ERR(read_query(cases[i]), ERR_INVALID);
        CHECK_INT(problem.n_faults, 1);
        CHECK_INT(problem.faults[0].place, FAULT_PARAMETER);
    }
}

TEST(keeps_robots_where_that_is_enforced) {
    is_enforced = true;
    CHECK_ERR(read_body("{\"robots\":\"ignore\"}"), ERR_INVALID);
    CHECK_OK(read_body("{\"robots\":\"obey\"}"));
    is_enforced = false;
}

TEST(reads_no_sitemaps_in_a_part_of_a_host) {
    CHECK_ERR(read_body("{\"sitemap\":\"include\",\"scope\":\"prefix\"}"), ERR_INVALID);
    CHECK_ERR(read_body("{\"sitemap\":\"only\",\"scope\":\"page\"}"), ERR_INVALID);
    CHECK_OK(read_body("{\"sitemap\":\"only\",\"scope\":\"domain\"}"));
    CHECK_OK(read_body("{\"sitemap\":\"include\",\"scope\":\"host\"}"));
}

TEST(refuses_what_is_no_object) {
    static const char *const cases[] = {"",
                                        "[]",
                                        "1",
                                        "{",
                                        "{\"a\":1,\"a\":1}",
                                        "\xef\xbb\xbf{}",
                                        "{} x",
                                        "{\"a\":\"\\u0000\"}",
                                        "{\"a\":\"\xff\"}",
                                        "nul"};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_ERR(read_body(cases[i]), ERR_INVALID);
}

TEST(refuses_a_nul_behind_a_number) {
    OWNED(codec_body) struct codec_body *b = NULL;

    start();
    CHECK_ERR(codec_parse(STR("{\"metadata\":{\"a\":[1.5\0,2]}}"), &b, &problem), ERR_INVALID);
    start();
}

TEST(gives_the_urls) {
    OWNED(codec_body) struct codec_body *b = NULL;
    struct str url;

    start();
    CHECK_OK(codec_parse(STR("{\"urls\":[\"http://a/\",7]}"), &b, &problem));
    CHECK_INT(codec_url_count(b, &problem), 2);
    CHECK_OK(codec_url(b, 0, &url, &problem));
    CHECK_STR(url, "http://a/");
    CHECK_ERR(codec_url(b, 1, &url, &problem), ERR_INVALID);
    CHECK_STR(str_of(problem.faults[0].where), "#/urls/1");
    start();
    job_free(draft);
    draft = NULL;
}

TEST(headers_hide_what_is_not_known_to_be_harmless) {
    CHECK_OK(read_body("{\"headers\":{\"Authorization\":\"Bearer x\",\"Accept-Language\":\"de\","
                       "\"X-Api-Key\":\"k\",\"cookie\":\"a=b\"}}"));
    CHECK_STR(options_text(), "{\"headers\":{\"Authorization\":\"***\",\"Accept-Language\":\"de\","
                              "\"X-Api-Key\":\"***\",\"cookie\":\"***\"}}");
    CHECK_STR(str_of(draft->options.headers),
              "Authorization: Bearer x\nAccept-Language: de\nX-Api-Key: k\ncookie: a=b");
}

TEST(headers_that_are_not_a_jobs) {
    static const char *const headers[] = {
        "{\"Host\":\"a\"}",
        "{\"content-length\":\"1\"}",
        "{\"TE\":\"trailers\"}",
        "{\"user-agent\":\"a\"}",
        "{\"Accept-Encoding\":\"br\"}",
        "{\"Range\":\"bytes=0-1\"}",
        "{\"if-match\":\"*\"}",
        "{\"a\":\"1\",\"A\":\"2\"}",
        "{\"a\":\"b\\r\\nc: d\"}",
        "{\"a:\":\"b\"}",
        "{\"a\":[]}",
        "\"a: b\"",
    };
    char body[200];

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        (void)snprintf(body, sizeof body, "{\"headers\":%s}", headers[i]);
        CHECK_ERR(read_body(body), ERR_INVALID);
        CHECK_STR(str_of(problem.faults[0].where), "#/headers");
    }
}

#define SECRET "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3" /* of 24 bytes */

TEST(a_webhook_hides_what_is_secret) {
    CHECK_OK(read_body(
        "{\"webhook\":{\"url\":\"HTTPS://Hooks.Example/a?b#c\",\"events\":[\"urls.failed\","
        "\"job.started\",\"urls.failed\"],\"headers\":{\"Authorization\":\" Bearer x \","
        "\"X-A\":\"\"},\"secret\":\"" SECRET "\"},\"revalidate\":true}"));
    CHECK_STR(
        options_text(),
        "{\"revalidate\":true,\"webhook\":{\"url\":\"https://hooks.example/a?b\",\"events\":["
        "\"job.started\",\"urls.failed\"],\"headers\":{\"Authorization\":\"***\",\"X-A\":\"***\"},"
        "\"secret\":\"***\"}}");
    CHECK_STR(str_of(draft->options.webhook_headers), "Authorization: Bearer x\nX-A: ");
    CHECK_STR(str_of(draft->options.webhook_secret), SECRET);
    CHECK_OK(read_body("{\"webhook\":{\"url\":\"http://a\"},\"extract\":{\"text\":true}}"));
    CHECK_STR(options_text(), "{\"extract\":{\"text\":true},\"webhook\":{\"url\":\"http://a/\"}}");
    CHECK_INT(draft->options.webhook_events,
              1 << WEBHOOK_JOB_COMPLETED | 1 << WEBHOOK_JOB_FAILED | 1 << WEBHOOK_JOB_CANCELLED);
    CHECK(!draft->options.webhook_secret && !draft->options.webhook_headers);
}

static bool refuses_webhook(const char *members, const char *pointer) {
    char body[12000];

    (void)snprintf(body, sizeof body, "{\"webhook\":{%s}}", members);
    if (read_body(body) == ERR_INVALID && problem.n_faults == 1 &&
        strcmp(problem.faults[0].where, pointer) == 0)
        return true;
    printf("  %s\n", members);
    return false;
}

#define URL "\"url\":\"https://a.example/\","

TEST(a_webhook_that_is_not_one) {
    static const char *const urls[] = {"\"url\":1",
                                       "\"url\":\"ftp://a/\"",
                                       "\"url\":\"/a\"",
                                       "\"url\":\"http://a:b@c/\"",
                                       "\"url\":\"\"",
                                       "\"url\":null",
                                       ""};
    static const char *const events[] = {"[]", "\"job.completed\"", "[\"job.done\"]", "[1]",
                                         "null"};
    static const char *const headers[] = {"[]",
                                          "{\"a\":1}",
                                          "{\"a b\":\"c\"}",
                                          "{\"\":\"c\"}",
                                          "{\"a\":\"b\\nc\"}",
                                          "{\"a\":\"\\u00e9\"}",
                                          "{\"Host\":\"a\"}",
                                          "{\"content-length\":\"1\"}",
                                          "{\"Webhook-Id\":\"1\"}",
                                          "{\"Transfer-Encoding\":\"chunked\"}",
                                          "{\"Connection\":\"close\"}"};
    static const char *const secrets[] = {"\"\"",
                                          "\"x\"",
                                          "\"whsec_\"",
                                          "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\"",
                                          "\"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY=\"", /* of 23 */
                                          "\"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY\"",
                                          "null",
                                          "\"***\""};
    char members[9000];

    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        CHECK(refuses_webhook(urls[i], "#/webhook/url"));
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        (void)snprintf(members, sizeof members, URL "\"events\":%s", events[i]);
        CHECK(refuses_webhook(members, "#/webhook/events"));
    }
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        (void)snprintf(members, sizeof members, URL "\"headers\":%s", headers[i]);
        CHECK(refuses_webhook(members, "#/webhook/headers"));
    }
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        (void)snprintf(members, sizeof members, URL "\"secret\":%s", secrets[i]);
        CHECK(refuses_webhook(members, "#/webhook/secret"));
    }
    CHECK(refuses_webhook(URL "\"what\":1", "#/webhook/what"));
    CHECK(refuses_webhook(URL "\"webhook.url\":1", "#/webhook/webhook.url"));
}

TEST(a_webhook_is_not_without_limits) {
    OWNED_BUF struct buf members = BUF_INIT(12000);

    CHECK_OK(buf_printf(&members, URL "\"headers\":{"));
    for (int i = 0; i < 21; i++)
        CHECK_OK(buf_printf(&members, "%s\"a%d\":\"\"", i ? "," : "", i));
    CHECK_OK(buf_put(&members, str_at("}", 2)));
    CHECK(refuses_webhook(members.ptr, "#/webhook/headers"));
    buf_clear(&members);
    CHECK_OK(buf_printf(&members, URL "\"headers\":{\"a\":\"%09000d\"}%c", 0, 0));
    CHECK(refuses_webhook(members.ptr, "#/webhook/headers"));
    buf_clear(&members);
    CHECK_OK(buf_printf(&members, "\"url\":\"http://a/%03000d\"%c", 0, 0));
    CHECK(refuses_webhook(members.ptr, "#/webhook/url"));
    buf_clear(&members);
    CHECK_OK(buf_printf(&members, URL "\"secret\":\"whsec_%088d\"%c", 0, 0)); /* of 66 */
    CHECK(refuses_webhook(members.ptr, "#/webhook/secret"));
}

TEST(a_webhook_is_for_json_only) {
    CHECK_ERR(read_body("{\"webhook\":null}"), ERR_INVALID);
    CHECK_STR(str_of(problem.faults[0].where), "#/webhook");
    CHECK_ERR(read_query("webhook=x"), ERR_INVALID);
    CHECK_STR(str_of(problem.faults[0].detail), "can be given in JSON only");
    CHECK_ERR(read_query("webhook.url=http://a/"), ERR_INVALID);
    CHECK_STR(str_of(problem.faults[0].where), "webhook.url");
    CHECK_STR(str_of(problem.faults[0].detail), "can be given in JSON only");
}

TEST_MAIN
