/* html_fast - the short way over whole tags while nobody wants text.
 *
 * Most of a page is tags that nobody wants and the text between them; those that are
 * wanted mostly have values that can be handed out as they stand. Nothing here is needed
 * for the result: whatever is unusual, or cut by the end of the chunk, is left to the
 * states of html_text.c and html_tag.c, which begin again at its "<".
 *
 * Compiled once for each kind of vector instructions that may be found at run time:
 * CMakeLists.txt names them, html.c chooses.
 */
#include <string.h>

#include "crawler/html_internal.h"
#include "crawler/scan.h"

#ifndef HTML_FAST_RUN
#define HTML_FAST_RUN html_fast_base
#endif

enum {
    NAME_BYTES = 8,              /* a longer name of a tag is for the states */
    MARGIN = 2 + NAME_BYTES + 1, /* "</", a name, and what ends it */
    MAX_ATTRS = 8,               /* wanted ones of a tag */
    MAX_NAME = 32,               /* of an attribute */
    MAX_DECODED = 4 << 10        /* bytes of a value with references */
};

/* --- names of tags */

static uint64_t load_name(const char *p) {
    uint64_t word;

    memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* In a word of eight bytes: the top bit of the first that is below |n| or equal
 * to |c|; those above it may be set too. */
static uint64_t first_below_or(uint64_t word, uint64_t n, uint64_t c) {
    const uint64_t ones = 0x0101010101010101U, tops = 0x8080808080808080U;
    uint64_t x = word ^ ones * c;

    return ((word - ones * n) & ~word & tops) | ((x - ones) & ~x & tops);
}

/* The listed element whose name stands at |p|, or EL_OTHER. */
static inline enum html_element element_at(const char *p, const char **ret_end) {
    uint64_t word = load_name(p), ends = first_below_or(word, '0', '>');
    size_t len = ends ? scan_first(ends) / 8 : NAME_BYTES;
    enum html_element e;
    char last = p[len];

    word = (word | 0x2020202020202020U) & (((ends & -ends) >> 7) - 1);
    *ret_end = p + len;
    e = html_element_slots[html_name_slot(word, html_element_multiplier)];
    if (html_element_keys[e] != word || html_element_names[e].len != len ||
        !(last == '>' || html_is_space(last) || last == '/'))
        return EL_OTHER;
    return e;
}

/* Whether |e|, and then ">", stands at |p|. Only letters have another case. */
static inline bool is_name_at(const char *p, enum html_element e) {
    uint64_t key = html_element_keys[e], other_case = key >> 1 & 0x2020202020202020U;
    size_t len = html_element_names[e].len;

    if (len - 1 >= NAME_BYTES)
        return false;
    return ((load_name(p) | other_case) & UINT64_MAX >> (64 - 8 * len)) == key && p[len] == '>';
}

/* --- wanted attributes */

struct values {
    struct html_attr attrs[MAX_ATTRS];
    char names[MAX_ATTRS][MAX_NAME]; /* those that had upper case */
    size_t n;
    bool has_decoded; /* html.kept holds the values that had references */
};

static inline const char *skip_space(const char *p, const char *end) {
    if (end - p >= 2 && *p == ' ' && p[1] > ' ')
        return p + 1;
    while (p < end && html_is_space(*p))
        p++;
    return p;
}

/* Whether the |len| bytes at |p|, with eight to read there, are lower-case letters. */
static bool is_lower_word(const char *p, size_t len) {
    const uint64_t ones = 0x0101010101010101U, tops = 0x8080808080808080U;
    uint64_t word = load_name(p), odd = (word - ones * 'a') | (ones * 'z' - word) | word;

    return len - 1 < NAME_BYTES && (odd & tops & UINT64_MAX >> (64 - 8 * len)) == 0;
}

/* The one name that is the |len| bytes at |p|, in lower case, or none. */
static struct str lower_name(const char *p, size_t len, char room[MAX_NAME]) {
    bool has_upper = false;

    for (size_t i = 0; i < len; i++) {
        if (p[i] < 'a' || p[i] > 'z') { /* hardly ever */
            if (p[i] <= ' ' || p[i] == '/')
                return STR_NONE; /* what is not ASCII is odd here too */
            has_upper |= p[i] >= 'A' && p[i] <= 'Z';
        }
    }
    if (!has_upper)
        return str_at(p, len);
    if (len > MAX_NAME)
        return STR_NONE;
    for (size_t i = 0; i < len; i++)
        room[i] = ascii_lower(p[i]);
    return str_at(room, len);
}

/* The caller's number for the attribute whose name is the |len| bytes at |p|, of which |name|
 * may become another spelling; |name->len| 0: it is for the states. */
static uint8_t ask_any(struct html *h, const char *p, size_t len, char room[MAX_NAME],
                       struct str *name) {
    *name = lower_name(p, len, room);
    return name->len ? h->o.wants_attr(h->o.arg, h->tag.number, *name) : 0;
}

/* The same, where it was mostly asked before. Eight bytes can be read at |p|. */
static uint8_t ask_word(struct html *h, const char *p, size_t len, char room[MAX_NAME],
                        struct str *name) {
    uint64_t word = load_name(p) & UINT64_MAX >> (64 - 8 * len);
    uint64_t key = (word ^ h->tag.number) * 0x9e3779b97f4a7c15U;
    struct html_asked *a = &h->asked[key >> (64 - HTML_ASKED_BITS)];

    *name = str_at(p, len);
    if (a->name == word && a->len == len && a->tag == h->tag.number)
        return a->number;
    if (!is_lower_word(p, len))
        return ask_any(h, p, len, room, name);
    *a = (struct html_asked){.name = word, .len = (uint8_t)len, .tag = h->tag.number};
    a->number = h->o.wants_attr(h->o.arg, h->tag.number, *name);
    return a->number;
}

static bool is_known(const struct values *v, struct str name) {
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->attrs[i].name, name))
            return true;
    return false;
}

