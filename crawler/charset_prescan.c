/* The prescan of HTML Standard section 13.2.3.2, and "get an XML encoding". */
#include <string.h>

#include "crawler/charset.h"
#include "crawler/charset_table.h"

enum { NAME_MAX_BYTES = 16, VALUE_MAX_BYTES = CHARSET_PRESCAN_BYTES };

/* What is left to read; each step moves |at|. */
struct scan {
    struct str s;
    size_t at;
};

struct attribute {
    char name[NAME_MAX_BYTES]; /* longer ones cut: they are none of ours */
    char value[VALUE_MAX_BYTES];
    size_t name_len, value_len;
};

/* What the attributes of one meta element said. */
struct pragma {
    bool seen_http_equiv, seen_content, seen_charset; /* the first of a name counts */
    bool got_pragma;
    enum { NEED_UNKNOWN, NEED_PRAGMA, NEED_NONE } need;
    bool has_charset; /* NULL with it: a label that is none */
    const struct charset *charset;
};

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool at_end(const struct scan *p) {
    return p->at >= p->s.len;
}

static char here(const struct scan *p) {
    return p->s.ptr[p->at];
}

static struct str rest(const struct scan *p) {
    return str_from(p->s, p->at);
}

static void skip_spaces(struct scan *p) {
    while (!at_end(p) && is_space(here(p)))
        p->at++;
}

/* To behind the first |what|, or to the end. */
static void skip_past(struct scan *p, struct str what) {
    size_t found = str_find_str(rest(p), what);

    p->at = found == STR_END ? p->s.len : p->at + found + what.len;
}

static void put_lower(char *bytes, size_t *len, size_t max, char c) {
    if (*len < max)
        bytes[(*len)++] = ascii_lower(c);
}

static void read_value(struct scan *p, struct attribute *a) {
    char quote = here(p);

    if (quote == '"' || quote == '\'') {
        for (p->at++; !at_end(p) && here(p) != quote; p->at++)
            put_lower(a->value, &a->value_len, sizeof a->value, here(p));
        p->at++;
        return;
    }
    for (; !at_end(p) && !is_space(here(p)) && here(p) != '>'; p->at++)
        put_lower(a->value, &a->value_len, sizeof a->value, here(p));
}

/* "Get an attribute". False: there is none left in this tag, or the bytes are. */
static bool read_attribute(struct scan *p, struct attribute *a) {
    a->name_len = a->value_len = 0;
    while (!at_end(p) && (is_space(here(p)) || here(p) == '/'))
        p->at++;
    if (at_end(p) || here(p) == '>')
        return false;
    for (; !at_end(p); p->at++) {
        char c = here(p);

        if ((c == '=' && a->name_len) || is_space(c) || c == '/' || c == '>')
            break;
        put_lower(a->name, &a->name_len, sizeof a->name, c);
    }
    skip_spaces(p);
    if (at_end(p))
        return false;
    if (here(p) != '=')
        return true;
    p->at++;
    skip_spaces(p);
    if (at_end(p))
        return false;
    read_value(p, a);
    return p->at <= p->s.len; /* past it: a quote that never ended */
}

/* To behind the next "charset", and the "=" after it. False: there is none. */
static bool skip_past_charset(struct scan *p) {
    while (!at_end(p)) {
        if (ascii_lower(here(p)) != 'c' || !str_starts_ascii(rest(p), STR("charset"))) {
            p->at++;
            continue;
        }
        p->at += strlen("charset");
        skip_spaces(p);
        if (!at_end(p) && here(p) == '=') {
            p->at++;
            return true;
        }
    }
    return false;
}

/* "Extracting a character encoding from a meta element". */
static const struct charset *of_content(struct str content) {
    struct scan p = {content, 0};
    size_t end;
    char quote;

    if (!skip_past_charset(&p))
        return NULL;
    skip_spaces(&p);
    if (at_end(&p))
        return NULL;
    quote = here(&p);
    if (quote == '"' || quote == '\'') {
        p.at++;
        end = str_find(rest(&p), quote);
        return end == STR_END ? NULL : charset_of_label(str_upto(rest(&p), end));
    }
    for (end = p.at; end < content.len && !is_space(content.ptr[end]) && content.ptr[end] != ';';)
        end++;
    return charset_of_label(str_upto(rest(&p), end - p.at));
}

static bool first_time(bool *seen) {
    bool first = !*seen;

    *seen = true;
    return first;
}

static void note(struct pragma *m, const struct attribute *a) {
    struct str name = str_at(a->name, a->name_len), value = str_at(a->value, a->value_len);

    if (str_eq(name, STR("http-equiv")) && first_time(&m->seen_http_equiv)) {
        m->got_pragma = str_eq(value, STR("content-type"));
    } else if (str_eq(name, STR("content")) && first_time(&m->seen_content)) {
        const struct charset *c = of_content(value);

        if (!c || m->has_charset)
            return;
        m->charset = c;
        m->has_charset = true;
        m->need = NEED_PRAGMA;
    } else if (str_eq(name, STR("charset")) && first_time(&m->seen_charset)) {
        m->charset = charset_of_label(value);
        m->has_charset = true;
        m->need = NEED_NONE;
    }
}

