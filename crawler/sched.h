/* sched - which URL to fetch next, or how long to wait.
 *
 * Pure: time is an argument, no I/O, no globals; a day of crawling can be
 * simulated in a second. What is scheduled is hosts: each holds a few tasks a
 * job, and may be asked again at a time of its own. The engine tells what
 * happened (started, sent, finished), puts tasks in, and is told which hosts and
 * jobs want to be refilled.
 *
 * Politeness: between the starts of two requests to one host lies the largest
 * delay of the jobs with work for it, counted from the moment when the first was
 * sent; until then no other starts. At most the smallest host_connections of those
 * jobs run at once. Time is monotonic, ms.
 *
 * Fairness: of the jobs that could start something, the one whose requests under
 * way are the fewest for its weight (priority + 1) is next; within a job the host
 * that waits longest; on a host jobs take turns by their weight.
 */
#ifndef CRAWLER_SCHED_H
#define CRAWLER_SCHED_H

#include "base/own.h"
#include "storage/store.h"

struct sched;
struct sched_host; /* one host; valid while it has tasks, requests or a delay to keep */

struct sched_options {
    size_t window_bytes;  /* for all tasks and hosts held here */
    int64_t first_host;   /* the least host_id that is asked for */
    int64_t asked_before; /* a host not seen yet counts as asked at this time (the start) */
    /* What was set by sched_set_owner is given back when its host leaves; may be NULL. */
    void (*host_left)(void *arg, void *owner);
    void *arg;
};

struct sched *sched_new(const struct sched_options *o);
void sched_free(struct sched *s); /* frees the tasks in it; NULL is fine */
DEFINE_OWNED(sched)

/* --- jobs ----------------------------------------------------------------------- */

struct sched_job_options {
    uint32_t host_delay_ms, host_connections;
    uint32_t priority; /* 0 to 9 */
    bool obeys_robots; /* waits where sched_await_robots says so */
};
/* A job that is being crawled; its tasks come by sched_refilled. One that is here
 * goes on as it is, or where it was paused begins anew from the store. */
void sched_job_add(struct sched *s, int64_t job, const struct sched_job_options *o);
/* Drops what is queued of it; what is away (see sched_next) is remembered, so that
 * a refill after sched_job_add does not start it twice. */
void sched_job_pause(struct sched *s, int64_t job);
/* Drops and forgets all of it (started ones are the engine's to abort). */
void sched_job_remove(struct sched *s, int64_t job);
/* New tasks for |host| are in the store; -1: for hosts that are not named. */
void sched_job_grew(struct sched *s, int64_t job, int64_t host);

/* --- tasks ------------------------------------------------------------------------ */

/* Takes |t|, whose job is here, for the host |host| (a host_id): a redirect hop, which says
 * so (task.is_hop) where the host is its own. It is away, wherever it waits. |front|: before the
 * others. */
void sched_put(struct sched *s, struct task *t, int64_t host, bool front);
/* Takes |t| back for another attempt at its own host, not before |not_before|; frees
 * it where the store will be asked for it anyway (the job is paused, its host closed). */
void sched_put_back(struct sched *s, struct task *t, int64_t not_before);

/* Memory elsewhere that goes with tasks in here (redirect hops) counts in the window;
 * negative: it is free again. */
void sched_charge(struct sched *s, int64_t bytes);

/* Whether sched_next would give one; *ret_wait_ms as it has it. */
bool sched_is_ready(struct sched *s, int64_t now, int64_t *ret_wait_ms);
/* The next task to start, whose host then counts it as started; the caller owns
 * it, and it is away until sched_put_back or sched_settled. NULL: nothing may start
 * now; *ret_wait_ms says for how long (INT64_MAX: until something changes). */
struct task *sched_next(struct sched *s, int64_t now, struct sched_host **ret_host,
                        int64_t *ret_wait_ms);
/* The request of a started task went out, or bothered the host in another way:
 * the delay counts from |now|. At most once a start. */
void sched_sent(struct sched *s, struct sched_host *h, int64_t now);
/* It is over; |job|: the task's; |was_sent|: whether sched_sent was called for it. */
void sched_finished(struct sched *s, struct sched_host *h, int64_t job, bool was_sent, int64_t now);
/* What became of a task that was away is in the store, or it is given up. |host|: its own. */
void sched_settled(struct sched *s, int64_t job, int64_t host, int64_t seq);

/* --- hosts ------------------------------------------------------------------------ */

