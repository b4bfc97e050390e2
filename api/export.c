#include "api/export.h"

#include <string.h>

void export_init(struct export *x, struct store *store, struct uuid job_id, int64_t job,
                 enum format format) {
    *x = (struct export){.store = store,
                         .job_id = job_id,
                         .job = job,
                         .format = format,
                         .out = BUF_INIT(EXPORT_MAX_BYTES),
                         .enough_bytes = EXPORT_STREAM_BYTES,
                         .left = UINT64_MAX};
}

void export_free(struct export *x) {
    if (!x)
        return;
    x->done(x);
    buf_done(&x->out);
    free(x);
}

enum err export_start_row(struct export *x) {
    return x->format == FORMAT_JSON && x->written ? buf_put_char(&x->out, ',') : ERR_OK;
}

void export_end_row(struct export *x) {
    x->written++;
    x->left--;
}

/* The reader took all of |out|: makes more, if a turn's reads find any. */
static enum err fill(struct export *x) {
    enum err e = ERR_OK;

    buf_clear(&x->out);
    x->taken = 0;
    for (int i = 0;
         i < EXPORT_TURN_READS && e == ERR_OK && x->out.len == 0 && !x->is_at_end && x->left; i++)
        e = x->refill(x);
    return e;
}

static ssize_t read_export(void *arg, char *dst, size_t max) {
    struct export *x = arg;
    size_t n;

    if (x->taken == x->out.len && fill(x) != ERR_OK)
        return API_BROKEN;
    if (x->out.len == 0)
        return x->is_at_end || !x->left ? 0 : API_AGAIN;
    n = x->out.len - x->taken;
    if (n > max)
        n = max;
    memcpy(dst, x->out.ptr + x->taken, n);
    x->taken += n;
    return (ssize_t)n;
}

static void free_export(void *arg) {
    export_free(arg);
}

struct api_reader export_reader(struct export *x) {
    return (struct api_reader){read_export, free_export, x};
}

static enum err put_tail(struct buf *out, struct str next) {
    if (next.len == 0)
        return buf_put(out, STR("],\"next_cursor\":null}"));
    return buf_printf(out, "],\"next_cursor\":\"%.*s\"}", (int)next.len, next.ptr);
}

enum err export_page(struct export *x, uint64_t limit, struct buf *out,
                     char next_text[CURSOR_MAX_TEXT], struct str *ret_next) {
    struct str next = STR_NONE;
    struct cursor c;
    enum err e = buf_put(&x->out, STR("{\"items\":["));

    x->left = limit;
    x->enough_bytes = EXPORT_PAGE_BYTES;
    for (int i = 0; i < EXPORT_TURN_READS && e == ERR_OK && !x->is_at_end && !export_is_full(x);
         i++)
        e = x->refill(x);
    if (e != ERR_OK)
        return e;
    if (!x->is_at_end) {
        c = x->cursor(x);
        next = cursor_text(&c, &x->job_id, next_text);
    }
    e = put_tail(&x->out, next);
    if (e == ERR_OK)
        e = buf_put(out, buf_str(&x->out));
    if (e == ERR_OK)
        *ret_next = next;
    return e;
}
