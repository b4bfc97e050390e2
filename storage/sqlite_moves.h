/* sqlite_moves - the calls of the door that change a job's state, and what changes it
 * by itself: a deadline, its retention, a start after a crash.
 */
#ifndef STORAGE_SQLITE_MOVES_H
#define STORAGE_SQLITE_MOVES_H

#include "storage/sqlite_jobs.h"

/* See store_job_move and store_job_delete. On the caller's thread. */
MUST_USE enum err moves_job(struct writer *w, const struct uuid *id, enum job_state to,
                            struct job **ret_job);
MUST_USE enum err moves_delete(struct writer *w, const struct uuid *id);

/* Once a second, on the writer's thread: deletes finished jobs that have expired, some
 * hundred at a time, ends the jobs whose deadline has come, and those that have nothing left
 * but were held when it went. */
void moves_tick(struct writer *w);

/* At start, before the writer runs: uploads half received are deleted, jobs being
 * cancelled are cancelled, jobs with nothing left are completed. Sets the epoch and the
 * count of unfinished URLs. */
MUST_USE enum err moves_recover(struct db *db, struct backend *b);

#endif
