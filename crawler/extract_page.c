#include "crawler/extract_page.h"

#include "crawler/extract_tag.h"
#include "crawler/extract_text.h"

enum { HELD_BYTES = 1 << 20 };            /* of links inside an <a> whose text is still coming */
enum { META_CONTENT = 1, BASE_HREF = 1 }; /* numbers: the first of each tag */

static bool is_asked(const struct extract_page *x, const struct extract_tag *tag) {
    return (x->options->elements >> tag->tag & 1) != 0;
}

static uint8_t wants_tag(void *arg, struct str tag_name) {
    const struct extract_page *x = arg;
    const struct extract_tag *tag = extract_tag_of(tag_name);

    if (tag && (is_asked(x, tag) || tag->tag == TAG_META || tag->tag == TAG_BASE))
        return extract_tag_number(tag);
    return x->options->text ? EXTRACT_NO_URLS : 0; /* with texts, any may be one that ends an <a> */
}

static uint8_t wants_attr(void *arg, uint8_t tag_number, struct str attr_name) {
    const struct extract_tag *tag = extract_tag_by(tag_number);

    (void)arg;
    return tag ? extract_attr_number(tag, attr_name) : 0;
}

static const struct html_attr *attr_by(const struct html_token *t, uint8_t number) {
    for (size_t i = 0; i < t->n_attrs; i++) {
        if (t->attrs[i].number == number)
            return &t->attrs[i];
    }
    return NULL;
}

static struct str value_of(const struct html_token *t, uint8_t number) {
    const struct html_attr *a = attr_by(t, number);

    return a ? a->value : STR_NONE;
}

/* The <a> has ended, or as much of its text as counts has come. */
static enum err close_anchor(struct extract_page *x) {
    struct anchor *a = &x->anchor;
    struct str value = buf_str(&a->value), held = buf_str(&a->held);
    OWNED_BUF struct buf text = BUF_INIT(2 * TEXT_MAX_BYTES);
    struct found f;
    enum err e;

    if (!a->is_open)
        return ERR_OK;
    a->is_open = false;
    html_want_text(x->html, false);
    e = extract_text_put_tidy(&text, buf_str(&a->text));
    if (e == ERR_OK && found_take(&value, &f)) {
        f.text = buf_str(&text);
        e = extract_found_put(&x->found, &f);
    }
    while (e == ERR_OK && found_take(&held, &f))
        e = extract_found_put(&x->found, &f);
    buf_clear(&a->held);
    return e;
}

static enum err open_anchor(struct extract_page *x, const struct found *f) {
    struct anchor *a = &x->anchor;
    enum err e;

    buf_clear(&a->value);
    buf_clear(&a->text);
    a->cells = 0;
    a->in_raw_text = false;
    e = found_store(&a->value, f);
    if (e != ERR_OK)
        return e;
    a->is_open = true;
    html_want_text(x->html, true);
    return ERR_OK;
}

static enum err put(struct extract_page *x, const struct found *f) {
    enum err e;

    if (x->anchor.is_open) {
        if (found_store(&x->anchor.held, f) == ERR_OK)
            return ERR_OK;
        e = close_anchor(x);
        return e == ERR_OK ? extract_found_put(&x->found, f) : e;
    }
    if (x->options->text && f->tag == TAG_A && f->attr == ATTR_HREF)
        return open_anchor(x, f);
    return extract_found_put(&x->found, f);
}

static enum err put_many(struct extract_page *x, struct found *f, enum value_kind kind) {
    struct extract_values values = extract_values(kind, f->raw);
    enum err e = ERR_OK;

    while (e == ERR_OK && extract_values_next(&values, &f->raw))
        e = put(x, f);
    return e;
}

static enum err put_links(struct extract_page *x, const struct extract_tag *tag,
                          const struct html_token *t) {
    struct found f = {.tag = tag->tag};
    enum err e = ERR_OK;

    if (tag->has_rel) {
        struct str rel = value_of(t, EXTRACT_REL);

        if (x->options->nofollow == NOFOLLOW_DROP && extract_text_has_word(rel, STR("nofollow")))
            return ERR_OK;
        e = extract_text_tidy(&x->rel, rel, &f.rel);
    }
    for (size_t i = 0; e == ERR_OK && i < t->n_attrs; i++) {
        const struct extract_attr *attr = extract_attr_by(tag, t->attrs[i].number);

        if (attr && t->attrs[i].too_long)
            extract_found_drop(&x->found);
        if (!attr || t->attrs[i].too_long)
            continue;
        f.attr = attr->attr;
        f.raw = t->attrs[i].value;
        e = attr->kind == VALUE_URL ? put(x, &f) : put_many(x, &f, attr->kind);
    }
    return e;
}

