#include "storage/sqlite_moves.h"

#include "base/clock.h"
#include "base/mem.h"

/* --- calls that change a job --------------------------------------------------------- */

struct change {
    struct request request;
    const struct uuid *id;
    enum job_state to;
    struct job *job; /* answered */
};

static bool is_resumption(enum job_state to) {
    return to == JOB_RUNNING || to == JOB_QUEUED;
}

/* A completed job runs again by what is put into it, not by being told so. */
static bool may_be_told(enum job_state from, enum job_state to) {
    return is_resumption(to) ? from == JOB_PAUSED : job_state_may_move(from, to);
}

static bool is_there(enum job_state state, enum job_state to) {
    if (to == JOB_CANCELLING && state == JOB_CANCELLED)
        return true;
    return is_resumption(to) ? is_resumption(state) : state == to;
}

static enum err resume(struct writer *w, struct ledger *l, int64_t now) {
    enum job_state to = l->job.started_at ? JOB_RUNNING : JOB_QUEUED;
    enum err e = ledger_move(w, l, to, STOP_NONE, now);

    return e == ERR_OK ? ledger_end_if_done(w, l, now) : e;
}

static enum err move(struct writer *w, int64_t no, enum job_state to) {
    int64_t now = clock_wall_ms();
    struct ledger l;
    enum err e = ledger_get(writer_db(w), no, &l);

    if (e == ERR_OK)
        e = is_resumption(to) ? resume(w, &l, now) : ledger_move(w, &l, to, STOP_NONE, now);
    return e == ERR_OK ? ledger_put(w, &l) : e;
}

static enum err run_move(struct writer *w, struct request *r) {
    struct change *c = CONTAINER_OF(r, struct change, request);
    OWNED(job) struct job *job = NULL;
    enum err e = jobs_get(writer_db(w), c->id, 0, &job), conflict = ERR_OK;

    if (e != ERR_OK)
        return e;
    if (may_be_told(job->state, c->to)) {
        e = move(w, job->no, c->to);
        job_free(TAKE(job));
        if (e == ERR_OK)
            e = jobs_get(writer_db(w), c->id, 0, &job);
    } else if (!is_there(job->state, c->to)) {
        conflict = ERR_CONFLICT;
    }
    if (e != ERR_OK)
        return e;
    job_free(c->job); /* of a run that was rolled back */
    c->job = TAKE(job);
    return conflict;
}

enum err moves_job(struct writer *w, const struct uuid *id, enum job_state to,
                   struct job **ret_job) {
    struct change c = {.request = {.run = run_move, .durable = true}, .id = id, .to = to};
    enum err e;

    assert(to == JOB_CANCELLING || to == JOB_PAUSED || is_resumption(to));
    e = writer_call(w, &c.request);
    if (e == ERR_OK || e == ERR_CONFLICT)
        *ret_job = TAKE(c.job);
    job_free(c.job);
    return e;
}

static enum err delete_job(struct writer *w, int64_t no, int64_t now) {
    struct ledger l;
    int64_t left;
    enum err e = ledger_get(writer_db(w), no, &l);

    if (e != ERR_OK)
        return e;
    left = (int64_t)job_unfinished(&l.job);
    e = ledger_move(w, &l, JOB_DELETED, STOP_NONE, now);
    if (e == ERR_OK)
        e = ledger_put(w, &l);
    if (e != ERR_OK)
        return e;
    writer_count(w, -left, 0);
    writer_sweep_soon(w);
    return ERR_OK;
}

static enum err run_delete(struct writer *w, struct request *r) {
    struct change *c = CONTAINER_OF(r, struct change, request);
    OWNED(job) struct job *job = NULL;
    enum err e = jobs_get(writer_db(w), c->id, 0, &job);

    return e == ERR_OK ? delete_job(w, job->no, clock_wall_ms()) : e;
}

enum err moves_delete(struct writer *w, const struct uuid *id) {
    struct change c = {.request = {.run = run_delete, .durable = true}, .id = id};

    return writer_call(w, &c.request);
}

/* --- by themselves --------------------------------------------------------------------- */

/* The states as in the index, which only so is used. */
static enum err overdue(struct db *db, int64_t now, int64_t *ret_job) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT no FROM job INDEXED BY job_by_deadline"
                          " WHERE deadline_at>0 AND state IN (1,2,3) AND deadline_at<=?1 LIMIT 1",
                          db_int(now));
    _Static_assert(JOB_QUEUED == 1 && JOB_PAUSED == 3, "the numbers in the statement");

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        *ret_job = sqlite3_column_int64(st, 0);
    return e;
}

static enum err end_overdue(struct writer *w, void *arg) {
    const int64_t *now = arg;

    for (;;) {
        struct ledger l;
        int64_t job;
        enum err e = overdue(writer_db(w), *now, &job);

        if (e != ERR_OK)
            return e == ERR_NOT_FOUND ? ERR_OK : e;
        e = ledger_get(writer_db(w), job, &l);
        if (e == ERR_OK)
            e = ledger_settle_deadline(w, &l, *now);
        if (e != ERR_OK)
            return e;
    }
}

/* One that runs with nothing left; beyond |after|, because it may be held. */
static enum err next_done(struct db *db, int64_t after, int64_t *ret_job) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT no FROM job WHERE state IN (1,2) AND no>?1"
                          " AND total=succeeded+failed+disallowed+skipped+cancelled"
                          " ORDER BY no LIMIT 1",
                          db_int(after));
    _Static_assert(JOB_QUEUED == 1 && JOB_RUNNING == 2, "the numbers in the statement");

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        *ret_job = sqlite3_column_int64(st, 0);
    return e;
}

