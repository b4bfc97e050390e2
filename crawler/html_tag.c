/* html_tag - tags and their attributes (sections 13.2.5.6-8 and 32-40).
 *
 * Who wants what is known when the tag's name is; what nobody wants is then read
 * without being stored. What is kept lies in html.kept, names and values behind
 * one another, until the tag has gone out.
 */
#include <string.h>

#include "crawler/html_internal.h"
#include "crawler/scan.h"

#include <html_elements.inc> /* made by tables/make_tables.c */

enum {
    KEPT_AT_REST = 16 << 10, /* a buffer that grew beyond this is given back */
    ALL = 1                  /* the number of each tag and attribute where nobody is asked */
};

const struct str html_element_names[EL_COUNT] = {{"", 0},
#define X(id, name, flags) {name, sizeof(name) - 1},
                                                 HTML_ELEMENTS(X)
#undef X
};

const uint16_t html_element_flags[EL_COUNT] = {0,
#define X(id, name, flags) flags,
                                               HTML_ELEMENTS(X)
#undef X
};

static const char *go(struct html *h, enum html_state state, const char *p) {
    h->state = state;
    return p;
}

static const char *skip_space(const char *p, const char *end) {
    while (p < end && html_is_space(*p))
        p++;
    return p;
}

/* Appends [p, q) in lower case. */
static void keep_lower(struct html *h, struct buf *b, const char *p, const char *q) {
    size_t at = b->len;

    html_keep(h, b, str_at(p, (size_t)(q - p)));
    for (; at < b->len; at++)
        b->ptr[at] = ascii_lower(b->ptr[at]);
}

/* --- the tag */

static enum html_element element_of(struct str name, uint64_t key) {
    enum html_element e = html_element_slots[html_name_slot(key, html_element_multiplier)];

    if (e == EL_OTHER || html_element_keys[e] != key)
        return EL_OTHER;
    if (name.len > HTML_KEY_EXACT && !str_eq(name, html_element_names[e]))
        return EL_OTHER;
    return e;
}

struct str html_tag_name(const struct html *h) {
    if (h->tag.element != EL_OTHER)
        return html_element_names[h->tag.element];
    return buf_str(&h->name);
}

uint8_t html_tag_ask(struct html *h, enum html_element e) {
    h->answers[e].is_known = true;
    h->answers[e].number = h->o.wants_tag ? h->o.wants_tag(h->o.arg, html_element_names[e]) : ALL;
    return h->answers[e].number;
}

void html_tag_put_name(struct html *h, const char *p, const char *q) {
    keep_lower(h, &h->name, p, q);
}

static uint8_t number_of_tag(struct html *h) {
    if (h->tag.element != EL_OTHER)
        return html_tag_number(h, h->tag.element, h->tag.is_end);
    if (h->tag.is_end && h->o.no_end_tags)
        return 0;
    return h->o.wants_tag ? h->o.wants_tag(h->o.arg, html_tag_name(h)) : ALL;
}

static uint8_t number_of_attr(struct html *h, struct str name) {
    if (!h->tag.number)
        return 0;
    return h->o.wants_attr ? h->o.wants_attr(h->o.arg, h->tag.number, name) : ALL;
}

void html_tag_begin(struct html *h, bool is_end) {
    h->tag = (struct html_tag){.is_end = is_end};
    h->n_attrs = 0;
    buf_clear(&h->name);
    buf_clear(&h->kept);
}

void html_tag_named(struct html *h) {
    uint64_t key = html_name_key(h->name.ptr, h->name.len);

    h->tag.element = element_of(buf_str(&h->name), key);
    h->tag.name_hash = h->tag.element == EL_OTHER ? (uint32_t)(key ^ key >> 32) : 0;
    if (h->tag.element == EL_IMAGE && !h->tag.is_end)
        h->tag.element = html_tree_image(&h->tree);
    h->tag.number = number_of_tag(h);
    h->tag.keeps_attrs =
        !h->tag.is_end && (h->tag.number || html_tree_needs_attrs(&h->tree, h->tag.element));
}

bool html_tag_taken(struct html *h) {
    const uint16_t *templates = &h->tree.open[EL_TEMPLATE];
    bool takes;

    h->state = S_DATA;
    if (h->tag.is_end) {
        takes = html_tree_end(h);
        h->tag.in_template = *templates > 0;
    } else {
        h->tag.in_template = *templates > 0;
        takes = html_tree_start(h);
    }
    return takes && h->tag.number;
}

void html_tag_end(struct html *h) {
    if (html_tag_taken(h))
        html_put_tag(h);
    if (h->kept.cap > KEPT_AT_REST)
        buf_done(&h->kept);
    if (h->name.cap > KEPT_AT_REST)
        buf_done(&h->name);
}

