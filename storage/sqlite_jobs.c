#include "storage/sqlite_jobs.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "storage/options.h"

/* --- reading -------------------------------------------------------------------- */

#define LEDGER_COLUMNS                                                                             \
    "no,state,stop_reason,version,total,succeeded,failed,disallowed,skipped,cancelled,duplicates," \
    "links_found,bytes,started_at,finished_at,expires_at,last_progress_at"
#define JOB_COLUMNS LEDGER_COLUMNS ",id,priority,created_at,name,metadata,options"
enum { LEDGER_WIDTH = 17 };

/* What a damaged row could hold must not become a wild enum. */
static bool is_sane(int64_t state, int64_t stop_reason) {
    return state >= 0 && state < JOB_STATE_COUNT && stop_reason >= 0 &&
           stop_reason < STOP_REASON_COUNT;
}

static enum err read_ledger(sqlite3_stmt *st, struct job *j) {
    int at = 0;
    int64_t state, reason;

    j->no = sqlite3_column_int64(st, at++);
    state = sqlite3_column_int64(st, at++);
    reason = sqlite3_column_int64(st, at++);
    if (!is_sane(state, reason))
        return ERR_CORRUPT;
    j->state = (enum job_state)state;
    j->stop_reason = (enum stop_reason)reason;
    j->version = (uint64_t)sqlite3_column_int64(st, at++);
    j->counts.total = (uint64_t)sqlite3_column_int64(st, at++);
    for (int o = OUTCOME_SUCCEEDED; o <= OUTCOME_CANCELLED; o++)
        j->counts.by_outcome[o] = (uint64_t)sqlite3_column_int64(st, at++);
    j->counts.duplicates = (uint64_t)sqlite3_column_int64(st, at++);
    j->counts.links_found = (uint64_t)sqlite3_column_int64(st, at++);
    j->counts.bytes = (uint64_t)sqlite3_column_int64(st, at++);
    j->started_at = sqlite3_column_int64(st, at++);
    j->finished_at = sqlite3_column_int64(st, at++);
    j->expires_at = sqlite3_column_int64(st, at++);
    j->last_progress_at = sqlite3_column_int64(st, at++);
    assert(at == LEDGER_WIDTH);
    return ERR_OK;
}

static char *chars_or_null(struct str s) {
    return s.ptr ? mem_chars(s) : NULL;
}

static enum err read_job(sqlite3_stmt *st, struct job **ret_job) {
    OWNED(job) struct job *j = NEW(struct job);
    struct str id = db_column(st, LEDGER_WIDTH);
    enum err e = read_ledger(st, j);

    if (e != ERR_OK)
        return e;
    if (id.len != sizeof j->id.bytes)
        return ERR_CORRUPT;
    memcpy(j->id.bytes, id.ptr, id.len);
    j->priority = (uint32_t)sqlite3_column_int64(st, LEDGER_WIDTH + 1);
    j->created_at = sqlite3_column_int64(st, LEDGER_WIDTH + 2);
    j->name = chars_or_null(db_column(st, LEDGER_WIDTH + 3));
    j->metadata = chars_or_null(db_column(st, LEDGER_WIDTH + 4));
    e = options_decode(db_column(st, LEDGER_WIDTH + 5), &j->options);
    if (e == ERR_OK)
        *ret_job = TAKE(j);
    return e;
}

static struct str uuid_str(const struct uuid *id) {
    return str_at((const char *)id->bytes, sizeof id->bytes);
}

enum err jobs_get(struct db *db, const struct uuid *id, int64_t no, struct job **ret_job) {
    OWNED(job) struct job *j = NULL;
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e;

    if (id)
        e = DB_QUERY(db, &st, "SELECT " JOB_COLUMNS " FROM job WHERE id=?1", db_blob(uuid_str(id)));
    else
        e = DB_QUERY(db, &st, "SELECT " JOB_COLUMNS " FROM job WHERE no=?1", db_int(no));
    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        e = read_job(st, &j);
    if (e != ERR_OK)
        return e;
    if (!job_state_is_shown(j->state))
        return ERR_NOT_FOUND;
    *ret_job = TAKE(j);
    return ERR_OK;
}

static enum err query_list(struct db *db, const struct job_filter *f, sqlite3_stmt **ret_st) {
    int64_t before = f->before_no ? f->before_no : INT64_MAX;
    struct db_value limit = db_int((int64_t)f->limit);

    if (f->state == JOB_RECEIVING)
        return DB_QUERY(db, ret_st,
                        "SELECT " JOB_COLUMNS " FROM job WHERE no<?1 AND state NOT IN (?2,?3)"
                        " AND (?4 IS NULL OR name=?4) ORDER BY no DESC LIMIT ?5",
                        db_int(before), db_int(JOB_RECEIVING), db_int(JOB_DELETED),
                        db_blob(f->name), limit);
    return DB_QUERY(db, ret_st,
                    "SELECT " JOB_COLUMNS " FROM job WHERE no<?1 AND state=?2"
                    " AND (?3 IS NULL OR name=?3) ORDER BY no DESC LIMIT ?4",
                    db_int(before), db_int(f->state), db_blob(f->name), limit);
}

