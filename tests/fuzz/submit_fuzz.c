/* What callers send to submit a list: lines however cut, JSON bodies, queries. The
 * first byte says which, the second how the text is cut.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/accept.h"
#include "api/codec.h"
#include "api/cursor.h"
#include "api/lines.h"
#include "api/option.h"
#include "base/mem.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds, const char *what) {
    if (!holds) {
        (void)fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}

/* --- lines --------------------------------------------------------------------- */

static enum err note(void *arg, struct str line, bool is_too_long) {
    must(line.len > 0 || is_too_long, "a line is not empty");
    must(is_too_long || (utf8_valid(line) && line.len <= LINES_MAX_BYTES), "a line is short text");
    return buf_printf(arg, "%d%.*s\n", is_too_long, (int)line.len, line.ptr);
}

static enum err read_lines(struct str text, size_t piece, struct buf *out) {
    struct lines l;
    enum err e = ERR_OK;

    lines_init(&l);
    for (size_t at = 0; at < text.len && e == ERR_OK; at += piece)
        e = lines_feed(&l, str_upto(str_from(text, at), piece), note, out);
    if (e == ERR_OK)
        e = lines_finish(&l, note, out);
    lines_done(&l);
    return e;
}

static void try_lines(struct str text, size_t piece) {
    OWNED_BUF struct buf whole = BUF_INIT(4 << 20), cut = BUF_INIT(4 << 20);
    enum err e = read_lines(text, text.len + 1, &whole);

    must(read_lines(text, piece, &cut) == e, "cut lines end alike");
    must(str_eq(buf_str(&whole), buf_str(&cut)), "cut lines are the same");
}

/* --- options ---------------------------------------------------------------------- */

static const struct job_options defaults = {
    .host_delay_ms = 1000,
    .host_connections = 2,
    .timeout_ms = 30000,
    .max_body_bytes = 10 << 20,
    .max_redirects = 10,
    .max_attempts = 3,
};

static bool is_json(struct str text) {
    OWNED(codec_body) struct codec_body *b = NULL;
    OWNED_PROBLEM struct problem p;

    problem_init(&p, PROBLEM_INVALID_JSON);
    return codec_parse(text, &b, &p) == ERR_OK;
}

static void check_writing(const struct job *draft, const struct problem *p) {
    OWNED_BUF struct buf out = BUF_INIT(4 << 20);
    struct writer w = writer_on(&out);

    writer_open(&w, '{');
    writer_json(&w, "metadata", draft->metadata ? str_of(draft->metadata) : STR("{}"));
    writer_text(&w, "name", str_of(draft->name));
    option_write_given(&w, &draft->options);
    writer_close(&w, '}');
    must(w.err == ERR_OK && is_json(buf_str(&out)), "what is written is JSON");
    buf_clear(&out);
    must(problem_write(p, STR("id"), &out) == ERR_OK && is_json(buf_str(&out)),
         "a problem is JSON");
}

static void try_body(struct str text) {
    OWNED(codec_body) struct codec_body *b = NULL;
    OWNED(job) struct job *draft = NEW(struct job);
    OWNED_PROBLEM struct problem p;
    struct codec_limits l = codec_limits_of(&defaults, 100, 2, false);
    struct str url;
    size_t n;

    problem_init(&p, PROBLEM_INVALID_OPTION);
    if (codec_parse(text, &b, &p) == ERR_OK) {
        codec_read_body(b, &l, draft, &p);
        n = codec_url_count(b, &p);
        for (size_t i = 0; i < n && n != SIZE_MAX; i++)
            if (codec_url(b, i, &url, &p) == ERR_OK)
                must(utf8_valid(url), "a URL is text");
    }
    check_writing(draft, &p);
}

static void try_query(struct str text) {
    OWNED(job) struct job *draft = NEW(struct job);
    OWNED_PROBLEM struct problem p;
    struct codec_limits l = codec_limits_of(&defaults, 100, 2, false);
    struct query q;

    problem_init(&p, PROBLEM_INVALID_OPTION);
    query_init(&q);
    if (query_parse(&q, text, &p) == ERR_OK)
        codec_read_query(&q, &l, true, draft, &p);
    query_done(&q);
    check_writing(draft, &p);
}

/* --- small ones ---------------------------------------------------------------------- */

static void try_words(struct str text) {
    char back[CURSOR_MAX_TEXT];
    struct cursor c;
    enum format f;
    struct columns columns;

    if (accept_choose(text, 15, &f) == ERR_OK)
        must(f >= 0 && f < FORMAT_COUNT, "a format is one");
    if (format_columns_of(text, &columns) == ERR_OK)
        must(columns.n > 0 && columns.n <= COLUMN_COUNT, "columns are some");
    must(format_host(text).len <= text.len, "a host is a part");
    if (cursor_parse(text, NULL, &c) == ERR_OK)
        must(str_eq(cursor_text(&c, NULL, back), text), "a cursor comes back");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct str text;

    if (size < 2)
        return 0;
    text = str_at((const char *)data + 2, size - 2);
    switch (data[0] % 4) {
    case 0:
        try_lines(text, 1 + data[1]);
        break;
    case 1:
        try_body(text);
        break;
    case 2:
        try_query(text);
        break;
    default:
        try_words(text);
        break;
    }
    return 0;
}
