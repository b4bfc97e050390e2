/* The jobs under way: what the store's feed says of them, and their refills. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "crawler/engine_impl.h"

enum { REFILL_RETRY_MS = 1000, READ_RETRY_MS = 1000 };

struct crawl *crawl_get(const struct engine *e, int64_t job) {
    return map_get(&e->crawls, (uint64_t)job);
}

static void crawl_free(struct crawl *c) {
    job_free(c->job);
    growth_free(c->growth);
    free(c);
}

static void crawl_forget(struct engine *e, struct crawl *c) {
    (void)pthread_mutex_lock(&e->lock);
    (void)map_remove(&e->crawls, (uint64_t)c->no);
    (void)pthread_mutex_unlock(&e->lock);
    crawl_free(c);
}

/* The store is told by the last engine that held something of it. */
static void let_go(struct engine *e, int64_t job) {
    if (crew_let_go(e->options.crew, job))
        sink_put_released(e->sink, job);
}

/* The last of it is committed or given up. */
static void crawl_end_if_idle(struct engine *e, struct crawl *c) {
    if (!c->is_over || atomic_load(&c->running) > 0)
        return;
    if (c->is_released)
        let_go(e, c->no);
    crawl_forget(e, c);
}

void crawl_committed(struct engine *e, int64_t job) {
    struct crawl *c = crawl_get(e, job);

    if (!c)
        return;
    (void)atomic_fetch_sub(&c->running, 1);
    crawl_end_if_idle(e, c);
}

static struct crawl *crawl_new(struct engine *e, struct job *job, struct growth **growth) {
    struct crawl *c = NEW(struct crawl);

    c->no = job->no;
    c->job = job;
    c->extract = extract_options_of(&job->options);
    c->growth = TAKE(*growth);
    list_init(&c->trips);
    (void)pthread_mutex_lock(&e->lock);
    map_put(&e->crawls, (uint64_t)c->no, c);
    (void)pthread_mutex_unlock(&e->lock);
    return c;
}

/* --- changes ----------------------------------------------------------------------- */

/* A job that could not be read, as where memory is short. */
struct unread {
    struct list link; /* engine.unread */
    int64_t no;
};

static void read_later(struct engine *e, int64_t no, enum err why) {
    struct unread *u = NEW(struct unread);

    log_warning("cannot read a job; it is tried again in a second", log_int("job", no),
                log_str("error", str_of(err_text(why))));
    u->no = no;
    list_push_back(&e->unread, &u->link);
    e->read_at = e->now + READ_RETRY_MS;
}

static void unread_free(struct unread *u) {
    list_remove(&u->link);
    free(u);
}

static void forget_unread(struct engine *e, int64_t no) {
    struct list *at, *next;

    for (at = e->unread.next; at != &e->unread; at = next) {
        struct unread *u = CONTAINER_OF(at, struct unread, link);

        next = at->next;
        if (u->no == no)
            unread_free(u);
    }
}

static enum err crawl_read(struct engine *e, int64_t no, struct crawl **ret_crawl) {
    OWNED(job) struct job *job = NULL;
    OWNED(growth) struct growth *growth = NULL;
    enum err err = store_job_get_no(e->options.store, no, &job);

    if (err != ERR_OK)
        return err;
    if (job_options_grow(&job->options)) {
        growth = growth_new(&job->options);
        if (!growth)
            return ERR_NO_MEMORY;
    }
    *ret_crawl = crawl_new(e, TAKE(job), &growth);
    return ERR_OK;
}

static void crawl_begin(struct engine *e, int64_t no) {
    struct crawl *c = crawl_get(e, no);
    enum err err = c ? ERR_OK : crawl_read(e, no, &c);

    if (err == ERR_NOT_FOUND) /* deleted meanwhile: the feed will say so */
        return;
    if (err != ERR_OK) {
        read_later(e, no, err);
        return;
    }
    c->is_over = c->is_paused = false;
    sched_job_add(
        e->sched, no,
        &(struct sched_job_options){.host_delay_ms = c->job->options.host_delay_ms,
                                    .host_connections = c->job->options.host_connections,
                                    .priority = c->job->priority,
                                    .obeys_robots = c->job->options.robots == ROBOTS_OBEY});
}

static void abort_trips_of(struct crawl *c) {
    while (!list_empty(&c->trips))
        trip_abort(CONTAINER_OF(c->trips.next, struct trip, of_crawl));
}

/* What is under way may end; hops that wait begin anew. */
static void crawl_pause(struct engine *e, int64_t no) {
    struct crawl *c = crawl_get(e, no);
    struct list *at, *next;

    if (!c)
        return;
    for (at = c->trips.next; at != &c->trips; at = next) {
        struct trip *t = CONTAINER_OF(at, struct trip, of_crawl);

        next = at->next;
        if (t->is_in_flight)
            continue;
        trip_send_home(t);
        trip_abort(t);
    }
    c->is_paused = true;
    sched_job_pause(e->sched, no);
}

