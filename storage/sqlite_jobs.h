/* sqlite_jobs - the rows of jobs: reading and making them. What changes of them later
 * is the ledger's.
 *
 * One connection, one thread at a time; what changes something runs in a
 * transaction of the writer.
 */
#ifndef STORAGE_SQLITE_JOBS_H
#define STORAGE_SQLITE_JOBS_H

#include "storage/sqlite_ledger.h"

/* Shown jobs only, else ERR_NOT_FOUND. |id| NULL: by |no|. */
MUST_USE enum err jobs_get(struct db *db, const struct uuid *id, int64_t no, struct job **ret_job);
MUST_USE enum err jobs_list(struct db *db, const struct job_filter *f, struct job ***ret_jobs,
                            size_t *ret_n);

/* A COMPLETED job runs again: there is, or will be, something to do. Without ledger_put. */
MUST_USE enum err jobs_reopen(struct writer *w, struct ledger *l, int64_t now);

/* A job that callers do not see yet; *ret_no is its key. |salt|: of the hashes of its
 * URLs. */
MUST_USE enum err jobs_put_receiving(struct db *db, const struct job *draft, int64_t salt,
                                     int64_t *ret_no);

#endif
