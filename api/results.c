#include "api/results.h"

#include <stdio.h>

#include "api/accept.h"
#include "crawler/url.h"

/* ?format= wins over Accept. False: the call is answered. */
static bool read_format(struct api_call *c, unsigned formats, enum format *ret_format) {
    bool has_json = formats >> FORMAT_JSON & 1;
    const struct str *given = query_get(&c->query, "format");
    struct str accept = STR_NONE;

    if (given) {
        if (format_of(*given, ret_format) == ERR_OK && formats >> *ret_format & 1)
            return true;
        call_refuse_parameter(c, "format",
                              has_json ? "must be json, tsv, ndjson or csv"
                                       : "must be tsv, ndjson or csv");
        return false;
    }
    (void)call_header(c, STR("Accept"), &accept);
    if (accept_choose(accept, formats, ret_format) == ERR_OK)
        return true;
    call_refuse(c, PROBLEM_NOT_ACCEPTABLE,
                has_json
                    ? "there are application/json, text/tab-separated-values, "
                      "application/x-ndjson and text/csv"
                    : "there are text/tab-separated-values, application/x-ndjson and text/csv");
    return false;
}

/* |after| goes on with a stream, |cursor| with pages: one place in the list. */
static bool read_cursor(struct api_call *c, enum cursor_kind least, enum cursor_kind most,
                        struct results_request *q) {
    const struct str *after = query_get(&c->query, "after");
    const struct str *cursor = query_get(&c->query, "cursor");
    const struct str *given = after ? after : cursor;

    q->has_names = !given;
    if (!given)
        return true;
    if (after && cursor) {
        call_refuse_parameter(c, "cursor", "excludes after");
        return false;
    }
    if (cursor_parse(*given, &q->job_id, &q->from) == ERR_OK && q->from.kind >= least &&
        q->from.kind <= most)
        return true;
    call_refuse_cursor(c, after ? "after" : "cursor");
    return false;
}

static bool read_follow(struct api_call *c, struct results_request *q) {
    if (call_flag(c, "follow", &q->follows) && q->follows && q->format != FORMAT_TSV &&
        q->format != FORMAT_NDJSON)
        call_refuse_parameter(c, "follow", "goes with tsv and ndjson only");
    return !c->is_answered;
}

bool results_read(struct api_call *c, unsigned formats, enum cursor_kind least,
                  enum cursor_kind most, struct results_request *ret_request) {
    struct results_request q = {.job_id = c->job_id, .from = {.kind = least}};
    uint64_t usual;

    if (!read_format(c, formats, &q.format))
        return false;
    usual = q.format == FORMAT_JSON ? RESULTS_USUAL : UINT64_MAX;
    if (!call_number(c, "limit", 1, RESULTS_MOST, usual, &q.limit) ||
        !read_cursor(c, least, most, &q) || !read_follow(c, &q))
        return false;
    *ret_request = q;
    return true;
}

bool results_columns(struct api_call *c, enum format f,
                     enum err (*pick)(struct str list, struct columns *ret_columns),
                     const char *names, struct columns *ret_columns) {
    const struct str *given = query_get(&c->query, "columns");
    char detail[160];

    if (!given)
        return true;
    if (f != FORMAT_TSV && f != FORMAT_CSV) {
        call_refuse_parameter(c, "columns", "goes with tsv and csv only");
        return false;
    }
    if (pick(*given, ret_columns) == ERR_OK)
        return true;
    (void)snprintf(detail, sizeof detail, "must be a list out of %s and cursor, each once", names);
    call_refuse_parameter(c, "columns", detail);
    return false;
}

bool results_url(struct api_call *c, const char *name, struct buf *ret_url) {
    const struct str *given = query_get(&c->query, name);
    OWNED_URL struct url url;
    enum err e;

    url_init(&url);
    if (!given)
        return true;
    if (!call_url(c, name, *given, &url))
        return false;
    e = buf_put(ret_url, url_without_fragment(&url));
    if (e != ERR_OK)
        call_store_error(c, e);
    return e == ERR_OK;
}

static void answer_page(struct api_call *c, const struct results_request *q, struct export *x) {
    char text[CURSOR_MAX_TEXT];
    struct str next = STR_NONE;
    enum err e = export_page(x, q->limit, &c->response.body, text, &next);

    if (e != ERR_OK) {
        call_store_error(c, e);
        return;
    }
    call_answer(c, 200, STR("application/json"));
    call_add_next(c, next);
}

static void add_disposition(struct api_call *c, enum format f, const char *what) {
    char id[UUID_TEXT_LEN + 1], value[128];

    uuid_text(&c->job_id, id);
    (void)snprintf(value, sizeof value, "attachment; filename=\"job-%s-%s.%s\"", id, what,
                   format_suffix(f).ptr);
    call_add_header(c, "Content-Disposition", str_of(value));
}

void results_answer(struct api_call *c, const struct results_request *q, struct export *x,
                    const char *what) {
    OWNED(export) struct export *owned = x;

    if (!owned) {
        call_store_error(c, ERR_NO_MEMORY);
        return;
    }
    if (q->format == FORMAT_JSON) {
        answer_page(c, q, owned);
        return;
    }
    owned->left = q->limit;
    if (q->follows)
        export_follow(owned, c->now_ms);
    call_answer(c, 200, format_header(q->format, q->has_names));
    add_disposition(c, q->format, what);
    c->response.reader = export_reader(TAKE(owned));
}
