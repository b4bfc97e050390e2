#include "crawler/extract_xml.h"

static bool is_asked(const struct extract_found *x, enum tag tag) {
    return tag == TAG_FEED || tag == TAG_SITEMAP || (x->options->elements >> tag & 1);
}

static bool on_link(void *arg, const struct xmlfeed_link *l) {
    struct extract_xml *x = arg;
    const struct found f = {.tag = l->tag, .attr = l->attr, .raw = l->value};

    if (!is_asked(x->found, l->tag))
        return true;
    if (l->too_long) {
        extract_found_drop(x->found);
        return true;
    }
    x->found->xml_base = l->base;
    x->e = extract_found_put_rel(x->found, &f, l->rel);
    x->found->xml_base = NULL;
    return x->e == ERR_OK;
}

enum err extract_xml_init(struct extract_xml *x, struct extract_found *found) {
    *x = (struct extract_xml){.found = found};
    found->charset = charset_utf8();
    found->has_base = true; /* no base element counts in XML */
    x->feed = xmlfeed_new(&(struct xmlfeed_options){
        .link = on_link, .arg = x, .document = extract_found_document(found)});
    return x->feed ? ERR_OK : ERR_NO_MEMORY;
}

void extract_xml_done(struct extract_xml *x) {
    xmlfeed_free(x->feed);
}

enum err extract_xml_feed(struct extract_xml *x, struct str bytes) {
    enum err e = xmlfeed_feed(x->feed, bytes);

    return e == ERR_STOPPED ? x->e : e;
}

const struct charset *extract_xml_charset(const struct charset *bom,
                                          const struct charset *transport, struct str head) {
    const struct charset *c = bom ? bom : transport;

    if (!c)
        c = charset_of_xml(head);
    return c ? c : charset_utf8();
}

enum err extract_xml_kind(const struct charset *c, struct str head, enum xmlfeed_kind *ret_kind) {
    OWNED(charset_decoder) struct charset_decoder *d = NULL;
    OWNED_BUF struct buf utf8 = BUF_INIT(4 * head.len + 64);
    enum err e = charset_decoder_new(c, &d);

    if (e == ERR_UNSUPPORTED) /* ASCII can still be read */
        return xmlfeed_kind_of(head, ret_kind);
    if (e == ERR_OK)
        e = charset_decode(d, head, false, &utf8);
    return e == ERR_OK ? xmlfeed_kind_of(buf_str(&utf8), ret_kind) : e;
}
