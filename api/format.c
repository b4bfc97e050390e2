#include "api/format.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"

static const struct {
    const char *name, *type, *suffix;
} formats[] = {
#define X(name, text, type, suffix) {text, type, suffix},
    FORMAT_TABLE(X)
#undef X
};

static const char *const column_names[] = {
#define X(name, text) text,
    COLUMN_TABLE(X)
#undef X
};

struct str format_type(enum format f) {
    return str_of(formats[f].type);
}

struct str format_header(enum format f, bool has_names) {
    switch (f) {
    case FORMAT_TSV:
        return STR("text/tab-separated-values; charset=utf-8");
    case FORMAT_CSV:
        return has_names ? STR("text/csv; charset=utf-8; header=present")
                         : STR("text/csv; charset=utf-8; header=absent");
    default:
        return format_type(f);
    }
}

struct str format_suffix(enum format f) {
    return str_of(formats[f].suffix);
}

enum err format_of(struct str name, enum format *ret_format) {
    for (int f = 0; f < FORMAT_COUNT; f++) {
        if (str_eq(name, str_of(formats[f].name))) {
            *ret_format = (enum format)f;
            return ERR_OK;
        }
    }
    return ERR_INVALID;
}

struct columns format_default_columns(void) {
    return (struct columns){{COLUMN_SOURCE_URL, COLUMN_PARSED_URL}, 2};
}

bool format_has_column(const struct columns *c, int column) {
    for (size_t i = 0; i < c->n; i++)
        if (c->list[i] == column)
            return true;
    return false;
}

static enum err add_column(struct columns *c, struct str name, const char *const *names,
                           int n_names) {
    int found = 0;

    while (found < n_names && !str_eq(name, str_of(names[found])))
        found++;
    if (found == n_names || format_has_column(c, found))
        return ERR_INVALID;
    c->list[c->n++] = (unsigned char)found;
    return ERR_OK;
}

enum err format_pick_columns(struct str list, const char *const *names, int n_names,
                             struct columns *ret_columns) {
    struct columns c = {.n = 0};

    assert(n_names <= COLUMNS_MOST);
    if (str_ends(list, STR(","))) /* after which str_cut sees nothing */
        return ERR_INVALID;
    do {
        enum err e = add_column(&c, str_trim(str_cut(&list, ',')), names, n_names);

        if (e != ERR_OK)
            return e;
    } while (list.len);
    *ret_columns = c;
    return ERR_OK;
}

enum err format_columns_of(struct str list, struct columns *ret_columns) {
    return format_pick_columns(list, column_names, COLUMN_COUNT, ret_columns);
}

/* --- cells -------------------------------------------------------------------- */

static bool is_control(char c) {
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static enum err put_clean(struct buf *out, struct str s) {
    size_t start = out->len;
    enum err e = buf_put(out, s);

    for (size_t i = start; i < out->len; i++)
        if (is_control(out->ptr[i]))
            out->ptr[i] = ' ';
    return e;
}

static bool needs_quotes(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '"' || s.ptr[i] == ',' || s.ptr[i] == '\n' || s.ptr[i] == '\r')
            return true;
    return false;
}

static enum err put_quoted(struct buf *out, struct str s) {
    enum err e = buf_put_char(out, '"');

    while (s.len && e == ERR_OK) {
        size_t quote = str_find(s, '"');

        e = buf_put(out, str_upto(s, quote));
        if (quote == STR_END)
            break;
        if (e == ERR_OK)
            e = buf_put(out, STR("\"\""));
        s = str_from(s, quote + 1);
    }
    return e == ERR_OK ? buf_put_char(out, '"') : e;
}

enum err format_cell(struct buf *out, enum format f, bool is_first, struct str value) {
    enum err e = is_first ? ERR_OK : buf_put_char(out, f == FORMAT_CSV ? ',' : '\t');

    if (e != ERR_OK)
        return e;
    if (f != FORMAT_CSV)
        return put_clean(out, value);
    return needs_quotes(value) ? put_quoted(out, value) : buf_put(out, value);
}

enum err format_line_end(struct buf *out, enum format f) {
    return f == FORMAT_CSV ? buf_put(out, STR("\r\n")) : buf_put_char(out, '\n');
}

/* --- links -------------------------------------------------------------------- */

static struct str cell_of(const struct format_line *l, enum column c) {
    switch (c) {
    case COLUMN_SOURCE_URL:
        return l->source_url;
    case COLUMN_PARSED_URL:
        return l->link->url;
    case COLUMN_TAG:
        return str_of(tag_text(l->link->tag));
    case COLUMN_ATTR:
        return str_of(attr_text(l->link->attr));
    case COLUMN_REL:
        return l->link->rel;
    case COLUMN_TEXT:
        return l->link->text;
    default:
        return l->cursor;
    }
}

/* What stands before each value of an object; the first comma becomes its bracket. */
static const struct str labels[] = {
#define X(name, text) {",\"" text "\":\"", sizeof(",\"" text "\":\"") - 1},
    COLUMN_TABLE(X)
#undef X
};

#define ALL(byte) (0x0101010101010101U * (byte))
#define HAS_LESS(word, n) (((word) - ALL(n)) & ~(word) & ALL(0x80)) /* n up to 0x80 */
#define HAS(word, byte) HAS_LESS((word) ^ ALL(byte), 1)

/* Eight bytes that JSON takes as they are? DEL and what is not ASCII count as not. */
static bool is_plain_word(const char *at) {
    uint64_t w;

    memcpy(&w, at, sizeof w);
    return !((w & ALL(0x80)) | HAS_LESS(w, 0x20) | HAS(w, '"') | HAS(w, '\\') | HAS(w, 0x7f));
}

