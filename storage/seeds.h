/* seeds - a list of URLs of any length, without duplicates and in the order in
 * which a store wants its tasks, in constant memory.
 *
 * Seeds are gathered in a buffer; each full one is sorted by (host, seq) and
 * goes to the spool as a run. Beside it stand the hashes of the URLs in
 * partitions: sorting one at a time finds the duplicates, whose places are
 * marked in a bitmap (a bit a seed). Reading merges the runs and passes over
 * what is marked. Rejects wait in the spool in the order of the list.
 *
 * One thread at a time. Calls: add ... add, settle, then next_task and
 * next_reject until each says ERR_NOT_FOUND.
 */
#ifndef STORAGE_SEEDS_H
#define STORAGE_SEEDS_H

#include "base/own.h"
#include "storage/seedrow.h"
#include "storage/store.h"

struct seeds;
struct seeds *seeds_new(const char *folder); /* where the spool goes; borrowed */
void seeds_free(struct seeds *s);            /* NULL is fine */
DEFINE_OWNED(seeds)

/* ERR_FULL, ERR_IO, ERR_NO_MEMORY; ERR_TOO_BIG for a seed of some megabytes. */
MUST_USE enum err seeds_add(struct seeds *s, const struct seed *seed);

struct seeds_counts {
    uint64_t received, accepted, duplicates, rejected;
};
MUST_USE enum err seeds_settle(struct seeds *s, struct seeds_counts *ret_counts);
struct seeds_counts seeds_counts(const struct seeds *s); /* duplicates: once settled */

/* Rows are borrowed until the next call. ERR_NOT_FOUND at the end.
 * Tasks come by (host, seq), rejects by seq. */
MUST_USE enum err seeds_next_task(struct seeds *s, struct seedrow *ret_row);
MUST_USE enum err seeds_next_reject(struct seeds *s, struct seedrow *ret_row);

#endif
