/* sqlite_tally - how many URLs of a job ended how: kept with each commit, so that to tell it
 * takes a few rows and not a look at every record. See struct summary.
 *
 * Writer's thread; the reading in the end any thread.
 */
#ifndef STORAGE_SQLITE_TALLY_H
#define STORAGE_SQLITE_TALLY_H

#include "storage/db.h"
#include "storage/store.h"

/* What is not yet in the table, of one job. */
struct tally {
    int64_t by_code[CODE_COUNT];
    int64_t by_status[SUMMARY_STATUSES];
    int64_t by_time[SUMMARY_TIMES];
    struct summary_type types[SUMMARY_TYPES];
    size_t n_types;
    int64_t other_types;
    bool is_dirty;
};

void tally_clear(struct tally *t);
/* The record came (1), or leaves (-1). */
void tally_add(struct tally *t, const struct record *r, int by);
/* Into the table; |t| is cleared. */
MUST_USE enum err tally_flush(struct tally *t, struct db *db, int64_t job);
/* What the table has of the job. */
MUST_USE enum err tally_read(struct db *db, int64_t job, struct summary *s);

#endif
