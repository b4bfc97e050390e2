/* What became of the URLs of a job: records in order of ending, then tasks. */
#include <string.h>

#include "api/export.h"
#include "api/recordline.h"
#include "base/mem.h"

enum { RECORDS_A_READ = 256, TASKS_A_READ = 128 };

struct record_export {
    struct export x;
    struct columns columns;
    bool wants_tasks, wants_pending;
    enum outcome outcome;
    enum code code;
    struct str url, host; /* empty: any */
    char *texts[2];       /* what these borrow */
    bool at_tasks;        /* the records are through */
    int64_t after_seq;
    struct task_cursor after_task;
};

static struct record_export *of(struct export *x) {
    return CONTAINER_OF(x, struct record_export, x);
}

static void done(struct export *x) {
    free(of(x)->texts[0]);
    free(of(x)->texts[1]);
}

static struct cursor position(const struct export *x) {
    const struct record_export *r = (const struct record_export *)(const void *)x;

    if (!r->at_tasks)
        return (struct cursor){CURSOR_RECORDS, {(uint64_t)r->after_seq}};
    return (struct cursor){CURSOR_TASKS,
                           {(uint64_t)r->after_task.host, (uint64_t)r->after_task.seq}};
}

/* |r| stands at the row already: its place is the row's cursor. */
static enum err put(struct record_export *r, const struct record *record) {
    char text[CURSOR_MAX_TEXT];
    struct cursor place = position(&r->x);
    struct str cursor = STR_NONE;
    size_t before = r->x.out.len;
    enum err e = export_start_row(&r->x);

    if (recordline_wants_cursor(r->x.format, &r->columns))
        cursor = cursor_text(&place, &r->x.job_id, text);
    if (e == ERR_OK)
        e = recordline_put(&r->x.out, r->x.format, &r->columns, record, cursor);
    if (e == ERR_OK)
        export_end_row(&r->x);
    else
        r->x.out.len = before;
    return e;
}

struct visit {
    struct record_export *r;
    enum err err;
    bool stopped;
};

static bool visit_record(void *arg, const struct record *record) {
    struct visit *v = arg;

    v->stopped = export_is_full(&v->r->x);
    if (v->stopped)
        return false;
    v->r->after_seq = record->seq;
    v->err = put(v->r, record);
    return v->err == ERR_OK;
}

/* Of a job that is followed, what it leaves without a record is known at its end. */
static void end_records(struct record_export *r) {
    r->at_tasks = r->wants_tasks && (!r->x.tail || tail_is_over(r->x.tail));
    r->x.is_at_end = !r->at_tasks;
}

static enum err refill_records(struct record_export *r) {
    struct record_filter f = {.outcome = r->outcome, .code = r->code};
    struct visit v = {.r = r};
    int64_t after = r->after_seq;
    bool more = false;
    enum err e;

    if (r->url.len)
        f.url = r->url;
    if (r->host.len)
        f.host_name = r->host;
    e = store_records_read(r->x.store, r->x.job, &f, &after, RECORDS_A_READ, visit_record, &v,
                           &more);
    if (e != ERR_OK || v.err != ERR_OK || v.stopped)
        return e != ERR_OK ? e : v.err;
    r->after_seq = after;
    if (!more)
        end_records(r);
    return ERR_OK;
}

static bool wants_task(const struct record_export *r, const struct record *t) {
    if (r->outcome != OUTCOME_PENDING && t->outcome != r->outcome)
        return false;
    if (r->code != CODE_NONE && t->code != r->code)
        return false;
    if (r->url.len && !str_eq(t->url, r->url))
        return false;
    return !r->host.len || str_eq_ascii(format_host(t->url), r->host);
}

static bool visit_task(void *arg, const struct record *task) {
    struct visit *v = arg;

    if (wants_task(v->r, task))
        v->err = put(v->r, task);
    return v->err == ERR_OK;
}

/* The store moves after_task to each row before it is visited, so a visitor cannot
 * stop half way: what is read is at most what may be given. */
static enum err refill_tasks(struct record_export *r) {
    struct visit v = {.r = r};
    size_t rows = r->x.left < TASKS_A_READ ? (size_t)r->x.left : TASKS_A_READ;
    bool more = false;
    enum err e =
        store_tasks_read(r->x.store, r->x.job, r->wants_pending ? TASKS_UNENDED : TASKS_SETTLED,
                         &r->after_task, rows, visit_task, &v, &more);

    if (e != ERR_OK || v.err != ERR_OK)
        return e != ERR_OK ? e : v.err;
    r->x.is_at_end = !more;
    return ERR_OK;
}

static enum err refill(struct export *x) {
    return of(x)->at_tasks ? refill_tasks(of(x)) : refill_records(of(x));
}

static struct str keep(char **text, struct str s) {
    *text = mem_chars(s);
    return str_of(*text);
}

static void start_at(struct record_export *r, const struct export_records *o) {
    r->at_tasks = !o->wants_records || o->from.kind == CURSOR_TASKS;
    r->after_task = (struct task_cursor){-1, -1};
    if (o->from.kind == CURSOR_TASKS)
        r->after_task =
            (struct task_cursor){(int64_t)o->from.numbers[0], (int64_t)o->from.numbers[1]};
    else
        r->after_seq = (int64_t)o->from.numbers[0];
    r->x.is_at_end = r->at_tasks && !o->wants_tasks;
}

struct export *export_records_new(const struct export_records *o) {
    OWNED(export) struct export *x = NULL;
    struct record_export *r = NEW(struct record_export);

    x = &r->x;
    export_init(x, o->store, o->job_id, o->job, o->format);
    x->refill = refill;
    x->cursor = position;
    x->done = done;
    r->columns = o->columns;
    r->wants_tasks = o->wants_tasks;
    r->wants_pending = o->wants_pending;
    r->outcome = o->outcome;
    r->code = o->code;
    r->url = keep(&r->texts[0], o->url);
    r->host = keep(&r->texts[1], o->host);
    start_at(r, o);
    if (o->has_names && recordline_names(&x->out, x->format, &r->columns) != ERR_OK)
        return NULL;
    return TAKE(x);
}
