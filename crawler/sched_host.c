/* Hosts: when each may be asked, and whose task is next there. */
#include <stdlib.h>

#include "base/mem.h"
#include "crawler/sched_impl.h"

enum { TOLD_MS = 5000 }; /* until the store has surely heard of a hold, and no older answer comes */

/* --- coming and going ------------------------------------------------------------- */

struct sched_host *sched_host_get(struct sched *s, uint64_t id) {
    struct sched_host *h = map_get(&s->hosts, id);

    if (h)
        return h;
    h = NEW(struct sched_host);
    h->id = id;
    h->sent_at = s->options.asked_before;
    list_init(&h->queues);
    map_put(&s->hosts, id, h);
    s->bytes += HOST_BYTES;
    return h;
}

static void give_back(const struct sched *s, struct sched_host *h) {
    if (h->owner && s->options.host_left)
        s->options.host_left(s->options.arg, h->owner);
}

static void host_free(struct sched *s, struct sched_host *h) {
    (void)map_remove(&s->hosts, h->id);
    s->bytes -= HOST_BYTES;
    give_back(s, h);
    free(h);
}

void sched_hosts_free(struct sched *s) {
    struct sched_host *h;

    for (size_t at = 0; (h = map_next(&s->hosts, &at));) {
        give_back(s, h);
        free(h);
    }
    map_done(&s->hosts);
}

/* --- when it may be asked ------------------------------------------------------------ */

/* The delay that was in force when the last request went out holds, and so does a
 * longer one that a job brought since. */
static int64_t polite_at(const struct sched_host *h) {
    return later(h->due_at, h->sent_at + h->delay_ms);
}

static int64_t host_start_at(const struct sched_host *h) {
    return later(polite_at(h), h->hold_until);
}

/* Next is a robots.txt that was redirected: to wait for one would be to wait for itself. */
static bool has_robots_next(const struct queue *q) {
    return !list_empty(&q->urgent) && is_of_robots(CONTAINER_OF(q->urgent.next, struct task, link));
}

static int64_t queue_start_at(const struct queue *q) {
    int64_t at = host_start_at(q->host);

    return q->job->obeys_robots && !has_robots_next(q) ? later(at, q->host->robots_until) : at;
}

