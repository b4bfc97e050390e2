/* Links planted in tag soup, as a tree builder finds them; and every named
 * character reference in the value of an attribute. */
#include <jansson.h>
#include <string.h>

#include "crawler/html.h"
#include "tests/conformance/outside.h"
#include "tests/test.h"

enum { MAX_FILE = 16 << 20, PERCENT_WANTED = 99 };

/* What the oracle lists, and nothing of names that are soup themselves. */
static uint8_t wants_tag(void *arg, struct str name) {
    static const char *const tags[] = {"a", "area", "link", "base", "img", "iframe", "frame"};

    (void)arg;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (str_eq(name, str_of(tags[i])))
            return true;
    return false;
}

static uint8_t wants_attr(void *arg, uint8_t tag, struct str name) {
    (void)arg;
    (void)tag;
    return str_eq(name, STR("href")) || str_eq(name, STR("src"));
}

/* As {"tag value": true}: compared as sets. */
static bool put_link(void *arg, const struct html_token *t) {
    char key[4096];

    if (t->kind != HTML_START_TAG || t->in_template || t->in_foreign)
        return true;
    for (size_t i = 0; i < t->n_attrs; i++) {
        (void)snprintf(key, sizeof key, "%.*s %.*s", (int)t->name.len, t->name.ptr,
                       (int)t->attrs[i].value.len, t->attrs[i].value.ptr);
        json_object_set_new_nocheck(arg, key, json_true());
    }
    return true;
}

static json_t *links_in(struct str input, size_t step) {
    json_t *links = json_object();
    struct html_options o = {
        .token = put_link, .wants_tag = wants_tag, .wants_attr = wants_attr, .arg = links};
    OWNED(html) struct html *h = html_new(&o);

    for (size_t at = 0; at < input.len; at += step)
        if (html_feed(h, str_upto(str_from(input, at), step)) != ERR_OK)
            abort();
    if (html_finish(h) != ERR_OK)
        abort();
    return links;
}

static json_t *wanted_of(const json_t *list) {
    json_t *links = json_object(), *pair;
    char key[4096];
    size_t i;

    json_array_foreach(list, i, pair) {
        (void)snprintf(key, sizeof key, "%s %s", json_string_value(json_array_get(pair, 0)),
                       json_string_value(json_array_get(pair, 1)));
        json_object_set_new_nocheck(links, key, json_true());
    }
    return links;
}

static bool agrees(const json_t *test) {
    const json_t *html = json_object_get(test, "html");
    struct str input = str_at(json_string_value(html), json_string_length(html));
    json_t *wanted = wanted_of(json_object_get(test, "links"));
    json_t *got = links_in(input, SIZE_MAX / 2), *bytewise = links_in(input, 1);
    bool same = json_equal(got, wanted);

    if (!json_equal(got, bytewise))
        TEST_FAIL("cut into bytes it differs: %.*s", (int)input.len, input.ptr);
    if (!same) {
        char *got_text = json_dumps(got, 0), *wanted_text = json_dumps(wanted, 0);

        printf("  deviates: %.*s\n    got %s, the oracle %s\n", (int)input.len, input.ptr, got_text,
               wanted_text);
        free(got_text);
        free(wanted_text);
    }
    json_decref(wanted);
    json_decref(got);
    json_decref(bytewise);
    return same;
}

static json_t *next_case(struct str *lines) {
    struct str line = str_cut(lines, '\n');
    json_t *test = json_loadb(line.ptr, line.len, JSON_ALLOW_NUL, NULL);

    if (!test)
        TEST_FAIL("not JSON: %.*s", (int)line.len, line.ptr);
    return test;
}

TEST(soup_links) {
    OWNED_BUF struct buf file = BUF_INIT(MAX_FILE);
    unsigned n = 0, same = 0;
    struct str lines;

    outside_unpack("xz -dc", "html-links/soup-links.jsonl.xz", &file);
    for (lines = buf_str(&file); lines.len; n++) {
        json_t *test = next_case(&lines);

        same += test && agrees(test);
        json_decref(test);
    }
    printf("soup-links: %u of %u agree\n", same, n);
    CHECK(n > 2000 && same * 100 >= n * PERCENT_WANTED);
}

/* --- attr-entities */

static bool put_href(void *arg, const struct html_token *t) {
    if (t->kind == HTML_START_TAG && t->n_attrs && buf_put(arg, t->attrs[0].value))
        abort();
    return true;
}

static void href_of(struct str input, size_t step, struct buf *ret_href) {
    struct html_options o = {.token = put_href, .wants_attr = wants_attr, .arg = ret_href};
    OWNED(html) struct html *h = html_new(&o);

    buf_clear(ret_href);
    for (size_t at = 0; at < input.len; at += step)
        if (html_feed(h, str_upto(str_from(input, at), step)) != ERR_OK)
            abort();
    if (html_finish(h) != ERR_OK)
        abort();
}

static bool href_agrees(const json_t *test, size_t step) {
    const json_t *html = json_object_get(test, "html"), *href = json_object_get(test, "href");
    OWNED_BUF struct buf got = BUF_INIT(MAX_FILE);

    href_of(str_at(json_string_value(html), json_string_length(html)), step, &got);
    if (str_eq(buf_str(&got), str_at(json_string_value(href), json_string_length(href))))
        return true;
    TEST_FAIL("%s: got %.*s, not %s", json_string_value(html), (int)got.len, got.ptr,
              json_string_value(href));
    return false;
}

TEST(attr_entities) {
    OWNED_BUF struct buf file = BUF_INIT(MAX_FILE);
    unsigned n = 0, same = 0;
    struct str lines;

    outside_unpack("xz -dc", "html-links/attr-entities.jsonl.xz", &file);
    for (lines = buf_str(&file); lines.len; n++) {
        json_t *test = next_case(&lines);

        same += test && href_agrees(test, SIZE_MAX / 2) && href_agrees(test, 1);
        json_decref(test);
    }
    printf("attr-entities: %u of %u agree\n", same, n);
    CHECK(n > 5000 && same == n);
}

TEST_MAIN