static void crawl_end(struct engine *e, int64_t no, bool is_released) {
    struct crawl *c = crawl_get(e, no);

    if (!c) {
        if (is_released)
            let_go(e, no);
        return;
    }
    abort_trips_of(c);
    sched_job_remove(e->sched, no);
    c->is_over = true;
    c->is_released = c->is_released || is_released;
    crawl_end_if_idle(e, c);
}

static void note_growth(struct engine *e, const struct job_change *change) {
    struct sched_host *host;

    if (change->host >= 0 && !engine_owns(e, change->host))
        return;
    sched_job_grew(e->sched, change->job, change->host);
    host = change->host >= 0 ? sched_find(e->sched, change->host) : NULL;
    if (host && sched_owner(host))
        host_put_off(sched_owner(host));
}

static void take_change(struct engine *e, const struct job_change *change) {
    if (change->has_grown) {
        note_growth(e, change);
        return;
    }
    forget_unread(e, change->job);
    switch (change->state) {
    case JOB_QUEUED:
    case JOB_RUNNING:
        crawl_begin(e, change->job);
        break;
    case JOB_PAUSED:
        crawl_pause(e, change->job);
        break;
    case JOB_CANCELLING:
        crawl_end(e, change->job, true);
        (void)sink_flush(e->sink, e->now, true); /* the release waits for what is uncommitted */
        break;
    default:
        crawl_end(e, change->job, false);
    }
}

static void read_again(struct engine *e) {
    const struct list *last = e->unread.prev;
    bool is_last = false;

    while (!is_last) {
        struct unread *u = CONTAINER_OF(e->unread.next, struct unread, link);
        int64_t no = u->no;

        is_last = &u->link == last;
        unread_free(u);
        crawl_begin(e, no);
    }
}

void crawls_take_changes(struct engine *e) {
    struct job_change change;

    while (store_feed_take(e->feed, &change))
        take_change(e, &change);
    if (!list_empty(&e->unread) && e->now >= e->read_at)
        read_again(e);
}

void crawls_abort_trips(struct engine *e) {
    struct crawl *c;

    for (size_t at = 0; (c = map_next(&e->crawls, &at));)
        abort_trips_of(c);
}

void crawls_free(struct engine *e) {
    struct crawl *c;

    for (size_t at = 0; (c = map_next(&e->crawls, &at));)
        crawl_free(c);
    map_done(&e->crawls);
    while (!list_empty(&e->unread))
        unread_free(CONTAINER_OF(e->unread.next, struct unread, link));
}

/* --- refills ------------------------------------------------------------------------- */

static void ask(struct engine *e, const struct sched_want *want) {
    struct refill *r = refill_new(want->job, want->n_hosts, want->max_new);

    for (size_t i = 0; i < want->n_hosts; i++) {
        r->hosts[i].host = want->hosts[i].host;
        r->hosts[i].after_seq = want->hosts[i].after_seq;
        r->hosts[i].limit = want->hosts[i].limit;
    }
    r->tag = want->tag;
    r->host_from = e->options.host_from;
    r->host_to = e->options.host_to;
    r->after_host = want->after_host;
    r->tasks_per_host = want->tasks_per_host;
    r->max_bytes = want->max_bytes;
    r->done = engine_take_refill;
    r->owner = e;
    e->n_refills++;
    store_refill(e->options.store, r);
}

void crawls_ask_refills(struct engine *e) {
    struct sched_want want;

    if (e->now < e->refill_at)
        return;
    while (sched_wants(e->sched, &want))
        ask(e, &want);
}

/* Times of the store are wall clock, those of sched are not. */
static int64_t from_wall(const struct engine *e, int64_t wall_ms) {
    int64_t at = wall_ms - clock_wall_ms() + e->now;

    return wall_ms ? (at > e->now ? at : e->now) : 0;
}

static void note_due_times(const struct engine *e, const struct refill *r) {
    for (size_t i = 0; i < r->n_hosts + r->n_new; i++) {
        const struct list *tasks = &r->hosts[i].tasks;

        for (struct list *at = tasks->next; at != tasks; at = at->next) {
            struct task *t = CONTAINER_OF(at, struct task, link);

            t->due_at = from_wall(e, t->due_at);
        }
    }
}

static void learn_hosts(struct engine *e, struct refill *r) {
    for (size_t i = r->n_hosts; i < r->n_hosts + r->n_new; i++) {
        struct refill_host *rh = &r->hosts[i];
        struct sched_host *sched = sched_find(e->sched, rh->host);

        if (!sched)
            continue;
        host_learn(e, sched, str_of(rh->name), TAKE(rh->memo));
        host_put_off(sched_owner(sched));
    }
}

void crawls_take_refill(struct engine *e, struct refill *r) {
    if (r->result != ERR_OK)
        e->refill_at = e->now + REFILL_RETRY_MS;
    note_due_times(e, r);
    sched_refilled(e->sched, r, from_wall(e, r->next_due_at));
    learn_hosts(e, r);
    refill_free(r);
    e->n_refills--;
    e->has_news = true;
}
