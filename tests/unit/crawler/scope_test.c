#include "crawler/scope.h"

#include "tests/test.h"

static const struct link anchor = {.tag = TAG_A, .attr = ATTR_HREF};

/* A scope, and a page in it. */
struct bench {
    struct scope *scope;
    struct url task, last, link;
    struct scope_page page;
};

static void bench_init(struct bench *b, enum scope_mode mode) {
    struct scope_options o = {.mode = mode};

    url_init(&b->task);
    url_init(&b->last);
    url_init(&b->link);
    if (scope_new(&o, &b->scope, NULL) != ERR_OK)
        abort();
}

static void bench_done(struct bench *b) {
    scope_free(b->scope);
    url_done(&b->task);
    url_done(&b->last);
    url_done(&b->link);
}
#define BENCH __attribute__((cleanup(bench_done))) struct bench

static void parse(struct url *u, const char *text) {
    if (url_parse(u, str_of(text), NULL, NULL) != ERR_OK)
        TEST_FAIL("no URL: %s", text);
}

/* A page that was redirected to |last|. */
static void page_at(struct bench *b, const char *task, const char *last, uint32_t depth,
                    uint16_t prefix_len) {
    parse(&b->task, task);
    parse(&b->last, last);
    b->page = scope_page_of(b->scope, &b->task, &b->last, depth, prefix_len);
}

static void seed(struct bench *b, const char *url) {
    page_at(b, url, url, 0, 0);
}

static enum scope_verdict judge(struct bench *b, const char *url) {
    parse(&b->link, url);
    return scope_judge(b->scope, &b->page, &b->link, &anchor);
}
#define FOLLOWS(url) CHECK_INT(judge(&b, url), SCOPE_FOLLOW)
#define OUTSIDE(url) CHECK_INT(judge(&b, url), SCOPE_OUTSIDE)
#define TRAP(url) CHECK_INT(judge(&b, url), SCOPE_TRAP)

TEST(page_follows_nothing) {
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_PAGE);
    seed(&b, "https://e.org/a");
    OUTSIDE("https://e.org/a");
    OUTSIDE("https://e.org/a?page=2");
    CHECK_INT(judge(&b, "mailto:me@e.org"), SCOPE_NOT_A_PAGE);
}

TEST(host_is_name_and_port) {
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_HOST);
    seed(&b, "https://e.org/a/b");
    FOLLOWS("https://e.org/");
    FOLLOWS("http://e.org/x?y#z");
    FOLLOWS("https://e.org./");
    OUTSIDE("https://www.e.org/");
    OUTSIDE("https://e.org:8443/");
    OUTSIDE("https://e.org.uk/");
    seed(&b, "http://e.org:8080/");
    FOLLOWS("https://e.org:8080/");
    OUTSIDE("http://e.org/");
    seed(&b, "http://e.org/");
    FOLLOWS("https://e.org/");
    OUTSIDE("https://e.org:444/");
}

TEST(domain_is_what_one_can_register) {
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_DOMAIN);
    seed(&b, "https://www.example.co.uk/");
    FOLLOWS("http://shop.example.co.uk:8080/");
    FOLLOWS("http://example.co.uk/");
    OUTSIDE("http://other.co.uk/");
    OUTSIDE("http://notexample.co.uk/");
    seed(&b, "https://me.github.io/");
    FOLLOWS("https://x.me.github.io/");
    OUTSIDE("https://you.github.io/");
    seed(&b, "http://127.0.0.1/");
    FOLLOWS("http://127.0.0.1:81/");
    OUTSIDE("http://127.0.0.2/");
}

/* Some of Amazon's names are suffixes below a name that is none. */
TEST(domain_knows_suffixes_below_a_domain) {
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_DOMAIN);
    seed(&b, "https://www.amazonaws.com/");
    FOLLOWS("https://aws.amazonaws.com/");
    OUTSIDE("https://bucket.s3.amazonaws.com/");
}

TEST(any_is_all_pages) {
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_ANY);
    seed(&b, "https://e.org/");
    FOLLOWS("http://other.example/");
    CHECK_INT(judge(&b, "ftp://e.org/"), SCOPE_NOT_A_PAGE);
    CHECK_INT(judge(&b, "javascript:x"), SCOPE_NOT_A_PAGE);
    OUTSIDE("http://me@e.org/");
}

