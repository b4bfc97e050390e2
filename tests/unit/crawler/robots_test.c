#include "crawler/robots.h"

#include "base/buf.h"
#include "tests/test.h"

enum { BODY_MAX_BYTES = 4 << 20 };

static struct robots *parsed(struct str body) {
    struct robots *r = NULL;

    if (robots_parse(body, &r) != ERR_OK)
        abort();
    return r;
}

static struct robots_rules *rules_for(const struct robots *r, struct str token) {
    struct robots_rules *rules = NULL;

    if (robots_rules_for(r, token, &rules) != ERR_OK)
        abort();
    return rules;
}

static bool allows(struct str body, const char *token, const char *path) {
    OWNED(robots) struct robots *r = parsed(body);
    OWNED(robots_rules) struct robots_rules *rules = rules_for(r, str_of(token));

    return robots_allows(rules, str_of(path));
}

static uint32_t delay_of(const char *body, const char *token) {
    OWNED(robots) struct robots *r = parsed(str_of(body));
    OWNED(robots_rules) struct robots_rules *rules = rules_for(r, str_of(token));

    return robots_delay_ms(rules);
}

static void put(struct buf *b, const char *chars) {
    if (buf_put(b, str_of(chars)) != ERR_OK)
        abort();
}

static void put_n(struct buf *b, const char *chars, size_t n) {
    while (n--)
        put(b, chars);
}

#define ALLOWED(body, path) CHECK(allows(STR(body), "bot", path))
#define DISALLOWED(body, path) CHECK(!allows(STR(body), "bot", path))

TEST(takes_the_token_from_the_front) {
    CHECK_STR(robots_token_of(STR("crawld/1.0 (+http://x/)")), "crawld");
    CHECK_STR(robots_token_of(STR("My_Bot-x2")), "My_Bot-x");
    CHECK_STR(robots_token_of(STR("7bot")), "");
    CHECK_STR(robots_token_of(STR_NONE), "");
}

TEST(finds_the_groups_of_an_agent) {
    static const char body[] = "User-agent: a\nUser-Agent: B\nDisallow: /ab\n"
                               "User-agent: *\nDisallow: /star\n"
                               "User-agent: A/2.0 beta\nDisallow: /a2\n"
                               "User-agent: a-b\nDisallow: /a-b\n";
    struct str all = str_of(body);

    CHECK(!allows(all, "a", "/ab") && !allows(all, "a", "/a2"));
    CHECK(allows(all, "a", "/star") && allows(all, "a", "/a-b"));
    CHECK(!allows(all, "b", "/ab") && allows(all, "b", "/a2"));
    CHECK(!allows(all, "A-B", "/a-b") && allows(all, "A-B", "/ab"));
    CHECK(!allows(all, "c", "/star") && allows(all, "c", "/ab"));
    CHECK(!allows(all, "", "/star") && allows(all, "", "/ab"));
}

TEST(no_group_allows_all) {
    ALLOWED("", "/x");
    ALLOWED("User-agent: other\nDisallow: /\n", "/x");
    ALLOWED("Disallow: /\n", "/x");
    ALLOWED("User-agent: bot\nDisallow:\n\nUser-agent: *\nDisallow: /\n", "/x");
    ALLOWED("User-agent: *\nDisallow: /\nUser-agent: bot\n", "/x");
}

TEST(rules_and_delays_end_the_naming) {
    DISALLOWED("User-agent: bot\nSitemap: x\nUser-agent: b\nDisallow: /\n", "/x");
    DISALLOWED("User-agent: bot\nwhatever: x\n\n# x\nUser-agent: b\nDisallow: /\n", "/x");
    ALLOWED("User-agent: bot\nCrawl-delay: 1\nUser-agent: b\nDisallow: /\n", "/x");
    ALLOWED("User-agent: bot\nAllow: /y\nUser-agent: b\nDisallow: /\n", "/x");
    ALLOWED("User-agent: bot\nDisallow:\nUser-agent: b\nDisallow: /\n", "/x");
    ALLOWED("User-agent: bot\nDisallow: /y\nUser-agent:\nDisallow: /\n", "/x");
}

