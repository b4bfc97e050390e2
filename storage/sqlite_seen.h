/* sqlite_seen - which URLs a job has: for jobs that grow, by hash.
 *
 * A hash stands for its URL: of 64 bits, salted by the job, so that nobody can make two
 * URLs of one. The writer's thread.
 */
#ifndef STORAGE_SQLITE_SEEN_H
#define STORAGE_SQLITE_SEEN_H

#include "storage/sqlite_ledger.h"

int64_t seen_hash(int64_t salt, struct str url);
MUST_USE enum err seen_has(struct db *db, int64_t job, int64_t hash, bool *ret_has);
/* Adds those that are not there; |hashes| are sorted. */
MUST_USE enum err seen_put(struct db *db, int64_t job, int64_t *hashes, size_t n);

#endif
