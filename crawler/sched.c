/* Tasks: how they come in, which is next, and what became of it. */
#include "crawler/sched.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "crawler/sched_impl.h"

enum { TURN_UNIT = 2520 }; /* of a turn, divided by the weight: exact for weights up to 10 */

static void note_time(struct sched *s, int64_t now) {
    s->now = later(s->now, now);
    sched_hosts_note_time(s);
}

/* --- queues --------------------------------------------------------------------- */

struct queue *queue_get(struct sched *s, struct sched_job *job, uint64_t host) {
    struct sched_host *h = sched_host_get(s, host);
    struct queue *q = sched_host_queue(h, job->no);

    if (q)
        return q;
    q = NEW(struct queue);
    q->host = h;
    q->job = job;
    list_init(&q->urgent);
    list_init(&q->tasks);
    list_init(&q->waiting);
    list_init(&q->low);
    list_init(&q->closed);
    list_init(&q->line);
    list_push_back(&h->queues, &q->of_host);
    list_push_back(&job->queues, &q->of_job);
    s->bytes += QUEUE_BYTES;
    job->bytes += QUEUE_BYTES + HOST_BYTES;
    sched_host_note_jobs(h);
    sched_host_place(s, h);
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
    if (is_of_robots(t))
        list_push_front(&q->urgent, &t->link);
    else
        list_push_back(is_urgent ? &q->urgent : &q->tasks, &t->link);
    if (q->n_ready++ == 0) /* what it did not use of its turns is gone */
        q->served = later(q->served, q->host->served);
    q->host->n_ready++;
    sched_host_place(s, q->host);
}

static struct task *take_from(struct sched *s, struct queue *q, struct list *tasks) {
    struct task *t = CONTAINER_OF(list_pop_front(tasks), struct task, link);

    q->n_ready--;
    q->host->n_ready--;
    uncount_task(s, q, t);
    return t;
}

static struct task *queue_take(struct sched *s, struct queue *q) {
    return take_from(s, q, list_empty(&q->urgent) ? &q->tasks : &q->urgent);
}

/* --- retries that wait ------------------------------------------------------------------ */

void queue_put_later(struct sched *s, struct queue *q, struct task *t, int64_t due_at) {
    struct waiting *w = NEW(struct waiting);

    w->queue = q;
    w->task = t;
    list_push_back(&q->waiting, &w->of_queue);
    q->n_waiting++;
    count_task(s, q, t);
    heap_put(&s->waiting, &w->node, due_at);
}

/* Gives its task. */
static struct task *waiting_end(struct sched *s, struct waiting *w) {
    struct task *t = w->task;

    heap_remove(&s->waiting, &w->node);
    list_remove(&w->of_queue);
    w->queue->n_waiting--;
    uncount_task(s, w->queue, t);
    free(w);
    return t;
}

static void queue_drop_waiting(struct sched *s, struct queue *q) {
    while (!list_empty(&q->waiting))
        free(waiting_end(s, CONTAINER_OF(q->waiting.next, struct waiting, of_queue)));
}

/* Retries whose time has come become ready, before their job's other tasks. */
static void wake_waiting(struct sched *s) {
    struct heap_node *first;

    while ((first = heap_first(&s->waiting)) && first->key <= s->now) {
        struct waiting *w = CONTAINER_OF(first, struct waiting, node);
        struct queue *q = w->queue;

        queue_put(s, q, waiting_end(s, w), true);
    }
}

/* --- what is away ------------------------------------------------------------------------ */

void queue_note_away(struct queue *q, const struct task *t) {
    map_put(&q->job->away, (uint64_t)t->seq, (void *)(uintptr_t)(q->opening + 1));
}

/* Forgets that a task is away. False: |q| was not opened, or was opened since and has
 * not read it: then it does not count there. */
static bool take_away(struct sched_job *job, const struct queue *q, int64_t seq) {
    uint64_t opening = job ? (uint64_t)(uintptr_t)map_remove(&job->away, (uint64_t)seq) : 0;

    return q && q->opening && q->opening + 1 == opening;
}

static bool is_hop(const struct queue *q, const struct task *t) {
    return t->is_hop || (uint64_t)t->host != q->host->id;
}

/* A hop is away until it is dropped. */
static void drop_task(struct queue *q, struct task *t) {
    if (is_hop(q, t))
        (void)map_remove(&q->job->away, (uint64_t)t->seq);
    free(t);
}

