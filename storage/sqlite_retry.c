/* Putting URLs back that have an outcome: their records leave, or the mark that settled
 * them does, and they get tasks with new seqs. In slices, each of which is a transaction
 * that leaves all in order, so that the crawl's commits never wait long; the job is held
 * meanwhile. */
#include "storage/sqlite.h"

#include "base/clock.h"
#include "base/mem.h"
#include "storage/sqlite_grown.h"
#include "storage/sqlite_held.h"

enum { SLICE_ROWS = 5000 }; /* looked at */

enum phase {
    RECORDS,    /* those of the codes */
    DEAD_HOSTS, /* tasks settled with their host */
    ENDED,      /* tasks settled by a deadline */
    DONE
};

/* How far it is: of what is committed, or of the slice that runs. */
struct progress {
    enum phase phase;
    int64_t after_page; /* id */
    struct task_cursor after;
    uint64_t retried;
};

struct retry {
    struct request request;
    struct sqlite *sqlite;
    struct held held;
    uint64_t codes;
    const struct once *once;
    bool is_whole;     /* all of them were put back */
    int64_t last_page; /* id; records beyond are newer than this call */
    struct progress committed, running;
};

/* What one slice does to a job. */
struct slice {
    struct retry *retry;
    struct db *db;
    struct ledger l;
    struct grown grown;
    size_t rows_left;
    uint64_t n; /* put back */
    int64_t host;
    int64_t queued; /* put back at |host|, not yet in its row of work */
};

static bool wants(const struct retry *rt, enum code code) {
    return code != CODE_NONE && (rt->codes >> code & 1);
}

/* --- one URL --------------------------------------------------------------------------- */

static enum err note_queued(struct slice *s) {
    enum err e = ERR_OK;

    if (s->queued)
        e = DB_RUN(s->db, "UPDATE work SET queued=queued+?3 WHERE job=?1 AND host=?2",
                   db_int(s->l.job.no), db_int(s->host), db_int(s->queued));
    s->queued = 0;
    return e;
}

/* |row|: with the seq that it had. */
static enum err put_back(struct slice *s, struct taskrow *row, enum code code) {
    enum err e = ERR_OK;

    if (row->host != s->host)
        e = note_queued(s);
    s->host = row->host;
    s->queued++;
    s->n++;
    s->l.job.counts.by_outcome[code_outcome(code)]--;
    grown_add(&s->grown, row->host);
    row->seq = s->l.next_seq++;
    row->tries_before = row->tries;
    row->due_at = 0;
    return e == ERR_OK ? taskrow_insert(s->db, s->l.job.no, row) : e;
}

static enum err move_task(struct slice *s, struct taskrow *row, enum code code) {
    int64_t seq = row->seq;
    bool was_there;
    enum err e = put_back(s, row, code); /* which borrows from the row that leaves */

    return e == ERR_OK ? taskrow_delete(s->db, s->l.job.no, row->host, seq, &was_there) : e;
}

/* --- records --------------------------------------------------------------------------- */

static enum err move_record(struct slice *s, int64_t page, const struct record *r) {
    struct taskrow row = {.host = r->host,
                          .seq = -1,
                          .place = r->place,
                          .referrer = r->referrer,
                          .depth = r->depth,
                          .tries = r->attempts,
                          .is_entitled = r->is_entitled,
                          .url = r->url,
                          .input = r->input};
    enum err e = put_back(s, &row, r->code);

    tally_add(&s->retry->sqlite->scratch.tally, r, -1);
    s->l.job.counts.links_found -= r->links_found;
    s->l.job.counts.bytes -= r->bytes;
    return e == ERR_OK ? DB_RUN(s->db, "DELETE FROM page WHERE id=?1", db_int(page)) : e;
}

static enum err retry_records(struct slice *s, struct progress *p) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e =
        DB_QUERY(s->db, &st, "SELECT id,record FROM page WHERE id>?1 AND id<=?2 ORDER BY id",
                 db_int(p->after_page), db_int(s->retry->last_page));

    while (e == ERR_OK && s->rows_left && (e = db_step(s->db, st)) == ERR_OK) {
        struct record r;

        s->rows_left--;
        p->after_page = sqlite3_column_int64(st, 0);
        e = record_decode(db_column(st, 1), &r);
        if (e == ERR_OK && r.host >= 0 && wants(s->retry, r.code))
            e = move_record(s, p->after_page, &r);
    }
    if (e == ERR_NOT_FOUND)
        p->phase = DEAD_HOSTS;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- hosts that were given up ------------------------------------------------------------ */

