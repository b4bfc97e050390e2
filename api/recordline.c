#include "api/recordline.h"

#include "api/writer.h"
#include "base/clock.h"

enum field {
    SEQ,
    INDEX,
    PLACE,
    INPUT,
    CANONICAL_URL,
    FINAL_URL,
    OUTCOME,
    CODE,
    HTTP_STATUS,
    CONTENT_TYPE,
    BYTES,
    LINKS_FOUND,
    LINKS_DROPPED,
    DEPTH,
    REFERRER,
    ATTEMPTS,
    REDIRECTS,
    STARTED_AT,
    ELAPSED_MS,
    ETAG,
    LAST_MODIFIED,
    NOT_MODIFIED,
    CURSOR, /* last: not one of the usual columns */
    FIELD_COUNT
};

static const char *const names[FIELD_COUNT] = {
    "seq",           "index", "place",         "input",        "url",       "final_url",
    "outcome",       "code",  "http_status",   "content_type", "bytes",     "links_found",
    "links_dropped", "depth", "referrer",      "attempts",     "redirects", "started_at",
    "elapsed_ms",    "etag",  "last_modified", "not_modified", "cursor",
};

struct columns recordline_default_columns(void) {
    struct columns c = {.n = CURSOR};

    for (int i = 0; i < CURSOR; i++)
        c.list[i] = (unsigned char)i;
    return c;
}

enum err recordline_columns_of(struct str list, struct columns *ret_columns) {
    return format_pick_columns(list, names, FIELD_COUNT, ret_columns);
}

bool recordline_wants_cursor(enum format f, const struct columns *c) {
    return f == FORMAT_NDJSON || (f != FORMAT_JSON && format_has_column(c, CURSOR));
}

/* A field's value: a number, a text (neither: null), or one of the two odd ones. */
struct value {
    bool is_number;
    uint64_t number;
    struct str text;
};

static struct value text(struct str s) {
    return (struct value){false, 0, s};
}

static struct value number(int64_t n) {
    return (struct value){true, n < 0 ? 0 : (uint64_t)n, STR_NONE};
}

static struct value number_unless(int64_t n, int64_t none) {
    return n == none ? text(STR_NONE) : number(n);
}

static struct value time_of(int64_t wall_ms, char buffer[CLOCK_TEXT_LEN + 1]) {
    if (!wall_ms)
        return text(STR_NONE);
    clock_text(wall_ms, buffer);
    return text(str_at(buffer, CLOCK_TEXT_LEN));
}

static struct value value_of(const struct record *r, enum field f,
                             char buffer[CLOCK_TEXT_LEN + 1]) {
    switch (f) {
    case SEQ:
        return number_unless(r->seq, 0);
    case INDEX:
        return number_unless(r->index, -1);
    case PLACE:
        return number(r->place);
    case INPUT:
        return text(r->input);
    case CANONICAL_URL:
        return text(r->url);
    case FINAL_URL:
        return text(r->final_url);
    case OUTCOME:
        return text(r->outcome == OUTCOME_PENDING ? STR_NONE : str_of(outcome_text(r->outcome)));
    case CODE:
        return text(str_of(code_text(r->code)));
    case HTTP_STATUS:
        return number_unless(r->http_status, 0);
    case CONTENT_TYPE:
        return text(r->content_type);
    case BYTES:
        return number((int64_t)r->bytes);
    case LINKS_FOUND:
        return number(r->links_found);
    case LINKS_DROPPED:
        return number(r->links_dropped);
    case DEPTH:
        return number(r->depth);
    case REFERRER:
        return number_unless(r->referrer, -1);
    case ATTEMPTS:
        return number(r->attempts);
    case REDIRECTS:
        return text(r->redirects);
    case STARTED_AT:
        return time_of(r->started_at, buffer);
    case ELAPSED_MS:
        return r->started_at ? number(r->elapsed_ms) : text(STR_NONE);
    case ETAG:
        return text(r->etag);
    case LAST_MODIFIED:
        return text(r->last_modified);
    default: /* nothing is revalidated */
        return text(STR_NONE);
    }
}

/* Lines "301 https://from.example/" */
static void write_redirects(struct writer *w, struct str lines) {
    writer_key(w, names[REDIRECTS]);
    writer_open(w, '[');
    while (lines.len) {
        struct str url = str_cut(&lines, '\n');
        uint64_t status = 0;

        if (str_to_u64(str_cut(&url, ' '), UINT16_MAX, &status) != ERR_OK)
            w->err = ERR_CORRUPT;
        writer_open(w, '{');
        writer_number(w, "status", status);
        writer_text(w, "url", url);
        writer_close(w, '}');
    }
    writer_close(w, ']');
}

static void write_field(struct writer *w, const struct record *r, enum field f) {
    char buffer[CLOCK_TEXT_LEN + 1];
    struct value v = value_of(r, f, buffer);

    if (f == REDIRECTS)
        write_redirects(w, v.text);
    else if (f == NOT_MODIFIED)
        writer_bool(w, names[f], r->not_modified);
    else if (v.is_number)
        writer_number(w, names[f], v.number);
    else
        writer_text_or_null(w, names[f], v.text);
}

static enum err put_object(struct buf *out, const struct record *r, struct str cursor) {
    struct writer w = writer_on(out);

    writer_open(&w, '{');
    for (int f = 0; f < CURSOR; f++)
        write_field(&w, r, (enum field)f);
    if (cursor.len)
        writer_text(&w, names[CURSOR], cursor);
    writer_close(&w, '}');
    return w.err;
}

static enum err put_number(struct buf *out, enum format f, bool is_first, uint64_t n) {
    enum err e = format_cell(out, f, is_first, STR_NONE);

    return e == ERR_OK ? buf_put_u64(out, n) : e;
}

static enum err put_row(struct buf *out, enum format f, const struct columns *c,
                        const struct record *r, struct str cursor) {
    char buffer[CLOCK_TEXT_LEN + 1];
    enum err e = ERR_OK;

    for (size_t i = 0; i < c->n && e == ERR_OK; i++) {
        struct value v = value_of(r, (enum field)c->list[i], buffer);

        if (c->list[i] == NOT_MODIFIED)
            v.text = r->not_modified ? STR("true") : STR("false");
        else if (c->list[i] == CURSOR)
            v.text = cursor;
        e = v.is_number ? put_number(out, f, i == 0, v.number)
                        : format_cell(out, f, i == 0, v.text);
    }
    return e == ERR_OK ? format_line_end(out, f) : e;
}

enum err recordline_put(struct buf *out, enum format f, const struct columns *c,
                        const struct record *r, struct str cursor) {
    enum err e;

    if (f == FORMAT_TSV || f == FORMAT_CSV)
        return put_row(out, f, c, r, cursor);
    e = put_object(out, r, f == FORMAT_JSON ? STR_NONE : cursor);
    return e == ERR_OK && f == FORMAT_NDJSON ? format_line_end(out, f) : e;
}

enum err recordline_names(struct buf *out, enum format f, const struct columns *c) {
    enum err e = ERR_OK;

    if (f != FORMAT_TSV && f != FORMAT_CSV)
        return ERR_OK;
    for (size_t i = 0; i < c->n && e == ERR_OK; i++)
        e = format_cell(out, f, i == 0, str_of(names[c->list[i]]));
    return e == ERR_OK ? format_line_end(out, f) : e;
}
