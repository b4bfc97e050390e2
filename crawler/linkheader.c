#include "crawler/linkheader.h"

static bool is_space(char c) {
    return c == ' ' || c == '\t';
}

static bool starts(struct str s, char c) {
    return s.len && s.ptr[0] == c;
}

static void skip_spaces(struct str *s) {
    while (s->len && is_space(s->ptr[0]))
        *s = str_from(*s, 1);
}

/* What stands before the first of |ends|, without spaces at its end. */
static struct str take_upto(struct str *s, struct str ends) {
    size_t n = 0;
    struct str taken;

    while (n < s->len && str_find(ends, s->ptr[n]) == STR_END)
        n++;
    taken = str_upto(*s, n);
    *s = str_from(*s, n);
    while (taken.len && is_space(taken.ptr[taken.len - 1]))
        taken.len--;
    return taken;
}

/* |*s| is behind the first quote, and ends behind the last; one that is never closed
 * reaches to the end (appendix B.4). */
static struct str take_quoted(struct str *s) {
    struct str whole = *s;
    size_t n = 0;

    while (n < s->len && s->ptr[n] != '"')
        n += s->ptr[n] == '\\' ? 2 : 1;
    *s = str_from(*s, n < s->len ? n + 1 : s->len);
    return str_upto(whole, n);
}

static struct linkheader_param take_value(struct str *s) {
    struct linkheader_param p = {.is_given = true};

    skip_spaces(s);
    p.is_quoted = starts(*s, '"');
    if (p.is_quoted) {
        *s = str_from(*s, 1);
        p.raw = take_quoted(s);
    } else {
        p.raw = take_upto(s, STR(";,"));
    }
    return p;
}

static void note_param(struct linkheader_link *l, struct str name,
                       const struct linkheader_param *p) {
    if (str_eq_ascii(name, STR("rel")) && !l->rel.is_given)
        l->rel = *p;
    if (str_eq_ascii(name, STR("anchor")) && !l->anchor.is_given)
        l->anchor = *p;
}

/* Appendix B.3. */
static void take_params(struct str *s, struct linkheader_link *l) {
    for (skip_spaces(s); starts(*s, ';'); skip_spaces(s)) {
        struct linkheader_param p = {.is_given = true};
        struct str name;

        *s = str_from(*s, 1);
        skip_spaces(s);
        name = take_upto(s, STR("=;,"));
        if (starts(*s, '=')) {
            *s = str_from(*s, 1);
            p = take_value(s);
        }
        note_param(l, name, &p);
    }
}

/* Past the next comma that is in no quoted string. */
static void skip_member(struct str *s) {
    while (s->len) {
        char c = s->ptr[0];

        *s = str_from(*s, 1);
        if (c == ',')
            return;
        if (c == '"')
            (void)take_quoted(s);
    }
}

bool linkheader_next(struct str *value, struct linkheader_link *ret_link) {
    struct linkheader_link l = {.target = STR_NONE};
    size_t end;

    for (skip_spaces(value); value->len && !starts(*value, '<'); skip_spaces(value))
        skip_member(value);
    end = str_find(*value, '>');
    if (end == STR_END) {
        *value = STR_NONE;
        return false;
    }
    l.target = str_upto(str_from(*value, 1), end - 1);
    *value = str_from(*value, end + 1);
    take_params(value, &l);
    skip_member(value);
    *ret_link = l;
    return true;
}

enum err linkheader_put_param(struct buf *b, const struct linkheader_param *p) {
    struct str rest = p->raw;
    enum err e = ERR_OK;

    while (e == ERR_OK && rest.len) {
        size_t n = p->is_quoted ? str_find(rest, '\\') : STR_END;

        e = buf_put(b, str_upto(rest, n));
        rest = str_from(rest, n);
        if (e == ERR_OK && rest.len > 1) /* the escape, and what it escapes */
            e = buf_put_char(b, rest.ptr[1]);
        rest = str_from(rest, 2);
    }
    return e;
}
