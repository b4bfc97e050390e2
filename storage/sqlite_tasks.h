/* sqlite_tasks - rows of the table task as structs, and back.
 *
 * One connection, one thread at a time.
 */
#ifndef STORAGE_SQLITE_TASKS_H
#define STORAGE_SQLITE_TASKS_H

#include "storage/sqlite_validators.h"

/* The columns of a row. */
#define TASKROW_COLUMNS                                                                            \
    "host,seq,depth,tries,tries_before,due_at,referrer,place,url,input,prefix_len,entitled"

struct taskrow {
    int64_t host, seq, place, referrer, due_at;
    uint32_t depth, prefix_len, tries, tries_before;
    bool is_entitled;      /* what was listed is in any case */
    struct str url, input; /* borrowed from the row */
};
struct taskrow taskrow_of(sqlite3_stmt *row);
/* The task that it is; free() it. |known|: by what its URL is. */
struct task *taskrow_task(const struct taskrow *row, int64_t job, const struct validators *known);
MUST_USE enum err taskrow_insert(struct db *db, int64_t job, const struct taskrow *row);
MUST_USE enum err taskrow_delete(struct db *db, int64_t job, int64_t host, int64_t seq,
                                 bool *ret_was_there);

#endif
