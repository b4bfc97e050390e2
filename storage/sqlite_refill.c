/* Refill: what to fetch next, read in key order on the writer's connection, so
 * that it agrees with what the engine handed over before. */
#include "storage/sqlite.h"

#include "base/clock.h"
#include "base/mem.h"

enum { HOSTS_LOOKED_AT = 20000 }; /* by one refill: many may have nothing left */

struct refill_request {
    struct request request;
    struct sqlite *sqlite;
    struct refill *refill;
    int64_t after_host; /* as it was asked */
};

static void drop_answer(struct refill_host *h) {
    struct list *l;

    while ((l = list_pop_front(&h->tasks)))
        free(CONTAINER_OF(l, struct task, link));
    free(TAKE(h->name));
    host_memo_free(TAKE(h->memo));
    h->more = false;
}

/* Of a run that was rolled back. */
static void drop_answers(struct refill_request *rr) {
    struct refill *r = rr->refill;

    for (size_t i = 0; i < r->n_hosts + r->max_new; i++)
        drop_answer(&r->hosts[i]);
    r->n_new = r->bytes = 0;
    r->more_hosts = false;
    r->next_due_at = 0;
    r->after_host = rr->after_host;
}

static bool is_full(const struct refill *r) {
    return r->bytes >= r->max_bytes && r->bytes > 0;
}

static enum err take_task(struct db *db, sqlite3_stmt *st, const struct refill *r,
                          const struct ledger *l, struct task **ret_task) {
    struct taskrow row = taskrow_of(st);
    struct validators known = {0};
    enum err e = l->variant ? validators_find(db, l, row.url, &known) : ERR_OK;

    if (e != ERR_OK)
        return e;
    *ret_task = taskrow_task(&row, r->job, &known);
    db_reset(known.st);
    return ERR_OK;
}

/* The tasks of |h| with a seq of |from_seq| or more. */
static enum err read_tasks(struct db *db, struct refill *r, struct refill_host *h, int64_t from_seq,
                           const struct ledger *l) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e =
        DB_QUERY(db, &st,
                 "SELECT " TASKROW_COLUMNS " FROM task"
                 " WHERE job=?1 AND host=?2 AND seq>=?3 ORDER BY seq LIMIT ?4",
                 db_int(r->job), db_int(h->host), db_int(from_seq), db_int((int64_t)h->limit + 1));

    for (uint32_t n = 0; e == ERR_OK && (e = db_step(db, st)) == ERR_OK; n++) {
        struct task *t;

        if (n == h->limit || is_full(r)) {
            h->more = true;
            break;
        }
        e = take_task(db, st, r, l, &t);
        if (e != ERR_OK)
            return e;
        r->bytes += task_size(t);
        list_push_back(&h->tasks, &t->link);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- rows of work -------------------------------------------------------------------- */

#define WORK_COLUMNS "host,name,queued,ready_at,settled_below"

struct work {
    int64_t host;
    struct str name; /* borrowed from the row */
    int64_t queued, ready_at;
    int64_t from_seq; /* tasks with a lesser one are settled */
};

static struct work read_work(sqlite3_stmt *row, const struct ledger *l) {
    const struct host_mark mark = {.below = sqlite3_column_int64(row, 4)};

    return (struct work){
        .host = sqlite3_column_int64(row, 0),
        .name = db_column(row, 1),
        .queued = sqlite3_column_int64(row, 2),
        .ready_at = sqlite3_column_int64(row, 3),
        .from_seq = hosts_settled_below(l, mark),
    };
}

static enum err refill_known(struct db *db, struct refill *r, struct refill_host *h,
                             const struct ledger *l) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st, "SELECT " WORK_COLUMNS " FROM work WHERE job=?1 AND host=?2",
                          db_int(r->job), db_int(h->host));
    struct work work;

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    work = read_work(st, l);
    h->name = mem_chars(work.name);
    if (work.ready_at)
        return ERR_OK;
    return read_tasks(db, r, h, h->after_seq >= work.from_seq ? h->after_seq + 1 : work.from_seq,
                      l);
}

