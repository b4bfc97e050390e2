/* sched_impl - what the two halves of sched share: sched.c says who may start
 * when, sched_window.c what is held here and what to ask the store for. Nobody
 * else includes this.
 */
#ifndef CRAWLER_SCHED_IMPL_H
#define CRAWLER_SCHED_IMPL_H

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "crawler/sched.h"

struct sched_host {
    struct heap_node node; /* in sched.ready by the time it may start, or in sched.cooling */
    bool is_cooling;
    uint64_t key;
    struct list queues; /* queue.of_host; the job whose turn it is stands first */
    size_t n_ready;
    uint32_t started, unsent;            /* requests; those not sent yet */
    uint32_t delay_ms, max_connections;  /* over its queues */
    int64_t sent_at, due_at, hold_until; /* due_at: by the delay in force at the last sending */
};

/* The tasks of one job for one host. */
struct queue {
    struct list of_host, of_job;
    struct list low;     /* in sched_job.low: wants more tasks */
    struct list drained; /* in sched.drained: to be reported */
    struct sched_host *host;
    struct sched_job *job;
    struct list urgent, tasks; /* both ready; urgent ones first */
    size_t n_ready, n_waiting; /* waiting: retries whose time has not come */
    size_t started;            /* requests for this job on this host */
    size_t out;        /* tasks read from this work row and not settled, wherever they are */
    int64_t after_seq; /* the last one read */
    bool is_open;      /* has a work row that was not reported as drained */
    bool has_more;     /* the store holds tasks beyond after_seq */
    bool is_asked;     /* is in a refill under way */
};

struct sched_job {
    int64_t no;
    uint32_t delay_ms, connections;
    struct list queues;     /* queue.of_job */
    struct list low;        /* queue.low */
    struct list hungry_low; /* in sched.low: has low queues, and no refill under way */
    struct list hungry_new; /* in sched.opening: has more hosts, and no refill under way */
    int64_t after_host;
    bool has_more_hosts, is_asking;
    size_t n_tasks, bytes; /* bytes: of tasks and hosts */
    size_t asked_bytes;    /* expected of the refill under way */
};

/* A retry whose time has not come. */
struct waiting {
    struct heap_node node;
    struct queue *queue;
    struct task *task;
};

struct sched {
    struct sched_options options;
    int64_t now;         /* the latest time heard of */
    struct map hosts;    /* key -> sched_host */
    struct map jobs;     /* no -> sched_job */
    struct heap ready;   /* hosts that have ready tasks and a free slot, by time */
    struct heap cooling; /* idle hosts that are kept until their delay is over */
    struct heap waiting; /* struct waiting, by time */
    struct list low;     /* sched_job.hungry_low */
    struct list opening; /* sched_job.hungry_new */
    struct list drained; /* queue.drained */
    size_t n_tasks, bytes, asked_bytes, started;
    struct refill_host *want_hosts; /* what sched_wants lent last */
    size_t want_cap;
};

enum {
    HOST_BYTES = sizeof(struct sched_host) + 2 * sizeof(struct map_slot) + 2 * sizeof(void *) + 16,
    QUEUE_BYTES = sizeof(struct queue) + 16,
};

/* sched.c */
struct queue *queue_get(struct sched *s, struct sched_job *job, uint64_t host_key);
void queue_put(struct sched *s, struct queue *q, struct task *t, bool is_urgent);
/* Frees the queue, and its host, where nothing needs them any more. */
void queue_drop_idle(struct sched *s, struct queue *q);
struct queue *host_queue(const struct sched_host *h, int64_t job); /* or NULL */

/* sched_window.c */
/* Call where the number of tasks of |q| or what the store holds of it changed. */
void queue_note_level(struct sched *s, struct queue *q);
void job_note_hunger(struct sched *s, struct sched_job *job);

#endif
