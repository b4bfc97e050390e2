/* sqlite_ledger - what changes of a job while it goes on: state, counts, version. The
 * writer gets it, changes it and puts it back in one transaction.
 *
 * One connection, one thread at a time; what changes something runs in a transaction
 * of the writer.
 */
#ifndef STORAGE_SQLITE_LEDGER_H
#define STORAGE_SQLITE_LEDGER_H

#include <assert.h>

#include "storage/sqlite_writer.h"

/* page.id = job.no and seq: in order of ending, and of jobs. */
enum { SEQ_BITS = 32 };
#define SEQ_MAX (((int64_t)1 << SEQ_BITS) - 1)
static inline int64_t page_id(int64_t job, int64_t seq) {
    assert(seq >= 0 && seq <= SEQ_MAX);
    return (int64_t)((uint64_t)job << SEQ_BITS | (uint64_t)seq);
}
static inline int64_t page_job(int64_t id) {
    return id >> SEQ_BITS;
}
static inline int64_t page_seq(int64_t id) {
    return id & SEQ_MAX;
}

struct ledger {
    struct job job;    /* without its texts, id and options: nothing to free */
    int64_t next_page; /* the seq of the next record */
    /* The seq of the next task. One that comes later has always a greater seq, also one
     * that is put back: what has a lesser one than a mark was there before it. */
    int64_t next_seq;
    enum code settled_as; /* what tasks are that are left in a job that was cancelled */
    int64_t ended_below;  /* tasks with a lesser seq were settled by a deadline */
    int64_t ended_n;      /* so many of them */
    int64_t dead_hosts;   /* that were settled as a whole */
    bool keeps_seen;      /* all its URLs are in the table seen, under hashes of |salt| */
    int64_t salt;
    uint64_t max_pages; /* 0: no limit */
    int64_t variant;    /* options_variant; 0: it does not revalidate */
    bool indexes_links;
    int64_t retention_ms; /* once it is finished; 0: it stays */
    uint32_t webhook;     /* bits 1 << WEBHOOK_x: what is told of it; 0: nothing, or no more */
    int64_t receiver;     /* of that */
    int64_t next_delivery, progress_told_at;
};
MUST_USE enum err ledger_get(struct db *db, int64_t no, struct ledger *ret_ledger);
/* May what is under way still end? */
bool ledger_takes_results(const struct ledger *l);
/* Also tells of its progress, where its webhook is to hear of that and it is time. */
MUST_USE enum err ledger_put(struct writer *w, struct ledger *l);

/* The part of it that callers see. Columns of the table job, the first LEDGER_JOB_WIDTH
 * of a row. */
#define LEDGER_JOB_COLUMNS                                                                         \
    "no,state,stop_reason,version,total,succeeded,failed,disallowed,skipped,cancelled,duplicates," \
    "links_found,bytes,out_of_scope,depth_limit,page_limit,started_at,finished_at,expires_at,"     \
    "last_progress_at,deadline_at,tenant"
enum { LEDGER_JOB_WIDTH = 22 };
MUST_USE enum err ledger_read_job(sqlite3_stmt *row, struct job *ret_job);

/* The legal move to |to|, which is asserted: state, times, version, event, and what its
 * webhook is told: so the counts are those of the new state already. Listeners hear of it.
 * Without ledger_put. */
MUST_USE enum err ledger_move(struct writer *w, struct ledger *l, enum job_state to,
                              enum stop_reason reason, int64_t now);
/* COMPLETED, where nothing is unfinished any more and the job is not held (writer_hold).
 * Without ledger_put. */
MUST_USE enum err ledger_end_if_done(struct writer *w, struct ledger *l, int64_t now);
/* CANCELLING to CANCELLED: what has no outcome gets that of job_cancelled, all at
 * once and without touching it. With ledger_put. */
MUST_USE enum err ledger_settle_cancelled(struct writer *w, struct ledger *l, int64_t now);
/* Likewise to COMPLETED, by the deadline. */
MUST_USE enum err ledger_settle_deadline(struct writer *w, struct ledger *l, int64_t now);

/* The same for who starts the store, before there is a writer, and nobody listens. */
MUST_USE enum err ledger_recover_cancelled(struct db *db, struct ledger *l, int64_t now);
MUST_USE enum err ledger_recover_done(struct db *db, struct ledger *l, int64_t now);

#endif
