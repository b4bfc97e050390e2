/* sqlite_outbox - what webhooks are to be told, written with what makes it so.
 *
 * The writer's thread, in its transaction, or at start. Sends nothing: crawler/dispatcher.c
 * does. Rows of a job are in the order in which they happened, and the first attempts at
 * them are made in that order: only the first of those that were not tried has a next_at.
 */
#ifndef STORAGE_SQLITE_OUTBOX_H
#define STORAGE_SQLITE_OUTBOX_H

#include "storage/sqlite_ledger.h"

/* The same for all URLs of one origin; 0 for NULL. |url|: canonical. */
int64_t outbox_receiver(const char *url);

/* The job as it is now. Nothing where its webhook does not want to hear |event|, or that is
 * WEBHOOK_EVENT_COUNT. Without ledger_put, as all below. */
MUST_USE enum err outbox_put_job(struct db *db, struct ledger *l, enum webhook_event event,
                                 int64_t now);
/* Likewise its progress, if it is time. One that is older, and neither delivered nor next in
 * turn, leaves. */
MUST_USE enum err outbox_put_progress(struct writer *w, struct ledger *l, int64_t now);

/* URLs of one job that failed in the batch at hand; of none where its webhook does not want to
 * hear of them. */
struct failures {
    struct buf facts;
    size_t n;
};
enum { FAILURES_A_DELIVERY = 100, FAILURES_BYTES = 256 << 10 }; /* whichever comes first */
void failures_init(struct failures *f);
void failures_done(struct failures *f);
void failures_clear(struct failures *f);
/* |record|: in its stored form. Writes a delivery of those before, where it is time. */
MUST_USE enum err outbox_put_failed(struct db *db, struct ledger *l, struct failures *f,
                                    int64_t seq, struct str record, int64_t now);
/* Writes a delivery of those that are left. */
MUST_USE enum err outbox_flush_failed(struct db *db, struct ledger *l, struct failures *f,
                                      int64_t now);
/* |n| URLs of that host were settled as |code|, all at once. Nothing where that is no failure. */
MUST_USE enum err outbox_put_host(struct db *db, struct ledger *l, int64_t host, enum code code,
                                  int64_t n, int64_t now);

#endif