TEST(prefix_is_the_directory_of_the_seed) {
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_PREFIX);
    seed(&b, "https://e.org/docs/intro.html?x=/y/z");
    CHECK_INT(b.page.prefix_len, 6);
    FOLLOWS("https://e.org/docs/");
    FOLLOWS("http://e.org/docs/a/b");
    OUTSIDE("https://e.org/docs");
    OUTSIDE("https://e.org/docs2/");
    OUTSIDE("https://e.org/");
    OUTSIDE("https://f.org/docs/a");
    seed(&b, "https://e.org/docs");
    FOLLOWS("https://e.org/other");
}

TEST(prefix_does_not_shrink_on_the_way_down) {
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_PREFIX);
    page_at(&b, "https://e.org/docs/a/b/c", "https://e.org/docs/a/b/c", 3, 6);
    CHECK_INT(b.page.prefix_len, 6);
    FOLLOWS("https://e.org/docs/x");
    OUTSIDE("https://e.org/x");
}

TEST(a_seed_is_where_it_led_to) {
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_HOST);
    page_at(&b, "http://e.org/", "https://www.e.org/", 0, 0);
    FOLLOWS("https://www.e.org/a");
    OUTSIDE("http://e.org/a");
}

TEST(a_seed_keeps_the_directory_it_asked_for) {
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_PREFIX);
    page_at(&b, "http://e.org/", "https://www.e.org/en/start", 0, 0);
    CHECK_INT(b.page.prefix_len, 1);
    page_at(&b, "http://e.org/docs", "http://e.org/docs/", 0, 0);
    CHECK_INT(b.page.prefix_len, 6);
    page_at(&b, "http://e.org/a/", "http://e.org/b/c", 0, 0);
    CHECK_INT(b.page.prefix_len, 3);
    page_at(&b, "http://short.example/", "http://e.org/blog/1", 0, 0);
    CHECK_INT(b.page.prefix_len, 6);
}

TEST(a_redirect_of_a_followed_page_does_not_move_the_scope) {
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_HOST);
    page_at(&b, "http://e.org/out", "http://f.org/", 1, 0);
    CHECK(b.page.is_outside);
    OUTSIDE("http://f.org/a");
    OUTSIDE("http://e.org/a");
    page_at(&b, "http://e.org/out", "http://e.org/in", 1, 0);
    CHECK(!b.page.is_outside);
    FOLLOWS("http://e.org/a");
}

TEST(an_endless_prefix_is_cut_to_16_bits) {
    static char text[200000];
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_PREFIX);
    snprintf(text, sizeof text, "http://e.org/a/");
    memset(text + 15, 'b', sizeof text - 17);
    text[sizeof text - 2] = '/';
    seed(&b, text);
    CHECK_INT(b.page.prefix_len, 3);
}

static bool follows(const struct scope *s, enum tag tag, enum attr attr, const char *rel) {
    struct link found = {.tag = tag, .attr = attr, .rel = str_of(rel)};

    return scope_follows_element(s, &found);
}

TEST(follows_links_between_pages_only) {
    struct scope_options o = {.mode = SCOPE_MODE_ANY};
    OWNED(scope) struct scope *s = NULL;

    CHECK_OK(scope_new(&o, &s, NULL));
    CHECK(follows(s, TAG_A, ATTR_HREF, "nofollow") && follows(s, TAG_AREA, ATTR_HREF, ""));
    CHECK(!follows(s, TAG_A, ATTR_PING, "") && !follows(s, TAG_IMG, ATTR_SRC, ""));
    CHECK(!follows(s, TAG_IFRAME, ATTR_SRC, "") && !follows(s, TAG_FORM, ATTR_ACTION, ""));
    CHECK(follows(s, TAG_LINK, ATTR_HREF, "x NEXT") && follows(s, TAG_LINK, ATTR_HREF, "prev"));
    CHECK(follows(s, TAG_LINK, ATTR_HREF, "canonical"));
    CHECK(follows(s, TAG_LINK, ATTR_HREF, "alternate"));
    CHECK(!follows(s, TAG_LINK, ATTR_HREF, "alternate stylesheet"));
    CHECK(!follows(s, TAG_LINK, ATTR_HREF, "stylesheet") && !follows(s, TAG_LINK, ATTR_HREF, ""));
    CHECK(!follows(s, TAG_LINK, ATTR_IMAGESRCSET, "next"));
    CHECK(follows(s, TAG_HEADER, ATTR_NONE, "next") && !follows(s, TAG_HEADER, ATTR_NONE, ""));
}

TEST(heeds_nofollow_where_asked) {
    struct scope_options o = {.mode = SCOPE_MODE_ANY, .nofollow = NOFOLLOW_DROP};
    OWNED(scope) struct scope *s = NULL;

    CHECK_OK(scope_new(&o, &s, NULL));
    CHECK(!follows(s, TAG_A, ATTR_HREF, "noopener NoFollow"));
    CHECK(follows(s, TAG_A, ATTR_HREF, "noopener"));
}

