/* html_fast - the short way over whole tags while nobody wants text.
 *
 * Most of a page is tags that nobody wants and the text between them; those that
 * are wanted mostly have values that can be handed out as they stand. Nothing
 * here is needed for the result: whatever is unusual, or cut by the end of the
 * chunk, is left to the states of html_text.c and html_tag.c, which begin again
 * at its "<". The rules for attributes (sections 13.2.5.32-40) are theirs, but
 * followed from one "=" to the next, not from byte to byte.
 */
#include <string.h>

#include "crawler/html_internal.h"
#include "crawler/html_scan.h"

enum {
    NAME_ROOM = 8, /* bytes that a tag's name and what ends it may have here */
    MAX_ATTRS = 8, /* wanted ones of a tag */
    MAX_NAME = 32  /* of an attribute */
};

/* In a word of eight bytes: the top bit of the first that is below |n| or equal
 * to |c|; those above it may be set too. */
static uint64_t first_below_or(uint64_t word, uint64_t n, uint64_t c) {
    const uint64_t ones = 0x0101010101010101U, tops = 0x8080808080808080U;
    uint64_t x = word ^ ones * c;

    return ((word - ones * n) & ~word & tops) | ((x - ones) & ~x & tops);
}

/* The listed element whose name stands at |p|, with eight bytes to read there. */
static enum html_element element_at(const char *p, const char **ret_end) {
    uint64_t word, ends;
    unsigned bits;
    enum html_element e;

    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    ends = first_below_or(word, '0', '>');
    if (ends == 0)
        return EL_OTHER;
    bits = (unsigned)__builtin_ctzll(ends) & ~7U;
    word = (word | 0x2020202020202020U) & ((UINT64_C(1) << bits) - 1);
    *ret_end = p + bits / 8;
    e = html_element_slots[html_name_slot(word, html_element_multiplier)];
    return html_element_keys[e] == word &&
                   (**ret_end == '>' || **ret_end == '/' || html_is_space(**ret_end))
               ? e
               : EL_OTHER;
}

static const char *skip_space(const char *p, const char *end) {
    while (p < end && html_is_space(*p))
        p++;
    return p;
}

/* Whether the "=" at |q| comes after a name that began at |p| or later. */
static bool has_name(const char *p, const char *q) {
    while (q > p && html_is_space(q[-1]))
        q--;
    return q > p && q[-1] != '/';
}

/* Behind the value that begins at |p|, or NULL where the chunk ends first. */
static const char *skip_value(const char *p, const char *end) {
    p = skip_space(p, end);
    if (p == end)
        return NULL;
    if (*p == '"' || *p == '\'') {
        const char *q = scan_any(p + 1, end, *p, *p, *p, *p);

        return q == end ? NULL : q + 1;
    }
    while (p < end && *p != '>' && !html_is_space(*p))
        p++;
    return p;
}

/* --- a tag that somebody wants */

struct values {
    struct html_attr attrs[MAX_ATTRS];
    char names[MAX_ATTRS][MAX_NAME]; /* those that had upper case */
    size_t n;
};

/* The one name in [p, q), in lower case, or none. */
static struct str name_in(const char *p, const char *q, char room[MAX_NAME]) {
    bool is_odd = false, has_upper = false;
    size_t len;

    p = skip_space(p, q);
    while (q > p && html_is_space(q[-1]))
        q--;
    len = (size_t)(q - p);
    for (size_t i = 0; i < len; i++) {
        is_odd |= p[i] <= ' ' || p[i] == '/'; /* what is not ASCII is odd here too */
        has_upper |= p[i] >= 'A' && p[i] <= 'Z';
    }
    if (is_odd || (has_upper && len > MAX_NAME))
        return STR_NONE;
    if (!has_upper)
        return str_at(p, len);
    for (size_t i = 0; i < len; i++)
        room[i] = ascii_lower(p[i]);
    return str_at(room, len);
}

static bool is_known(const struct values *v, struct str name) {
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->attrs[i].name, name))
            return true;
    return false;
}

/* The value that ends at |end|, quote and all: false where it needs decoding. */
static bool value_of(const char *p, const char *end, struct str *ret_value) {
    p = skip_space(p, end);
    if (*p == '"' || *p == '\'') {
        p++;
        end--;
    }
    if (end - p > HTML_MAX_VALUE || scan_any(p, end, '&', '\r', '\0', '&') != end)
        return false;
    *ret_value = str_at(p, (size_t)(end - p));
    return true;
}

