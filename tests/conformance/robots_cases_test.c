/* What robots.txt allows, by the cases of two other parsers and by real files on which
 * these two agree (outside data, see outside.h). */
#include "crawler/robots.h"

#include <jansson.h>

#include "tests/conformance/outside.h"
#include "tests/test.h"

enum { FILE_MAX_BYTES = 256 << 20 };

/* Cases that are not followed, and what RFC 9309 says of them. */
static const struct exception {
    const char *src, *agent, *path; /* the end, all, and the beginning */
} exceptions[] = {
    /* 2.2.2: "%62%61%7A" is compared as "baz" */
    {"ID_Encoding:445", "FooBot", "/foo/bar/baz"},
    /* 2.5: what is within the limit is parsed; Google cuts a line at 16,664 bytes */
    {"GoogleOnly_LineTooLong:543", "FooBot", "/x/aaa"},
    /* 2.2: a field ends with a colon; without one we take two words, not more */
    {"test_generosity", "harry potter", "/horcrux"},
    /* 2.2.1: the product token of "foo*bot" is "foo" */
    {"test_generosity", "foobot", "/myprofile"},
    /* 2.2.4: other records do not end a group */
    {"test_grouping_unknown_keys", "agent", "/foo"},
    {"test_grouping_unknown_keys", "agent", "/content/2"},
    /* 2.2.3: a final "$" is the end of the pattern; "%24" is the character */
    {"test_special_symbols_dual_behaviour", "FooBot", "/x/abc$"},
    {"test_special_symbols_dual_behaviour", "FooBot", "/x/abc%24"},
    /* 2.2: a pattern begins with "/" (or "*"); others are no rules */
    {"test_with_absolute_urls", "FooBot", "/http://ms-web00.walkerplus.com/"},
};

/* Real files whose verdicts are not followed, and why. */
enum reason { GROUPS, ROBOTS_TXT, SPACES, BRACKETS, REASONS, UNEXPLAINED = REASONS };

static const char *const reasons[REASONS] = {
    [GROUPS] = "2.2.4: a Sitemap line does not end a group",
    [ROBOTS_TXT] = "2.2.2: /robots.txt is always allowed",
    [SPACES] = "2.2: no Unicode space ends a pattern",
    [BRACKETS] = "2.2.2: \"[]\" in path and pattern are the same octets",
};

static const struct {
    const char *file;
    enum reason reason;
} other_files[] = {
    {"www.wsbtv.com", GROUPS},
    {"www.noip.com", SPACES},
    {"www.hemmings.com", BRACKETS},
};

static enum reason reason_of(struct str file, struct str path) {
    if (str_eq(path, STR("/robots.txt")))
        return ROBOTS_TXT;
    for (size_t i = 0; i < sizeof other_files / sizeof *other_files; i++)
        if (str_eq(file, str_of(other_files[i].file)))
            return other_files[i].reason;
    return UNEXPLAINED;
}

static struct str text_at(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);

    return str_at(json_string_value(value), json_string_length(value));
}

/* Path and query of |url|, which may be a path already. */
static struct str path_of(struct str url) {
    size_t scheme = str_find_str(url, STR("://"));

    url = str_upto(url, str_find(url, '#'));
    if (scheme == STR_END || str_starts(url, STR("/")))
        return url;
    url = str_from(url, scheme + 3);
    return str_from(url, str_find(url, '/'));
}

static bool allows(struct str body, struct str agent, struct str path) {
    OWNED(robots) struct robots *r = NULL;
    OWNED(robots_rules) struct robots_rules *rules = NULL;

    if (robots_parse(body, &r) != ERR_OK || robots_rules_for(r, agent, &rules) != ERR_OK)
        abort();
    return robots_allows(rules, path);
}

static bool is_exception(const json_t *row) {
    for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
        const struct exception *x = &exceptions[i];

        if (str_ends(text_at(row, "src"), str_of(x->src)) &&
            str_eq(text_at(row, "agent"), str_of(x->agent)) &&
            str_starts(path_of(text_at(row, "url")), str_of(x->path)))
            return true;
    }
    return false;
}

/* An exception that is none any more fails, too. */
static bool run_row(const json_t *row) {
    struct str path = path_of(text_at(row, "url"));
    bool wanted = json_is_true(json_object_get(row, "allowed"));

    if ((allows(text_at(row, "robots"), text_at(row, "agent"), path) == wanted) !=
        is_exception(row))
        return true;
    TEST_FAIL("%s: %s, %.*s: not %s", text_at(row, "src").ptr, text_at(row, "agent").ptr,
              (int)str_upto(path, 60).len, path.ptr, wanted ? "allowed" : "disallowed");
    return false;
}

