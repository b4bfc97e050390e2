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

#endif
