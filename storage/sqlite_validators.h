/* sqlite_validators - by what a URL was known the last time it was fetched, over all jobs
 * of its tenant that ask and read alike: its validators, and the page that holds its links. For
 * jobs that revalidate.
 *
 * One connection, one thread at a time; what changes something runs in a transaction of
 * the writer.
 */
#ifndef STORAGE_SQLITE_VALIDATORS_H
#define STORAGE_SQLITE_VALIDATORS_H

#include "storage/sqlite_ledger.h"

struct validators {
    sqlite3_stmt *st; /* what the texts are borrowed from; db_reset it */
    int64_t page;     /* 0: nothing is known */
    struct str etag, last_modified;
};
/* Only what can be relied on by the job |l|: a page of the same URL, of a job that is there,
 * the tenant's, and of the same variant. */
MUST_USE enum err validators_find(struct db *db, const struct ledger *l, struct str url,
                                  struct validators *ret_known);

/* |r|, of the job |l|, has become |page|: from now on its URL is known by it, or no more by
 * anything. */
MUST_USE enum err validators_note(struct db *db, const struct ledger *l, int64_t page,
                                  const struct result *r);

/* |page| is to say what the page did by which the task of |r| was known; its links are
 * counted in r->record. ERR_NOT_FOUND where that one is gone. */
MUST_USE enum err validators_get_old(struct db *db, struct result *r);
MUST_USE enum err validators_copy_links(struct db *db, int64_t page, int64_t old_page,
                                        struct str record);

#endif
