/* Turns and politeness: which host may start a request, and whose task it is. */
#include "crawler/sched.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "crawler/sched_impl.h"

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static void note_time(struct sched *s, int64_t now) {
    s->now = later(s->now, now);
}

/* --- hosts ---------------------------------------------------------------------- */

static struct sched_host *host_get(struct sched *s, uint64_t key) {
    struct sched_host *h = map_get(&s->hosts, key);

    if (h)
        return h;
    h = NEW(struct sched_host);
    h->key = key;
    h->sent_at = s->options.asked_before;
    list_init(&h->queues);
    map_put(&s->hosts, key, h);
    s->bytes += HOST_BYTES;
    return h;
}

static void host_free(struct sched *s, struct sched_host *h) {
    (void)map_remove(&s->hosts, h->key);
    s->bytes -= HOST_BYTES;
    free(h);
}

/* The delay that was in force when the last request went out holds, and so does a
 * longer one that a job brought since. */
static int64_t host_start_at(const struct sched_host *h) {
    return later(later(h->due_at, h->sent_at + h->delay_ms), h->hold_until);
}

/* With a delay one request at a time is on its way out: the delay counts from its
 * sending, which has not happened yet. */
static bool host_has_slot(const struct sched_host *h) {
    return h->started < h->max_connections && (h->unsent == 0 || h->delay_ms == 0);
}

/* Puts the host where it belongs now. One that may start already keeps its place
 * in the line. */
static void host_place(struct sched *s, struct sched_host *h) {
    bool in_line = heap_has(&h->node) && !h->is_cooling && h->node.key < s->now;
    int64_t start_at = host_start_at(h);

    if (h->is_cooling)
        heap_remove(&s->cooling, &h->node);
    h->is_cooling = false;
    if (h->n_ready > 0 && host_has_slot(h)) {
        heap_put(&s->ready, &h->node, later(start_at, in_line ? h->node.key : s->now));
        return;
    }
    heap_remove(&s->ready, &h->node);
    if (h->started > 0 || !list_empty(&h->queues))
        return;
    if (start_at <= s->now) {
        host_free(s, h);
        return;
    }
    h->is_cooling = true;
    heap_put(&s->cooling, &h->node, start_at);
}

/* The strictest of the jobs that have work here decide. */
static void host_note_jobs(struct sched_host *h) {
    uint32_t delay_ms = 0, connections = UINT32_MAX;

    for (struct list *at = h->queues.next; at != &h->queues; at = at->next) {
        const struct sched_job *job = CONTAINER_OF(at, struct queue, of_host)->job;

        if (job->delay_ms > delay_ms)
            delay_ms = job->delay_ms;
        if (job->connections < connections)
            connections = job->connections;
    }
    h->delay_ms = delay_ms;
    h->max_connections = connections;
}

/* --- queues --------------------------------------------------------------------- */

struct queue *host_queue(const struct sched_host *h, int64_t job) {
    for (struct list *at = h->queues.next; at != &h->queues; at = at->next)
        if (CONTAINER_OF(at, struct queue, of_host)->job->no == job)
            return CONTAINER_OF(at, struct queue, of_host);
    return NULL;
}

struct queue *queue_get(struct sched *s, struct sched_job *job, uint64_t host_key) {
    struct sched_host *h = host_get(s, host_key);
    struct queue *q = host_queue(h, job->no);

    if (q)
        return q;
    q = NEW(struct queue);
    q->host = h;
    q->job = job;
    list_init(&q->urgent);
    list_init(&q->tasks);
    list_init(&q->low);
    list_init(&q->drained);
    list_push_back(&h->queues, &q->of_host);
    list_push_back(&job->queues, &q->of_job);
    s->bytes += QUEUE_BYTES;
    job->bytes += QUEUE_BYTES + HOST_BYTES;
    host_note_jobs(h);
    host_place(s, h);
    return q;
}

static void count_task(struct sched *s, struct queue *q, const struct task *t) {
    s->n_tasks++;
    s->bytes += task_size(t);
    q->job->n_tasks++;
    q->job->bytes += task_size(t);
}

static void uncount_task(struct sched *s, struct queue *q, const struct task *t) {
    s->n_tasks--;
    s->bytes -= task_size(t);
    q->job->n_tasks--;
    q->job->bytes -= task_size(t);
}

