#include "base/clock.h"
#include "storage/sqlite_outbox.h"

/* --- reading and writing ----------------------------------------------------------- */

/* What a damaged row could hold must not become a wild enum. */
static bool is_sane(int64_t state, int64_t stop_reason) {
    return state >= 0 && state < JOB_STATE_COUNT && stop_reason >= 0 &&
           stop_reason < STOP_REASON_COUNT;
}

enum err ledger_read_job(sqlite3_stmt *row, struct job *ret_job) {
    int at = 0;
    int64_t state, reason;

    ret_job->no = sqlite3_column_int64(row, at++);
    state = sqlite3_column_int64(row, at++);
    reason = sqlite3_column_int64(row, at++);
    if (!is_sane(state, reason))
        return ERR_CORRUPT;
    ret_job->state = (enum job_state)state;
    ret_job->stop_reason = (enum stop_reason)reason;
    ret_job->version = (uint64_t)sqlite3_column_int64(row, at++);
    ret_job->counts.total = (uint64_t)sqlite3_column_int64(row, at++);
    for (int o = OUTCOME_SUCCEEDED; o <= OUTCOME_CANCELLED; o++)
        ret_job->counts.by_outcome[o] = (uint64_t)sqlite3_column_int64(row, at++);
    ret_job->counts.duplicates = (uint64_t)sqlite3_column_int64(row, at++);
    ret_job->counts.links_found = (uint64_t)sqlite3_column_int64(row, at++);
    ret_job->counts.bytes = (uint64_t)sqlite3_column_int64(row, at++);
    ret_job->counts.not_followed.out_of_scope = (uint64_t)sqlite3_column_int64(row, at++);
    ret_job->counts.not_followed.depth_limit = (uint64_t)sqlite3_column_int64(row, at++);
    ret_job->counts.not_followed.page_limit = (uint64_t)sqlite3_column_int64(row, at++);
    ret_job->started_at = sqlite3_column_int64(row, at++);
    ret_job->finished_at = sqlite3_column_int64(row, at++);
    ret_job->expires_at = sqlite3_column_int64(row, at++);
    ret_job->last_progress_at = sqlite3_column_int64(row, at++);
    ret_job->deadline_at = sqlite3_column_int64(row, at++);
    ret_job->tenant = sqlite3_column_int64(row, at++);
    assert(at == LEDGER_JOB_WIDTH);
    return ERR_OK;
}

enum err ledger_get(struct db *db, int64_t no, struct ledger *ret_ledger) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct ledger l = {0};
    int at = LEDGER_JOB_WIDTH;
    enum err e = DB_QUERY(db, &st,
                          "SELECT " LEDGER_JOB_COLUMNS
                          ",next_page,next_seq,settled_as,ended_below,ended_n,dead_hosts,"
                          "keeps_seen,salt,max_pages,revalidates,retention_ms,"
                          "iif(webhook_ended,0,webhook),receiver,next_delivery,progress_told_at,"
                          "indexes_links"
                          " FROM job WHERE no=?1",
                          db_int(no));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        e = ledger_read_job(st, &l.job);
    if (e != ERR_OK)
        return e;
    l.next_page = sqlite3_column_int64(st, at++);
    l.next_seq = sqlite3_column_int64(st, at++);
    l.settled_as = (enum code)sqlite3_column_int64(st, at++);
    l.ended_below = sqlite3_column_int64(st, at++);
    l.ended_n = sqlite3_column_int64(st, at++);
    l.dead_hosts = sqlite3_column_int64(st, at++);
    l.keeps_seen = sqlite3_column_int64(st, at++) != 0;
    l.salt = sqlite3_column_int64(st, at++);
    l.max_pages = (uint64_t)sqlite3_column_int64(st, at++);
    l.variant = sqlite3_column_int64(st, at++);
    l.retention_ms = sqlite3_column_int64(st, at++);
    l.webhook = (uint32_t)sqlite3_column_int64(st, at++);
    l.receiver = sqlite3_column_int64(st, at++);
    l.next_delivery = sqlite3_column_int64(st, at++);
    l.progress_told_at = sqlite3_column_int64(st, at++);
    l.indexes_links = sqlite3_column_int64(st, at++) != 0;
    *ret_ledger = l;
    return ERR_OK;
}