TEST(an_empty_query_is_none) {
    ALLOWED("User-agent: *\nDisallow: /x?\n", "/x?");
    DISALLOWED("User-agent: *\nDisallow: /x?\n", "/x?a");
    DISALLOWED("User-agent: *\nDisallow: /x$\n", "/x?");
    DISALLOWED("User-agent: *\nDisallow: /x?a?\n", "/x?a?");
}

TEST(names_itself_twice) {
    ALLOWED("User-agent: bot\nUser-agent: BOT\nDisallow: /x\n", "/y");
    DISALLOWED("User-agent: bot\nUser-agent: BOT\nDisallow: /x\n"
               "User-agent: bot\nDisallow: /y",
               "/y");
}

TEST(the_most_octets_decide) {
    DISALLOWED("User-agent: *\nAllow: /a\nDisallow: /ab\n", "/abc");
    ALLOWED("User-agent: *\nDisallow: /a\nAllow: /ab\n", "/abc");
    ALLOWED("User-agent: *\nDisallow: /a\nAllow: /a\n", "/a");
    ALLOWED("User-agent: *\nAllow: /$\nDisallow: /\n", "/");
    DISALLOWED("User-agent: *\nAllow: /$\nDisallow: /\n", "/a");
    DISALLOWED("User-agent: *\nAllow: /page\nDisallow: /*.htm\n", "/page.htm");
    ALLOWED("User-agent: *\nDisallow: /*aaaa\nAllow: /\xe3\x83\x84\n", "/%e3%83%84aaaa");
}