static void free_jobs(struct job **jobs, size_t n) {
    for (size_t i = 0; i < n; i++)
        job_free(jobs[i]);
    free(jobs);
}

enum err jobs_list(struct db *db, const struct job_filter *f, struct job ***ret_jobs,
                   size_t *ret_n) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct job **jobs = NULL;
    size_t n = 0, cap = 0;
    enum err e = query_list(db, f, &st);

    while (e == ERR_OK && (e = db_step(db, st)) == ERR_OK) {
        if (n == cap) {
            cap = cap ? cap * 2 : 16;
            jobs = mem_resize(jobs, cap, sizeof *jobs);
        }
        e = read_job(st, &jobs[n]);
        n += e == ERR_OK;
    }
    if (e != ERR_NOT_FOUND) {
        free_jobs(jobs, n);
        return e;
    }
    *ret_jobs = jobs;
    *ret_n = n;
    return ERR_OK;
}

/* --- the ledger ------------------------------------------------------------------- */

enum err ledger_get(struct db *db, int64_t no, struct ledger *ret_ledger) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct ledger l = {0};
    enum err e = DB_QUERY(
        db, &st, "SELECT " LEDGER_COLUMNS ",next_page,settled_as FROM job WHERE no=?1", db_int(no));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        e = read_ledger(st, &l.job);
    if (e != ERR_OK)
        return e;
    l.next_page = sqlite3_column_int64(st, LEDGER_WIDTH);
    l.settled_as = (enum code)sqlite3_column_int64(st, LEDGER_WIDTH + 1);
    *ret_ledger = l;
    return ERR_OK;
}

static enum err put(struct db *db, const struct ledger *l) {
    const struct job *j = &l->job;
    const struct job_counts *c = &j->counts;

    return DB_RUN(db,
                  "UPDATE job SET state=?2,stop_reason=?3,version=?4,total=?5,succeeded=?6,"
                  "failed=?7,disallowed=?8,skipped=?9,cancelled=?10,duplicates=?11,"
                  "links_found=?12,bytes=?13,started_at=?14,finished_at=?15,"
                  "last_progress_at=?16,next_page=?17,settled_as=?18 WHERE no=?1",
                  db_int(j->no), db_int(j->state), db_int(j->stop_reason),
                  db_int((int64_t)j->version), db_int((int64_t)c->total),
                  db_int((int64_t)c->by_outcome[OUTCOME_SUCCEEDED]),
                  db_int((int64_t)c->by_outcome[OUTCOME_FAILED]),
                  db_int((int64_t)c->by_outcome[OUTCOME_DISALLOWED]),
                  db_int((int64_t)c->by_outcome[OUTCOME_SKIPPED]),
                  db_int((int64_t)c->by_outcome[OUTCOME_CANCELLED]), db_int((int64_t)c->duplicates),
                  db_int((int64_t)c->links_found), db_int((int64_t)c->bytes), db_int(j->started_at),
                  db_int(j->finished_at), db_int(j->last_progress_at), db_int(l->next_page),
                  db_int(l->settled_as));
}

enum err ledger_put(struct writer *w, const struct ledger *l) {
    return put(writer_db(w), l);
}

static enum err move(struct db *db, struct ledger *l, enum job_state to, enum stop_reason reason,
                     int64_t now) {
    struct job *j = &l->job;

    assert(job_state_may_move(j->state, to));
    j->state = to;
    j->version++;
    if (reason != STOP_NONE)
        j->stop_reason = reason;
    if (to == JOB_RUNNING && !j->started_at)
        j->started_at = now;
    if (job_state_is_finished(to))
        j->finished_at = now;
    return DB_RUN(db, "INSERT INTO event(job,version,at,state,stop_reason) VALUES(?1,?2,?3,?4,?5)",
                  db_int(j->no), db_int((int64_t)j->version), db_int(now), db_int(to),
                  db_int(j->stop_reason));
}

enum err ledger_move(struct writer *w, struct ledger *l, enum job_state to, enum stop_reason reason,
                     int64_t now) {
    enum err e = move(writer_db(w), l, to, reason, now);

    if (e == ERR_OK)
        writer_tell(w, (struct job_change){l->job.no, to});
    return e;
}

static enum err settle_cancelled(struct db *db, struct ledger *l, int64_t now) {
    enum err e = move(db, l, JOB_CANCELLED, STOP_CANCELLED_BY_USER, now);

    l->job.counts.by_outcome[OUTCOME_CANCELLED] += job_unfinished(&l->job);
    l->settled_as = CODE_JOB_CANCELLED;
    return e == ERR_OK ? put(db, l) : e;
}