static bool is_plain(struct str s) {
    char last[8] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
    size_t i = 0;

    for (; i + 8 <= s.len; i += 8)
        if (!is_plain_word(s.ptr + i))
            return false;
    if (i < s.len)
        memcpy(last, s.ptr + i, s.len - i);
    return is_plain_word(last);
}

/* Exports are made of this: a plain value costs two copies. */
static enum err put_member(struct buf *out, struct str label, struct str value) {
    char *to;
    enum err e;

    if (!is_plain(value)) {
        e = buf_put(out, str_upto(label, label.len - 1));
        return e == ERR_OK ? json_put_string(out, value) : e;
    }
    e = buf_room(out, label.len + value.len + 1, &to);
    if (e != ERR_OK)
        return e;
    memcpy(to, label.ptr, label.len);
    if (value.len)
        memcpy(to + label.len, value.ptr, value.len);
    to[label.len + value.len] = '"';
    buf_grew(out, label.len + value.len + 1);
    return ERR_OK;
}

static enum err put_object(struct buf *out, const struct format_line *l) {
    size_t start = out->len;
    enum err e = ERR_OK;

    for (int c = 0; c < COLUMN_COUNT && e == ERR_OK; c++)
        if (c != COLUMN_CURSOR || l->cursor.len)
            e = put_member(out, labels[c], cell_of(l, (enum column)c));
    if (e != ERR_OK)
        return e;
    out->ptr[start] = '{';
    return buf_put_char(out, '}');
}

enum err format_link(struct buf *out, enum format f, const struct columns *c,
                     const struct format_line *line) {
    enum err e = ERR_OK;

    if (f == FORMAT_JSON)
        return put_object(out, line);
    if (f == FORMAT_NDJSON) {
        e = put_object(out, line);
    } else {
        for (size_t i = 0; i < c->n && e == ERR_OK; i++)
            e = format_cell(out, f, i == 0, cell_of(line, (enum column)c->list[i]));
    }
    return e == ERR_OK ? format_line_end(out, f) : e;
}

static enum err put_names(struct buf *out, enum format f, const struct columns *c,
                          const char *const *names) {
    enum err e = ERR_OK;

    if (f != FORMAT_TSV && f != FORMAT_CSV)
        return ERR_OK;
    for (size_t i = 0; i < c->n && e == ERR_OK; i++)
        e = format_cell(out, f, i == 0, str_of(names[c->list[i]]));
    return e == ERR_OK ? format_line_end(out, f) : e;
}

enum err format_link_names(struct buf *out, enum format f, const struct columns *c) {
    return put_names(out, f, c, column_names);
}

/* --- changes -------------------------------------------------------------------- */

static const char *const change_names[] = {"change",
#define X(name, text) text,
                                           COLUMN_TABLE(X)
#undef X
};

struct columns format_default_change_columns(void) {
    return (struct columns){{0, 1 + COLUMN_SOURCE_URL, 1 + COLUMN_PARSED_URL}, 3};
}

enum err format_change_columns_of(struct str list, struct columns *ret_columns) {
    return format_pick_columns(list, change_names, 1 + COLUMN_COUNT, ret_columns);
}

static enum err put_change(struct buf *out, const struct format_change *x) {
    enum err e =
        buf_put(out, x->is_added ? STR("{\"change\":\"added\"") : STR("{\"change\":\"removed\""));

    for (int c = 0; c < COLUMN_COUNT && e == ERR_OK; c++)
        e = put_member(out, labels[c], cell_of(&x->line, (enum column)c));
    return e == ERR_OK ? buf_put_char(out, '}') : e;
}

enum err format_change(struct buf *out, enum format f, const struct columns *c,
                       const struct format_change *x) {
    enum err e = f == FORMAT_NDJSON ? put_change(out, x) : ERR_OK;

    for (size_t i = 0; i < c->n && e == ERR_OK && f != FORMAT_NDJSON; i++) {
        int column = c->list[i];

        e = format_cell(out, f, i == 0,
                        column        ? cell_of(&x->line, (enum column)(column - 1))
                        : x->is_added ? STR("added")
                                      : STR("removed"));
    }
    return e == ERR_OK ? format_line_end(out, f) : e;
}

enum err format_change_names(struct buf *out, enum format f, const struct columns *c) {
    return put_names(out, f, c, change_names);
}

/* --- parts of a canonical URL --------------------------------------------------- */

struct str format_scheme(struct str url) {
    size_t colon = str_find(url, ':');

    return colon == STR_END ? STR_NONE : str_upto(url, colon);
}

bool format_is_scheme(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!(c >= 'a' && c <= 'z') &&
            (i == 0 || (!ascii_is_digit(c) && c != '+' && c != '-' && c != '.')))
            return false;
    }
    return s.len > 0 && s.len <= 32;
}

struct str format_host(struct str url) {
    struct str rest = str_from(url, format_scheme(url).len);
    size_t end, at;

    if (!str_starts(rest, STR("://")))
        return STR_NONE;
    rest = str_from(rest, 3);
    for (end = 0; end < rest.len && !strchr("/?#", rest.ptr[end]); end++)
        ;
    rest = str_upto(rest, end);
    at = str_find(rest, '@'); /* a canonical URL has one at most before the path */
    if (at != STR_END)
        rest = str_from(rest, at + 1);
    end = str_find(rest, ']'); /* an IPv6 address keeps its brackets */
    if (str_starts(rest, STR("[")) && end != STR_END)
        return str_upto(rest, end + 1);
    return str_upto(rest, str_find(rest, ':'));
}
