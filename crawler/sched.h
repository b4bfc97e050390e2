/* sched - which URL to fetch next, or how long to wait.
 *
 * Pure: time is an argument, no I/O, no globals; a day of crawling can be
 * simulated in a second. What is scheduled is hosts: a heap by the time each may
 * next be asked; each host holds a few tasks a job, and jobs take turns. The
 * engine tells what happened (started, sent, finished), puts tasks in, and is
 * told which hosts and jobs want to be refilled.
 *
 * Politeness: between the starts of two requests to one host lies the largest
 * host_delay_ms of the jobs with work for it, counted from the moment when the
 * first was sent; until then no other starts. At most the smallest
 * host_connections of those jobs run at once. Time is monotonic, ms.
 */
#ifndef CRAWLER_SCHED_H
#define CRAWLER_SCHED_H

#include "base/own.h"
#include "storage/store.h"

struct sched;
struct sched_host; /* one host; valid while it has tasks or requests */

struct sched_options {
    size_t window_bytes;  /* for all tasks and hosts held here */
    int64_t asked_before; /* a host not seen yet counts as asked at this time (the start) */
};

struct sched *sched_new(const struct sched_options *o);
void sched_free(struct sched *s); /* frees the tasks in it; NULL is fine */
DEFINE_OWNED(sched)

/* A job that is being crawled; its tasks come by sched_put. */
void sched_job_add(struct sched *s, int64_t job, uint32_t host_delay_ms, uint32_t host_connections);
/* Drops all that is queued of it (started ones are the engine's to abort). */
void sched_job_remove(struct sched *s, int64_t job);

/* Takes |t|, whose job is here. |key|: the host key of the URL to fetch, which may
 * be another than the task's (redirect hops). |not_before|: 0 for at once (a retry
 * waits). |front|: before the others of its job and host (hops, retries). */
void sched_put(struct sched *s, struct task *t, struct str key, int64_t not_before, bool front);

/* Memory elsewhere that goes with tasks in here (redirect hops) counts in the window;
 * negative: it is free again. */
void sched_charge(struct sched *s, int64_t bytes);

/* The next task to start, whose host then counts it as started; the caller owns
 * it. NULL: nothing may start now; *ret_wait_ms says for how long (INT64_MAX:
 * until something changes). */
struct task *sched_next(struct sched *s, int64_t now, struct sched_host **ret_host,
                        int64_t *ret_wait_ms);
/* The request of a started task went out, or bothered the host in another way:
 * the delay counts from |now|. At most once a start. */
void sched_sent(struct sched *s, struct sched_host *h, int64_t now);
/* It is over; |job|: the task's; |was_sent|: whether sched_sent was called for it.
 * The task itself may come back by sched_put, or ends by sched_settled. */
void sched_finished(struct sched *s, struct sched_host *h, int64_t job, bool was_sent, int64_t now);
/* A task that came by sched_refilled will not come back: |job| and |host| are its own. */
void sched_settled(struct sched *s, int64_t job, int64_t host);
/* No request to this host starts before |until| (Retry-After). */
void sched_hold(struct sched *s, struct sched_host *h, int64_t until);

/* What the engine should ask the store for. False: nothing wants more now. Each
 * answer is given once until sched_refilled() was called for the job. */
struct sched_want {
    int64_t job;
    struct refill_host *hosts; /* borrowed from sched until the next call: host, after_seq, limit */
    size_t n_hosts;
    int64_t after_host;
    size_t max_new; /* new hosts to open; 0 where the window is full */
    uint32_t tasks_per_host;
    size_t max_bytes;
};
bool sched_wants(struct sched *s, struct sched_want *ret_want);
/* Takes over the tasks of an answered refill, and what it says of more. One that
 * failed is asked for again by the next sched_wants. */
void sched_refilled(struct sched *s, struct refill *r);

/* Hosts of a job whose tasks are all settled, with no more in the store: for
 * store_batch.drained, each once. False: none. */
bool sched_take_drained(struct sched *s, int64_t *ret_job, int64_t *ret_host);

struct sched_stats {
    size_t hosts, tasks, bytes, started;
};
struct sched_stats sched_stats(const struct sched *s);
/* Tasks of a job that are queued here (not started). */
size_t sched_job_tasks(const struct sched *s, int64_t job);
/* Is a request to this host likely within |ms|? (Then a connection is worth keeping.) */
bool sched_is_due(const struct sched *s, const struct sched_host *h, int64_t now, int64_t ms);

#endif
