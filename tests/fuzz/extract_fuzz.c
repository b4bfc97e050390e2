/* extract_fuzz - a document: the same links in one piece and in small ones, and only
 * valid UTF-8 without controls in what comes out.
 *
 * The first two bytes choose options, the media type and the size of the pieces.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "crawler/extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {
    "text/html",
    "text/html; charset=utf-8",
    "text/html; charset=windows-1252",
    "text/html; charset=shift_jis",
    "text/html; charset=gb18030",
    "text/html; charset=big5",
    "text/html; charset=utf-16le",
    "text/html; charset=iso-2022-jp",
    "text/html; charset=euc-jp",
    "text/html; charset=euc-kr",
    "",
};

static void run(const struct extract_options *o, struct str type, struct str html, size_t step,
                struct links *ret_links) {
    OWNED(extract) struct extract *x = extract_new(o, STR("http://h.example/dir/page?q"), type);

    assert(x);
    links_init(ret_links);
    for (; html.len; html = str_from(html, step)) {
        if (extract_feed(x, str_upto(html, step)) != ERR_OK)
            abort();
    }
    if (extract_finish(x, ret_links) != ERR_OK)
        abort();
}

static void check_clean(struct str s) {
    assert(utf8_valid(s));
    for (size_t i = 0; i < s.len; i++)
        assert((unsigned char)s.ptr[i] >= ' ' && s.ptr[i] != 0x7f);
}

static void check_links(const struct links *l, const struct extract_options *o) {
    struct links_view view = links_view(l);
    struct link link;
    enum err e;

    assert(l->n <= o->max_links);
    while ((e = links_view_next(&view, &link)) == ERR_OK) {
        assert(link.url.len);
        check_clean(link.url);
        check_clean(link.rel);
        check_clean(link.text);
    }
    assert(e == ERR_NOT_FOUND && view.urls.len == 0 && view.texts.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct extract_options o = extract_defaults();
    struct links whole, pieces;
    struct str html, type;

    if (size < 2)
        return 0;
    o.text = data[0] & 1;
    o.elements = data[0] & 2 ? UINT64_MAX : o.elements;
    o.schemes = data[0] & 4 ? STR("*") : o.schemes;
    o.fragments = data[0] & 8 ? FRAGMENTS_KEEP : FRAGMENTS_STRIP;
    o.nofollow = data[0] & 16 ? NOFOLLOW_DROP : NOFOLLOW_KEEP;
    o.max_links = data[0] & 32 ? 3 : o.max_links;
    type = str_of(types[data[1] % (sizeof types / sizeof *types)]);
    html = str_at((const char *)data + 2, size - 2);
    run(&o, type, html, STR_END, &whole);
    check_links(&whole, &o);
    run(&o, type, html, 1 + data[1] / 16, &pieces);
    assert(str_eq(buf_str(&whole.urls), buf_str(&pieces.urls)));
    assert(str_eq(buf_str(&whole.marks), buf_str(&pieces.marks)));
    assert(str_eq(buf_str(&whole.texts), buf_str(&pieces.texts)));
    assert(whole.dropped == pieces.dropped);
    links_done(&whole);
    links_done(&pieces);
    return 0;
}
