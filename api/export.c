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
    tail_free(x->tail);
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

/* Where the job goes on, what was read to the end is not the end. */
static void stay(struct export *x) {
    x->has_caught_up = x->is_at_end && x->tail && !tail_is_over(x->tail);
    if (x->has_caught_up)
        x->is_at_end = false;
}

/* The reader took all of |out|: makes more, if a turn's reads find any. */
static enum err fill(struct export *x) {
    enum err e = x->tail ? tail_look(x->tail) : ERR_OK;

    buf_clear(&x->out);
    x->taken = 0;
    for (int i = 0;
         i < EXPORT_TURN_READS && e == ERR_OK && x->out.len == 0 && !x->is_at_end && x->left; i++)
        e = x->refill(x);
    stay(x);
    return e;
}

static ssize_t give_nothing(struct export *x, char *dst) {
    if (x->is_at_end || !x->left)
        return 0;
    if (!x->has_caught_up)
        return API_AGAIN;
    if (!tail_is_silent(x->tail))
        return API_LATER;
    tail_spoke(x->tail);
    *dst = '\n';
    return 1;
}

static ssize_t read_export(void *arg, char *dst, size_t max) {
    struct export *x = arg;
    size_t n;

    if (x->taken == x->out.len && fill(x) != ERR_OK)
        return API_BROKEN;
    if (x->out.len == 0)
        return give_nothing(x, dst);
    if (x->tail)
        tail_spoke(x->tail);
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

static void wait_for_more(void *arg, struct api_wait *ret_wait) {
    struct export *x = arg;

    *ret_wait = tail_wait(x->tail);
}

static void resume(void *arg, int64_t now_ms) {
    struct export *x = arg;

    tail_resume(x->tail, now_ms);
}

struct api_reader export_reader(struct export *x) {
    if (!x->tail)
        return (struct api_reader){.read = read_export, .free = free_export, .arg = x};
    return (struct api_reader){read_export, free_export, x, wait_for_more, resume};
}

void export_follow(struct export *x, int64_t now_ms) {
    x->tail = tail_new(x->store, x->job, now_ms);
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