void queue_put(struct sched *s, struct queue *q, struct task *t, bool is_urgent) {
    count_task(s, q, t);
    list_push_back(is_urgent ? &q->urgent : &q->tasks, &t->link);
    q->n_ready++;
    q->host->n_ready++;
    host_place(s, q->host);
}

static struct task *queue_take(struct sched *s, struct queue *q) {
    struct list *link = list_pop_front(&q->urgent);
    struct task *t;

    if (!link)
        link = list_pop_front(&q->tasks);
    t = CONTAINER_OF(link, struct task, link);
    q->n_ready--;
    q->host->n_ready--;
    uncount_task(s, q, t);
    return t;
}

static void queue_free(struct sched *s, struct queue *q) {
    struct sched_host *h = q->host;

    while (q->n_ready > 0)
        free(queue_take(s, q));
    list_remove(&q->of_host);
    list_remove(&q->of_job);
    list_remove(&q->low);
    list_remove(&q->drained);
    s->bytes -= QUEUE_BYTES;
    q->job->bytes -= QUEUE_BYTES + HOST_BYTES;
    free(q);
    host_note_jobs(h);
    host_place(s, h);
}

void queue_drop_idle(struct sched *s, struct queue *q) {
    if (q->n_ready == 0 && q->n_waiting == 0 && q->started == 0 && !q->is_open &&
        list_empty(&q->drained))
        queue_free(s, q);
}

/* --- jobs ----------------------------------------------------------------------- */

static struct sched_job *job_get(const struct sched *s, int64_t no) {
    return map_get(&s->jobs, (uint64_t)no);
}

void sched_job_add(struct sched *s, int64_t job, uint32_t host_delay_ms,
                   uint32_t host_connections) {
    struct sched_job *j;

    if (job_get(s, job))
        return;
    j = NEW(struct sched_job);
    *j = (struct sched_job){.no = job,
                            .delay_ms = host_delay_ms,
                            .connections = host_connections ? host_connections : 1,
                            .after_host = -1,
                            .has_more_hosts = true};
    list_init(&j->queues);
    list_init(&j->low);
    list_init(&j->hungry_low);
    list_init(&j->hungry_new);
    map_put(&s->jobs, (uint64_t)job, j);
    job_note_hunger(s, j);
}

static void drop_waiting_of(struct sched *s, const struct sched_job *job) {
    struct heap kept = {0};
    struct heap_node *first;

    while ((first = heap_first(&s->waiting))) {
        struct waiting *w = CONTAINER_OF(first, struct waiting, node);

        heap_remove(&s->waiting, first);
        if (w->queue->job != job) {
            heap_put(&kept, first, first->key);
            continue;
        }
        uncount_task(s, w->queue, w->task);
        w->queue->n_waiting--;
        free(w->task);
        free(w);
    }
    heap_done(&s->waiting);
    s->waiting = kept;
}

static void job_free_queues(struct sched *s, struct sched_job *job) {
    drop_waiting_of(s, job);
    while (!list_empty(&job->queues))
        queue_free(s, CONTAINER_OF(job->queues.next, struct queue, of_job));
    s->asked_bytes -= job->asked_bytes;
    list_remove(&job->hungry_low);
    list_remove(&job->hungry_new);
}

void sched_job_remove(struct sched *s, int64_t job) {
    struct sched_job *j = map_remove(&s->jobs, (uint64_t)job);

    if (!j)
        return;
    job_free_queues(s, j);
    free(j);
}

size_t sched_job_tasks(const struct sched *s, int64_t job) {
    const struct sched_job *j = job_get(s, job);

    return j ? j->n_tasks : 0;
}

/* --- the life of sched ------------------------------------------------------------ */

struct sched *sched_new(const struct sched_options *o) {
    struct sched *s = NEW(struct sched);

    s->options = *o;
    s->now = o->asked_before;
    map_init(&s->hosts);
    map_init(&s->jobs);
    list_init(&s->low);
    list_init(&s->opening);
    list_init(&s->drained);
    return s;
}

void sched_free(struct sched *s) {
    struct sched_job *j;
    struct sched_host *h;

    if (!s)
        return;
    for (size_t at = 0; (j = map_next(&s->jobs, &at));) {
        job_free_queues(s, j);
        free(j);
    }
    for (size_t at = 0; (h = map_next(&s->hosts, &at));)
        free(h);
    map_done(&s->hosts);
    map_done(&s->jobs);
    heap_done(&s->ready);
    heap_done(&s->cooling);
    heap_done(&s->waiting);
    free(s->want_hosts);
    free(s);
}

