#include "crawler/glob.h"

#include <time.h>

#include "tests/test.h"

enum { PATH_START = 19 }; /* of "https://example.com/..." */

/* -1: no pattern at all */
static int matches(const char *pattern, const char *url) {
    OWNED(glob) struct glob *g = NULL;

    if (glob_new(str_of(pattern), &g) != ERR_OK)
        return -1;
    return glob_matches(g, str_of(url), PATH_START);
}

#define MATCHES(pattern, url) CHECK_INT(matches(pattern, url), 1)
#define DIFFERS(pattern, url) CHECK_INT(matches(pattern, url), 0)

TEST(matches_whole_urls) {
    MATCHES("https://example.com/a", "https://example.com/a");
    DIFFERS("https://example.com/a", "https://example.com/ab");
    DIFFERS("https://example.com/a", "https://example.com/");
    DIFFERS("example.com", "https://example.com/");
    DIFFERS("https://example.com/A", "https://example.com/a");
}

TEST(a_star_is_any_run) {
    MATCHES("*", "https://example.com/");
    MATCHES("https://example.com/*", "https://example.com/");
    MATCHES("https://example.com/*/c", "https://example.com/a/b/c");
    MATCHES("https://example.com/**/c", "https://example.com/a/b/c");
    MATCHES("*.pdf", "https://example.com/a.pdf.pdf");
    MATCHES("*/blog/*", "https://example.com/x/blog/");
    DIFFERS("*/blog/*", "https://example.com/blog");
    MATCHES("*ab*ab*", "https://example.com/aabab");
    DIFFERS("*ab*ab*", "https://example.com/aaba");
    DIFFERS("*.pdf", "https://example.com/a.pdf?x");
}

TEST(a_question_mark_is_any_one) {
    MATCHES("https://example.com/list?page=*", "https://example.com/list?page=2");
    MATCHES("*/a??", "https://example.com/abc");
    DIFFERS("*/a??", "https://example.com/ab");
    MATCHES("???????*", "https://example.com/");
}

TEST(a_backslash_escapes) {
    MATCHES("*/a\\?b", "https://example.com/a?b");
    DIFFERS("*/a\\?b", "https://example.com/a-b");
    MATCHES("*/\\*", "https://example.com/*");
    DIFFERS("*/\\*", "https://example.com/b");
    MATCHES("*/\\\\\\c", "https://example.com/\\c");
    MATCHES("*/[ab]{c}", "https://example.com/[ab]{c}");
    DIFFERS("*/[ab]", "https://example.com/a");
}

TEST(begins_at_the_path_with_a_slash) {
    MATCHES("/", "https://example.com/");
    MATCHES("/news/*", "https://example.com/news/1?a");
    DIFFERS("/news/*", "https://example.com/x/news/1");
    MATCHES("/*", "https://example.com/");
}

TEST(encodes_what_urls_encode) {
    MATCHES("*/gr\xc3\xb6\xc3\x9f"
            "e",
            "https://example.com/gr%C3%B6%C3%9Fe");
    MATCHES("*/a b", "https://example.com/a%20b");
    MATCHES("*/a\\ b", "https://example.com/a%20b");
    DIFFERS("*/\xc3\xb6", "https://example.com/%C3%B7");
}

TEST(refuses_what_is_no_pattern) {
    OWNED(glob) struct glob *g = NULL;
    char longest[GLOB_MAX_BYTES + 1];

    CHECK_ERR(glob_new(STR(""), &g), ERR_INVALID);
    CHECK_ERR(glob_new(STR("a\\"), &g), ERR_INVALID);
    CHECK_ERR(glob_new(STR("a\\\\\\"), &g), ERR_INVALID);
    CHECK_ERR(glob_new(STR("a\nb"), &g), ERR_INVALID);
    CHECK_ERR(glob_new(STR("a\0b"), &g), ERR_INVALID);
    CHECK_ERR(glob_new(STR("\x7f"), &g), ERR_INVALID);
    memset(longest, '\xff', sizeof longest);
    CHECK_ERR(glob_new(str_at(longest, sizeof longest), &g), ERR_TOO_BIG);
    CHECK_OK(glob_new(str_at(longest, sizeof longest - 1), &g));
    CHECK(!glob_matches(g, STR("https://example.com/"), PATH_START));
}

TEST(matches_across_words_of_states) {
    char pattern[200], url[400];

    for (size_t n = 60; n < 140; n++) {
        memset(pattern, 'a', n);
        snprintf(pattern + n, sizeof pattern - n, "*b");
        memset(url, 'a', n);
        snprintf(url + n, sizeof url - n, "/x/b");
        MATCHES(pattern, url);
        url[n - 1] = 'c';
        DIFFERS(pattern, url);
    }
}

/* Backtracking would take some 10^9 steps for one of these. */
TEST(takes_linear_time_whatever_the_pattern) {
    static char pattern[GLOB_MAX_BYTES], url[4096];
    OWNED(glob) struct glob *g = NULL;
    clock_t begin = clock();

    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = i % 9 ? 'a' : '*';
    pattern[sizeof pattern - 1] = 'b';
    memset(url, 'a', sizeof url);
    CHECK_OK(glob_new(str_at(pattern, sizeof pattern), &g));
    for (int i = 0; i < 100; i++)
        CHECK(!glob_matches(g, str_at(url, sizeof url), 0));
    CHECK((double)(clock() - begin) / CLOCKS_PER_SEC < 5);
}

TEST_MAIN