/* The first byte of |s| that does not stand for itself, or its end. Bytes up to |end|, which are
 * not its own, can be read. */
static const char *find_odd(struct str s, const char *end) {
    const char *p = s.ptr, *stop = p + s.len;

    for (; p < stop; p += SCAN_STEP) {
        scan_bytes v;
        uint64_t bits;

        if (end - p < SCAN_STEP)
            return scan_any(p, stop, '&', '\r', '\0', '&');
        v = scan_load(p);
        bits = scan_bits(scan_or(scan_or(scan_eq(v, '&'), scan_eq(v, '\r')), scan_eq(v, '\0')));
        if (bits)
            return scan_first(bits) < (size_t)(stop - p) ? p + scan_first(bits) : stop;
    }
    return stop;
}

/* How many bytes at |p|, a "&", stand for that: "&amp;", or it alone, as no reference in an
 * attribute goes on with "=". 0: it is for the states. */
static size_t ampersand(const char *p, const char *end) {
    const char *q = p + 1;

    if (end - p >= 5 && memcmp(p, "&amp;", 5) == 0)
        return 5;
    while (q < end && html_is_alnum(*q))
        q++;
    if (q == p + 1)
        return q == end || *q != '#';
    return q < end && *q == '=';
}

/* |*value|, which has a "&" at |odd|, becomes what it stands for: false where that is for the
 * states. Those before it in the tag stay where they are. */
static bool decode(struct html *h, struct values *v, const char *odd, struct str *value) {
    const char *p = value->ptr, *end = p + value->len;
    char *room, *w;

    if (!v->has_decoded)
        buf_clear(&h->kept);
    else if (h->kept.cap - h->kept.len < value->len)
        return false;
    v->has_decoded = true;
    if (value->len > MAX_DECODED || buf_room(&h->kept, value->len, &room) != ERR_OK)
        return false;
    for (w = room; odd < end; odd = scan_any(p, end, '&', '\r', '\0', '&')) {
        size_t n = *odd == '&' ? ampersand(odd, end) : 0;

        if (n == 0)
            return false;
        memcpy(w, p, (size_t)(odd - p) + 1);
        w += odd - p + 1;
        p = odd + n;
    }
    memcpy(w, p, (size_t)(end - p));
    w += end - p;
    *value = str_at(room, (size_t)(w - room));
    buf_grew(&h->kept, value->len);
    return true;
}

