/* sqlite_bulk - many rows by one statement: SQLite then stays where they belong in the
 * tree and need not look for the place of each.
 */
#ifndef STORAGE_SQLITE_BULK_H
#define STORAGE_SQLITE_BULK_H

#include "storage/db.h"

enum { BULK_ROWS = 64, BULK_WIDTH_MOST = 7 };

/* "?1" stands in each row for what they have in common: their job. The others are "?".
 *   BULK_INIT("INSERT INTO t(job,a,b) VALUES", "(?1,?,?)", 2, job) */
#define BULK_TIMES_4(row) row "," row "," row "," row
#define BULK_TIMES_64(row) BULK_TIMES_4(BULK_TIMES_4(BULK_TIMES_4(row)))
#define BULK_INIT(insert, row, row_width, job)                                                     \
    ((struct bulk){.insert_one = insert row,                                                       \
                   .insert_all = insert BULK_TIMES_64(row),                                        \
                   .width =                                                                        \
                       (row_width) + 0 * sizeof(char[(row_width) <= BULK_WIDTH_MOST ? 1 : -1]),    \
                   .values = {db_int(job)}})

struct bulk {
    const char *insert_one, *insert_all;                     /* one row, BULK_ROWS rows */
    size_t width;                                            /* values of a row, beside the job */
    size_t n;                                                /* rows that wait */
    struct db_value values[1 + BULK_ROWS * BULK_WIDTH_MOST]; /* the job first */
};

/* |values|: |width| of them, whose blobs stay until the flush. */
MUST_USE enum err bulk_add(struct bulk *b, struct db *db, const struct db_value *values);
/* Those that still wait; in the end. */
MUST_USE enum err bulk_flush(struct bulk *b, struct db *db);

#endif
