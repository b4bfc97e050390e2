/* dispatcher - sends the webhooks that the store holds, and tells it what came of each.
 *
 * One thread of its own with one loop, resolver and fetcher, so that no crawl waits for a
 * receiver, however slow. Each receiver has but a few of the places, so that none waits for
 * another. At least once: a message whose attempt was not written down when the process
 * died is sent again, with the same id. Any thread may call what is below.
 */
#ifndef CRAWLER_DISPATCHER_H
#define CRAWLER_DISPATCHER_H

#include "base/own.h"
#include "crawler/addrguard.h"
#include "crawler/blocklist.h"
#include "storage/store.h"

struct dispatcher;

enum { DISPATCHER_TIMEOUT_MS = 15000, DISPATCHER_A_RECEIVER = 4 };

struct dispatcher_options {
    struct store *store;               /* must outlive it, as all that is borrowed here */
    const struct addrguard *addrguard; /* of receivers */
    struct blocklist *blocklist;       /* may be NULL */
    const char *ca_file;               /* as fetcher_options has it */
    struct str dns_servers;            /* "ADDR[:PORT],..." or empty: the system's */
    struct str user_agent;
    /* Appends the JSON of |m|; on the dispatcher's thread, and may read the store. */
    enum err (*payload)(void *arg, const struct message *m, struct buf *out);
    void *payload_arg;
    size_t max_transfers;
    uint32_t drain_ms;
    uint32_t timeout_ms;       /* of an attempt: DISPATCHER_TIMEOUT_MS, or what a test says */
    uint32_t patience_divisor; /* 1; tests divide the waits between attempts by it */
};

/* Starts the thread. engine_global_init was called. */
MUST_USE enum err dispatcher_new(const struct dispatcher_options *o,
                                 struct dispatcher **ret_dispatcher);
void dispatcher_stop_soon(struct dispatcher *d); /* tells it to stop, and does not wait */
/* Begins no more attempts; within drain_ms those under way may end, then they are aborted
 * and stay in the store as they were. Returns when the thread has ended. */
void dispatcher_stop(struct dispatcher *d);
/* Stops it where that was not done, and waits for the store to answer what it still has.
 * NULL is fine. */
void dispatcher_free(struct dispatcher *d);
DEFINE_OWNED(dispatcher)

struct dispatcher_stats {
    uint64_t under_way;
    uint64_t by_verdict[ATTEMPT_DROP + 1]; /* attempts that were made, by what came of them */
};
void dispatcher_stats(struct dispatcher *d, struct dispatcher_stats *ret_stats);

#endif
