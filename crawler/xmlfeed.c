#include "crawler/xmlfeed.h"

#include <stdlib.h>

#include "crawler/extract_tag.h"
#include "crawler/xml.h"
#include "crawler/xmlfeed_table.h"

/* An xml:base in force, from the element at |depth| down. */
struct base {
    unsigned depth;
    struct url url;
};

struct xmlfeed {
    struct xmlfeed_options options;
    struct xml *xml;
    enum err e;
    enum xmlfeed_kind kind;
    enum xmlfeed_ns core_ns; /* of the format's own elements */
    const struct xmlfeed_carrier *carriers;
    struct base bases[XMLFEED_MAX_BASES];
    size_t n_bases;
    unsigned image_depth; /* of the image element that is open; 0: none */

    const struct xmlfeed_carrier *carrier; /* whose text is being read, or NULL */
    unsigned carrier_depth;
    struct buf text;
    bool text_too_long;
};

/* --- namespaces -------------------------------------------------------------------------- */

static int namespace_of(void *arg, struct str uri, struct str prefix) {
    (void)arg;
    return (int)xmlfeed_namespace(uri, prefix);
}

static bool is_in(const struct xmlfeed *x, const struct xml_element *e, enum xmlfeed_ns ns) {
    return e->ns == (int)(ns == NS_CORE ? x->core_ns : ns);
}

static void begin(struct xmlfeed *x, const struct xml_element *root) {
    x->kind = xmlfeed_kind_of_root(root);
    x->core_ns = x->kind == XMLFEED_RDF ? NS_RSS1 : (enum xmlfeed_ns)root->ns;
    x->carriers = xmlfeed_carriers(x->kind);
}

/* --- xml:base ------------------------------------------------------------------------------- */

static const struct url *base_in_force(const struct xmlfeed *x) {
    return x->n_bases ? &x->bases[x->n_bases - 1].url : NULL;
}

static const struct xml_attr *attr_of(const struct xml_element *e, int ns, const char *name) {
    for (size_t i = 0; i < e->n_attrs; i++) {
        if (e->attrs[i].ns == ns && str_eq(e->attrs[i].name, str_of(name)))
            return &e->attrs[i];
    }
    return NULL;
}

/* One that has no parse, or is too long or too deep, does not count. */
static void enter_base(struct xmlfeed *x, const struct xml_element *e) {
    const struct xml_attr *a = attr_of(e, NS_XML, "base");
    const struct url *outer = base_in_force(x);
    enum err err;

    if (!a || a->too_long || x->n_bases == XMLFEED_MAX_BASES)
        return;
    err = url_parse(&x->bases[x->n_bases].url, a->value, outer ? outer : x->options.document, NULL);
    if (err == ERR_NO_MEMORY)
        x->e = err;
    if (err == ERR_OK && url_href(&x->bases[x->n_bases].url).len <= XML_MAX_VALUE)
        x->bases[x->n_bases++].depth = e->depth;
}

static void leave_base(struct xmlfeed *x, const struct xml_element *e) {
    if (x->n_bases && x->bases[x->n_bases - 1].depth == e->depth)
        x->n_bases--;
}

/* --- links ----------------------------------------------------------------------------------- */

static bool tell(struct xmlfeed *x, struct xmlfeed_link *l) {
    l->base = base_in_force(x);
    return x->options.link(x->options.arg, l);
}

static struct str trimmed_value(const struct xml_attr *a) {
    return a ? str_trim(a->value) : STR_NONE;
}

static enum tag tag_of_kind(const struct xmlfeed *x) {
    return x->kind == XMLFEED_SITEMAP || x->kind == XMLFEED_SITEMAP_INDEX ? TAG_SITEMAP : TAG_FEED;
}

/* A reference that is empty means the document itself: by RFC 4287 it is one. Elsewhere
 * somebody had nothing to say. */
static bool is_nothing(const struct xmlfeed *x, const struct xml_attr *a) {
    return !a->too_long && x->kind != XMLFEED_ATOM && !str_trim(a->value).len;
}