/* --- attributes */

struct str html_attr_value(const struct html *h, const struct html_kept *a) {
    return str_at(h->kept.ptr + a->value_at, a->value_len);
}

static struct str attr_name_of(const struct html *h, const struct html_kept *a) {
    return str_at(h->kept.ptr + a->name_at, a->name_len);
}

const struct html_kept *html_tag_attr(const struct html *h, struct str name) {
    for (size_t i = 0; i < h->n_attrs; i++)
        if (str_eq(attr_name_of(h, &h->attrs[i]), name))
            return &h->attrs[i];
    return NULL;
}

/* What is read of a name stands at the end of html.kept, of no attribute yet. */
static void attr_begin(struct html *h) {
    h->tag.keeps_value = false;
    h->tag.keeps_name = h->tag.keeps_attrs && h->n_attrs < HTML_MAX_ATTRS;
    h->tag.name_at = (uint32_t)h->kept.len;
}

static void put_name(struct html *h, const char *p, const char *q) {
    if (!h->tag.keeps_name || p == q)
        return;
    if (h->kept.len - h->tag.name_at + (size_t)(q - p) > HTML_MAX_VALUE) {
        h->kept.len = h->tag.name_at;
        h->tag.keeps_name = false;
        return;
    }
    keep_lower(h, &h->kept, p, q);
}

/* The name is complete: is the attribute kept? The first of a name stays. */
static void attr_named(struct html *h) {
    struct html_kept *a = &h->attrs[h->n_attrs];
    struct str name;

    if (!h->tag.keeps_name)
        return;
    h->tag.keeps_name = false;
    name = str_at(h->kept.ptr + h->tag.name_at, h->kept.len - h->tag.name_at);
    *a = (struct html_kept){.name_at = h->tag.name_at, .name_len = (uint32_t)name.len};
    a->value_at = (uint32_t)h->kept.len;
    a->number = number_of_attr(h, name);
    if ((a->number || html_tree_wants_attr(h->tag.element, name)) && !html_tag_attr(h, name)) {
        h->n_attrs++;
        h->tag.keeps_value = true;
    } else {
        h->kept.len = h->tag.name_at;
    }
}

void html_put_value(struct html *h, struct str s) {
    struct html_kept *a;

    if (!h->tag.keeps_value || s.len == 0)
        return;
    a = &h->attrs[h->n_attrs - 1];
    if (s.len > HTML_MAX_VALUE - a->value_len || buf_put(&h->kept, s) != ERR_OK) {
        h->kept.len = a->value_at;
        a->value_len = 0;
        a->too_long = true;
        h->tag.keeps_value = false;
        return;
    }
    a->value_len += (uint32_t)s.len;
}

/* --- states */

static const char *tag_open(struct html *h, const char *p, const char *end) {
    (void)end;
    if (ascii_is_alpha(*p)) {
        html_tag_begin(h, false);
        return go(h, S_TAG_NAME, p);
    }
    if (*p == '/')
        return go(h, S_END_TAG_OPEN, p + 1);
    if (*p == '!') {
        h->matched = 0;
        return go(h, S_MARKUP_OPEN, p + 1);
    }
    if (*p == '?') {
        html_comment_begin(h);
        return go(h, S_BOGUS_COMMENT, p);
    }
    h->state = S_DATA;
    html_put_text(h, STR("<"));
    return p;
}

static const char *end_tag_open(struct html *h, const char *p, const char *end) {
    (void)end;
    if (ascii_is_alpha(*p)) {
        html_tag_begin(h, true);
        return go(h, S_TAG_NAME, p);
    }
    if (*p == '>')
        return go(h, S_DATA, p + 1);
    html_comment_begin(h);
    return go(h, S_BOGUS_COMMENT, p);
}

static const char *tag_name(struct html *h, const char *p, const char *end) {
    const char *q = p;

    while (q < end && *q != '>' && *q != '/' && *q != '\0' && !html_is_space(*q))
        q++;
    html_tag_put_name(h, p, q);
    if (q == end)
        return q;
    if (*q == '\0') {
        html_keep(h, &h->name, HTML_REPLACEMENT);
        return q + 1;
    }
    html_tag_named(h);
    return go(h, S_BEFORE_ATTR_NAME, q);
}

static const char *before_attr_name(struct html *h, const char *p, const char *end) {
    p = skip_space(p, end);
    if (p == end)
        return p;
    if (*p == '/' || *p == '>')
        return go(h, S_AFTER_ATTR_NAME, p);
    attr_begin(h);
    h->state = S_ATTR_NAME;
    if (*p != '=')
        return p;
    put_name(h, p, p + 1);
    return p + 1;
}

