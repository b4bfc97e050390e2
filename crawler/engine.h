/* engine - the crawl: fetches what the store holds, and gives it the results.
 *
 * One thread of its own with one curl multi handle, one epoll, one resolver, one
 * sched, and hosts of its own; no globals: a crew of them runs side by side. It alone
 * knows all parts of the workshop. Any thread may call what is below.
 */
#ifndef CRAWLER_ENGINE_H
#define CRAWLER_ENGINE_H

#include "base/own.h"
#include "crawler/addrguard.h"
#include "crawler/blocklist.h"
#include "crawler/iplimit.h"
#include "crawler/killer.h"
#include "crawler/sched.h"
#include "crawler/slots.h"
#include "storage/store.h"

struct engine;

struct crew;

struct engine_options {
    struct crew *crew;                  /* the others, which the engine can hand things to */
    struct iplimit *iplimit;            /* of all of them */
    struct slots *slots;                /* likewise */
    unsigned number;                    /* of it among them */
    int64_t host_from, host_to;         /* the ids of its hosts, the end excluded */
    struct store *store;                /* must outlive the engine */
    const struct addrguard *addrguard;  /* likewise */
    struct blocklist *blocklist;        /* likewise; may be NULL */
    struct killer *killer;              /* likewise; may be NULL */
    const char *ca_file;                /* as fetcher_options has it */
    struct str dns_servers;             /* "ADDR[:PORT],..." or empty: the system's */
    size_t max_transfers, window_bytes; /* its share, of the former for connections it keeps */
    uint32_t drain_ms;
    uint32_t patience_divisor; /* 1; tests divide the times of back-off by it */
};

MUST_USE enum err engine_new(const struct engine_options *o, struct engine **ret_engine);
/* Starts the thread. */
MUST_USE enum err engine_start(struct engine *e);
void engine_wake(struct engine *e);      /* it has a look at what may be started */
void engine_stop_soon(struct engine *e); /* tells it to stop, and does not wait */
/* Starts no more requests; within drain_ms those under way may finish, then they
 * are aborted and stay in the store as they were; hands over the last results.
 * Returns when the thread has ended. The store is still running. */
void engine_stop(struct engine *e);
/* Stops it where that was not done, and waits for the store to answer what it still
 * has: one that cannot write does so when it is stopped (store_stop). NULL is fine. */
void engine_free(struct engine *e);
DEFINE_OWNED(engine)

/* Tasks of the job that are with the engine: being fetched, or fetched and not
 * yet committed. At most as many as are unfinished, but read apart from the
 * store: clamp it. */
uint64_t engine_running(struct engine *e, int64_t job);

/* What the engine holds of one host for a job. */
struct engine_host {
    int64_t host;
    size_t queued, running;
    enum sched_block blocked_by;
    int64_t blocked_until; /* wall ms; 0: nobody knows */
    uint32_t delay_ms;     /* between two requests; 0 where it holds nothing */
};
/* Fills in those of |hosts| (by their ids) that are this engine's. Waits for its thread, at
 * most a second: then, and where it has ended, they stay as they are. */
void engine_hosts(struct engine *e, int64_t job, struct engine_host *hosts, size_t n);

struct engine_stats {
    uint64_t transfers, started, hosts, tasks, window_bytes;
    uint64_t by_code[CODE_COUNT]; /* settled so far; [CODE_NONE]: succeeded */
    uint64_t retries, redirects, body_bytes, links;
};
void engine_stats(struct engine *e, struct engine_stats *ret_stats);

/* Sets up and tears down libcurl for the process (main does, before any thread). */
MUST_USE enum err engine_global_init(void);
void engine_global_done(void);

#endif