static bool on_url_attr(struct xmlfeed *x, const struct xml_element *e,
                        const struct xmlfeed_carrier *c) {
    const struct xml_attr *a = attr_of(e, NS_NONE, c->url_attr), *rel;
    struct xmlfeed_link l = {.tag = tag_of_kind(x), .attr = c->attr};

    if (!a || is_nothing(x, a))
        return true;
    rel = attr_of(e, NS_NONE, "rel");
    l.value = a->value;
    l.rel = rel ? rel->value : STR_NONE;
    l.too_long = a->too_long;
    return tell(x, &l);
}

static bool holds(const struct xmlfeed *x, const struct xml_element *e,
                  const struct xmlfeed_carrier *c) {
    switch (c->condition) {
    case IN_IMAGE:
        return x->image_depth != 0;
    case IF_PERMALINK:
        return !str_eq_ascii(trimmed_value(attr_of(e, NS_NONE, "isPermaLink")), STR("false"));
    case ALWAYS:
        break;
    }
    return true;
}

static void begin_text(struct xmlfeed *x, const struct xml_element *e,
                       const struct xmlfeed_carrier *c) {
    x->carrier = c;
    x->carrier_depth = e->depth;
    x->text_too_long = false;
    buf_clear(&x->text);
    xml_want_text(x->xml, true);
}

/* RFC 3986 section 3.1. */
static bool has_scheme(struct str s) {
    size_t n = 0;

    while (n < s.len && (ascii_is_alpha(s.ptr[n]) || ascii_is_digit(s.ptr[n]) || s.ptr[n] == '+' ||
                         s.ptr[n] == '-' || s.ptr[n] == '.'))
        n++;
    return n && n < s.len && ascii_is_alpha(s.ptr[0]) && s.ptr[n] == ':';
}

static bool end_text(struct xmlfeed *x) {
    struct str text = str_trim(buf_str(&x->text));
    struct xmlfeed_link l = {.tag = tag_of_kind(x),
                             .attr = x->carrier->attr,
                             .value = x->text_too_long ? STR_NONE : text,
                             .too_long = x->text_too_long};
    bool counts = x->text_too_long ||
                  (x->carrier->condition == IF_PERMALINK ? has_scheme(text) : text.len > 0);

    if (x->kind == XMLFEED_SITEMAP_INDEX)
        l.rel = STR("sitemap");
    x->carrier = NULL;
    xml_want_text(x->xml, false);
    return !counts || tell(x, &l);
}

static bool on_carriers(struct xmlfeed *x, const struct xml_element *e) {
    bool go_on = true;

    for (const struct xmlfeed_carrier *c = x->carriers; go_on && c && c->name; c++) {
        if (!is_in(x, e, c->ns) || !str_eq(e->name, str_of(c->name)) || !holds(x, e, c))
            continue;
        if (c->url_attr)
            go_on = on_url_attr(x, e, c);
        else if (!x->carrier)
            begin_text(x, e, c);
    }
    return go_on;
}

/* --- XHTML -------------------------------------------------------------------------------------
 */

static bool tell_values(struct xmlfeed *x, struct xmlfeed_link l, const struct extract_attr *attr,
                        const struct xml_attr *a) {
    struct extract_values values = extract_values(attr->kind, a->value);
    bool go_on = true;

    l.attr = attr->attr;
    l.value = a->value;
    l.too_long = a->too_long;
    if (attr->kind == VALUE_URL || a->too_long)
        return tell(x, &l);
    while (go_on && extract_values_next(&values, &l.value))
        go_on = tell(x, &l);
    return go_on;
}

/* Only what stands for itself: a meta or a base is the head's of a page. */
static bool on_xhtml(struct xmlfeed *x, const struct xml_element *e) {
    const struct extract_tag *tag = extract_tag_of(e->name);
    struct xmlfeed_link l = {.tag = TAG_NONE};
    bool go_on = true;

    if (!tag || tag->tag == TAG_META || tag->tag == TAG_BASE)
        return true;
    l.tag = tag->tag;
    if (tag->has_rel) {
        const struct xml_attr *rel = attr_of(e, NS_NONE, "rel");

        l.rel = rel ? rel->value : STR_NONE;
    }
    for (size_t i = 0; go_on && i < e->n_attrs; i++) {
        const struct extract_attr *attr = extract_attr_of(tag, e->attrs[i].name);

        if (attr && e->attrs[i].ns == NS_NONE)
            go_on = tell_values(x, l, attr, &e->attrs[i]);
    }
    return go_on;
}

