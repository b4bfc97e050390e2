/* sqlite_held - a job that a call of the door works on in several transactions: held
 * from the first to the last, so that it does not end between two of them and no other
 * such call comes in between.
 *
 * All of it within transactions of the writer, on its thread.
 */
#ifndef STORAGE_SQLITE_HELD_H
#define STORAGE_SQLITE_HELD_H

#include "storage/sqlite_jobs.h"

struct held {
    const struct uuid *id; /* borrowed */
    int64_t no;
    bool holds;      /* else another does: ERR_BUSY for the caller */
    struct job *job; /* as it was last seen; owned */
};
void held_done(struct held *h);

/* Finds the job and takes hold of it. ERR_NOT_FOUND, or ERR_CONFLICT where it takes no
 * URLs in its state. */
MUST_USE enum err held_begin(struct writer *w, struct held *h, struct ledger *ret_ledger);
/* In each transaction that follows: its ledger, with the same errors. */
MUST_USE enum err held_get(struct writer *w, const struct held *h, struct ledger *ret_ledger);
/* Lets go, and ends the job if it has nothing left; h->job is as it is then. Needed
 * wherever held_begin took hold, whatever came after. */
MUST_USE enum err held_end(struct writer *w, struct held *h);

#endif