enum err ledger_settle_cancelled(struct writer *w, struct ledger *l, int64_t now) {
    int64_t left = (int64_t)job_unfinished(&l->job);
    enum err e = settle_cancelled(writer_db(w), l, now);

    if (e != ERR_OK)
        return e;
    writer_count(w, -left, 0);
    writer_tell(w, (struct job_change){l->job.no, JOB_CANCELLED});
    return ERR_OK;
}

enum err jobs_put_receiving(struct db *db, const struct job *draft, int64_t *ret_no) {
    enum { OPTIONS_MAX_BYTES = 1 << 20 };
    struct buf options OWNED_BUF = BUF_INIT(OPTIONS_MAX_BYTES);
    enum err e = options_encode(&options, &draft->options);

    if (e == ERR_OK)
        e = DB_RUN(db,
                   "INSERT INTO job(id,state,priority,version,next_page,created_at,expires_at,name,"
                   "metadata,options) VALUES(?1,?2,?3,0,1,?4,?5,?6,?7,?8)",
                   db_blob(uuid_str(&draft->id)), db_int(JOB_RECEIVING), db_int(draft->priority),
                   db_int(draft->created_at), db_int(draft->expires_at),
                   db_blob(str_of(draft->name)), db_blob(str_of(draft->metadata)),
                   db_blob(buf_str(&options)));
    if (e == ERR_OK)
        *ret_no = sqlite3_last_insert_rowid(db->handle);
    return e;
}

/* --- calls that change a job --------------------------------------------------------- */

struct change {
    struct request request;
    const struct uuid *id;
    enum job_state to;
    struct job *job; /* answered */
};

static enum err run_move(struct writer *w, struct request *r) {
    struct change *c = CONTAINER_OF(r, struct change, request);
    OWNED(job) struct job *job = NULL;
    struct ledger l;
    enum err e = jobs_get(writer_db(w), c->id, 0, &job), conflict = ERR_OK;

    if (e == ERR_OK)
        e = ledger_get(writer_db(w), job->no, &l);
    if (e != ERR_OK)
        return e;
    if (job_state_may_move(job->state, c->to)) {
        e = ledger_move(w, &l, c->to, STOP_NONE, clock_wall_ms());
        if (e == ERR_OK)
            e = ledger_put(w, &l);
        job_free(TAKE(job));
        if (e == ERR_OK)
            e = jobs_get(writer_db(w), c->id, 0, &job);
    } else if (job->state != c->to && job->state != JOB_CANCELLED) {
        conflict = ERR_CONFLICT;
    }
    if (e != ERR_OK)
        return e;
    job_free(c->job); /* of a run that was rolled back */
    c->job = TAKE(job);
    return conflict;
}

enum err jobs_move(struct writer *w, const struct uuid *id, enum job_state to,
                   struct job **ret_job) {
    struct change c = {.request = {.run = run_move, .durable = true}, .id = id, .to = to};
    enum err e;

    assert(to == JOB_CANCELLING);
    e = writer_call(w, &c.request);
    if (e == ERR_OK || e == ERR_CONFLICT)
        *ret_job = TAKE(c.job);
    job_free(c.job);
    return e;
}

static enum err run_delete(struct writer *w, struct request *r) {
    struct change *c = CONTAINER_OF(r, struct change, request);
    OWNED(job) struct job *job = NULL;
    struct ledger l;
    int64_t left;
    enum err e = jobs_get(writer_db(w), c->id, 0, &job);

    if (e == ERR_OK)
        e = ledger_get(writer_db(w), job->no, &l);
    if (e != ERR_OK)
        return e;
    left = (int64_t)job_unfinished(&l.job);
    e = ledger_move(w, &l, JOB_DELETED, STOP_NONE, clock_wall_ms());
    if (e == ERR_OK)
        e = ledger_put(w, &l);
    if (e != ERR_OK)
        return e;
    writer_count(w, -left, 0);
    writer_sweep_soon(w);
    return ERR_OK;
}

enum err jobs_delete(struct writer *w, const struct uuid *id) {
    struct change c = {.request = {.run = run_delete, .durable = true}, .id = id};

    return writer_call(w, &c.request);
}

/* --- at start -------------------------------------------------------------------------- */

static enum err cancel_left_over(struct db *db) {
    int64_t now = clock_wall_ms();

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
            e = settle_cancelled(db, &l, now);
        if (e != ERR_OK)
            return e;
    }
}

static enum err recover(struct db *db) {
    enum err e = DB_RUN(db, "UPDATE job SET state=?1 WHERE state=?2", db_int(JOB_DELETED),
                        db_int(JOB_RECEIVING));

    if (e == ERR_OK)
        e = cancel_left_over(db);
    if (e == ERR_OK)
        e = DB_RUN(db, "UPDATE node SET epoch=epoch+1 WHERE id=?1", db_int(1));
    return e;
}

enum err jobs_recover(struct db *db, struct backend *b) {
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