/* The next one whose code is wanted; ERR_NOT_FOUND. */
static enum err next_dead_host(struct slice *s, int64_t from, int64_t *ret_host,
                               struct host_mark *ret_mark) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(s->db, &st,
                          "SELECT host,settled_as,settled_below FROM work INDEXED BY work_settled"
                          " WHERE job=?1 AND host>=?2 AND settled_as>0 ORDER BY host",
                          db_int(s->l.job.no), db_int(from));

    while (e == ERR_OK && (e = db_step(s->db, st)) == ERR_OK) {
        enum code code = (enum code)sqlite3_column_int64(st, 1);

        if (code >= CODE_COUNT)
            return ERR_CORRUPT;
        if (!wants(s->retry, code))
            continue;
        *ret_host = sqlite3_column_int64(st, 0);
        *ret_mark = (struct host_mark){code, sqlite3_column_int64(st, 2)};
        break;
    }
    return e;
}

/* ERR_NOT_FOUND where none are left. */
static enum err move_tasks_of(struct slice *s, int64_t host, struct host_mark mark) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(s->db, &st,
                          "SELECT " TASKROW_COLUMNS " FROM task"
                          " WHERE job=?1 AND host=?2 AND seq<?3 ORDER BY seq",
                          db_int(s->l.job.no), db_int(host), db_int(mark.below));

    while (e == ERR_OK && s->rows_left && (e = db_step(s->db, st)) == ERR_OK) {
        struct taskrow row = taskrow_of(st);

        s->rows_left--;
        e = move_task(s, &row, mark.code);
    }
    return e;
}

static enum err lift_mark(struct slice *s, int64_t host) {
    s->l.dead_hosts--;
    return DB_RUN(s->db,
                  "UPDATE work SET settled_as=0,settled_below=0,settled_n=0,ready_at=0"
                  " WHERE job=?1 AND host=?2",
                  db_int(s->l.job.no), db_int(host));
}

static enum err lower_mark(struct slice *s, int64_t host, uint64_t moved) {
    return DB_RUN(s->db, "UPDATE work SET settled_n=settled_n-?3 WHERE job=?1 AND host=?2",
                  db_int(s->l.job.no), db_int(host), db_int((int64_t)moved));
}

static enum err retry_dead_hosts(struct slice *s, struct progress *p) {
    enum err e = ERR_OK;

    while (e == ERR_OK && s->rows_left) {
        uint64_t before = s->n;
        struct host_mark mark;
        int64_t host;

        e = next_dead_host(s, p->after.host, &host, &mark);
        if (e != ERR_OK)
            break;
        p->after.host = host;
        grown_note_all(&s->grown); /* engines that hold it read of it again only so */
        e = hosts_ask_again(s->db, host);
        if (e == ERR_OK)
            e = move_tasks_of(s, host, mark);
        if (e == ERR_NOT_FOUND)
            e = lift_mark(s, host);
        else if (e == ERR_OK)
            e = lower_mark(s, host, s->n - before);
    }
    if (e == ERR_NOT_FOUND) {
        p->phase = ENDED;
        p->after = (struct task_cursor){-1, -1};
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- deadlines --------------------------------------------------------------------------- */

/* ERR_NOT_FOUND at the end. Passes over what is not settled by the deadline. */
static enum err move_ended(struct slice *s, struct progress *p, struct host_mark *mark) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(s->db, &st,
                          "SELECT " TASKROW_COLUMNS " FROM task"
                          " WHERE job=?1 AND (host,seq)>(?2,?3) ORDER BY host,seq",
                          db_int(s->l.job.no), db_int(p->after.host), db_int(p->after.seq));

    while (e == ERR_OK && s->rows_left && (e = db_step(s->db, st)) == ERR_OK) {
        struct taskrow row = taskrow_of(st);

        s->rows_left--;
        if (row.host != p->after.host)
            e = hosts_mark(s->db, &s->l, row.host, mark);
        p->after = (struct task_cursor){row.host, row.seq};
        if (e == ERR_OK && row.seq >= s->l.ended_below) {
            p->after.seq =
                INT64_MAX; /* the rest of the host is not settled, or was just put back */
            return ERR_OK;
        }
        if (e == ERR_OK && row.seq >= mark->below) {
            s->l.ended_n--;
            e = move_task(s, &row, CODE_DEADLINE);
        }
    }
    return e;
}

static enum err retry_ended(struct slice *s, struct progress *p) {
    struct host_mark mark = {CODE_NONE, 0};
    enum err e = ERR_OK;