TEST(exclude_wins_over_include) {
    const struct str include[] = {STR("*/blog/*"), STR("/news/*")};
    const struct str exclude[] = {STR("*.pdf")};
    struct scope_options o = {.mode = SCOPE_MODE_HOST,
                              .include = include,
                              .n_include = 2,
                              .exclude = exclude,
                              .n_exclude = 1};
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_HOST);
    scope_free(b.scope);
    CHECK_OK(scope_new(&o, &b.scope, NULL));
    seed(&b, "https://e.org/");
    FOLLOWS("https://e.org/blog/a#x.pdf");
    FOLLOWS("https://e.org/news/");
    OUTSIDE("https://e.org/other");
    OUTSIDE("https://f.org/blog/a");
    CHECK_INT(judge(&b, "https://e.org/blog/a.pdf"), SCOPE_EXCLUDED);
}

TEST(names_the_bad_glob) {
    struct str globs[SCOPE_MAX_GLOBS + 1] = {STR("*"), STR("\\")};
    struct scope_options o = {.include = globs, .n_include = 1, .exclude = globs, .n_exclude = 2};
    OWNED(scope) struct scope *s = NULL;
    size_t bad = 0;

    CHECK_ERR(scope_new(&o, &s, &bad), ERR_INVALID);
    CHECK_INT(bad, 2);
    CHECK_ERR(scope_new(&o, &s, NULL), ERR_INVALID);
    o.n_include = 0;
    o.n_exclude = SCOPE_MAX_GLOBS + 1;
    CHECK_ERR(scope_new(&o, &s, &bad), ERR_TOO_BIG);
    CHECK_INT(bad, SCOPE_MAX_GLOBS + 1);
}

TEST(bounds_all_globs_together) {
    static char longest[1024];
    struct str globs[17];
    struct scope_options o = {.include = globs, .n_include = 16};
    OWNED(scope) struct scope *s = NULL;

    memset(longest, 'a', sizeof longest);
    for (size_t i = 0; i < 17; i++)
        globs[i] = str_at(longest, sizeof longest);
    CHECK_OK(scope_new(&o, &s, NULL));
    o.n_include = 17;
    scope_free(TAKE(s));
    CHECK_ERR(scope_new(&o, &s, NULL), ERR_TOO_BIG);
}

TEST(guesses_traps) {
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_ANY);
    seed(&b, "https://e.org/");
    TRAP("https://e.org/a/a/a");
    TRAP("https://e.org/x/a/b/a/b/a/b/y");
    TRAP("https://e.org/a/b/c/a/b/c/a/b/c/");
    TRAP("https://e.org/a/1/a/1/a/1/");
    TRAP("https://e.org/s/a/s/b/s/c/s/d/s/");
    TRAP("https://e.org////");
    TRAP("https://e.org/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21");
    OUTSIDE("https://e@e.org/a/a/a");
}

TEST(takes_what_only_looks_odd) {
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_ANY);
    seed(&b, "https://e.org/");
    FOLLOWS("https://e.org");
    FOLLOWS("https://e.org/a/a/b");
    FOLLOWS("https://e.org/a/b/a/b/a");
    FOLLOWS("https://e.org/11/11/11/11/11/11/");
    FOLLOWS("https://e.org/s/a/s/b/s/c/s/d/");
    FOLLOWS("https://e.org/a/b?x=/c/c/c");
    FOLLOWS("https://e.org/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/");
}

TEST(bounds_length_and_parameters) {
    char text[4096] = "https://e.org/";
    BENCH b = {0};

    bench_init(&b, SCOPE_MODE_ANY);
    seed(&b, "https://e.org/");
    memset(text + 14, 'a', SCOPE_MAX_URL_BYTES - 14);
    FOLLOWS(text);
    text[SCOPE_MAX_URL_BYTES] = '#';
    text[SCOPE_MAX_URL_BYTES + 1] = 'x';
    FOLLOWS(text);
    text[SCOPE_MAX_URL_BYTES] = 'a';
    TRAP(text);
    snprintf(text, sizeof text, "https://e.org/?&&");
    for (int i = 0; i < SCOPE_MAX_PARAMETERS; i++)
        snprintf(text + strlen(text), 8, "p%d=1&", i);
    FOLLOWS(text);
    snprintf(text + strlen(text), 8, "q");
    TRAP(text);
}

TEST_MAIN