/* The attribute with its name in [p, q) and its value in [q + 1, end): false where
 * it is for the states. */
static bool keep(struct html *h, struct values *v, const char *p, const char *q, const char *end) {
    struct html_attr *a = &v->attrs[v->n];

    if (v->n == MAX_ATTRS)
        return false;
    a->name = name_in(p, q, v->names[v->n]);
    if (a->name.len == 0)
        return false;
    if (!h->o.wants_attr(h->o.arg, html_tag_name(h), a->name) || is_known(v, a->name))
        return true;
    a->too_long = false;
    v->n++;
    return value_of(q + 1, end, &a->value);
}

/* --- any tag */

/* The ">" that ends the tag whose name ends at |p|, or NULL: it is for the states.
 * Where |v| is not NULL, its attributes are looked at. Inlined, so that there are two. */
static inline __attribute__((always_inline)) const char *
run_attrs(struct html *h, const char *p, const char *end, struct values *v) {
    const char *q = p;

    for (;;) {
        const char *value;

        q = scan_any(q, end, '>', '=', '>', '=');
        if (q == end)
            return NULL;
        if (*q == '>')
            break;
        if (!has_name(p, q)) {
            if (v)
                return NULL;
            p = q++; /* it begins a name */
            continue;
        }
        value = skip_value(q + 1, end);
        if (!value || (v && !keep(h, v, p, q, value)))
            return NULL;
        p = q = value;
    }
    h->tag.self_closing = q > p && q[-1] == '/';
    if (v && skip_space(p, q) != q - h->tag.self_closing)
        return NULL; /* an attribute without a value */
    return q;
}

static bool is_for_states(struct html *h, enum html_element e, bool is_end) {
    return e == EL_OTHER || (!is_end && (e == EL_IMAGE || html_tree_needs_attrs(&h->tree, e)));
}

/* The tag whose "<" is at |p|: behind its ">", or NULL where it is for the states. */
static const char *run_tag(struct html *h, const char *p, const char *end) {
    bool is_end = p[1] == '/';
    const char *q = p;
    enum html_element e = element_at(p + 1 + is_end, &q);
    struct values v;

    if (is_for_states(h, e, is_end))
        return NULL;
    h->tag = (struct html_tag){.element = e, .is_end = is_end};
    h->tag.wanted = html_tag_is_wanted(h, e);
    v.n = 0;
    if (!h->tag.wanted || is_end)
        q = run_attrs(h, q, end, NULL);
    else
        q = h->o.wants_attr ? run_attrs(h, q, end, &v) : NULL;
    if (!q)
        return NULL;
    if (html_tag_taken(h))
        html_put_tag_with(h, v.attrs, v.n);
    return q + 1;
}

/* The comment whose "<!--" is at |p|: behind its ">", or NULL. */
static const char *run_comment(const char *p, const char *end) {
    const char *q = p + 3; /* "<!-->" is one */

    while ((q = memchr(q + 1, '>', (size_t)(end - q - 1)))) {
        if (q[-1] == '-' && q[-2] == '-')
            return q + 1;
        if (q - p >= 7 && q[-1] == '!' && q[-2] == '-' && q[-3] == '-')
            return q + 1;
    }
    return NULL;
}

static const char *run_markup(struct html *h, const char *p, const char *end) {
    if (p[1] != '!')
        return run_tag(h, p, end);
    return p[2] == '-' && p[3] == '-' && !h->o.wants_comments ? run_comment(p, end) : NULL;
}

/* To the next "<"; while a frameset could come, only over space. */
static const char *run_text(const struct html *h, const char *p, const char *end) {
    return h->tree.frameset_ok ? skip_space(p, end) : scan_any(p, end, '<', '<', '<', '<');
}

const char *html_run_fast(struct html *h, const char *p, const char *end) {
    for (;;) {
        const char *q;

        p = run_text(h, p, end);
        if (end - p <= NAME_ROOM + 2 || *p != '<')
            return p;
        q = run_markup(h, p, end);
        if (!q)
            return p;
        p = q;
        if (h->state != S_DATA || h->o.wants_text)
            return p;
    }
}
