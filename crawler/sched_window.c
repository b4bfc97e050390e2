/* What is held here: a window over the frontier, whose bytes are bounded.
 *
 * A host's queue is low below half of its target, which is what the host can use
 * up in HORIZON_MS. New hosts are opened while less than window_bytes are in use;
 * a job with less than its share may go a quarter beyond, so that a huge job does
 * not keep a late one waiting. Past that nothing is asked for, unless there is no
 * task left to start (else open hosts alone could block the window for ever).
 */
#include <stdlib.h>

#include "base/mem.h"
#include "crawler/sched_impl.h"

enum {
    HORIZON_MS = 5000,   /* a refill may have to wait for the writer's long commits */
    MIN_TARGET = 8,      /* tasks of a queue */
    CALM_TARGET = 64,    /* at most, once half of the window is in use; and for a new host */
    REFILL_TASKS = 2048, /* at most in one refill */
    REFILL_HOSTS = 512,
    SURPRISE = 2,           /* as much as was reckoned with may come this many times over */
    LEAST_TASK_BYTES = 192, /* assumed of tasks not seen yet */
};

static size_t used(const struct sched *s) {
    return s->bytes + s->asked_bytes;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t target_of(const struct sched *s, uint32_t delay_ms, size_t most) {
    size_t target = HORIZON_MS / (delay_ms ? delay_ms : 1);

    if (used(s) > s->options.window_bytes / 2)
        most = smaller(most, CALM_TARGET);
    target = smaller(target, most);
    return target > MIN_TARGET ? target : MIN_TARGET;
}

static size_t queue_target(const struct sched *s, const struct queue *q) {
    return target_of(s, q->host->delay_ms, REFILL_TASKS);
}

static size_t task_bytes(const struct sched *s) {
    size_t mean = s->n_tasks ? s->bytes / s->n_tasks : 0;

    return mean > LEAST_TASK_BYTES ? mean : LEAST_TASK_BYTES;
}

/* --- who is hungry ---------------------------------------------------------------- */

static void set_listed(struct list *node, struct list *head, bool is_in) {
    if (!is_in)
        list_remove(node);
    else if (list_empty(node))
        list_push_back(head, node);
}

void job_note_hunger(struct sched *s, struct sched_job *job) {
    bool may_ask = !job->ask && !job->is_paused;

    set_listed(&job->hungry_low, &s->low, may_ask && !list_empty(&job->low));
    set_listed(&job->hungry_new, &s->opening, may_ask && job->has_more_hosts);
}

void queue_note_level(struct sched *s, struct queue *q) {
    size_t have = q->n_ready + q->n_waiting;

    set_listed(&q->low, &q->job->low,
               q->opening && q->has_more && !q->is_asked && have * 2 <= queue_target(s, q));
    job_note_hunger(s, q->job);
    if (q->opening && !q->has_more && !q->is_asked && q->out == 0)
        queue_close(s, q, CLOSED_DRAINED, 0);
}

/* --- asking ------------------------------------------------------------------------ */

static struct refill_host *want_slot(struct sched *s, size_t at) {
    if (at == s->want_cap) {
        s->want_cap = s->want_cap ? s->want_cap * 2 : 16;
        s->want_hosts = mem_resize(s->want_hosts, s->want_cap, sizeof(struct refill_host));
    }
    return &s->want_hosts[at];
}

/* The low queues of |job|, as many as go into one refill. Returns the tasks asked for. */
static size_t want_known(struct sched *s, struct sched_job *job, struct sched_want *want) {
    size_t tasks = 0;

    while (!list_empty(&job->low) && want->n_hosts < REFILL_HOSTS &&
           tasks + MIN_TARGET <= REFILL_TASKS) {
        struct queue *q = CONTAINER_OF(list_pop_front(&job->low), struct queue, low);
        size_t have = q->n_ready + q->n_waiting, target = queue_target(s, q);
        size_t limit = target > have ? target - have : MIN_TARGET; /* targets shrink, too */

        limit = smaller(limit, REFILL_TASKS - tasks);
        q->is_asked = true;
        tasks += limit;
        *want_slot(s, want->n_hosts++) = (struct refill_host){
            .host = (int64_t)q->host->id, .after_seq = q->after_seq, .limit = (uint32_t)limit};
    }
    return tasks;
}

static bool may_open(const struct sched *s, const struct sched_job *job) {
    size_t window = s->options.window_bytes;

    if (!job->has_more_hosts)
        return false;
    if (used(s) < window || s->n_tasks == 0)
        return true;
    return used(s) < window + window / 4 && job->bytes < window / s->jobs.n;
}

/* How many new hosts; returns the tasks asked for beside the |asked| ones. */
static size_t want_new(struct sched *s, const struct sched_job *job, size_t asked,
                       struct sched_want *want) {
    size_t window = s->options.window_bytes, per_host, room;

    if (!may_open(s, job) || asked + MIN_TARGET > REFILL_TASKS)
        return 0;
    per_host = smaller(target_of(s, job->delay_ms, CALM_TARGET), REFILL_TASKS - asked);
    room = window > used(s) ? window - used(s) : 0;
    room /= HOST_BYTES + QUEUE_BYTES + per_host * task_bytes(s);
    want->max_new = smaller(smaller(room, REFILL_HOSTS), (REFILL_TASKS - asked) / per_host);
    if (want->max_new == 0)
        want->max_new = 1;
    want->tasks_per_host = (uint32_t)per_host;
    return want->max_new * per_host;
}

/* Past the window, known hosts are refilled only as far as the quarter beyond. */
static bool may_refill(const struct sched *s) {
    return used(s) < s->options.window_bytes + s->options.window_bytes / 4 || s->n_tasks == 0;
}

static struct sched_job *hungriest(struct sched *s) {
    if (!list_empty(&s->low) && may_refill(s))
        return CONTAINER_OF(s->low.next, struct sched_job, hungry_low);
    for (struct list *at = s->opening.next; at != &s->opening; at = at->next) {
        struct sched_job *job = CONTAINER_OF(at, struct sched_job, hungry_new);

        if (may_open(s, job))
            return job;
    }
    return NULL;
}

/* Deferred hosts whose time has come are asked for like new ones. */
static void note_due(struct sched *s) {
    struct heap_node *first;

    while ((first = heap_first(&s->due)) && first->key <= s->now) {
        struct sched_job *job = CONTAINER_OF(first, struct sched_job, due);

        heap_remove(&s->due, first);
        job->has_more_hosts = true;
        job_note_hunger(s, job);
    }
}

bool sched_wants(struct sched *s, struct sched_want *ret_want) {
    struct sched_job *job;
    struct sched_want want = {0};
    size_t tasks = 0;

    note_due(s);
    job = hungriest(s);
    if (!job)
        return false;
    want.job = job->no;
    want.after_host = job->after_host;
    if (may_refill(s))
        tasks = want_known(s, job, &want);
    tasks += want_new(s, job, tasks, &want);
    want.hosts = s->want_hosts;
    want.tag = job->ask = ++s->asks;
    job->asked_bytes = tasks * task_bytes(s) + want.max_new * (size_t)(HOST_BYTES + QUEUE_BYTES);
    s->asked_bytes += job->asked_bytes;
    want.max_bytes = SURPRISE * job->asked_bytes;
    job_note_hunger(s, job);
    *ret_want = want;
    return true;
}

/* --- answers ------------------------------------------------------------------------ */

/* One that is away was given out before its host was closed, or its job paused. */
static void take_task(struct sched *s, struct queue *q, struct task *t) {
    q->after_seq = t->seq;
    q->out++;
    if (map_get(&q->job->away, (uint64_t)t->seq)) {
        queue_note_away(q, t);
        free(t);
        return;
    }
    if (t->due_at && t->due_at > s->now)
        queue_put_later(s, q, t, t->due_at);
    else
        queue_put(s, q, t, false);
}

static void take_tasks(struct sched *s, struct queue *q, struct refill_host *from) {
    struct list *link;

    while ((link = list_pop_front(&from->tasks)))
        take_task(s, q, CONTAINER_OF(link, struct task, link));
    q->has_more = from->more;
}

static void refill_known(struct sched *s, struct sched_job *job, struct refill *r) {
    for (size_t i = 0; i < r->n_hosts; i++) {
        struct sched_host *h = map_get(&s->hosts, (uint64_t)r->hosts[i].host);
        struct queue *q = h ? sched_host_queue(h, job->no) : NULL;

        if (!q || !q->is_asked)
            continue;
        q->is_asked = false;
        if (r->result == ERR_OK)
            take_tasks(s, q, &r->hosts[i]);
        queue_note_level(s, q);
        queue_drop_idle(s, q);
    }
}

static void open_queue(struct sched *s, struct queue *q) {
    list_remove(&q->closed); /* drained, until now */
    q->opening = ++s->openings;
    q->after_seq = -1;
}

/* A host that this job has open already was answered before: its tasks are here. */
static void refill_new_hosts(struct sched *s, struct sched_job *job, struct refill *r) {
    for (size_t i = r->n_hosts; i < r->n_hosts + r->n_new; i++) {
        struct queue *q = queue_get(s, job, (uint64_t)r->hosts[i].host);

        if (q->opening || !list_empty(&q->closed))
            continue;
        open_queue(s, q);
        take_tasks(s, q, &r->hosts[i]);
        queue_note_level(s, q);
        queue_drop_idle(s, q);
    }
    if (r->max_new > 0) {
        job->has_more_hosts = r->more_hosts;
        job->after_host = r->after_host;
    }
    if (!job->has_more_hosts && job->must_look_again) {
        job->must_look_again = false;
        job->has_more_hosts = true;
        job->after_host = s->options.first_host - 1;
    }
}

void job_note_due(struct sched *s, struct sched_job *job, int64_t due_at) {
    if (!heap_has(&job->due) || due_at < job->due.key)
        heap_put(&s->due, &job->due, due_at);
}

void sched_refilled(struct sched *s, struct refill *r, int64_t due_at) {
    struct sched_job *job = map_get(&s->jobs, (uint64_t)r->job);

    if (!job || job->ask != r->tag)
        return;
    s->asked_bytes -= job->asked_bytes;
    job->asked_bytes = 0;
    job->ask = 0;
    refill_known(s, job, r);
    if (r->result == ERR_OK) {
        refill_new_hosts(s, job, r);
        if (due_at > 0)
            job_note_due(s, job, due_at);
    }
    job_note_hunger(s, job);
}

/* --- what came into the store meanwhile ------------------------------------------------ */

static void look_again(struct sched *s, struct sched_job *job) {
    if (job->has_more_hosts) {
        job->must_look_again = true;
        return;
    }
    job->has_more_hosts = true;
    job->after_host = s->options.first_host - 1;
    job_note_hunger(s, job);
}

void sched_job_grew(struct sched *s, int64_t job, int64_t host) {
    struct sched_job *j = map_get(&s->jobs, (uint64_t)job);
    struct queue *q;

    if (!j || j->is_paused)
        return;
    if (host < 0 || used(s) >= s->options.window_bytes) {
        look_again(s, j);
        return;
    }
    q = queue_get(s, j, (uint64_t)host);
    if (!list_empty(&q->closed) && q->why_closed != CLOSED_DRAINED)
        return; /* it comes back when it is due */
    if (!q->opening)
        open_queue(s, q);
    q->has_more = true;
    queue_note_level(s, q);
}