static const struct charset *as_declared(const struct charset *c) {
    if (c && charset_is_utf16(c))
        return charset_utf8();
    if (c && c->kind == CHARSET_USER_DEFINED)
        return charset_of_label(STR("windows-1252"));
    return c;
}

static const struct charset *verdict(const struct pragma *m) {
    if (m->need == NEED_UNKNOWN || (m->need == NEED_PRAGMA && !m->got_pragma))
        return NULL;
    return as_declared(m->charset);
}

const struct charset *charset_of_meta_attrs(struct str http_equiv, struct str content,
                                            struct str charset) {
    const struct charset *c = charset_of_label(charset);

    if (!c && str_eq_ascii(http_equiv, STR("content-type")))
        c = of_content(content);
    return as_declared(c);
}

static const struct charset *read_meta(struct scan *p) {
    struct pragma m = {.need = NEED_UNKNOWN};
    struct attribute a;

    while (read_attribute(p, &a))
        note(&m, &a);
    return at_end(p) ? NULL : verdict(&m);
}

static bool starts_tag(struct str s) {
    size_t letter = s.len > 1 && s.ptr[1] == '/' ? 2 : 1;

    return s.len > letter && ascii_is_alpha(s.ptr[letter]);
}

static void skip_tag(struct scan *p) {
    struct attribute a;

    while (!at_end(p) && !is_space(here(p)) && here(p) != '>')
        p->at++;
    while (read_attribute(p, &a))
        ;
}

/* |p| is at a '<'. */
static const struct charset *read_markup(struct scan *p) {
    struct str s = rest(p);

    if (str_starts(s, STR("<!--"))) {
        p->at += 2; /* the two dashes may end it as well */
        skip_past(p, STR("-->"));
    } else if (str_starts_ascii(s, STR("<meta")) && s.len > 5 &&
               (is_space(s.ptr[5]) || s.ptr[5] == '/')) {
        p->at += 5;
        return read_meta(p);
    } else if (starts_tag(s)) {
        skip_tag(p);
    } else if (s.len > 1 && (s.ptr[1] == '!' || s.ptr[1] == '/' || s.ptr[1] == '?')) {
        skip_past(p, STR(">"));
    } else {
        p->at++;
    }
    return NULL;
}

/* The encoding that an XML declaration names. */
static const struct charset *of_declaration(struct str head) {
    struct scan p = {str_upto(head, str_find(head, '>')), 0};
    struct str label;
    size_t end;
    char quote;

    if (!str_starts(head, STR("<?xml")) || p.s.len == head.len)
        return NULL;
    skip_past(&p, STR("encoding"));
    while (!at_end(&p) && (unsigned char)here(&p) <= ' ')
        p.at++;
    if (at_end(&p) || here(&p) != '=')
        return NULL;
    p.at++;
    while (!at_end(&p) && (unsigned char)here(&p) <= ' ')
        p.at++;
    if (at_end(&p) || (here(&p) != '"' && here(&p) != '\''))
        return NULL;
    quote = here(&p);
    p.at++;
    end = str_find(rest(&p), quote);
    label = str_upto(rest(&p), end);
    for (size_t i = 0; i < label.len; i++) {
        if ((unsigned char)label.ptr[i] <= ' ')
            return NULL;
    }
    return end == STR_END ? NULL : charset_of_label(label);
}

static const struct charset *of_utf16(struct str head) {
    if (str_starts(head, STR("<\0?\0x\0")))
        return charset_of_label(STR("utf-16le"));
    return str_starts(head, STR("\0<\0?\0x")) ? charset_of_label(STR("utf-16be")) : NULL;
}

/* A declaration that could be read as ASCII is in nothing else. */
const struct charset *charset_of_xml(struct str head) {
    const struct charset *c = of_utf16(head);

    if (c)
        return c;
    c = of_declaration(str_upto(head, CHARSET_PRESCAN_BYTES));
    return c && charset_is_utf16(c) ? charset_utf8() : c;
}

/* Where the next thing that may be a meta element starts; the length: nowhere. */
static size_t next_meta(const struct scan *p) {
    size_t at = p->at, found;

    while ((found = str_find(str_from(p->s, at), '<')) != STR_END) {
        at += found;
        if (str_starts_ascii(str_from(p->s, at), STR("<meta")))
            return at;
        at++;
    }
    return p->s.len;
}

/* Tags are only worth reading for the meta elements behind them. */
const struct charset *charset_of_meta(struct str head) {
    struct scan p = {str_upto(head, CHARSET_PRESCAN_BYTES), 0};
    const struct charset *c = of_utf16(head);
    size_t meta = next_meta(&p);

    while (!c && meta < p.s.len) {
        p.at += str_find(rest(&p), '<');
        c = read_markup(&p);
        if (p.at > meta)
            meta = next_meta(&p);
    }
    return c ? c : charset_of_xml(p.s);
}
