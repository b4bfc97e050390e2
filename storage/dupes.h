/* dupes - finds the URLs that stand twice in a list of any length.
 *
 * Hashes go into partitions, which are sorted one at a time; where two are equal
 * the URLs themselves are compared, in the spool. The result is a bitmap by seq.
 * The hash is salted, so that nobody can make a list of equal ones. One thread.
 */
#ifndef STORAGE_DUPES_H
#define STORAGE_DUPES_H

#include "storage/seedrow.h"

enum { DUPES_PARTS = 64 };

struct dupes_part {
    struct buf pairs; /* those that are in no block yet */
    uint64_t *blocks; /* places of full blocks in the spool */
    size_t n, cap;
};

struct dupes {
    struct spool *spool; /* borrowed */
    uint64_t salt;
    struct dupes_part parts[DUPES_PARTS];
    struct buf marks; /* once settled: bit seq is set where it is a repetition */
    uint64_t n;       /* of them */
};

void dupes_init(struct dupes *d, struct spool *spool);
void dupes_done(struct dupes *d);

/* |pos|: where the row of |url| is in the spool. */
MUST_USE enum err dupes_add(struct dupes *d, struct str url, uint64_t pos);
/* |n_seqs|: all seqs are less. */
MUST_USE enum err dupes_settle(struct dupes *d, uint64_t n_seqs);
bool dupes_has(const struct dupes *d, int64_t seq);

#endif