static enum err put(struct db *db, const struct ledger *l) {
    const struct job *j = &l->job;
    const struct job_counts *c = &j->counts;

    return DB_RUN(
        db,
        "UPDATE job SET state=?2,stop_reason=?3,version=?4,total=?5,succeeded=?6,"
        "failed=?7,disallowed=?8,skipped=?9,cancelled=?10,duplicates=?11,"
        "links_found=?12,bytes=?13,started_at=?14,finished_at=?15,"
        "last_progress_at=?16,deadline_at=?17,next_page=?18,next_seq=?19,"
        "settled_as=?20,ended_below=?21,ended_n=?22,dead_hosts=?23,"
        "out_of_scope=?24,depth_limit=?25,page_limit=?26,keeps_seen=?27,expires_at=?28,"
        "next_delivery=?29,progress_told_at=?30 WHERE no=?1",
        db_int(j->no), db_int(j->state), db_int(j->stop_reason), db_int((int64_t)j->version),
        db_int((int64_t)c->total), db_int((int64_t)c->by_outcome[OUTCOME_SUCCEEDED]),
        db_int((int64_t)c->by_outcome[OUTCOME_FAILED]),
        db_int((int64_t)c->by_outcome[OUTCOME_DISALLOWED]),
        db_int((int64_t)c->by_outcome[OUTCOME_SKIPPED]),
        db_int((int64_t)c->by_outcome[OUTCOME_CANCELLED]), db_int((int64_t)c->duplicates),
        db_int((int64_t)c->links_found), db_int((int64_t)c->bytes), db_int(j->started_at),
        db_int(j->finished_at), db_int(j->last_progress_at), db_int(j->deadline_at),
        db_int(l->next_page), db_int(l->next_seq), db_int(l->settled_as), db_int(l->ended_below),
        db_int(l->ended_n), db_int(l->dead_hosts), db_int((int64_t)c->not_followed.out_of_scope),
        db_int((int64_t)c->not_followed.depth_limit), db_int((int64_t)c->not_followed.page_limit),
        db_int(l->keeps_seen), db_int(j->expires_at), db_int(l->next_delivery),
        db_int(l->progress_told_at));
}

static void note(struct writer *w, const struct job *j) {
    writer_note(w, (struct news_item){.job = j->no, .version = j->version, .state = j->state});
}

/* Most jobs have no webhook, and most of those do not want to hear this. */
static enum err tell_progress(struct writer *w, struct ledger *l) {
    bool is_wanted = l->webhook & 1U << WEBHOOK_JOB_PROGRESS;

    return is_wanted && l->job.state == JOB_RUNNING ? outbox_put_progress(w, l, clock_wall_ms())
                                                    : ERR_OK;
}

enum err ledger_put(struct writer *w, struct ledger *l) {
    enum err e = tell_progress(w, l);

    note(w, &l->job);
    if (l->webhook)
        writer_post(w);
    return e == ERR_OK ? put(writer_db(w), l) : e;
}

bool ledger_takes_results(const struct ledger *l) {
    enum job_state s = l->job.state;

    return s == JOB_QUEUED || s == JOB_RUNNING || s == JOB_PAUSED || s == JOB_CANCELLING;
}

/* --- moves -------------------------------------------------------------------------- */

/* What a webhook is told of that move; WEBHOOK_EVENT_COUNT: nothing. A job that was opened
 * again starts again. */
static enum webhook_event event_of(enum job_state from, enum job_state to) {
    switch (to) {
    case JOB_RUNNING:
        return from == JOB_PAUSED ? WEBHOOK_EVENT_COUNT : WEBHOOK_JOB_STARTED;
    case JOB_COMPLETED:
        return WEBHOOK_JOB_COMPLETED;
    case JOB_FAILED:
        return WEBHOOK_JOB_FAILED;
    case JOB_CANCELLED:
        return WEBHOOK_JOB_CANCELLED;
    default:
        return WEBHOOK_EVENT_COUNT;
    }
}