static uint32_t larger(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* With a delay one request at a time is on its way out: the delay counts from its
 * sending, which has not happened yet. */
static bool has_slot(const struct sched_host *h) {
    return !h->is_suspended && h->started < h->max_connections &&
           (h->unsent == 0 || larger(h->delay_ms, h->promised_ms) == 0);
}

/* The delay in force holds for this request, even if its job pauses before it is sent. */
void sched_host_promise(struct sched_host *h) {
    h->promised_ms = h->unsent ? larger(h->promised_ms, h->delay_ms) : h->delay_ms;
    h->unsent++;
}

/* The strictest of the jobs that have work here decide, and the host's own pace. */
void sched_host_note_jobs(struct sched_host *h) {
    h->delay_ms = h->pace_ms;
    h->max_connections = h->is_probed ? 1 : UINT32_MAX;
    for (struct list *at = h->queues.next; at != &h->queues; at = at->next) {
        const struct queue *q = CONTAINER_OF(at, struct queue, of_host);

        h->delay_ms = larger(h->delay_ms, larger(q->job->delay_ms, q->crawl_delay_ms));
        if (q->job->connections < h->max_connections)
            h->max_connections = q->job->connections;
    }
}

/* --- whose turn it is --------------------------------------------------------------- */

struct queue *sched_host_queue(const struct sched_host *h, int64_t job) {
    for (struct list *at = h->queues.next; at != &h->queues; at = at->next)
        if (CONTAINER_OF(at, struct queue, of_host)->job->no == job)
            return CONTAINER_OF(at, struct queue, of_host);
    return NULL;
}

struct queue *sched_host_turn(const struct sched_host *h) {
    struct queue *best = NULL;

    for (struct list *at = h->queues.next; at != &h->queues; at = at->next) {
        struct queue *q = CONTAINER_OF(at, struct queue, of_host);

        if (!list_empty(&q->line) && (!best || q->served < best->served))
            best = q;
    }
    return best;
}

static void join_line(struct sched *s, struct queue *q) {
    if (!list_empty(&q->line))
        return; /* and keeps its place */
    list_push_back(&q->job->line, &q->line);
    job_place(s, q->job);
}

void queue_leave_line(struct sched *s, struct queue *q) {
    if (list_empty(&q->line))
        return;
    list_remove(&q->line);
    job_place(s, q->job);
}

/* Lets those stand in line that may start now. When the next one may. */
static int64_t place_queues(struct sched *s, struct sched_host *h) {
    int64_t next_at = INT64_MAX;
    bool may_start = has_slot(h);

    for (struct list *at = h->queues.next; at != &h->queues; at = at->next) {
        struct queue *q = CONTAINER_OF(at, struct queue, of_host);
        int64_t start_at = may_start && q->n_ready > 0 ? queue_start_at(q) : INT64_MAX;

        if (start_at <= s->now)
            join_line(s, q);
        else
            queue_leave_line(s, q);
        if (start_at > s->now && start_at < next_at)
            next_at = start_at;
    }
    return next_at;
}

static int64_t kept_until(const struct sched_host *h) {
    return h->is_put_off ? later(polite_at(h), h->put_off_at + TOLD_MS) : host_start_at(h);
}

static void rest(struct sched *s, struct sched_host *h) {
    int64_t until = kept_until(h);

    if (h->started > 0 || !list_empty(&h->queues))
        return;
    if (until <= s->now) {
        host_free(s, h);
        return;
    }
    h->is_cooling = true;
    heap_put(&s->cooling, &h->node, until);
}

void sched_host_place(struct sched *s, struct sched_host *h) {
    int64_t next_at = place_queues(s, h);

    if (h->is_cooling)
        heap_remove(&s->cooling, &h->node);
    h->is_cooling = false;
    if (next_at < INT64_MAX) {
        heap_put(&s->later, &h->node, next_at);
        return;
    }
    heap_remove(&s->later, &h->node);
    rest(s, h);
}

void sched_host_to_end_of_line(struct sched *s, struct sched_host *h) {
    for (struct list *at = h->queues.next; at != &h->queues; at = at->next)
        queue_leave_line(s, CONTAINER_OF(at, struct queue, of_host));
    sched_host_place(s, h);
}

static void place_due(struct sched *s, struct heap *heap) {
    struct heap_node *first;

    while ((first = heap_first(heap)) && first->key <= s->now)
        sched_host_place(s, CONTAINER_OF(first, struct sched_host, node));
}

void sched_hosts_note_time(struct sched *s) {
    place_due(s, &s->later);
    place_due(s, &s->cooling);
}

/* --- what the engine says of it --------------------------------------------------------- */

void sched_set_owner(struct sched_host *h, void *owner) {
    h->owner = owner;
}

void *sched_owner(const struct sched_host *h) {
    return h->owner;
}

struct sched_host *sched_find(const struct sched *s, int64_t host) {
    return map_get(&s->hosts, (uint64_t)host);
}

int64_t sched_host_id(const struct sched_host *h) {
    return (int64_t)h->id;
}

void sched_hold(struct sched *s, struct sched_host *h, int64_t until, enum sched_block why) {
    if (until > h->hold_until) {
        h->hold_until = until;
        h->held_by = why;
        h->is_put_off = false;
    }
    sched_host_place(s, h);
}

void sched_lift(struct sched *s, struct sched_host *h) {
    h->hold_until = 0;
    h->is_put_off = false;
    sched_host_place(s, h);
}

void sched_host_put_off(struct sched *s, struct sched_host *h) {
    h->is_put_off = h->hold_until > s->now;
    h->put_off_at = s->now;
}

void sched_suspend(struct sched *s, struct sched_host *h, bool is_suspended) {
    h->is_suspended = is_suspended;
    sched_host_place(s, h);
}

void sched_await_robots(struct sched *s, struct sched_host *h, int64_t until) {
    h->robots_until = until;
    sched_host_place(s, h);
}

bool sched_set_crawl_delay(struct sched *s, struct sched_host *h, int64_t job, uint32_t ms) {
    struct queue *q = sched_host_queue(h, job);

    if (!q || q->crawl_delay_ms == ms)
        return false;
    q->crawl_delay_ms = ms;
    sched_host_note_jobs(h);
    sched_host_place(s, h);
    return true;
}

void sched_set_pace(struct sched *s, struct sched_host *h, uint32_t delay_ms, bool is_probed) {
    if (h->pace_ms == delay_ms && h->is_probed == is_probed)
        return;
    h->pace_ms = delay_ms;
    h->is_probed = is_probed;
    sched_host_note_jobs(h);
    sched_host_place(s, h);
}

bool sched_is_due(const struct sched *s, const struct sched_host *h, int64_t now, int64_t ms) {
    (void)s;
    return h->n_ready > 0 && host_start_at(h) <= now + ms;
}

/* --- why it waits ------------------------------------------------------------------------- */

static const char *const block_texts[] = {
#define X(name, text) text,
    SCHED_BLOCK_TABLE(X)
#undef X
};

const char *sched_block_text(enum sched_block b) {
    return block_texts[b];
}

static enum sched_block delay_of(const struct queue *q) {
    bool is_crawl_delay = q->crawl_delay_ms >= q->host->delay_ms && q->crawl_delay_ms > 0;

    return is_crawl_delay ? BLOCK_CRAWL_DELAY : BLOCK_DELAY;
}

static void note_block(const struct sched *s, const struct queue *q, struct sched_view *v) {
    const struct sched_host *h = q->host;
    int64_t start_at = queue_start_at(q);

    if (q->n_ready + q->n_waiting == 0)
        return;
    if (!has_slot(h)) {
        v->blocked_by = h->is_suspended ? BLOCK_ROBOTS : BLOCK_CONNECTIONS;
        v->blocked_until = INT64_MAX;
    } else if (start_at > s->now) {
        v->blocked_until = start_at;
        if (start_at == polite_at(h))
            v->blocked_by = delay_of(q);
        else
            v->blocked_by = start_at == h->hold_until ? h->held_by : BLOCK_ROBOTS;
    }
}

bool sched_look(const struct sched *s, int64_t job, int64_t host, struct sched_view *ret_view) {
    const struct sched_host *h = map_get(&s->hosts, (uint64_t)host);
    const struct queue *q = h ? sched_host_queue(h, job) : NULL;

    if (!q)
        return false;
    *ret_view = (struct sched_view){.host = host,
                                    .queued = q->n_ready + q->n_waiting,
                                    .started = q->started,
                                    .delay_ms = h->delay_ms};
    note_block(s, q, ret_view);
    return true;
}