    if (!wants(s->retry, CODE_DEADLINE) || !s->l.ended_n) {
        p->phase = DONE;
        return ERR_OK;
    }
    if (p->after.host >= 0)
        e = hosts_mark(s->db, &s->l, p->after.host, &mark);
    while (e == ERR_OK && s->rows_left)
        e = move_ended(s, p, &mark);
    if (e != ERR_NOT_FOUND)
        return e;
    assert(s->l.ended_n == 0);
    s->l.ended_below = 0;
    p->phase = DONE;
    return ERR_OK;
}

/* --- slices -------------------------------------------------------------------------------- */

static enum err run_phase(struct slice *s, struct progress *p) {
    switch (p->phase) {
    case RECORDS:
        return retry_records(s, p);
    case DEAD_HOSTS:
        return retry_dead_hosts(s, p);
    case ENDED:
        return retry_ended(s, p);
    case DONE:
        break;
    }
    return ERR_OK;
}

static enum err close_slice(struct writer *w, struct slice *s) {
    int64_t now = clock_wall_ms();
    struct job *j = &s->l.job;
    enum err e = note_queued(s);

    if (e == ERR_OK)
        e = tally_flush(&s->retry->sqlite->scratch.tally, s->db, j->no);
    if (e != ERR_OK || !s->n)
        return e;
    j->version++;
    j->last_progress_at = now;
    if (j->state == JOB_COMPLETED)
        e = jobs_reopen(w, &s->l, now);
    if (e == ERR_OK)
        e = ledger_put(w, &s->l);
    grown_tell(&s->grown, w, &s->l);
    writer_count(w, (int64_t)s->n, 0);
    return e;
}

static enum err run_slice(struct writer *w, struct request *request) {
    struct retry *rt = CONTAINER_OF(request, struct retry, request);
    struct slice s = {.retry = rt, .db = writer_db(w), .rows_left = SLICE_ROWS, .host = -1};
    enum err e = held_get(w, &rt->held, &s.l);

    tally_clear(&rt->sqlite->scratch.tally);
    rt->running = rt->committed;
    while (e == ERR_OK && s.rows_left && rt->running.phase != DONE)
        e = run_phase(&s, &rt->running);
    if (e == ERR_OK)
        e = close_slice(w, &s);
    if (e == ERR_OK && s.n) /* it is open */
        writer_promise(w, s.l.job.no, s.l.job.tenant, (struct tenant_load){0});
    rt->running.retried += s.n;
    return e;
}

/* --- the call -------------------------------------------------------------------------------- */

static enum err run_begin(struct writer *w, struct request *request) {
    struct retry *rt = CONTAINER_OF(request, struct retry, request);
    struct ledger l;
    enum err e = held_begin(w, &rt->held, &l);

    if (e == ERR_OK && rt->held.holds && l.job.state == JOB_COMPLETED)
        e = tenants_admit_to(w, &l.job, (struct tenant_load){.jobs = 1}); /* it opens again */
    if (e != ERR_OK)
        return e;
    rt->committed.after_page = page_id(l.job.no, 0);
    rt->last_page = page_id(l.job.no, l.next_page) - 1;
    return ERR_OK;
}

/* What was put back may have ended already. */
static enum err run_end(struct writer *w, struct request *request) {
    struct retry *rt = CONTAINER_OF(request, struct retry, request);
    enum err e = held_end(w, &rt->held);

    return e == ERR_OK && rt->is_whole ? once_put(writer_db(w), rt->once, rt->held.id) : e;
}

static enum err call(struct retry *rt, enum err (*run)(struct writer *w, struct request *r),
                     bool durable) {
    rt->request = (struct request){.run = run, .durable = durable};
    return writer_call(rt->sqlite->writer, &rt->request);
}

static enum err run_slices(struct retry *rt) {
    enum err e = ERR_OK;

    while (e == ERR_OK && rt->committed.phase != DONE) {
        e = call(rt, run_slice, false);
        if (e == ERR_OK)
            rt->committed = rt->running;
    }
    return e;
}

enum err sqlite_retry(struct backend *b, const struct uuid *id, uint64_t codes,
                      const struct once *once, uint64_t *ret_retried, struct job **ret_job) {
    struct retry rt = {.sqlite = sqlite_of(b),
                       .held = {.id = id},
                       .codes = codes,
                       .once = once,
                       .committed = {.after = {-1, -1}}};
    enum err e = call(&rt, run_begin, false), ended;

    if (e == ERR_OK)
        e = rt.held.holds ? run_slices(&rt) : ERR_BUSY;
    rt.is_whole = e == ERR_OK;
    if (rt.held.holds) {
        ended = call(&rt, run_end, true);
        e = e == ERR_OK ? ended : e;
    }
    if (e == ERR_OK)
        *ret_retried = rt.committed.retried;
    if (e == ERR_OK || e == ERR_CONFLICT)
        *ret_job = TAKE(rt.held.job);
    held_done(&rt.held);
    return e;
}