struct sched_stats sched_stats(const struct sched *s) {
    return (struct sched_stats){
        .hosts = s->hosts.n, .tasks = s->n_tasks, .bytes = s->bytes, .started = s->started};
}

/* --- putting in and taking out ------------------------------------------------------ */

void sched_put(struct sched *s, struct task *t, struct str key, int64_t not_before, bool front) {
    struct sched_job *job = job_get(s, t->job);
    struct queue *q;
    struct waiting *w;

    assert(job);
    q = queue_get(s, job, (uint64_t)host_id(key, 0));
    if (not_before == 0 || not_before <= s->now) {
        queue_put(s, q, t, front);
        return;
    }
    w = NEW(struct waiting);
    w->queue = q;
    w->task = t;
    q->n_waiting++;
    count_task(s, q, t);
    heap_put(&s->waiting, &w->node, not_before);
}

void sched_charge(struct sched *s, int64_t bytes) {
    s->bytes += (size_t)bytes;
}

/* Retries whose time has come become ready, before their job's other tasks. */
static void wake_waiting(struct sched *s) {
    struct heap_node *first;

    while ((first = heap_first(&s->waiting)) && first->key <= s->now) {
        struct waiting *w = CONTAINER_OF(first, struct waiting, node);

        heap_remove(&s->waiting, first);
        w->queue->n_waiting--;
        uncount_task(s, w->queue, w->task);
        queue_put(s, w->queue, w->task, true);
        free(w);
    }
}

static void drop_cooled(struct sched *s) {
    struct heap_node *first;

    while ((first = heap_first(&s->cooling)) && first->key <= s->now)
        host_place(s, CONTAINER_OF(first, struct sched_host, node));
}

static int64_t wait_for(const struct heap *h, int64_t now, int64_t most) {
    const struct heap_node *first = heap_first(h);

    return first && first->key - now < most ? first->key - now : most;
}

/* The first job in line that has a ready task; it goes to the end of the line. */
static struct queue *host_turn(struct sched_host *h) {
    struct queue *q;

    do {
        struct list *first = list_pop_front(&h->queues);

        list_push_back(&h->queues, first);
        q = CONTAINER_OF(first, struct queue, of_host);
    } while (q->n_ready == 0);
    return q;
}

struct task *sched_next(struct sched *s, int64_t now, struct sched_host **ret_host,
                        int64_t *ret_wait_ms) {
    struct heap_node *first;
    struct sched_host *h;
    struct queue *q;
    struct task *t;

    note_time(s, now);
    wake_waiting(s);
    drop_cooled(s);
    first = heap_first(&s->ready);
    if (!first || first->key > s->now) {
        *ret_wait_ms = wait_for(&s->waiting, s->now, wait_for(&s->ready, s->now, INT64_MAX));
        return NULL;
    }
    h = CONTAINER_OF(first, struct sched_host, node);
    q = host_turn(h);
    t = queue_take(s, q);
    q->started++;
    h->started++;
    h->unsent++;
    s->started++;
    heap_remove(&s->ready, &h->node); /* to the end of the line of those that are ready */
    host_place(s, h);
    queue_note_level(s, q);
    *ret_host = h;
    return t;
}

/* --- what happened to requests -------------------------------------------------------- */

void sched_sent(struct sched *s, struct sched_host *h, int64_t now) {
    assert(h->unsent > 0);
    note_time(s, now);
    h->unsent--;
    h->sent_at = later(h->sent_at, now);
    h->due_at = later(h->due_at, now + h->delay_ms);
    host_place(s, h);
}

void sched_finished(struct sched *s, struct sched_host *h, int64_t job, bool was_sent,
                    int64_t now) {
    struct queue *q = host_queue(h, job);

    assert(h->started > 0);
    note_time(s, now);
    h->started--;
    s->started--;
    if (!was_sent) {
        assert(h->unsent > 0);
        h->unsent--;
    }
    if (q && q->started > 0)
        q->started--;
    host_place(s, h); /* may free it where it has no queue */
    if (q)
        queue_drop_idle(s, q);
}

void sched_hold(struct sched *s, struct sched_host *h, int64_t until) {
    h->hold_until = later(h->hold_until, until);
    host_place(s, h);
}

bool sched_is_due(const struct sched *s, const struct sched_host *h, int64_t now, int64_t ms) {
    (void)s;
    return h->n_ready > 0 && host_start_at(h) <= now + ms;
}