/* The attribute whose name is in [p, q), with its |value| as it is written: false where
 * it is for the states. */
static bool keep(struct html *h, struct values *v, const char *p, const char *q, struct str value,
                 const char *chunk_end) {
    struct html_attr *a = &v->attrs[v->n];
    const char *odd;
    size_t len;

    if (v->n == MAX_ATTRS)
        return false;
    p = skip_space(p, q);
    len = (size_t)(q - p);
    if (len - 1 < NAME_BYTES && chunk_end - p >= NAME_BYTES)
        a->number = ask_word(h, p, len, v->names[v->n], &a->name);
    else
        a->number = ask_any(h, p, len, v->names[v->n], &a->name);
    if (a->name.len == 0)
        return false;
    if (!a->number || is_known(v, a->name))
        return true;
    a->value = value;
    a->too_long = false;
    v->n++;
    if (value.len > HTML_MAX_VALUE)
        return false;
    odd = find_odd(value, chunk_end);
    return odd == value.ptr + value.len || decode(h, v, odd, &a->value);
}

/* --- attributes (sections 13.2.5.32-40), from one quote to the next */

/* What matters in a block of a tag and was not passed yet: bit i stands for at[i]. */
struct marks {
    const char *at;
    uint64_t close, quote, equal;
};

static inline struct marks marks_at(const char *p, const char *end) {
    struct marks m = {.at = p};
    char padded[SCAN_BLOCK];

    if (end - p < SCAN_BLOCK) {
        memset(padded, 0, sizeof padded);
        memcpy(padded, p, (size_t)(end - p));
        p = padded;
    }
    m.close = scan_block(p, '>');
    m.quote = scan_block_two(p, '"', '\'');
    m.equal = scan_block(p, '=');
    return m;
}

static inline uint64_t lowest(uint64_t bits) {
    return bits & -bits;
}

static inline void pass(struct marks *m, uint64_t bit) {
    uint64_t passed = bit ^ (bit - 1);

    m->close &= ~passed;
    m->quote &= ~passed;
    m->equal &= ~passed;
}

/* Whether the quote at |p|, which is |bit|, begins a value: it is behind the only "=" that the
 * names before it have, and there is a name. */
static inline bool begins_value(const struct marks *m, uint64_t bit, const char *p) {
    return (m->equal & (bit - 1)) == bit >> 1 && bit > 1 && p[-2] > ' ' && p[-2] != '/' &&
           p[-2] != '"' && p[-2] != '\'';
}

/* The quote that ends the value which the one at |p| begins, or NULL. All up to it is passed. */
static inline const char *end_of_value(struct marks *m, const char *p, const char *end) {
    uint64_t bits = m->quote & (m->quote - 1);

    while (bits && m->at[scan_first(bits)] != *p)
        bits &= bits - 1;
    if (bits) {
        pass(m, lowest(bits));
        return m->at + scan_first(bits);
    }
    m->close = m->quote = m->equal = 0;
    if (end - m->at <= SCAN_BLOCK)
        return NULL;
    return memchr(m->at + SCAN_BLOCK, *p, (size_t)(end - m->at) - SCAN_BLOCK);
}

/* Whether a tag may end at |close|, with names since |p|: false where it matters what they are. */
static inline bool ends_tag(struct html *h, const char *p, const char *close, bool has_equal,
                            const struct values *v) {
    h->tag.self_closing = close > p && close[-1] == '/';
    if (has_equal)
        return !v && !h->tag.self_closing;
    return !v || skip_space(p, close) == close - h->tag.self_closing;
}

/* The ">" that ends the tag whose name ends at |p|, or NULL: it is for the states.
 * Where |v| is not NULL, its attributes are looked at. Inlined, so that there are two. */