static enum err move(struct db *db, struct ledger *l, enum job_state to, enum stop_reason reason,
                     int64_t now) {
    struct job *j = &l->job;
    enum webhook_event told = event_of(j->state, to);
    enum err e;

    assert(job_state_may_move(j->state, to));
    j->state = to;
    j->version++;
    if (reason != STOP_NONE)
        j->stop_reason = reason;
    if (to == JOB_RUNNING && !j->started_at)
        j->started_at = now;
    if (job_state_is_finished(to)) {
        j->finished_at = now;
        j->expires_at = l->retention_ms ? now + l->retention_ms : 0;
    }
    e = DB_RUN(db, "INSERT INTO event(job,version,at,state,stop_reason) VALUES(?1,?2,?3,?4,?5)",
               db_int(j->no), db_int((int64_t)j->version), db_int(now), db_int(to),
               db_int(j->stop_reason));
    return e == ERR_OK ? outbox_put_job(db, l, told, now) : e;
}

enum err ledger_move(struct writer *w, struct ledger *l, enum job_state to, enum stop_reason reason,
                     int64_t now) {
    enum err e = move(writer_db(w), l, to, reason, now);

    if (e == ERR_OK)
        writer_tell(w, (struct job_change){.job = l->job.no, .state = to});
    return e;
}

static enum stop_reason reason_of_end(const struct ledger *l) {
    return l->job.counts.not_followed.page_limit ? STOP_PAGE_LIMIT : STOP_NO_MORE_URLS;
}

enum err ledger_end_if_done(struct writer *w, struct ledger *l, int64_t now) {
    enum job_state s = l->job.state;
    bool may_end = s == JOB_QUEUED || s == JOB_RUNNING || s == JOB_PAUSED;

    if (!may_end || job_unfinished(&l->job) > 0 || writer_is_held(w, l->job.no))
        return ERR_OK;
    return ledger_move(w, l, JOB_COMPLETED, reason_of_end(l), now);
}

enum err ledger_recover_done(struct db *db, struct ledger *l, int64_t now) {
    enum err e = move(db, l, JOB_COMPLETED, reason_of_end(l), now);

    return e == ERR_OK ? put(db, l) : e;
}

enum err ledger_recover_cancelled(struct db *db, struct ledger *l, int64_t now) {
    enum err e;

    l->job.counts.by_outcome[OUTCOME_CANCELLED] += job_unfinished(&l->job);
    l->settled_as = CODE_JOB_CANCELLED;
    e = move(db, l, JOB_CANCELLED, STOP_CANCELLED_BY_USER, now);
    return e == ERR_OK ? put(db, l) : e;
}

enum err ledger_settle_cancelled(struct writer *w, struct ledger *l, int64_t now) {
    int64_t left = (int64_t)job_unfinished(&l->job);
    enum err e = ledger_recover_cancelled(writer_db(w), l, now);

    if (e != ERR_OK)
        return e;
    note(w, &l->job);
    if (l->webhook)
        writer_post(w);
    writer_count(w, -left, 0);
    writer_tell(w, (struct job_change){.job = l->job.no, .state = JOB_CANCELLED});
    return ERR_OK;
}

enum err ledger_settle_deadline(struct writer *w, struct ledger *l, int64_t now) {
    int64_t left = (int64_t)job_unfinished(&l->job);
    enum err e;

    l->job.counts.by_outcome[OUTCOME_SKIPPED] += (uint64_t)left;
    l->ended_below = l->next_seq;
    l->ended_n += left;
    writer_count(w, -left, 0);
    e = ledger_move(w, l, JOB_COMPLETED, STOP_DEADLINE, now);
    return e == ERR_OK ? ledger_put(w, l) : e;
}
