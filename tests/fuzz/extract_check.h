/* extract_check - what holds for the links of any document; for the fuzz targets. */
#ifndef TESTS_FUZZ_EXTRACT_CHECK_H
#define TESTS_FUZZ_EXTRACT_CHECK_H

#include <assert.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "crawler/extract.h"
#include "crawler/url.h"

static inline struct extract_options options_of(uint8_t bits) {
    struct extract_options o = extract_defaults();

    o.text = bits & 1;
    o.elements = bits & 2 ? UINT64_MAX : o.elements;
    o.schemes = bits & 4 ? STR("*") : o.schemes;
    o.fragments = bits & 8 ? FRAGMENTS_KEEP : FRAGMENTS_STRIP;
    o.nofollow = bits & 16 ? NOFOLLOW_DROP : NOFOLLOW_KEEP;
    o.max_links = bits & 32 ? 3 : o.max_links;
    return o;
}

static inline void read_document(const struct extract_options *o, struct str type,
                                 struct str header, struct str document, size_t step,
                                 struct links *ret_links) {
    OWNED(extract) struct extract *x = extract_new(o, STR("http://h.example/dir/page?q"), type);

    assert(x);
    links_init(ret_links);
    extract_put_header(x, header);
    for (; document.len; document = str_from(document, step)) {
        if (extract_feed(x, str_upto(document, step)) != ERR_OK)
            abort();
    }
    if (extract_finish(x, ret_links) != ERR_OK)
        abort();
}

static inline void check_clean(struct str s) {
    assert(utf8_valid(s));
    for (size_t i = 0; i < s.len; i++)
        assert((unsigned char)s.ptr[i] >= ' ' && s.ptr[i] != 0x7f);
}

/* What was serialised and is parsed again is the same. */
static inline void check_url(struct str s) {
    OWNED_URL struct url url = {.has_host = false};

    url_init(&url);
    if (url_parse(&url, s, NULL, NULL) != ERR_OK)
        abort();
    assert(str_eq(url_href(&url), s));
}

static inline void check_links(const struct links *l, const struct extract_options *o) {
    struct links_view view = links_view(l);
    struct link link;
    enum err e;

    assert(l->n <= o->max_links);
    while ((e = links_view_next(&view, &link)) == ERR_OK) {
        assert(link.url.len && link.tag != TAG_NONE && link.attr != ATTR_NONE);
        check_clean(link.url);
        check_url(link.url);
        check_clean(link.rel);
        check_clean(link.text);
    }
    assert(e == ERR_NOT_FOUND && view.urls.len == 0 && view.texts.len == 0);
}

/* The same links in one piece and in pieces of |step| bytes. */
static inline void check_document(const struct extract_options *o, struct str type,
                                  struct str header, struct str document, size_t step) {
    struct links whole, pieces;

    read_document(o, type, header, document, STR_END, &whole);
    check_links(&whole, o);
    read_document(o, type, header, document, step, &pieces);
    assert(str_eq(buf_str(&whole.urls), buf_str(&pieces.urls)));
    assert(str_eq(buf_str(&whole.marks), buf_str(&pieces.marks)));
    assert(str_eq(buf_str(&whole.texts), buf_str(&pieces.texts)));
    assert(whole.dropped == pieces.dropped);
    links_done(&whole);
    links_done(&pieces);
}

#endif
