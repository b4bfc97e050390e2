#include "api/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

void query_init(struct query *q) {
    *q = (struct query){.bytes = BUF_INIT(SIZE_MAX)};
}

void query_done(struct query *q) {
    free(q->parameters);
    buf_done(&q->bytes);
    query_init(q);
}

static bool take_escaped(struct str raw, size_t at, char *ret_c) {
    int high = at + 2 < raw.len ? ascii_hex(raw.ptr[at + 1]) : -1;
    int low = at + 2 < raw.len ? ascii_hex(raw.ptr[at + 2]) : -1;

    if (high < 0 || low < 0)
        return false;
    *ret_c = (char)(high << 4 | low);
    return true;
}

/* Decodes |raw| behind |*at|, which has room for it. False: a broken escape. */
static bool decode(struct str raw, char **at, struct str *ret_text) {
    char *start = *at, *end = start;

    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i] == '+' ? ' ' : raw.ptr[i];

        if (c == '%') {
            if (!take_escaped(raw, i, &c))
                return false;
            i += 2;
        }
        *end++ = c;
    }
    *at = end;
    *ret_text = str_at(start, (size_t)(end - start));
    return true;
}

static bool has_control(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return true;
    return false;
}

/* NULL, or what is wrong with |*ret_p|. */
static const char *take(const struct query *q, struct str pair, char **at,
                        struct parameter *ret_p) {
    struct str name = str_cut(&pair, '=');

    *ret_p = (struct parameter){STR_NONE, STR_NONE};
    if (!decode(name, at, &ret_p->name) || !decode(pair, at, &ret_p->value))
        return "has a percent escape that is broken";
    if (has_control(ret_p->name) || has_control(ret_p->value))
        return "holds a control character";
    if (!utf8_valid(ret_p->name) || !utf8_valid(ret_p->value))
        return "is not text in UTF-8";
    for (size_t i = 0; i < q->n; i++)
        if (str_eq(q->parameters[i].name, ret_p->name))
            return "is given twice; of a list the values are joined by commas";
    return q->n < QUERY_MAX_PARAMETERS ? NULL : "is one too many";
}

static size_t count_pairs(struct str raw) {
    size_t n = 1;

    for (size_t i = 0; i < raw.len && n < QUERY_MAX_PARAMETERS; i++)
        n += raw.ptr[i] == '&';
    return n;
}

enum err query_parse(struct query *q, struct str raw, struct problem *p) {
    char *at;
    enum err e;

    q->bytes = BUF_INIT(raw.len + 1); /* and no larger: many wait */
    e = buf_room(&q->bytes, raw.len + 1, &at);
    if (e != ERR_OK)
        return e;
    q->parameters = NEW_N(struct parameter, count_pairs(raw));
    while (raw.len) {
        struct str pair = str_cut(&raw, '&');
        struct parameter given;
        const char *why = pair.len ? take(q, pair, &at, &given) : NULL;

        if (why) {
            problem_fault(p, FAULT_PARAMETER, given.name, "%s", why);
            return ERR_INVALID;
        }
        if (pair.len)
            q->parameters[q->n++] = given;
    }
    return ERR_OK;
}

const struct str *query_get(const struct query *q, const char *name) {
    for (size_t i = 0; i < q->n; i++)
        if (str_eq(q->parameters[i].name, str_of(name)))
            return &q->parameters[i].value;
    return NULL;
}

enum err query_put_escaped(struct buf *out, struct str text) {
    enum err e = ERR_OK;

    for (size_t i = 0; i < text.len && e == ERR_OK; i++) {
        char c = text.ptr[i];

        if (ascii_is_alpha(c) || ascii_is_digit(c) || (c && strchr("-._~", c)))
            e = buf_put_char(out, c);
        else
            e = buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
    return e;
}