static const char *attr_name(struct html *h, const char *p, const char *end) {
    const char *q = p;

    while (q < end && *q != '=' && *q != '>' && *q != '/' && *q != '\0' && !html_is_space(*q))
        q++;
    put_name(h, p, q);
    if (q == end)
        return q;
    if (*q == '\0') {
        put_name(h, HTML_REPLACEMENT.ptr, HTML_REPLACEMENT.ptr + HTML_REPLACEMENT.len);
        return q + 1;
    }
    attr_named(h);
    return *q == '=' ? go(h, S_BEFORE_VALUE, q + 1) : go(h, S_AFTER_ATTR_NAME, q);
}

static const char *after_attr_name(struct html *h, const char *p, const char *end) {
    p = skip_space(p, end);
    if (p == end)
        return p;
    switch (*p) {
    case '/':
        return go(h, S_SELF_CLOSING, p + 1);
    case '=':
        return go(h, S_BEFORE_VALUE, p + 1);
    case '>':
        html_tag_end(h);
        return p + 1;
    default:
        attr_begin(h);
        return go(h, S_ATTR_NAME, p);
    }
}

static const char *before_value(struct html *h, const char *p, const char *end) {
    p = skip_space(p, end);
    if (p == end)
        return p;
    switch (*p) {
    case '"':
        return go(h, S_VALUE_DOUBLE, p + 1);
    case '\'':
        return go(h, S_VALUE_SINGLE, p + 1);
    case '>':
        html_tag_end(h);
        return p + 1;
    default:
        return go(h, S_VALUE_UNQUOTED, p);
    }
}

/* A byte of a kept value that does not stand for itself. */
static const char *value_special(struct html *h, const char *p) {
    if (*p == '&') {
        html_reference_begin(h);
        return p + 1;
    }
    h->after_cr = *p == '\r';
    html_put_value(h, *p == '\r' ? STR("\n") : HTML_REPLACEMENT);
    return p + 1;
}

static const char *quoted(struct html *h, const char *p, const char *end, char quote) {
    const char *q;

    p = html_after_cr(h, p);
    if (p == end)
        return p;
    if (h->tag.keeps_value) {
        q = scan_any(p, end, quote, '&', '\r', '\0');
        html_put_value(h, str_at(p, (size_t)(q - p)));
    } else {
        q = memchr(p, quote, (size_t)(end - p));
        q = q ? q : end;
    }
    if (q == end)
        return q;
    return *q == quote ? go(h, S_AFTER_VALUE, q + 1) : value_special(h, q);
}

static const char *value_double(struct html *h, const char *p, const char *end) {
    return quoted(h, p, end, '"');
}

static const char *value_single(struct html *h, const char *p, const char *end) {
    return quoted(h, p, end, '\'');
}

static const char *value_unquoted(struct html *h, const char *p, const char *end) {
    const char *q = p;

    while (q < end && *q != '>' && *q != '&' && *q != '\0' && !html_is_space(*q))
        q++;
    html_put_value(h, str_at(p, (size_t)(q - p)));
    if (q == end)
        return q;
    if (*q == '>') {
        html_tag_end(h);
        return q + 1;
    }
    if (html_is_space(*q))
        return go(h, S_BEFORE_ATTR_NAME, q + 1);
    return h->tag.keeps_value ? value_special(h, q) : q + 1;
}

static const char *after_value(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p == '>') {
        html_tag_end(h);
        return p + 1;
    }
    return *p == '/' ? go(h, S_SELF_CLOSING, p + 1) : go(h, S_BEFORE_ATTR_NAME, p);
}

static const char *self_closing(struct html *h, const char *p, const char *end) {
    (void)end;
    if (*p != '>')
        return go(h, S_BEFORE_ATTR_NAME, p);
    h->tag.self_closing = true;
    html_tag_end(h);
    return p + 1;
}

const char *html_run_tag(struct html *h, const char *p, const char *end) {
    while (p < end) {
        switch (h->state) {
#define X(id, function)                                                                            \
    case S_##id:                                                                                   \
        p = function(h, p, end);                                                                   \
        break;
            HTML_TAG_STATES(X)
#undef X
        default:
            return p;
        }
    }
    return p;
}

/* A tag that the end of the input cuts is no tag. */
void html_finish_tag(struct html *h) {
    if (h->state == S_TAG_OPEN)
        html_put_text(h, STR("<"));
    else if (h->state == S_END_TAG_OPEN)
        html_put_text(h, STR("</"));
}
