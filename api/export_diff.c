/* How the links of two jobs differ, as lines. */
#include <stdatomic.h>

#include "api/export.h"
#include "base/mem.h"
#include "storage/diff.h"

struct diff_export {
    struct export x;
    struct diff *diff;
    struct columns columns;
    int64_t other;
    _Atomic int *running;
};

static struct diff_export *of(struct export *x) {
    return CONTAINER_OF(x, struct diff_export, x);
}

static void done(struct export *x) {
    diff_free(of(x)->diff);
    atomic_fetch_sub(of(x)->running, 1);
}

static struct cursor cursor_at(const struct diff_export *d, struct diff_place place) {
    return (struct cursor){CURSOR_DIFF, {(uint64_t)place.hash, place.ordinal, (uint64_t)d->other}};
}

static struct cursor position(const struct export *x) {
    const struct diff_export *d = (const struct diff_export *)(const void *)x;

    return cursor_at(d, diff_place(d->diff));
}

static enum err put_line(void *arg, const struct diff_link *l) {
    struct diff_export *d = arg;
    char text[CURSOR_MAX_TEXT];
    struct cursor c = cursor_at(d, l->after);
    const struct format_change change = {
        .line = {l->source_url, &l->link, cursor_text(&c, &d->x.job_id, text)},
        .is_added = l->is_added};
    size_t before = d->x.out.len;
    enum err e;

    if (export_is_full(&d->x))
        return ERR_STOPPED;
    e = format_change(&d->x.out, d->x.format, &d->columns, &change);
    if (e == ERR_OK)
        export_end_row(&d->x);
    else
        d->x.out.len = before;
    return e;
}

static enum err refill(struct export *x) {
    struct diff_export *d = of(x);
    enum err e = diff_step(d->diff, put_line, d);

    x->is_at_end = diff_is_over(d->diff);
    return e;
}

struct export *export_diff_new(const struct export_diff *o) {
    OWNED(export) struct export *x = NULL;
    struct diff_export *d = NEW(struct diff_export);

    x = &d->x;
    export_init(x, o->store, o->job_id, o->job, o->format);
    x->refill = refill;
    x->cursor = position;
    x->done = done;
    d->columns = o->columns;
    d->other = o->other;
    d->running = o->running;
    d->diff = store_diff_new(o->store, o->job, o->other,
                             (struct diff_place){(int64_t)o->from.numbers[0], o->from.numbers[1]});
    if (o->has_names && format_change_names(&x->out, x->format, &d->columns) != ERR_OK)
        return NULL;
    return TAKE(x);
}
