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
    h->more = false;
}

/* Of a run that was rolled back. */
static void drop_answers(struct refill_request *rr) {
    struct refill *r = rr->refill;

    for (size_t i = 0; i < r->n_hosts + r->max_new; i++)
        drop_answer(&r->hosts[i]);
    r->n_new = r->bytes = 0;
    r->more_hosts = false;
    r->after_host = rr->after_host;
}

static struct task *read_task(sqlite3_stmt *st, int64_t job, int64_t host) {
    struct task *t = task_new(db_column(st, 4), db_column(st, 5));

    t->job = job;
    t->host = host;
    t->seq = sqlite3_column_int64(st, 0);
    t->depth = (uint16_t)sqlite3_column_int(st, 1);
    t->attempts = (uint16_t)sqlite3_column_int(st, 2);
    t->referrer = sqlite3_column_int64(st, 3);
    return t;
}

static bool is_full(const struct refill *r) {
    return r->bytes >= r->max_bytes && r->bytes > 0;
}

static int64_t greater(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* |above|: tasks of this seq and lesser ones are settled. */
static enum err read_tasks(struct db *db, struct refill *r, struct refill_host *h, int64_t above) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT seq,depth,tries,referrer,url,input FROM task"
                          " WHERE job=?1 AND host=?2 AND seq>?3 ORDER BY seq LIMIT ?4",
                          db_int(r->job), db_int(h->host), db_int(greater(h->after_seq, above)),
                          db_int((int64_t)h->limit + 1));

    for (uint32_t n = 0; e == ERR_OK && (e = db_step(db, st)) == ERR_OK; n++) {
        struct task *t;

        if (n == h->limit || is_full(r)) {
            h->more = true;
            break;
        }
        t = read_task(st, r->job, h->host);
        r->bytes += task_size(t);
        list_push_back(&h->tasks, &t->link);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err refill_known(struct db *db, struct refill *r, struct refill_host *h,
                             int64_t above) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st, "SELECT name FROM work WHERE job=?1 AND host=?2", db_int(r->job),
                          db_int(h->host));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    h->name = mem_chars(db_column(st, 0));
    return read_tasks(db, r, h, above);
}

/* The host that the row names, into |h|; false in *ret_has_work where it has no
 * tasks any more (a crash came before the engine could say so). */
static enum err open_host(struct db *db, sqlite3_stmt *row, struct refill *r, struct refill_host *h,
                          int64_t above, bool *ret_has_work) {
    enum err e;

    h->host = sqlite3_column_int64(row, 0);
    h->after_seq = -1;
    h->limit = r->tasks_per_host;
    h->name = mem_chars(db_column(row, 1));
    e = read_tasks(db, r, h, above);
    *ret_has_work = h->more || !list_empty(&h->tasks);
    if (!*ret_has_work)
        drop_answer(h);
    return e;
}

/* The host of the row, which is passed over where nothing of it is queued. */
static enum err look_at_host(struct db *db, sqlite3_stmt *row, struct refill *r, int64_t above) {
    bool has_work = false;
    enum err e = ERR_OK;

    r->after_host = sqlite3_column_int64(row, 0);
    if (sqlite3_column_int64(row, 2) > 0)
        e = open_host(db, row, r, &r->hosts[r->n_hosts + r->n_new], above, &has_work);
    r->n_new += e == ERR_OK && has_work;
    return e;
}

static enum err refill_new_hosts(struct db *db, struct refill *r, int64_t above) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e =
        DB_QUERY(db, &st,
                 "SELECT host,name,queued FROM work"
                 " WHERE job=?1 AND host>?2 AND host>=?3 AND host<?4 ORDER BY host",
                 db_int(r->job), db_int(r->after_host), db_int(r->host_from), db_int(r->host_to));

    for (int n = 0; e == ERR_OK && (e = db_step(db, st)) == ERR_OK; n++) {
        if (r->n_new == r->max_new || is_full(r) || n == HOSTS_LOOKED_AT) {
            r->more_hosts = true;
            break;
        }
        e = look_at_host(db, st, r, above);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

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
        e = refill_known(writer_db(w), r, &r->hosts[i], l.ended_below - 1);
    return e == ERR_OK && r->max_new ? refill_new_hosts(writer_db(w), r, l.ended_below - 1) : e;
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

/* --- feeds: the same view of what there is to do ----------------------------------- */

struct feed_request {
    struct request request;
    struct db *db;
    struct store_feed *feed;
    struct job_change *changes;
    size_t n, cap;
    enum err e;
};

static enum err read_active(struct feed_request *fr) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e =
        DB_QUERY(fr->db, &st, "SELECT no,state FROM job WHERE state IN (?1,?2,?3) ORDER BY no",
                 db_int(JOB_QUEUED), db_int(JOB_RUNNING), db_int(JOB_CANCELLING));

    while (e == ERR_OK && (e = db_step(fr->db, st)) == ERR_OK) {
        if (fr->n == fr->cap) {
            fr->cap = fr->cap ? fr->cap * 2 : 16;
            fr->changes = mem_resize(fr->changes, fr->cap, sizeof *fr->changes);
        }
        fr->changes[fr->n++] = (struct job_change){sqlite3_column_int64(st, 0),
                                                   (enum job_state)sqlite3_column_int(st, 1)};
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err run_nothing(struct writer *w, struct request *request) {
    (void)w;
    (void)request;
    return ERR_OK;
}

/* Between two transactions: what was committed has been pushed, what comes will be. */
static void start_feed(struct request *request, enum err e) {
    struct feed_request *fr = CONTAINER_OF(request, struct feed_request, request);

    if (e == ERR_OK)
        fr->e = read_active(fr);
    if (e == ERR_OK && fr->e == ERR_OK)
        feed_start(fr->feed, fr->changes, fr->n);
}

enum err sqlite_feed_start(struct backend *b, struct store_feed *f) {
    struct feed_request fr = {
        .request = {.run = run_nothing, .done = start_feed},
        .db = sqlite_of(b)->db,
        .feed = f,
    };
    enum err e = writer_call(sqlite_of(b)->writer, &fr.request);

    free(fr.changes);
    return e == ERR_OK ? fr.e : e;
}
