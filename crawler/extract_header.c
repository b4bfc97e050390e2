#include "crawler/extract_header.h"

#include "crawler/html.h"
#include "crawler/linkheader.h"

/* Does the anchor name the document, or a part of it? |*ret_is_it| is false for one
 * that has no parse. */
static enum err is_document(const struct extract_found *x, const struct linkheader_param *anchor,
                            bool *ret_is_it) {
    OWNED_BUF struct buf text = BUF_INIT(HTML_MAX_VALUE);
    OWNED_URL struct url url = {.has_host = false};
    enum err e = linkheader_put_param(&text, anchor);

    url_init(&url);
    if (e == ERR_OK)
        e = url_parse(&url, buf_str(&text), extract_found_document(x), NULL);
    *ret_is_it =
        e == ERR_OK && str_eq(url_without_fragment(&url), url_without_fragment(&x->document));
    return e == ERR_NO_MEMORY ? e : ERR_OK;
}

static enum err put(struct extract_found *x, const struct linkheader_link *l) {
    OWNED_BUF struct buf rel = BUF_INIT(HTML_MAX_VALUE);
    struct found f = {.tag = TAG_HEADER, .attr = ATTR_HREF, .raw = l->target};
    bool is_here = true;
    enum err e = l->anchor.is_given ? is_document(x, &l->anchor, &is_here) : ERR_OK;

    if (e != ERR_OK || !is_here)
        return e;
    if (l->target.len > HTML_MAX_VALUE) {
        extract_found_drop(x);
        return ERR_OK;
    }
    e = linkheader_put_param(&rel, &l->rel);
    return e == ERR_NO_MEMORY ? e : extract_found_put_rel(x, &f, buf_str(&rel));
}

enum err extract_header_put(struct extract_found *found, struct str values) {
    enum err e = ERR_OK;

    if (!(found->options->elements >> TAG_HEADER & 1))
        return ERR_OK;
    while (e == ERR_OK && values.len) {
        struct str value = str_cut(&values, '\n');
        struct linkheader_link l;

        while (e == ERR_OK && linkheader_next(&value, &l))
            e = put(found, &l);
    }
    return e;
}