/* --- new hosts ------------------------------------------------------------------------ */

static enum err recall(struct db *db, struct refill *r, struct refill_host *h) {
    enum err e = hosts_recall(db, h->host, str_of(h->name), &h->memo);

    if (e == ERR_OK && h->memo)
        r->bytes += sizeof *h->memo + h->memo->robots_len;
    return e;
}

/* The next answer, unless the host has no tasks any more (a crash came before the engine
 * could say so). */
static enum err open_host(struct db *db, struct refill *r, const struct ledger *l,
                          const struct work *work) {
    struct refill_host *h = &r->hosts[r->n_hosts + r->n_new];
    enum err e;

    h->host = work->host;
    h->after_seq = -1;
    h->limit = r->tasks_per_host;
    h->name = mem_chars(work->name);
    e = read_tasks(db, r, h, work->from_seq, l);
    if (e == ERR_OK && !h->more && list_empty(&h->tasks)) {
        drop_answer(h);
        return ERR_OK;
    }
    if (e == ERR_OK)
        e = recall(db, r, h);
    r->n_new += e == ERR_OK;
    return e;
}

static bool has_room(const struct refill *r) {
    return r->n_new < r->max_new && !is_full(r);
}

static enum err open_fresh(struct db *db, struct refill *r, const struct ledger *l) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e =
        DB_QUERY(db, &st,
                 "SELECT " WORK_COLUMNS " FROM work"
                 " WHERE job=?1 AND host>?2 AND host>=?3 AND host<?4 ORDER BY host",
                 db_int(r->job), db_int(r->after_host), db_int(r->host_from), db_int(r->host_to));

    for (int n = 0; e == ERR_OK && (e = db_step(db, st)) == ERR_OK; n++) {
        struct work work = read_work(st, l);

        if (!has_room(r) || n == HOSTS_LOOKED_AT) {
            r->more_hosts = true;
            break;
        }
        r->after_host = work.host;
        if (work.queued > 0 && !work.ready_at)
            e = open_host(db, r, l, &work);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- deferred hosts -------------------------------------------------------------------- */

/* Of the index work_due, whose expression stands here too. */
enum { SLICE_SHIFT = 57 };

static int64_t slice_of(int64_t host) {
    return host >> SLICE_SHIFT;
}

/* The first slice from |*slice| on that has deferred hosts; ERR_NOT_FOUND. */
static enum err next_slice(struct db *db, int64_t job, int64_t *slice) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT host>>57 FROM work INDEXED BY work_due"
                          " WHERE job=?1 AND host>>57>=?2 AND ready_at>0"
                          " ORDER BY host>>57 LIMIT 1",
                          db_int(job), db_int(*slice));
    _Static_assert(SLICE_SHIFT == 57, "the shift in the statements");

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        *slice = sqlite3_column_int64(st, 0);
    return e;
}

/* The row of the slice's earliest one of the range; ERR_NOT_FOUND. */
static enum err earliest(struct db *db, const struct refill *r, int64_t slice,
                         sqlite3_stmt **ret_row) {
    enum err e = DB_QUERY(db, ret_row,
                          "SELECT " WORK_COLUMNS " FROM work INDEXED BY work_due"
                          " WHERE job=?1 AND host>>57=?2 AND ready_at>0 AND host>=?3 AND host<?4"
                          " ORDER BY ready_at LIMIT 1",
                          db_int(r->job), db_int(slice), db_int(r->host_from), db_int(r->host_to));

    return e == ERR_OK ? db_step(db, *ret_row) : e;
}

/* Opens the slice's earliest host if it is due; else, or where there is no room for it,
 * notes when it will be and says so in *ret_done. */
static enum err open_deferred(struct db *db, struct refill *r, const struct ledger *l,
                              int64_t slice, int64_t now, bool *ret_done) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct work work;
    enum err e = earliest(db, r, slice, &st);

    *ret_done = e != ERR_OK;
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    work = read_work(st, l);
    if (work.ready_at > now || !has_room(r)) {
        if (!r->next_due_at || work.ready_at < r->next_due_at)
            r->next_due_at = work.ready_at;
        *ret_done = true;
        return ERR_OK;
    }
    e = open_host(db, r, l, &work);
    db_reset(TAKE(st));
    return e == ERR_OK ? hosts_undefer(db, r->job, work.host) : e;
}

