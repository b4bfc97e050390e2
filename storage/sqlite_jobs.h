/* sqlite_jobs - the rows of jobs: reading them, and the ledger that the writer
 * keeps of each (state, counts, version).
 *
 * One connection, one thread at a time; what changes something runs in a
 * transaction of the writer.
 */
#ifndef STORAGE_SQLITE_JOBS_H
#define STORAGE_SQLITE_JOBS_H

#include <assert.h>

#include "storage/sqlite_writer.h"

/* page.id = job.no and seq: in order of ending, and of jobs. */
enum { SEQ_BITS = 32 };
#define SEQ_MAX (((int64_t)1 << SEQ_BITS) - 1)
static inline int64_t page_id(int64_t job, int64_t seq) {
    assert(seq >= 0 && seq <= SEQ_MAX);
    return (int64_t)((uint64_t)job << SEQ_BITS | (uint64_t)seq);
}
static inline int64_t page_seq(int64_t id) {
    return id & SEQ_MAX;
}

/* Shown jobs only, else ERR_NOT_FOUND. |id| NULL: by |no|. */
MUST_USE enum err jobs_get(struct db *db, const struct uuid *id, int64_t no, struct job **ret_job);
MUST_USE enum err jobs_list(struct db *db, const struct job_filter *f, struct job ***ret_jobs,
                            size_t *ret_n);

/* What changes of a job. Get, change, put: in one transaction. */
struct ledger {
    struct job job;    /* without its texts, id and options: nothing to free */
    int64_t next_page; /* the seq of the next record */
    enum code settled_as;
};
MUST_USE enum err ledger_get(struct db *db, int64_t no, struct ledger *ret_ledger);
MUST_USE enum err ledger_put(struct writer *w, const struct ledger *l);
/* The legal move to |to|, which is asserted: state, times, version, event; listeners
 * hear of it. Without ledger_put. */
MUST_USE enum err ledger_move(struct writer *w, struct ledger *l, enum job_state to,
                              enum stop_reason reason, int64_t now);
/* CANCELLING to CANCELLED: what has no outcome gets that of job_cancelled, all at
 * once and without touching it. With ledger_put. */
MUST_USE enum err ledger_settle_cancelled(struct writer *w, struct ledger *l, int64_t now);

/* A job that callers do not see yet; *ret_no is its key. */
MUST_USE enum err jobs_put_receiving(struct db *db, const struct job *draft, int64_t *ret_no);

/* The calls of the door that change a job. */
MUST_USE enum err jobs_move(struct writer *w, const struct uuid *id, enum job_state to,
                            struct job **ret_job);
MUST_USE enum err jobs_delete(struct writer *w, const struct uuid *id);

/* At start, before the writer runs: uploads half received are deleted, jobs being
 * cancelled are cancelled. Sets the epoch and the count of unfinished URLs. */
MUST_USE enum err jobs_recover(struct db *db, struct backend *b);

#endif