#define SCHED_BLOCK_TABLE(X)                                                                       \
    X(NOTHING, "")                                                                                 \
    X(DELAY, "delay")                                                                              \
    X(CRAWL_DELAY, "crawl_delay")                                                                  \
    X(RETRY_AFTER, "retry_after")                                                                  \
    X(BACKOFF, "backoff")                                                                          \
    X(CONNECTIONS, "connections")                                                                  \
    X(ROBOTS, "robots_pending")

enum sched_block {
#define X(name, text) BLOCK_##name,
    SCHED_BLOCK_TABLE(X)
#undef X
};
const char *sched_block_text(enum sched_block b); /* static */

/* What the engine keeps of a host; one at most. */
void sched_set_owner(struct sched_host *h, void *owner);
void *sched_owner(const struct sched_host *h);
struct sched_host *sched_find(const struct sched *s, int64_t host); /* or NULL */
int64_t sched_host_id(const struct sched_host *h);

/* No request to this host starts before |until|. */
void sched_hold(struct sched *s, struct sched_host *h, int64_t until, enum sched_block why);
void sched_lift(struct sched *s, struct sched_host *h); /* not any more */
/* Nor while it is suspended. */
void sched_suspend(struct sched *s, struct sched_host *h, bool is_suspended);
/* Jobs that obey robots.txt do not before |until|; 0: they may. But for tasks with a
 * negative seq: robots.txt itself, put in as a hop. */
void sched_await_robots(struct sched *s, struct sched_host *h, int64_t until);
/* What robots.txt asks of one job here. True: that is new. */
bool sched_set_crawl_delay(struct sched *s, struct sched_host *h, int64_t job, uint32_t ms);
/* The host's own pace: a least delay, and one request at a time where it is probed. */
void sched_set_pace(struct sched *s, struct sched_host *h, uint32_t delay_ms, bool is_probed);
/* Is a request to this host likely within |ms|? (Then a connection is worth keeping.) */
bool sched_is_due(const struct sched *s, const struct sched_host *h, int64_t now, int64_t ms);

/* Closing: what is queued of a host's own tasks is dropped for all jobs; they stay in
 * the store, and come back by a refill when it opens the host again. */
enum sched_closing {
    CLOSED_DRAINED,     /* sched's own: all tasks are settled, and the store has no more */
    CLOSED_DEFERRED,    /* until a time */
    CLOSED_UNAVAILABLE, /* given up */
    CLOSED_ROBOTS,      /* given up by the jobs that obey robots.txt: only theirs are closed */
};
/* |until|: of a deferred one, as the store is told. |h| is not to be used after: unless more
 * comes for it, it leaves some seconds later, before it may be asked. */
void sched_close(struct sched *s, struct sched_host *h, enum sched_closing why, int64_t until);
/* A redirect hop that waits at |h|, whose caller owns it now and which is still away;
 * NULL: none. To be asked before sched_close, which leaves them where they are. */
struct task *sched_take_hop(struct sched *s, struct sched_host *h);
/* Hosts of jobs that were closed, each once. False: none. */
struct sched_closed {
    int64_t job, host;
    enum sched_closing why;
    int64_t until; /* of a deferred one */
};
bool sched_take_closed(struct sched *s, struct sched_closed *ret_closed);

/* --- the window ------------------------------------------------------------------- */

/* What the engine should ask the store for. False: nothing wants more now. Each
 * answer is given once until sched_refilled() was called for the job. */
struct sched_want {
    int64_t job;
    uint64_t tag;              /* for refill.tag */
    struct refill_host *hosts; /* borrowed from sched until the next call: host, after_seq, limit */
    size_t n_hosts;
    int64_t after_host;
    size_t max_new; /* new hosts to open; 0 where the window is full */
    uint32_t tasks_per_host;
    size_t max_bytes;
};
bool sched_wants(struct sched *s, struct sched_want *ret_want);
/* Takes over the tasks of an answered refill, and what it says of more. One that
 * failed is asked for again by the next sched_wants. |due_at|: when a deferred host
 * of the job is due; 0: none is. */
void sched_refilled(struct sched *s, struct refill *r, int64_t due_at);

/* --- looking ------------------------------------------------------------------------ */

struct sched_stats {
    size_t hosts, tasks, bytes, started;
};
struct sched_stats sched_stats(const struct sched *s);

struct sched_view {
    int64_t host;
    size_t queued, started; /* of this job, here */
    enum sched_block blocked_by;
    int64_t blocked_until; /* 0: not blocked; INT64_MAX: until something changes */
    uint32_t delay_ms;
};
/* False: nothing of |job| is held for |host|. */
bool sched_look(const struct sched *s, int64_t job, int64_t host, struct sched_view *ret_view);

#endif