static void run_suite(const char *name, size_t *ret_n, size_t *ret_passed) {
    OWNED_BUF struct buf file = BUF_INIT(FILE_MAX_BYTES);
    struct str rest;

    *ret_n = *ret_passed = 0;
    outside_read(name, &file);
    for (rest = buf_str(&file); rest.len; ++*ret_n) {
        struct str line = str_cut(&rest, '\n');
        json_t *row = json_loadb(line.ptr, line.len, JSON_ALLOW_NUL, NULL);

        if (!row)
            abort();
        *ret_passed += run_row(row);
        json_decref(row);
    }
    printf("%s: %zu of %zu cases as wanted\n", name, *ret_passed, *ret_n);
}

TEST(googles_cases) {
    size_t n, passed;

    run_suite("robots/google-145.jsonl", &n, &passed);
    CHECK_INT(n, 67);
    CHECK_INT(passed, n);
}

TEST(protegos_cases) {
    size_t n, passed;

    run_suite("robots/protego-378.jsonl", &n, &passed);
    CHECK_INT(n, 204);
    CHECK_INT(passed, n);
}

/* The next file of the archive |*tar| (ustar: blocks of 512 bytes). */
static bool next_file(struct str *tar, struct str *ret_name, struct str *ret_body) {
    struct str head = str_upto(*tar, 512);
    size_t size;

    if (head.len < 512 || head.ptr[0] == 0)
        return false;
    size = strtoul(head.ptr + 124, NULL, 8);
    *ret_name = str_of(head.ptr);
    *ret_body = str_upto(str_from(*tar, 512), size);
    *tar = str_from(*tar, 512 + (size + 511) / 512 * 512);
    return true;
}

static bool run_verdict(const struct robots *r, const json_t *verdict) {
    OWNED(robots_rules) struct robots_rules *rules = NULL;
    const char *agent = json_string_value(json_array_get(verdict, 0));
    const char *path = json_string_value(json_array_get(verdict, 1));
    bool wanted = json_integer_value(json_array_get(verdict, 2)) != 0;

    if (robots_rules_for(r, str_of(agent), &rules) != ERR_OK)
        abort();
    return robots_allows(rules, str_of(path)) == wanted;
}

/* Counts the verdicts, and those that differ by reason. */
static void run_real_file(struct str body, const json_t *row, size_t *n,
                          size_t differ[REASONS + 1]) {
    OWNED(robots) struct robots *r = NULL;
    size_t i;
    json_t *verdict;

    if (robots_parse(body, &r) != ERR_OK)
        abort();
    json_array_foreach(json_object_get(row, "cases"), i, verdict) {
        struct str path = str_of(json_string_value(json_array_get(verdict, 1)));
        enum reason reason = reason_of(text_at(row, "file"), path);

        ++*n;
        if (run_verdict(r, verdict))
            continue;
        differ[reason]++;
        if (reason == UNEXPLAINED)
            printf("  %s: %s\n", text_at(row, "file").ptr, path.ptr);
    }
}

TEST(verdicts_on_real_files) {
    OWNED_BUF struct buf archive = BUF_INIT(FILE_MAX_BYTES), verdicts = BUF_INIT(FILE_MAX_BYTES);
    struct str tar, rest, name, body;
    size_t files = 0, n = 0, differ[REASONS + 1] = {0};

    outside_unpack("xz -dc", "robots/real-files.tar.xz", &archive);
    outside_unpack("xz -dc", "robots/real-verdicts.jsonl.xz", &verdicts);
    tar = buf_str(&archive);
    for (rest = buf_str(&verdicts); rest.len && next_file(&tar, &name, &body); files++) {
        struct str line = str_cut(&rest, '\n');
        json_t *row = json_loadb(line.ptr, line.len, 0, NULL);

        if (!row || !str_ends(name, text_at(row, "file")))
            abort();
        run_real_file(body, row, &n, differ);
        json_decref(row);
    }
    printf("%zu real files: %zu verdicts\n", files, n);
    for (size_t i = 0; i < REASONS; i++)
        printf("  %zu differ: %s\n", differ[i], reasons[i]);
    printf("  %zu differ without a reason\n", differ[UNEXPLAINED]);
    CHECK_INT(files, 1943);
    CHECK_INT(n, 42204);
    CHECK_INT(differ[UNEXPLAINED], 0);
    CHECK_INT(differ[GROUPS] + differ[ROBOTS_TXT], 8);
    CHECK_INT(differ[SPACES] + differ[BRACKETS], 7);
}

TEST_MAIN