static inline __attribute__((always_inline)) const char *
run_attrs(struct html *h, const char *p, const char *end, struct values *v) {
    struct marks m = marks_at(p, end);

    for (;;) { /* an attribute: names begin at |p| */
        uint64_t bit = lowest(m.close | m.quote);
        const char *stop = m.at + scan_first(bit | UINT64_C(1) << 63), *q;

        if (bit == 0) {
            if (m.at == p || p == end)
                return NULL;
            m = marks_at(p, end);
            continue;
        }
        if (bit & m.close)
            return ends_tag(h, p, stop, m.equal & (bit - 1), v) ? stop : NULL;
        q = begins_value(&m, bit, stop) ? end_of_value(&m, stop, end) : NULL;
        if (!q || (v && !keep(h, v, p, stop - 1, str_at(stop + 1, (size_t)(q - stop) - 1), end)))
            return NULL;
        p = q + 1;
    }
}

/* --- tags */

/* html.tag for the tag whose name, in 8 bytes or less, is that of |e|. */
static void name_listed(struct html *h, enum html_element e, bool is_end) {
    h->tag = (struct html_tag){.element = e, .is_end = is_end};
    h->tag.number = html_tag_number(h, e, is_end);
}

/* html.tag for the tag whose name stands at |p|: the end of that, or NULL. */
static const char *name_any(struct html *h, bool is_end, const char *p, const char *end) {
    const char *q = p;

    while (q < end && (html_is_alnum(*q) || *q == '-'))
        q++;
    if (q == p || q == end || !(*q == '>' || *q == '/' || html_is_space(*q)) || !ascii_is_alpha(*p))
        return NULL;
    html_tag_begin(h, is_end);
    html_tag_put_name(h, p, q);
    html_tag_named(h);
    return q;
}

/* As html_tag_taken(), with what most start tags come to at hand. */
static inline bool is_taken(struct html *h) {
    enum html_element e = h->tag.element;

    if (h->tag.is_end || !html_tree_is_plain_start(&h->tree, e))
        return html_tag_taken(h);
    h->tag.in_template = h->tree.open[EL_TEMPLATE] > 0;
    if (!(html_element_flags[e] & EF_VOID))
        html_tree_push_plain(&h->tree, e, h->tag.name_hash);
    return h->tag.number;
}

/* The tag whose name is in html.tag and ends at |p|, as html_tag_end() has it: behind it,
 * or NULL. */
static const char *run_named(struct html *h, const char *p, const char *end) {
    bool is_end = h->tag.is_end;
    struct values v;

    if (!is_end && html_tree_needs_attrs(&h->tree, h->tag.element))
        return NULL;
    v.n = 0;
    v.has_decoded = false;
    if (*p == '>')
        h->tag.self_closing = false;
    else if (!h->tag.number || is_end)
        p = run_attrs(h, p, end, NULL);
    else
        p = h->o.wants_attr ? run_attrs(h, p, end, &v) : NULL;
    if (!p)
        return NULL;
    if (is_taken(h))
        html_put_tag_with(h, v.attrs, v.n);
    return p + 1;
}

/* The tag whose name, that of |e| or one that element_at() does not find, is [name, p). */
static const char *run_any(struct html *h, enum html_element e, bool is_end, const char *name,
                           const char *p, const char *end) {
    if (e == EL_OTHER || e == EL_IMAGE)
        p = name_any(h, is_end, name, end);
    else
        name_listed(h, e, is_end);
    return p ? run_named(h, p, end) : NULL;
}

/* Nobody wants the end tag of |e| either. */
static bool is_raw_start(struct html *h, enum html_element e) {
    return html_element_flags[e] & (EF_RAWTEXT | EF_RCDATA | EF_HEAD) &&
           html_tree_is_plain_raw(&h->tree, e) && !html_tag_number(h, e, true);
}

/* The raw text of |e|, which begins at |p|: behind its end tag. Where something in it is
 * unusual, or where the chunk ends, the states go on. */