void queue_free(struct sched *s, struct queue *q) {
    struct sched_host *h = q->host;

    queue_drop_waiting(s, q);
    while (q->n_ready > 0)
        drop_task(q, queue_take(s, q));
    list_remove(&q->of_host);
    list_remove(&q->of_job);
    list_remove(&q->low);
    list_remove(&q->closed);
    s->bytes -= QUEUE_BYTES;
    q->job->bytes -= QUEUE_BYTES + HOST_BYTES;
    queue_leave_line(s, q);
    free(q);
    sched_host_note_jobs(h);
    sched_host_place(s, h);
}

static bool is_idle(const struct queue *q) {
    return q->n_ready == 0 && q->n_waiting == 0 && q->started == 0 && !q->opening &&
           list_empty(&q->closed);
}

void queue_drop_idle(struct sched *s, struct queue *q) {
    if (is_idle(q))
        queue_free(s, q);
}

/* May free the host. */
static void drop_idle_queues(struct sched *s, struct sched_host *h) {
    struct list *at = h->queues.next, *end = &h->queues;

    while (at != end) {
        struct queue *q = CONTAINER_OF(at, struct queue, of_host);
        bool is_last = at->next == end;

        at = at->next;
        queue_drop_idle(s, q);
        if (is_last)
            return;
    }
}

/* --- closing ------------------------------------------------------------------------ */

void queue_close(struct sched *s, struct queue *q, enum sched_closing why, int64_t until) {
    q->opening = 0;
    q->has_more = q->is_asked = false;
    q->out = 0;
    q->why_closed = why;
    q->closed_until = until;
    list_remove(&q->low);
    job_note_hunger(s, q->job);
    list_push_back(&s->closed, &q->closed);
}

/* The host's own tasks; hops stay. */
static void drop_own_tasks(struct sched *s, struct queue *q, struct list *tasks) {
    struct list kept;

    list_init(&kept);
    while (!list_empty(tasks)) {
        struct task *t = take_from(s, q, tasks);

        if (!is_hop(q, t)) {
            free(t);
            continue;
        }
        list_push_back(&kept, &t->link);
    }
    while (!list_empty(&kept))
        queue_put(s, q, CONTAINER_OF(list_pop_front(&kept), struct task, link), true);
}

static void close_queue_of(struct sched *s, struct queue *q, enum sched_closing why,
                           int64_t until) {
    queue_drop_waiting(s, q);
    drop_own_tasks(s, q, &q->tasks);
    drop_own_tasks(s, q, &q->urgent);
    if (!q->opening)
        return;
    queue_close(s, q, why, until);
    if (why == CLOSED_DEFERRED)
        job_note_due(s, q->job, until);
}

void sched_close(struct sched *s, struct sched_host *h, enum sched_closing why, int64_t until) {
    for (struct list *at = h->queues.next; at != &h->queues; at = at->next) {
        struct queue *q = CONTAINER_OF(at, struct queue, of_host);

        if (why != CLOSED_ROBOTS || q->job->obeys_robots)
            close_queue_of(s, q, why, until);
    }
    if (why != CLOSED_ROBOTS)
        sched_host_put_off(s, h);
    sched_host_place(s, h);
    drop_idle_queues(s, h);
}

static struct task *take_hop_of(struct sched *s, struct queue *q) {
    for (struct list *at = q->urgent.next; at != &q->urgent; at = at->next) {
        struct task *t = CONTAINER_OF(at, struct task, link);

        if (!is_hop(q, t))
            continue;
        list_remove(&t->link);
        q->n_ready--;
        q->host->n_ready--;
        uncount_task(s, q, t);
        return t;
    }
    return NULL;
}

struct task *sched_take_hop(struct sched *s, struct sched_host *h) {
    struct task *t = NULL;

    for (struct list *at = h->queues.next; at != &h->queues && !t; at = at->next)
        t = take_hop_of(s, CONTAINER_OF(at, struct queue, of_host));
    if (t)
        sched_host_place(s, h);
    return t;
}

bool sched_take_closed(struct sched *s, struct sched_closed *ret_closed) {
    struct list *link = list_pop_front(&s->closed);
    struct queue *q;

    if (!link)
        return false;
    q = CONTAINER_OF(link, struct queue, closed);
    *ret_closed =
        (struct sched_closed){q->job->no, (int64_t)q->host->id, q->why_closed, q->closed_until};
    queue_drop_idle(s, q);
    return true;
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
    list_init(&s->closed);
    return s;
}

void sched_free(struct sched *s) {
    if (!s)
        return;
    jobs_free(s);
    sched_hosts_free(s);
    heap_done(&s->able);
    heap_done(&s->later);
    heap_done(&s->cooling);
    heap_done(&s->waiting);
    heap_done(&s->due);
    free(s->want_hosts);
    free(s);
}

