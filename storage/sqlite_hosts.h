/* sqlite_hosts - hosts of a job that are put off or settled as a whole, and what is
 * remembered of hosts over all jobs.
 *
 * One connection, one thread at a time; what changes something runs in a transaction
 * of the writer.
 */
#ifndef STORAGE_SQLITE_HOSTS_H
#define STORAGE_SQLITE_HOSTS_H

#include "storage/sqlite_ledger.h"

/* Tasks of a host of a job with a lesser seq than |below| are settled as |code|. It goes
 * before what the ledger says of the whole job. */
struct host_mark {
    enum code code;
    int64_t below;
};
/* {CODE_NONE, 0} where the host was not settled. */
MUST_USE enum err hosts_mark(struct db *db, const struct ledger *l, int64_t host,
                             struct host_mark *ret_mark);
/* Tasks with a lesser seq are settled, by the host or by a deadline. */
int64_t hosts_settled_below(const struct ledger *l, struct host_mark mark);
/* What the task is settled as; CODE_NONE: it is unended. */
enum code hosts_code(const struct ledger *l, struct host_mark mark, int64_t seq);

/* Those of store_batch. */
MUST_USE enum err hosts_defer(struct db *db, const struct deferred *d);
MUST_USE enum err hosts_undefer(struct db *db, int64_t job, int64_t host);
/* What was given up may be asked at once. */
MUST_USE enum err hosts_ask_again(struct db *db, int64_t host);
MUST_USE enum err hosts_settle(struct writer *w, const struct unavailable *u);
MUST_USE enum err hosts_remember(struct db *db, const struct host_memo *m);

/* *ret_memo NULL: nothing is remembered of a host of that name; else the caller owns it. */
MUST_USE enum err hosts_recall(struct db *db, int64_t id, struct str name,
                               struct host_memo **ret_memo);

#endif
