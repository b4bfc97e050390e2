/* sqlite_grow - what settled pages name becomes tasks of their job, each URL once. For
 * sqlite_commit; the writer's thread, in its transaction.
 */
#ifndef STORAGE_SQLITE_GROW_H
#define STORAGE_SQLITE_GROW_H

#include "storage/sqlite_seen.h"

/* The URLs found by the pages of one job in a batch; borrowed from their results. */
struct growth {
    struct candidate *all;
    size_t n, cap;
};
void growth_done(struct growth *g);

/* Takes note of what the page found. */
MUST_USE enum err growth_add(struct growth *g, const struct ledger *l, const struct result *r);
/* Makes tasks of them, as far as the job may have more; the ledger's counts and seqs go
 * on, without ledger_put. *ret_n: how many. Forgets what was added, also on an error. */
MUST_USE enum err growth_settle(struct growth *g, struct writer *w, struct ledger *l,
                                int64_t *ret_n);

#endif