TEST(wildcards_and_ends) {
    static const struct {
        const char *pattern, *path;
        bool matches;
    } cases[] = {
        {"/fish*.php", "/fish/a/.php5", true},
        {"/fish*.php", "/Fish.php", false},
        {"/*.php$", "/a.php", true},
        {"/*.php$", "/a.php.php", true},
        {"/*.php$", "/a.php?x", false},
        {"*.gif", "/a.gif", true},
        {"/a*b*c", "/acbcb", true},
        {"/a*b*c", "/acb", false},
        {"/a**b", "/ab", true},
        {"/ab*b$", "/ab", false},
        {"/a*ba$", "/aba", true},
        {"/a*", "/a", true},
        {"/a*$", "/abc", true},
        {"/a$", "/a", true},
        {"/a$", "/ab", false},
        {"/a$b", "/a$bc", true},
        {"/a$$", "/a$", true},
        {"/a$$", "/a", false},
        {"*", "/", true},
        {"/*/x", "/x", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[64];

        (void)snprintf(body, sizeof body, "user-agent: *\ndisallow: %s", cases[i].pattern);
        if (allows(str_of(body), "bot", cases[i].path) == cases[i].matches)
            TEST_FAIL("%s on %s", cases[i].pattern, cases[i].path);
    }
}

TEST(escapes_compare_by_what_they_mean) {
    static const struct {
        const char *pattern, *path;
        bool matches;
    } cases[] = {
        {"/%62%61%7A", "/baz", true},
        {"/baz", "/%62%61%7a", true},
        {"/a%2fb", "/a%2Fb", true},
        {"/a%2fb", "/a/b", false},
        {"/\xc3\xa9", "/%c3%A9", true},
        {"/%c3%a9", "/\xc3\xa9", true},
        {"/a%3cd", "/a<d", true},
        {"/a b", "/a%20b", true},
        {"/f-%2A.html", "/f-*.html", true},
        {"/f-%2A.html", "/f-x.html", false},
        {"/f*.html", "/f%2A.html", true},
        {"/foo-%24", "/foo-$", true},
        {"/100%", "/100%25", true},
        {"/100%zz", "/100%zz", true},
        {"/%", "/%", true},
        {"/%4", "/%4", true},
        {"/\xff\xfe", "/%FF%fe", true},
        {"/%00", "/%00", true},
        {"/%7e%5f%2d%2e", "/~_-.", true},
        {"/%3F", "/?", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[64];

        (void)snprintf(body, sizeof body, "user-agent: *\ndisallow: %s", cases[i].pattern);
        if (allows(str_of(body), "bot", cases[i].path) == cases[i].matches)
            TEST_FAIL("%s on %s", cases[i].pattern, cases[i].path);
    }
}

TEST(paths_that_are_special) {
    ALLOWED("User-agent: *\nDisallow: /\n", "/robots.txt");
    ALLOWED("User-agent: *\nDisallow: /\n", "/%72obots.txt");
    ALLOWED("User-agent: *\nDisallow: /\n", "/robots.txt?");
    DISALLOWED("User-agent: *\nDisallow: /\n", "/robots.txt?a");
    DISALLOWED("User-agent: *\nDisallow: /\n", "");
    DISALLOWED("User-agent: *\nDisallow: /?q\n", "?q");
    ALLOWED("User-agent: *\nAllow: /a/index.html\nDisallow: /\n", "/a/");
    DISALLOWED("User-agent: *\nAllow: /a/index.html\nDisallow: /\n", "/a/b");
    ALLOWED("User-agent: *\nDisallow: /a/index.html\n", "/a/");
}

TEST(lines_in_any_shape) {
    DISALLOWED("\xef\xbb\xbfUser-agent: *\nDisallow: /\n", "/x");
    DISALLOWED("User-agent: *\rDisallow: /\r", "/x");
    DISALLOWED("User-agent: *\r\n\r\nDisallow: /\r\n", "/x");
    DISALLOWED("User-agent: *\n\r\n\rDisallow: /", "/x");
    DISALLOWED("  user-AGENT\t :  * # all\n\tDISALLOW:/x#y\n", "/x");
    DISALLOWED("user-agent *\ndisallow\t /\n", "/x");
    ALLOWED("user-agent: *\ndisallow / and so on\n", "/x");
    DISALLOWED("useragent: *\nDissallow: /\n", "/x");
    DISALLOWED("user agent: *\nDisalow: /\n", "/x");
    ALLOWED("user-agent: *\nDisallowed: /\n", "/x");
    ALLOWED("user-agent: *\ndisallow: x\n", "/x");
    ALLOWED("user-agent: *\n: /\ndisallow\n", "/x");
}

TEST(bytes_of_no_text) {
    DISALLOWED("User-agent: *\nDisallow: /a\0b\n", "/a%00bc");
    ALLOWED("User-agent: *\nDisallow: /a\0b\n", "/a");
    ALLOWED("User-agent: *\0\nDis\0allow: /a\n", "/a");
    DISALLOWED("\0\xff\nUser-agent: *\nDisallow: /\xc3\n", "/%C3%A9");
}

TEST(delays) {
    CHECK_INT(delay_of("User-agent: *\nCrawl-delay: 10\n", "bot"), 10000);
    CHECK_INT(delay_of("User-agent: *\ncrawl-delay: 0.5\n", "bot"), 500);
    CHECK_INT(delay_of("User-agent: *\ncrawl-delay: .25 # x\n", "bot"), 250);
    CHECK_INT(delay_of("User-agent: *\ncrawl-delay: 1.23456\n", "bot"), 1234);
    CHECK_INT(delay_of("User-agent: *\ncrawl-delay: 2.\n", "bot"), 2000);
    CHECK_INT(delay_of("User-agent: *\ncrawl-delay: 999999999999999999999999\n", "bot"),
              ROBOTS_MAX_DELAY_MS);
    CHECK_INT(delay_of("User-agent: *\nDisallow: /\n", "bot"), 0);
    CHECK_INT(delay_of("Crawl-delay: 5\nUser-agent: *\nDisallow: /\n", "bot"), 0);
    CHECK_INT(delay_of("User-agent: *\nCrawl-delay: 5\nUser-agent: bot\n", "bot"), 0);
}

TEST(delays_that_are_none) {
    static const char *const bad[] = {"", "-1", "1e3", "0x10", "inf", "1.2.3", ".", "10s", "1,5"};
    char body[64];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)snprintf(body, sizeof body, "user-agent: *\ncrawl-delay: %s\n", bad[i]);
        CHECK_INT(delay_of(body, "bot"), 0);
    }
}

TEST(a_delay_is_for_the_agents_before_it) {
    static const char body[] = "User-agent: a\nUser-agent: b\nCrawl-delay: 5\n"
                               "User-agent: c\nDisallow: /\nCrawl-delay: 7\nCrawl-delay: 6\n"
                               "User-agent: a\nCrawl-delay: 2\n";

    CHECK_INT(delay_of(body, "a"), 5000);
    CHECK_INT(delay_of(body, "b"), 5000);
    CHECK_INT(delay_of(body, "c"), 7000);
    CHECK(allows(str_of(body), "a", "/x") && !allows(str_of(body), "c", "/x"));
}