static enum err on_meta(struct extract_page *x, const struct extract_tag *tag,
                        const struct html_token *t) {
    struct str http_equiv = value_of(t, EXTRACT_HTTP_EQUIV);
    const struct charset *c = NULL;

    if (x->takes_charset && !x->late)
        c = charset_of_meta_attrs(http_equiv, value_of(t, META_CONTENT),
                                  value_of(t, EXTRACT_CHARSET));
    if (c && c != charset_of_label(STR("replacement")))
        x->found.charset = x->late = c;
    if (is_asked(x, tag) && str_eq_ascii(http_equiv, STR("refresh")))
        return put_links(x, tag, t);
    return ERR_OK;
}

static enum err on_base(struct extract_page *x, const struct html_token *t) {
    const struct html_attr *href = attr_by(t, BASE_HREF);

    return href ? extract_found_base(&x->found, href->value) : ERR_OK;
}

static bool is_cell(struct str name) {
    return str_eq(name, STR("td")) || str_eq(name, STR("th")) || str_eq(name, STR("caption"));
}

static bool is_raw_text(struct str name) {
    return str_eq(name, STR("script")) || str_eq(name, STR("style"));
}

/* A start tag inside an <a>: another <a> ends it (the tree builder's rule). */
static enum err start_in_anchor(struct extract_page *x, struct str name) {
    if (str_eq(name, STR("a")))
        return close_anchor(x);
    if (is_raw_text(name))
        x->anchor.in_raw_text = true;
    if (is_cell(name))
        x->anchor.cells++;
    return ERR_OK;
}

/* The end of a cell that was opened around the <a> ends it as well. */
static enum err end_in_anchor(struct extract_page *x, struct str name) {
    if (str_eq(name, STR("a")) || (is_cell(name) && x->anchor.cells == 0))
        return close_anchor(x);
    if (is_raw_text(name))
        x->anchor.in_raw_text = false;
    if (is_cell(name))
        x->anchor.cells--;
    return ERR_OK;
}

static enum err on_start_tag(struct extract_page *x, const struct html_token *t) {
    const struct extract_tag *tag = extract_tag_by(t->number);
    enum err e = x->anchor.is_open ? start_in_anchor(x, t->name) : ERR_OK;

    if (e != ERR_OK || !tag)
        return e;
    if (tag->tag == TAG_META)
        return on_meta(x, tag, t);
    if (tag->tag == TAG_BASE)
        e = on_base(x, t);
    return e == ERR_OK && is_asked(x, tag) ? put_links(x, tag, t) : e;
}

static enum err on_text(struct extract_page *x, struct str text) {
    if (!x->anchor.is_open || x->anchor.in_raw_text)
        return ERR_OK;
    if (!extract_text_collect(&x->anchor.text, text))
        html_want_text(x->html, false);
    return ERR_OK;
}

static bool on_token(void *arg, const struct html_token *t) {
    struct extract_page *x = arg;

    if (t->in_template || t->in_foreign)
        return true;
    if (t->kind == HTML_START_TAG)
        x->e = on_start_tag(x, t);
    else if (t->kind == HTML_END_TAG && x->anchor.is_open)
        x->e = end_in_anchor(x, t->name);
    else if (t->kind == HTML_TEXT)
        x->e = on_text(x, t->text);
    return x->e == ERR_OK;
}

enum err extract_page_feed(struct extract_page *x, struct str bytes) {
    enum err e = bytes.len ? html_feed(x->html, bytes) : ERR_OK;

    return e == ERR_STOPPED ? x->e : e;
}

enum err extract_page_finish(struct extract_page *x, struct links *ret_links) {
    enum err e = html_finish(x->html);

    if (e == ERR_STOPPED)
        e = x->e;
    if (e == ERR_OK)
        e = close_anchor(x);
    if (e != ERR_OK)
        return e;
    links_done(ret_links);
    *ret_links = x->found.links;
    links_init(&x->found.links);
    return ERR_OK;
}

bool extract_page_init(struct extract_page *x, const struct extract_options *o,
                       struct str document_url) {
    struct html_options html = {
        .token = on_token,
        .wants_tag = wants_tag,
        .wants_attr = wants_attr,
        .arg = x,
        .no_end_tags = !o->text,
        .wants_text = o->text,
    };

    *x = (struct extract_page){.options = o};
    buf_init(&x->rel, 2 * TEXT_MAX_BYTES);
    buf_init(&x->anchor.value, 4 * HTML_MAX_VALUE);
    buf_init(&x->anchor.text, 2 * TEXT_MAX_BYTES);
    buf_init(&x->anchor.held, HELD_BYTES);
    extract_found_init(&x->found, o, document_url);
    x->html = html_new(&html);
    if (!x->html)
        return false;
    html_want_text(x->html, false);
    return true;
}

void extract_page_done(struct extract_page *x) {
    html_free(x->html);
    extract_found_done(&x->found);
    buf_done(&x->anchor.value);
    buf_done(&x->anchor.text);
    buf_done(&x->anchor.held);
    buf_done(&x->rel);
}