static enum err open_slice(struct db *db, struct refill *r, const struct ledger *l, int64_t slice,
                           int64_t now) {
    bool done = false;
    enum err e = ERR_OK;

    while (e == ERR_OK && !done)
        e = open_deferred(db, r, l, slice, now, &done);
    return e;
}

static enum err open_due(struct db *db, struct refill *r, const struct ledger *l) {
    int64_t now = clock_wall_ms();
    int64_t slice = slice_of(r->host_from), last = slice_of(r->host_to - 1);
    enum err e;

    while ((e = next_slice(db, r->job, &slice)) == ERR_OK && slice <= last) {
        e = open_slice(db, r, l, slice, now);
        if (e != ERR_OK)
            return e;
        slice++;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- the request ------------------------------------------------------------------------ */

static enum err start_job(struct writer *w, struct ledger *l) {
    enum err e = ledger_move(w, l, JOB_RUNNING, STOP_NONE, clock_wall_ms());

    return e == ERR_OK ? ledger_put(w, l) : e;
}

static enum err run_refill(struct writer *w, struct request *request) {
    struct refill_request *rr = CONTAINER_OF(request, struct refill_request, request);
    struct refill *r = rr->refill;
    struct ledger l;
    enum err e;

    drop_answers(rr);
    r->state = JOB_DELETED;
    e = ledger_get(writer_db(w), r->job, &l);
    if (e != ERR_OK)
        return e;
    if (l.job.state == JOB_QUEUED)
        e = start_job(w, &l);
    r->state = l.job.state;
    if (r->state != JOB_RUNNING)
        return e;
    for (size_t i = 0; i < r->n_hosts && e == ERR_OK; i++)
        e = refill_known(writer_db(w), r, &r->hosts[i], &l);
    if (e == ERR_OK)
        e = open_due(writer_db(w), r, &l);
    return e == ERR_OK && r->max_new ? open_fresh(writer_db(w), r, &l) : e;
}

static void refilled(struct request *request, enum err e) {
    struct refill_request *rr = CONTAINER_OF(request, struct refill_request, request);
    struct refill *r = rr->refill;

    if (e != ERR_OK)
        drop_answers(rr);
    r->result = e;
    free(rr);
    r->done(r);
}

void sqlite_refill(struct backend *b, struct refill *r) {
    struct refill_request *rr = NEW(struct refill_request);

    rr->request = (struct request){.run = run_refill, .done = refilled, .waits_out = true};
    rr->sqlite = sqlite_of(b);
    rr->refill = r;
    rr->after_host = r->after_host;
    writer_ask(rr->sqlite->writer, &rr->request);
}

/* --- one host's memo --------------------------------------------------------------------- */

struct ask_request {
    struct request request;
    struct host_ask *ask;
};

static enum err run_ask(struct writer *w, struct request *request) {
    struct host_ask *a = CONTAINER_OF(request, struct ask_request, request)->ask;

    host_memo_free(TAKE(a->memo)); /* of a run that was rolled back */
    return hosts_recall(writer_db(w), a->host, a->name, &a->memo);
}

static void asked(struct request *request, enum err e) {
    struct ask_request *ar = CONTAINER_OF(request, struct ask_request, request);
    struct host_ask *a = ar->ask;

    if (e != ERR_OK)
        host_memo_free(TAKE(a->memo));
    a->result = e;
    free(ar);
    a->done(a);
}

void sqlite_host_ask(struct backend *b, struct host_ask *a) {
    struct ask_request *ar = NEW(struct ask_request);

    ar->request = (struct request){.run = run_ask, .done = asked, .waits_out = true};
    ar->ask = a;
    a->memo = NULL;
    writer_ask(sqlite_of(b)->writer, &ar->request);
}