static const char *run_raw(struct html *h, enum html_element e, const char *p, const char *end) {
    size_t len = html_element_names[e].len;

    while ((p = memchr(p, '<', (size_t)(end - p)))) {
        if (end - p < MARGIN || (p[1] == '!' && e == EL_SCRIPT))
            break;
        if (p[1] == '/') {
            if (is_name_at(p + 2, e))
                return p + len + 3;
            break;
        }
        p++;
    }
    html_tree_start_raw(h, e);
    return p ? p : end;
}

/* What a start tag comes to. */
enum start { START_ANY, START_PLAIN, START_RAW, START_SVG };

static inline enum start start_of(struct html *h, enum html_element e) {
    if (e == EL_OTHER || html_tag_number(h, e, false))
        return START_ANY;
    if (html_tree_is_plain_start(&h->tree, e))
        return START_PLAIN;
    if (is_raw_start(h, e))
        return START_RAW;
    return html_tree_is_plain_svg(&h->tree, e) ? START_SVG : START_ANY;
}

static const char *run_start(struct html *h, const char *p, const char *end) {
    const char *name = p + 1;
    enum html_element e = element_at(name, &p);
    enum start start = start_of(h, e);

    if (start == START_ANY)
        return run_any(h, e, false, name, p, end);
    h->tag.self_closing = false;
    if (*p != '>')
        p = run_attrs(h, p, end, NULL);
    if (!p)
        return NULL;
    if (start == START_RAW)
        return run_raw(h, e, p + 1, end);
    if (start == START_PLAIN && !(html_element_flags[e] & EF_VOID))
        html_tree_push_plain(&h->tree, e, 0);
    else if (start == START_SVG && !h->tag.self_closing)
        html_tree_push_svg(&h->tree, e);
    return p + 1;
}

static const char *run_end(struct html *h, const char *p, const char *end) {
    struct html_tree *t = &h->tree;
    const struct html_open *top = t->depth ? &t->stack[t->depth - 1] : NULL;
    const char *name = p + 2;
    enum html_element e;

    if (top && t->beyond == 0 && (top->is_plain || top->ns == NS_SVG)) {
        e = (enum html_element)top->element;
        if (is_name_at(name, e) && !html_tag_number(h, e, true)) {
            if (top->is_plain)
                html_tree_pop_plain(t);
            else
                t->depth--;
            return name + html_element_names[e].len + 1;
        }
    }
    e = element_at(name, &p);
    return run_any(h, e, true, name, p, end);
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

/* As the states have it for "<!DOCTYPE html>", in any case, or NULL. */
static const char *run_doctype(struct html *h, const char *p, const char *end) {
    const struct str usual = STR("<!doctype html>");

    if ((size_t)(end - p) < usual.len || !str_eq_ascii(str_at(p, usual.len), usual))
        return NULL;
    html_put_usual_doctype(h);
    return p + usual.len;
}

/* The markup whose "<" is at |p|: behind its ">", or NULL where it is for the states. */
static const char *run_markup(struct html *h, const char *p, const char *end) {
    if (p[1] == '/')
        return run_end(h, p, end);
    if (p[1] != '!')
        return run_start(h, p, end);
    if (p[2] != '-')
        return run_doctype(h, p, end);
    return p[3] == '-' && !h->o.wants_comments ? run_comment(p, end) : NULL;
}

/* To the next "<"; while a frameset could come, only over space. */
static const char *run_text(const struct html *h, const char *p, const char *end) {
    if (!h->tree.frameset_ok && end - p >= SCAN_BLOCK) { /* nearly always enough */
        uint64_t bits = scan_block(p, '<');

        if (bits)
            return p + scan_first(bits);
        p += SCAN_BLOCK;
    }
    return h->tree.frameset_ok ? skip_space(p, end) : scan_any(p, end, '<', '<', '<', '<');
}

const char *HTML_FAST_RUN(struct html *h, const char *p, const char *end) {
    for (;;) {
        const char *q;

        p = run_text(h, p, end);
        if (end - p < MARGIN || *p != '<')
            return p;
        q = run_markup(h, p, end);
        if (!q)
            return p;
        p = q;
        if (h->state != S_DATA || h->o.wants_text)
            return p;
    }
}
