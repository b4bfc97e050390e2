/* The tokeniser's door: one from html_new() to html_free(), the loop over its
 * states, and tokens on their way out. html_internal.h has the plan of the files. */
#include "crawler/html.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/html_internal.h"

enum {
    MAX_KEPT = 4 << 20, /* all kept attributes of one tag */
    MAX_RAW_NAME = 64
};

/* --- how whole tags are read */

static html_fast_run *run_by(enum html_way way) {
    switch (way) {
    case HTML_BY_BASE:
        return html_fast_base;
#ifdef HTML_HAS_AVX2
    case HTML_BY_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") ? html_fast_avx2
                                                                                : NULL;
#endif
#ifdef HTML_HAS_PLAIN
    case HTML_BY_PLAIN:
        return html_fast_plain;
#endif
    default:
        return NULL;
    }
}

static html_fast_run *best(void) {
    html_fast_run *fast = run_by(HTML_BY_AVX2);

    return fast ? fast : run_by(HTML_BY_BASE);
}

bool html_read_by(struct html *h, enum html_way way) {
    html_fast_run *fast = run_by(way);

    if (!fast && way != HTML_BY_STATES)
        return false;
    h->run_fast = fast;
    return true;
}

/* --- life */

struct html *html_new(const struct html_options *o) {
    struct html *h = malloc(sizeof *h);

    assert(o->token);
    if (!h)
        return NULL;
    memset(h, 0, offsetof(struct html, tree.stack));
    h->o = *o;
    h->state = S_DATA;
    h->run_fast = best();
    buf_init(&h->name, HTML_MAX_VALUE);
    buf_init(&h->raw_name, MAX_RAW_NAME);
    buf_init(&h->kept, MAX_KEPT);
    buf_init(&h->comment, HTML_MAX_VALUE);
    buf_init(&h->doctype.name, HTML_MAX_VALUE);
    buf_init(&h->doctype.public_id, HTML_MAX_VALUE);
    buf_init(&h->doctype.system_id, HTML_MAX_VALUE);
    html_tree_init(&h->tree);
    return h;
}

void html_free(struct html *h) {
    if (!h)
        return;
    buf_done(&h->name);
    buf_done(&h->raw_name);
    buf_done(&h->kept);
    buf_done(&h->comment);
    buf_done(&h->doctype.name);
    buf_done(&h->doctype.public_id);
    buf_done(&h->doctype.system_id);
    free(h);
}

void html_want_text(struct html *h, bool wanted) {
    h->o.wants_text = wanted;
}

static enum html_state state_of(enum html_start start) {
    switch (start) {
    case HTML_START_PLAINTEXT:
        return S_PLAINTEXT;
    case HTML_START_RCDATA:
        return S_RCDATA;
    case HTML_START_RAWTEXT:
        return S_RAWTEXT;
    case HTML_START_SCRIPT:
        return S_SCRIPT;
    case HTML_START_CDATA:
        return S_CDATA;
    case HTML_START_DATA:
        break;
    }
    return S_DATA;
}

void html_start_in(struct html *h, enum html_start state, struct str last_start_tag) {
    h->state = state_of(state);
    h->tree.is_off = true;
    h->tree.frameset_ok = false;
    buf_clear(&h->raw_name);
    html_keep(h, &h->raw_name, last_start_tag);
}

/* --- the loop */

static const char *run(struct html *h, const char *p, const char *end) {
    if (h->state == S_STOPPED)
        return end;
    if (h->state < S_TEXT_END_)
        return html_run_text(h, p, end);
    if (h->state < S_TAG_END_)
        return html_run_tag(h, p, end);
    if (h->state < S_MARKUP_END_)
        return html_run_markup(h, p, end);
    return html_run_entity(h, p, end);
}

enum err html_feed(struct html *h, struct str bytes) {
    const char *p = bytes.ptr, *end = bytes.len ? p + bytes.len : p;

    while (p < end)
        p = run(h, p, end);
    return h->result;
}

enum err html_finish(struct html *h) {
    if (h->state > S_MARKUP_END_)
        html_finish_entity(h);
    if (h->state == S_STOPPED)
        return h->result;
    if (h->state < S_TEXT_END_)
        html_finish_text(h);
    else if (h->state < S_TAG_END_)
        html_finish_tag(h);
    else
        html_finish_markup(h);
    h->state = S_STOPPED;
    return h->result;
}

/* --- tokens on their way out */

void html_fail(struct html *h, enum err e) {
    h->state = S_STOPPED;
    h->result = e;
}

void html_keep(struct html *h, struct buf *b, struct str s) {
    if (s.len > b->max - b->len)
        s.len = b->max - b->len;
    if (buf_put(b, s) != ERR_OK)
        html_fail(h, ERR_NO_MEMORY);
}

static void put_token(struct html *h, const struct html_token *t) {
    if (h->state != S_STOPPED && !h->o.token(h->o.arg, t))
        html_fail(h, ERR_STOPPED);
}

void html_put_raw_text(struct html *h, struct str s) {
    struct html_token t = {.kind = HTML_TEXT, .text = s};

    if (!h->o.wants_text || s.len == 0 || !html_tree_shows_text(&h->tree))
        return;
    t.in_template = h->tree.open[EL_TEMPLATE] > 0;
    t.in_foreign = html_tree_is_foreign(&h->tree);
    put_token(h, &t);
}

void html_put_text(struct html *h, struct str s) {
    if (h->tree.frameset_ok)
        html_tree_text(&h->tree, s);
    html_put_raw_text(h, s);
}

static size_t attrs_for_caller(const struct html *h, struct html_attr *attrs) {
    size_t n = 0;

    for (size_t i = 0; i < h->n_attrs; i++) {
        const struct html_kept *a = &h->attrs[i];

        if (a->number)
            attrs[n++] = (struct html_attr){.name = str_at(h->kept.ptr + a->name_at, a->name_len),
                                            .value = html_attr_value(h, a),
                                            .too_long = a->too_long,
                                            .number = a->number};
    }
    return n;
}

void html_put_tag_with(struct html *h, const struct html_attr *attrs, size_t n) {
    struct html_token t = {.kind = h->tag.is_end ? HTML_END_TAG : HTML_START_TAG,
                           .name = html_tag_name(h),
                           .attrs = attrs,
                           .n_attrs = n,
                           .number = h->tag.number,
                           .self_closing = h->tag.self_closing,
                           .in_template = h->tag.in_template,
                           .in_foreign = h->tag.in_foreign};

    put_token(h, &t);
}

void html_put_tag(struct html *h) {
    struct html_attr attrs[HTML_MAX_ATTRS];

    html_put_tag_with(h, attrs, attrs_for_caller(h, attrs));
}

void html_put_comment(struct html *h) {
    struct html_token t = {.kind = HTML_COMMENT, .text = buf_str(&h->comment)};

    if (h->o.wants_comments)
        put_token(h, &t);
    if (h->comment.cap > 0)
        buf_done(&h->comment);
}

void html_put_usual_doctype(struct html *h) {
    const struct html_token t = {.kind = HTML_DOCTYPE, .name = STR("html"), .has_name = true};

    put_token(h, &t);
}

void html_put_doctype(struct html *h) {
    const struct html_doctype *d = &h->doctype;
    struct html_token t = {.kind = HTML_DOCTYPE,
                           .name = buf_str(&d->name),
                           .public_id = buf_str(&d->public_id),
                           .system_id = buf_str(&d->system_id),
                           .has_name = d->has_name,
                           .has_public_id = d->has_public_id,
                           .has_system_id = d->has_system_id,
                           .force_quirks = d->force_quirks};

    put_token(h, &t);
}
