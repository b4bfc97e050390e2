/* runs - sorts more rows than memory holds: gathered in a buffer, each full
 * buffer sorted into the spool as a run, the runs merged while they are read.
 *
 * The order is (host, seq). Rows come with rising seq, so of two runs the
 * earlier holds the lesser seqs. One thread at a time.
 */
#ifndef STORAGE_RUNS_H
#define STORAGE_RUNS_H

#include "storage/radix.h"
#include "storage/seedrow.h"

struct run {
    uint64_t pos, end; /* what of it was not read into |chunk| yet */
    struct buf chunk;
    size_t at; /* in |chunk|: behind the current row */
    struct seedrow row;
};

struct runs {
    struct spool *spool; /* borrowed */
    struct buf text;     /* rows as they came */
    struct buf sorted;   /* scratch for the same rows in order */
    /* of each row its host and place in |text|; twice the room, to sort them */
    struct radix_pair *pairs;
    size_t n_pairs, cap_pairs;
    struct run *all;
    size_t n, cap;
    size_t *heap; /* while merging: places in |all|, the least row first */
    size_t n_heap;
    bool given; /* the first row of the heap was handed out */
    size_t chunk_bytes;
    /* told of each row that reached its place in the spool */
    enum err (*placed)(void *arg, struct str url, uint64_t pos);
    void *arg;
};

void runs_init(struct runs *r, struct spool *spool,
               enum err (*placed)(void *arg, struct str url, uint64_t pos), void *arg);
void runs_done(struct runs *r);

MUST_USE enum err runs_add(struct runs *r, const struct seedrow *row);
/* No more rows: starts the merge. */
MUST_USE enum err runs_finish(struct runs *r);
/* The next row, borrowed until the next call; ERR_NOT_FOUND at the end. */
MUST_USE enum err runs_next(struct runs *r, struct seedrow *ret_row);

#endif
