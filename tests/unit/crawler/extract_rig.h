/* extract_rig - a document read in pieces of many sizes, and its links in lines. */
#ifndef TESTS_UNIT_CRAWLER_EXTRACT_RIG_H
#define TESTS_UNIT_CRAWLER_EXTRACT_RIG_H

#include "crawler/extract.h"

#include "tests/test.h"

static const struct str here = {"http://h.example/dir/page?q#f", 29};

/* One line a link: URL, and what of rel, text, tag and attribute |show| asks for. */
enum show { URLS, RELS, TEXTS, PLACES };

static inline void put_part(struct buf *b, struct str s) {
    if (buf_put_char(b, ' ') != ERR_OK || buf_put(b, s) != ERR_OK)
        abort();
}

static inline void list_links(const struct links *l, enum show show, struct buf *b) {
    struct links_view v = links_view(l);
    struct link link;

    while (links_view_next(&v, &link) == ERR_OK) {
        if ((b->len && buf_put_char(b, '\n') != ERR_OK) || buf_put(b, link.url) != ERR_OK)
            abort();
        if (show == RELS)
            put_part(b, link.rel);
        if (show == TEXTS)
            put_part(b, link.text);
        if (show == PLACES) {
            put_part(b, str_of(tag_text(link.tag)));
            put_part(b, str_of(attr_text(link.attr)));
        }
    }
}

static inline enum err extract_by(const struct extract_options *o, struct str type, struct str html,
                                  size_t step, struct links *ret_links) {
    OWNED(extract) struct extract *x = extract_new(o, here, type);
    enum err e = ERR_OK;

    for (; e == ERR_OK && html.len; html = str_from(html, step))
        e = extract_feed(x, str_upto(html, step));
    return e == ERR_OK ? extract_finish(x, ret_links) : e;
}

static inline void check(const struct extract_options *o, const char *type, struct str html,
                         enum show show, const char *wanted) {
    static const size_t steps[] = {STR_END, 1, 2, 3, 7, 1023, 1024, 1025};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        OWNED_BUF struct buf got = BUF_INIT(1 << 20);
        struct links l;

        links_init(&l);
        CHECK_OK(extract_by(o, str_of(type), html, steps[i], &l));
        list_links(&l, show, &got);
        links_done(&l);
        CHECK_STR(buf_str(&got), wanted);
    }
}

#endif