struct sched_stats sched_stats(const struct sched *s) {
    return (struct sched_stats){
        .hosts = s->hosts.n, .tasks = s->n_tasks, .bytes = s->bytes, .started = s->started};
}

/* --- putting in and taking out ------------------------------------------------------ */

void sched_put(struct sched *s, struct task *t, int64_t host, bool front) {
    struct sched_job *job = job_get(s, t->job);

    assert(job);
    queue_put(s, queue_get(s, job, (uint64_t)host), t, front);
}

void sched_put_back(struct sched *s, struct task *t, int64_t not_before) {
    struct sched_job *job = job_get(s, t->job);
    struct sched_host *h = map_get(&s->hosts, (uint64_t)t->host);
    struct queue *q = h ? sched_host_queue(h, t->job) : NULL;

    if (!take_away(job, q, t->seq))
        free(t); /* it will be read again */
    else if (not_before <= s->now)
        queue_put(s, q, t, true);
    else
        queue_put_later(s, q, t, not_before);
}

void sched_charge(struct sched *s, int64_t bytes) {
    s->bytes += (size_t)bytes;
}

static int64_t wait_for(const struct heap *h, int64_t now, int64_t most) {
    const struct heap_node *first = heap_first(h);
    int64_t wait_ms = first ? later(first->key - now, 0) : INT64_MAX;

    return wait_ms < most ? wait_ms : most;
}

static int64_t until_something_is_due(const struct sched *s) {
    int64_t wait_ms = wait_for(&s->later, s->now, INT64_MAX);

    wait_ms = wait_for(&s->waiting, s->now, wait_ms);
    return wait_for(&s->due, s->now, wait_ms);
}

static void count_start(struct sched *s, struct queue *q, const struct task *t) {
    q->started++;
    q->host->started++;
    sched_host_promise(q->host);
    q->job->started++;
    s->started++;
    q->host->served = q->served;
    q->served += TURN_UNIT / q->job->weight;
    q->job->turn_at = ++s->turns;
    if (!is_hop(q, t)) /* else it is away already */
        queue_note_away(q, t);
}

/* The place of the job whose turn it is; NULL: nothing may start. */
static struct heap_node *first_able(struct sched *s, int64_t now, int64_t *ret_wait_ms) {
    struct heap_node *first;

    note_time(s, now);
    wake_waiting(s);
    first = heap_first(&s->able);
    if (!first)
        *ret_wait_ms = until_something_is_due(s);
    return first;
}

bool sched_is_ready(struct sched *s, int64_t now, int64_t *ret_wait_ms) {
    return first_able(s, now, ret_wait_ms) != NULL;
}

struct task *sched_next(struct sched *s, int64_t now, struct sched_host **ret_host,
                        int64_t *ret_wait_ms) {
    struct heap_node *first = first_able(s, now, ret_wait_ms);
    struct sched_host *h;
    struct queue *q;
    struct task *t;

    if (!first)
        return NULL;
    q = CONTAINER_OF(CONTAINER_OF(first, struct sched_job, place)->line.next, struct queue, line);
    h = q->host;
    q = sched_host_turn(h);
    t = queue_take(s, q);
    count_start(s, q, t);
    sched_host_to_end_of_line(s, h);
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
    h->due_at = later(h->due_at, now + later(h->delay_ms, h->promised_ms));
    sched_host_place(s, h);
}

static void count_end(struct sched *s, struct sched_job *job) {
    s->started--;
    if (!job || job->started == 0) /* removed, and here again */
        return;
    job->started--;
    job_place(s, job);
}

void sched_finished(struct sched *s, struct sched_host *h, int64_t job, bool was_sent,
                    int64_t now) {
    struct queue *q = sched_host_queue(h, job);

    assert(h->started > 0);
    note_time(s, now);
    h->started--;
    if (!was_sent) {
        assert(h->unsent > 0);
        h->unsent--;
    }
    count_end(s, job_get(s, job));
    if (q && q->started > 0)
        q->started--;
    sched_host_place(s, h); /* may free it where it has no queue */
    if (q)
        queue_drop_idle(s, q);
}

void sched_settled(struct sched *s, int64_t job, int64_t host, int64_t seq) {
    struct sched_job *j = job_get(s, job);
    struct sched_host *h = map_get(&s->hosts, (uint64_t)host);
    struct queue *q = h ? sched_host_queue(h, job) : NULL;

    if (!take_away(j, q, seq))
        return;
    q->out--;
    queue_note_level(s, q);
    queue_drop_idle(s, q);
}