/* --- what xml tells ------------------------------------------------------------------------------
 */

static bool on_start(void *arg, const struct xml_element *e) {
    struct xmlfeed *x = arg;

    if (x->kind == XMLFEED_UNKNOWN)
        begin(x, e);
    /* one that holds elements was never closed, or is none */
    if (!x->carriers || (x->carrier && !end_text(x)))
        return false;
    enter_base(x, e);
    if (x->e != ERR_OK)
        return false;
    if (!x->image_depth && is_in(x, e, NS_CORE) && str_eq(e->name, STR("image")))
        x->image_depth = e->depth;
    return e->ns == NS_XHTML ? on_xhtml(x, e) : on_carriers(x, e);
}

static bool on_end(void *arg, const struct xml_element *e) {
    struct xmlfeed *x = arg;
    bool go_on = x->carrier && x->carrier_depth == e->depth ? end_text(x) : true;

    leave_base(x, e);
    if (x->image_depth == e->depth)
        x->image_depth = 0;
    return go_on;
}

static bool on_text(void *arg, struct str piece) {
    struct xmlfeed *x = arg;
    enum err e = x->text_too_long ? ERR_OK : buf_put(&x->text, piece);

    if (e == ERR_TOO_BIG)
        x->text_too_long = true;
    else
        x->e = e;
    return x->e == ERR_OK;
}

/* The element's namespace is not known yet: it may be XHTML's. */
static bool wants_attr(void *arg, struct str element, struct str attr) {
    static const char *const names[] = {"href", "src", "url", "uri", "rel", "isPermaLink", "base"};
    const struct extract_tag *tag = extract_tag_of(element);

    (void)arg;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_eq(attr, str_of(names[i])))
            return true;
    }
    return tag && extract_attr_of(tag, attr);
}

/* --- life ----------------------------------------------------------------------------------------
 */

/* A document that is none of ours is not stopped, but passed over. */
enum err xmlfeed_feed(struct xmlfeed *x, struct str bytes) {
    enum err e;

    if (x->kind != XMLFEED_UNKNOWN && !x->carriers)
        return ERR_OK;
    e = xml_feed(x->xml, bytes);
    if (x->e != ERR_OK)
        return x->e;
    return e == ERR_STOPPED && !x->carriers ? ERR_OK : e;
}

enum xmlfeed_kind xmlfeed_kind(const struct xmlfeed *x) {
    return x->kind;
}

struct xmlfeed *xmlfeed_new(const struct xmlfeed_options *o) {
    OWNED(xmlfeed) struct xmlfeed *x = calloc(1, sizeof *x);

    if (!x)
        return NULL;
    x->options = *o;
    buf_init(&x->text, XML_MAX_VALUE);
    for (size_t i = 0; i < XMLFEED_MAX_BASES; i++)
        url_init(&x->bases[i].url);
    x->xml = xml_new(&(struct xml_options){.start = on_start,
                                           .end = on_end,
                                           .text = on_text,
                                           .wants_attr = wants_attr,
                                           .namespace_of = namespace_of,
                                           .arg = x});
    return x->xml ? TAKE(x) : NULL;
}

void xmlfeed_free(struct xmlfeed *x) {
    if (!x)
        return;
    xml_free(x->xml);
    for (size_t i = 0; i < XMLFEED_MAX_BASES; i++)
        url_done(&x->bases[i].url);
    buf_done(&x->text);
    free(x);
}

static bool stop(void *arg, const struct xmlfeed_link *l) {
    (void)arg, (void)l;
    return false;
}

enum err xmlfeed_kind_of(struct str head, enum xmlfeed_kind *ret_kind) {
    OWNED(xmlfeed) struct xmlfeed *x = xmlfeed_new(&(struct xmlfeed_options){.link = stop});
    enum err e = x ? xmlfeed_feed(x, head) : ERR_NO_MEMORY;

    if (e == ERR_NO_MEMORY)
        return e;
    *ret_kind = x->kind;
    return ERR_OK;
}
