#include "storage/sqlite_outbox.h"

#include "base/hash.h"
#include "storage/sqlite.h"

enum { JOB_FACTS_BYTES = 512 };

int64_t outbox_receiver(const char *url) {
    struct str text = str_of(url);
    size_t slashes = str_find_str(text, STR("//"));
    size_t end = slashes == STR_END ? text.len : slashes + 2;

    while (end < text.len && text.ptr[end] != '/' && text.ptr[end] != '?')
        end++;
    return text.len ? (int64_t)(hash_u64(str_upto(text, end)) >> 1) : 0;
}

/* --- writing -------------------------------------------------------------------------- */

static enum err is_next(struct db *db, int64_t job, bool *ret_is) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT 1 FROM delivery INDEXED BY delivery_untried"
                          " WHERE job=?1 AND state=0 LIMIT 1",
                          db_int(job));
    _Static_assert(DELIVERY_PENDING == 0, "the number in the statement");

    if (e == ERR_OK)
        e = db_step(db, st);
    *ret_is = e == ERR_NOT_FOUND;
    return *ret_is ? ERR_OK : e;
}

static enum err put(struct db *db, struct ledger *l, enum webhook_event event, struct str facts,
                    int64_t now) {
    int64_t seq = l->next_delivery++;
    bool next;
    enum err e = is_next(db, l->job.no, &next);

    if (e != ERR_OK)
        return e;
    return DB_RUN(db,
                  "INSERT INTO delivery(job,seq,event,at,receiver,next_at,facts)"
                  " VALUES(?1,?2,?3,?4,?5,?6,?7)",
                  db_int(l->job.no), db_int(seq), db_int(event), db_int(now), db_int(l->receiver),
                  db_int(next ? now : 0), db_blob(facts));
}

enum err outbox_put_job(struct db *db, struct ledger *l, enum webhook_event event, int64_t now) {
    OWNED_BUF struct buf facts = BUF_INIT(JOB_FACTS_BYTES);
    enum err e;

    if (event == WEBHOOK_EVENT_COUNT || !(l->webhook & 1U << event))
        return ERR_OK;
    assert(!job_state_is_finished(l->job.state) || job_unfinished(&l->job) == 0);
    e = facts_put_job(&facts, &l->job);
    return e == ERR_OK ? put(db, l, event, buf_str(&facts), now) : e;
}

/* The one whose turn it is may be under way at this moment. */
static enum err drop_old_progress(struct db *db, int64_t job) {
    return DB_RUN(db,
                  "DELETE FROM delivery WHERE (job,seq) IN"
                  " (SELECT job,seq FROM delivery INDEXED BY delivery_progress"
                  "  WHERE job=?1 AND event=1 AND state IN (0,1) AND (state=1 OR next_at=0))",
                  db_int(job));
    _Static_assert(WEBHOOK_JOB_PROGRESS == 1 && DELIVERY_RETRYING == 1, "as in the statement");
}

enum err outbox_put_progress(struct writer *w, struct ledger *l, int64_t now) {
    int64_t since = l->progress_told_at ? l->progress_told_at : l->job.started_at;
    enum err e;

    if (now - since < writer_backend(w)->progress_ms)
        return ERR_OK;
    l->progress_told_at = now;
    e = drop_old_progress(writer_db(w), l->job.no);
    return e == ERR_OK ? outbox_put_job(writer_db(w), l, WEBHOOK_JOB_PROGRESS, now) : e;
}

/* --- URLs that failed ----------------------------------------------------------------------- */

void failures_init(struct failures *f) {
    *f = (struct failures){.facts = BUF_INIT(FACTS_MAX_BYTES)};
}

void failures_done(struct failures *f) {
    buf_done(&f->facts);
}

void failures_clear(struct failures *f) {
    buf_clear(&f->facts);
    f->n = 0;
}

static bool wants_failures(const struct ledger *l) {
    return l->webhook & 1U << WEBHOOK_URLS_FAILED;
}

enum err outbox_flush_failed(struct db *db, struct ledger *l, struct failures *f, int64_t now) {
    enum err e = f->n ? put(db, l, WEBHOOK_URLS_FAILED, buf_str(&f->facts), now) : ERR_OK;

    failures_clear(f);
    return e;
}

enum err outbox_put_failed(struct db *db, struct ledger *l, struct failures *f, int64_t seq,
                           struct str record, int64_t now) {
    enum err e = ERR_OK;

    if (!wants_failures(l))
        return ERR_OK;
    if (f->n == FAILURES_A_DELIVERY || f->facts.len >= FAILURES_BYTES)
        e = outbox_flush_failed(db, l, f, now);
    if (e == ERR_OK)
        e = facts_put_record(&f->facts, seq, record);
    f->n += e == ERR_OK;
    return e;
}

static enum err put_host_name(struct db *db, int64_t job, int64_t host, enum code code, int64_t n,
                              struct buf *facts) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st, "SELECT name FROM work WHERE job=?1 AND host=?2", db_int(job),
                          db_int(host));

    if (e == ERR_OK)
        e = db_step(db, st);
    return e == ERR_OK ? facts_put_host(facts, db_column(st, 0), code, (uint64_t)n) : e;
}

enum err outbox_put_host(struct db *db, struct ledger *l, int64_t host, enum code code, int64_t n,
                         int64_t now) {
    OWNED_BUF struct buf facts = BUF_INIT(FACTS_MAX_BYTES);
    enum err e;

    if (!wants_failures(l) || code_outcome(code) != OUTCOME_FAILED)
        return ERR_OK;
    e = put_host_name(db, l->job.no, host, code, n, &facts);
    return e == ERR_OK ? put(db, l, WEBHOOK_URLS_FAILED, buf_str(&facts), now) : e;
}
