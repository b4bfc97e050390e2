/* sched_impl - what the parts of sched share: sched.c is how tasks come and go,
 * sched_host.c when a host may be asked and whose turn it is there, sched_job.c the
 * jobs and their shares, sched_window.c what is held here and what to ask the store
 * for. Nobody else includes this.
 */
#ifndef CRAWLER_SCHED_IMPL_H
#define CRAWLER_SCHED_IMPL_H

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "crawler/sched.h"

struct sched_host {
    struct heap_node node; /* in sched.later, or in sched.cooling */
    bool is_cooling;
    uint64_t id;
    void *owner;        /* the engine's */
    struct list queues; /* queue.of_host */
    size_t n_ready;
    uint32_t started, unsent;           /* requests; those not sent yet */
    uint32_t delay_ms, max_connections; /* over its queues and its own pace */
    uint32_t promised_ms; /* the largest delay when those that are unsent were started */
    uint32_t pace_ms;
    bool is_probed, is_suspended;
    enum sched_block held_by;
    int64_t sent_at, due_at, hold_until; /* due_at: by the delay in force at the last sending */
    bool is_put_off; /* the store is told of the hold, and |hold_until| is not waited for here */
    int64_t put_off_at;
    int64_t robots_until;
    int64_t served; /* the queues' count of turns, as far as the one served last */
};

/* The tasks of one job for one host. */
struct queue {
    struct list of_host, of_job;
    struct list line;   /* in sched_job.line: may start now */
    struct list low;    /* in sched_job.low: wants more tasks */
    struct list closed; /* in sched.closed: to be reported */
    struct sched_host *host;
    struct sched_job *job;
    struct list urgent, tasks; /* both ready; urgent ones first */
    struct list waiting;       /* waiting.of_queue */
    size_t n_ready, n_waiting; /* waiting: retries whose time has not come */
    size_t started;            /* requests for this job on this host */
    size_t out;        /* tasks read since it was opened and not settled, wherever they are */
    int64_t after_seq; /* the last one read */
    int64_t served;    /* turns, each divided by the job's weight */
    uint32_t crawl_delay_ms;
    enum sched_closing why_closed;
    int64_t closed_until;
    uint64_t opening; /* its work row is being worked off, for the how manieth time; 0: it is not */
    bool has_more;    /* the store holds tasks beyond after_seq */
    bool is_asked;    /* is in a refill under way */
};

struct sched_job {
    int64_t no;
    uint32_t delay_ms, connections, weight;
    bool obeys_robots, is_paused;
    struct list line;       /* queue.line; the one that waits longest stands first */
    struct heap_node place; /* in sched.able by share, where the line is not empty */
    size_t started;         /* requests */
    uint64_t turn_at;       /* of sched.turns, when it was served last */
    struct map away; /* seq -> opening of its queue: what was given out, and neither came back nor
                        settled */
    struct list queues;     /* queue.of_job */
    struct list low;        /* queue.low */
    struct list hungry_low; /* in sched.low: has low queues, and no refill under way */
    struct list hungry_new; /* in sched.opening: has more hosts, and no refill under way */
    struct heap_node due;   /* in sched.due: deferred hosts of it */
    int64_t after_host;
    bool has_more_hosts, must_look_again; /* the latter: from the first host on */
    uint64_t ask;                         /* the refill under way; 0: none */
    size_t n_tasks, bytes;                /* bytes: of tasks and hosts */
    size_t asked_bytes;                   /* expected of the refill under way */
};

/* A retry whose time has not come. */
struct waiting {
    struct heap_node node;
    struct list of_queue;
    struct queue *queue;
    struct task *task;
};

struct sched {
    struct sched_options options;
    int64_t now;         /* the latest time heard of */
    uint64_t turns;      /* tasks started so far */
    uint64_t asks;       /* refills asked for so far */
    uint64_t openings;   /* of queues */
    struct map hosts;    /* id -> sched_host */
    struct map jobs;     /* no -> sched_job */
    struct heap able;    /* jobs with a task that may start, by share */
    struct heap later;   /* hosts with a task that may start at a time to come */
    struct heap cooling; /* idle hosts that are kept until their delay is over */
    struct heap waiting; /* struct waiting, by time */
    struct heap due;     /* jobs with deferred hosts, by time */
    struct list low;     /* sched_job.hungry_low */
    struct list opening; /* sched_job.hungry_new */
    struct list closed;  /* queue.closed */
    size_t n_tasks, bytes, asked_bytes, started;
    struct refill_host *want_hosts; /* what sched_wants lent last */
    size_t want_cap;
};

enum {
    HOST_BYTES = sizeof(struct sched_host) + 2 * sizeof(struct map_slot) + 2 * sizeof(void *) + 16,
    QUEUE_BYTES = sizeof(struct queue) + 16,
};

/* Of no store: a robots.txt that is being fetched, on its way through other hosts. */
static inline bool is_of_robots(const struct task *t) {
    return t->seq < 0;
}

static inline int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* sched_host.c */
struct sched_host *sched_host_get(struct sched *s, uint64_t id); /* made where it is not there */
/* Puts the host where it belongs now; may free it where nothing needs it. */
void sched_host_place(struct sched *s, struct sched_host *h);
/* After one of its queues came, went or changed what it asks for. */
void sched_host_note_jobs(struct sched_host *h);
void sched_host_to_end_of_line(struct sched *s, struct sched_host *h);
void sched_host_promise(struct sched_host *h); /* one more is started and unsent */
/* Of its queues in line, the one whose turn it is. */
struct queue *sched_host_turn(const struct sched_host *h);
void sched_host_put_off(struct sched *s, struct sched_host *h); /* for as long as it is held */
void sched_hosts_note_time(struct sched *s);
void queue_leave_line(struct sched *s, struct queue *q);
struct queue *sched_host_queue(const struct sched_host *h, int64_t job); /* or NULL */
void sched_hosts_free(struct sched *s);

/* sched.c */
struct queue *queue_get(struct sched *s, struct sched_job *job, uint64_t host);
void queue_put(struct sched *s, struct queue *q, struct task *t, bool is_urgent);
void queue_put_later(struct sched *s, struct queue *q, struct task *t, int64_t due_at);
/* Frees the queue, and its host, where nothing needs them any more. */
void queue_drop_idle(struct sched *s, struct queue *q);
/* It is no longer worked off: that is to be reported. */
void queue_close(struct sched *s, struct queue *q, enum sched_closing why, int64_t until);
void queue_free(struct sched *s, struct queue *q);
/* Notes that |t| is away, as one that was read since the queue was opened. */
void queue_note_away(struct queue *q, const struct task *t);

/* sched_job.c */
struct sched_job *job_get(const struct sched *s, int64_t no);
void job_place(struct sched *s, struct sched_job *job); /* its line or its share changed */
void jobs_free(struct sched *s);

/* sched_window.c */
/* Call where the number of tasks of |q| or what the store holds of it changed. */
void queue_note_level(struct sched *s, struct queue *q);
void job_note_hunger(struct sched *s, struct sched_job *job);
/* Then the store has hosts of it that were deferred; the earliest time counts. */
void job_note_due(struct sched *s, struct sched_job *job, int64_t due_at);

#endif