TEST(sitemaps_as_they_stand) {
    OWNED(robots)
    struct robots *r =
        parsed(STR("Sitemap:  https://x/s.xml \nUser-agent: a\nsite-map: /b.xml # b\nSitemap:\n"));

    CHECK_STR(robots_sitemap(r, 0), "https://x/s.xml");
    CHECK_STR(robots_sitemap(r, 1), "/b.xml");
    CHECK(robots_sitemap(r, 2).ptr == NULL);
    CHECK(robots_sitemap(r, STR_END).ptr == NULL);
}

TEST(reads_whole_lines_up_to_the_limit) {
    OWNED_BUF struct buf b = BUF_INIT(BODY_MAX_BYTES);
    static const char end[] = "\nDisallow: /ab";

    put(&b, "User-agent: *\n#");
    put_n(&b, "x", ROBOTS_MAX_BYTES - b.len - strlen(end));
    put(&b, end);
    CHECK_INT(b.len, ROBOTS_MAX_BYTES);
    CHECK(!allows(buf_str(&b), "bot", "/ab"));
    put(&b, "\n");
    CHECK(!allows(buf_str(&b), "bot", "/ab"));
    b.len--;
    put(&b, "c\nDisallow: /b");
    CHECK(allows(buf_str(&b), "bot", "/abc"));
    CHECK(allows(buf_str(&b), "bot", "/b"));
}

TEST(one_endless_line) {
    OWNED_BUF struct buf b = BUF_INIT(BODY_MAX_BYTES);

    put_n(&b, "x", ROBOTS_MAX_BYTES + 1);
    put(&b, "\nUser-agent: *\nDisallow: /\n");
    CHECK(allows(buf_str(&b), "bot", "/a"));
}

/* Each would take for ever, or all memory, in a parser that tries what it need not. */
TEST(hostile_bodies_end_soon) {
    static const char *const lines[] = {
        "disallow: /*a*a*a*a*a*a*a*a*b\n",
        "disallow: /*ab$\n",
        "*",
        "user-agent: bot\n",
        "user-agent: bot\ncrawl-delay: 1\n",
        "crawl-delay: 1\n",
        "useragent:bot\nallow:/b\n",
        "allow:/index.htm\nallow:/\n",
        "sitemap:a\r",
        "allow:/\xff\n",
        "\r\n\n",
    };
    OWNED_BUF struct buf path = BUF_INIT(BODY_MAX_BYTES);

    put(&path, "/");
    put_n(&path, "a", 8000);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        OWNED_BUF struct buf b = BUF_INIT(BODY_MAX_BYTES);

        put(&b, "user-agent: *\nallow: /x\nuser-agent: bot\ndisallow: /");
        put_n(&b, lines[i], (ROBOTS_MAX_BYTES - b.len) / strlen(lines[i]));
        OWNED(robots) struct robots *r = parsed(buf_str(&b));
        OWNED(robots_rules) struct robots_rules *rules = rules_for(r, STR("bot"));
        (void)robots_allows(rules, buf_str(&path));
    }
}

/* Where too many rules would have to be searched for in a long path, the answer is no. */
TEST(too_much_work_disallows) {
    OWNED_BUF struct buf b = BUF_INIT(BODY_MAX_BYTES), path = BUF_INIT(BODY_MAX_BYTES);

    put(&b, "user-agent: *\n");
    put_n(&b, "disallow:/*ba\n", 30000);
    OWNED(robots) struct robots *r = parsed(buf_str(&b));
    OWNED(robots_rules) struct robots_rules *rules = rules_for(r, STR("bot"));
    put(&path, "/");
    put_n(&path, "a", 500);
    CHECK(robots_allows(rules, buf_str(&path)));
    put_n(&path, "a", 500);
    CHECK(!robots_allows(rules, buf_str(&path)));
    CHECK(robots_allows(rules, STR("/robots.txt")));
}

TEST_MAIN