static enum err end_done(struct writer *w, void *arg) {
    const int64_t *now = arg;
    int64_t job = 0;

    for (;;) {
        struct ledger l;
        enum err e = next_done(writer_db(w), job, &job);

        if (e != ERR_OK)
            return e == ERR_NOT_FOUND ? ERR_OK : e;
        e = ledger_get(writer_db(w), job, &l);
        if (e == ERR_OK)
            e = ledger_end_if_done(w, &l, *now);
        if (e == ERR_OK)
            e = ledger_put(w, &l);
        if (e != ERR_OK)
            return e;
    }
}

/* --- finished jobs whose time is over ---------------------------------------------------- */

enum { EXPIRED_AT_ONCE = 200 }; /* of a tick: their rows leave by the sweep */

struct expiry {
    int64_t now;
    int64_t jobs[EXPIRED_AT_ONCE];
    size_t n;
};

/* Those that are held stay: somebody is putting URLs into them, after which they run again.
 * They are few (writer_hold), so that looking past them costs nothing. */
static enum err find_expired(struct writer *w, struct expiry *x) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(writer_db(w), &st,
                          "SELECT no FROM job INDEXED BY job_by_expiry"
                          " WHERE expires_at>0 AND state IN (5,6,7) AND expires_at<=?1"
                          " ORDER BY expires_at",
                          db_int(x->now));
    _Static_assert(JOB_COMPLETED == 5 && JOB_FAILED == 7, "the numbers in the statement");

    while (e == ERR_OK && x->n < EXPIRED_AT_ONCE && (e = db_step(writer_db(w), st)) == ERR_OK) {
        int64_t no = sqlite3_column_int64(st, 0);

        if (!writer_is_held(w, no))
            x->jobs[x->n++] = no;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err delete_expired(struct writer *w, void *arg) {
    const struct expiry *x = arg;
    enum err e = ERR_OK;

    for (size_t i = 0; i < x->n && e == ERR_OK; i++)
        e = delete_job(w, x->jobs[i], x->now);
    return e;
}

static void expire(struct writer *w, int64_t now) {
    struct expiry x = {.now = now};

    /* an error of reading is one of storage: the next write will meet it, and say so */
    if (find_expired(w, &x) == ERR_OK && x.n)
        (void)writer_alone(w, delete_expired, &x);
}

void moves_tick(struct writer *w) {
    int64_t now = clock_wall_ms(), job;

    expire(w, now);
    if (overdue(writer_db(w), now, &job) == ERR_OK && !writer_alone(w, end_overdue, &now))
        return;
    if (writer_has_let_go(w) && writer_alone(w, end_done, &now))
        writer_forget_let_go(w);
}

/* --- at start -------------------------------------------------------------------------- */

static enum err cancel_left_over(struct db *db, int64_t now) {
    for (;;) {
        struct ledger l;
        int64_t no;
        enum err e = db_number(db, "SELECT no FROM job WHERE state=4 ORDER BY no LIMIT 1", &no);
        _Static_assert(JOB_CANCELLING == 4, "the number in the statement");

        if (e == ERR_NOT_FOUND)
            return ERR_OK;
        if (e == ERR_OK)
            e = ledger_get(db, no, &l);
        if (e == ERR_OK)
            e = ledger_recover_cancelled(db, &l, now);
        if (e != ERR_OK)
            return e;
    }
}

static enum err complete_left_over(struct db *db, int64_t now) {
    int64_t no = 0;

    for (;;) {
        struct ledger l;
        enum err e = next_done(db, no, &no);

        if (e == ERR_NOT_FOUND)
            return ERR_OK;
        if (e == ERR_OK)
            e = ledger_get(db, no, &l);
        if (e == ERR_OK)
            e = ledger_recover_done(db, &l, now);
        if (e != ERR_OK)
            return e;
    }
}

static enum err recover(struct db *db) {
    int64_t now = clock_wall_ms();
    enum err e = DB_RUN(db, "UPDATE job SET state=?1 WHERE state=?2", db_int(JOB_DELETED),
                        db_int(JOB_RECEIVING));

    if (e == ERR_OK)
        e = cancel_left_over(db, now);
    if (e == ERR_OK)
        e = complete_left_over(db, now);
    if (e == ERR_OK)
        e = DB_RUN(db, "UPDATE node SET epoch=epoch+1 WHERE id=?1", db_int(1));
    return e;
}

enum err moves_recover(struct db *db, struct backend *b) {
    int64_t epoch = 0, queued = 0;
    enum err e = db_exec(db, "BEGIN IMMEDIATE");

    if (e == ERR_OK)
        e = recover(db);
    if (e == ERR_OK)
        e = db_number(db, "SELECT epoch FROM node WHERE id=1", &epoch);
    if (e == ERR_OK)
        e = db_number(db,
                      "SELECT coalesce(sum(total-succeeded-failed-disallowed-skipped-cancelled),0)"
                      " FROM job WHERE state BETWEEN 1 AND 4",
                      &queued);
    _Static_assert(JOB_QUEUED == 1 && JOB_CANCELLING == 4, "the numbers in the statement");
    if (e == ERR_OK)
        e = db_exec(db, "COMMIT"); /* on an error the connection is closed, which rolls back */
    if (e != ERR_OK)
        return e;
    b->epoch = (uint64_t)epoch;
    b->queued_urls = (uint64_t)queued;
    return ERR_OK;
}
