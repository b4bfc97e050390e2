/* sqlite_seen - which URLs a job has: for jobs that grow, by hash.
 *
 * A hash stands for its URL: of 64 bits, salted by the job, so that nobody can make two
 * URLs of one. In front stands a memory of those that were met lately. The writer's thread.
 */
#ifndef STORAGE_SQLITE_SEEN_H
#define STORAGE_SQLITE_SEEN_H

#include "storage/sqlite_ledger.h"

/* Hashes of all jobs met lately: most links of a site lead where others led before. */
struct recent {
    int64_t *slots;   /* NULL until the first one */
    int64_t *pending; /* of the transaction that runs: remembered once it is committed */
    size_t n, cap;
};
void recent_done(struct recent *r);
void recent_begin(struct recent *r); /* of a transaction */
void recent_commit(struct recent *r);
void recent_add(struct recent *r, int64_t hash); /* pending */
bool recent_has(const struct recent *r, int64_t hash);

int64_t seen_hash(int64_t salt, struct str url);
MUST_USE enum err seen_has(struct db *db, int64_t job, int64_t hash, bool *ret_has);
/* Adds those that are not there; |hashes| are sorted. */
MUST_USE enum err seen_put(struct db *db, int64_t job, int64_t *hashes, size_t n);

#endif
