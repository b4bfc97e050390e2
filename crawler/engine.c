/* The engine's thread: takes what others answered, starts what may start, waits. */
#include "crawler/engine.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "crawler/engine_impl.h"

enum {
    STARTS_A_TURN = 64,     /* then the sockets have their turn */
    PAUSED_LOOK_MS = 100,   /* while the store takes nothing */
    IDLE_MS = 100,          /* nothing due within: results need not wait for company */
    ANSWER_GRACE_MS = 5000, /* a store that cannot write answers when it is stopped */
};

enum err engine_global_init(void) {
    return fetch_global_init();
}

void engine_global_done(void) {
    fetch_global_done();
}

/* --- other threads ---------------------------------------------------------------------- */

static void inbox_put(struct engine *e, struct inbox *in, void *item) {
    (void)pthread_mutex_lock(&e->lock);
    if (in->n == in->cap) {
        in->cap = in->cap ? in->cap * 2 : 16;
        in->items = mem_resize(in->items, in->cap, sizeof *in->items);
    }
    in->items[in->n++] = item;
    loop_wake(e->loop); /* under the lock: once nothing is lent the engine may be freed */
    (void)pthread_cond_broadcast(&e->all_answered);
    (void)pthread_mutex_unlock(&e->lock);
}

void engine_take_refill(struct refill *r) {
    struct engine *e = r->owner;

    inbox_put(e, &e->refills, r);
}

void engine_take_host(struct host_ask *a) {
    struct engine *e = a->owner;

    inbox_put(e, &e->asks, a);
}

void engine_wake(struct engine *e) {
    loop_wake(e->loop);
}

void engine_deliver(struct engine *e, struct parcel *p) {
    inbox_put(e, &e->parcels, p);
}

bool engine_owns(const struct engine *e, int64_t host) {
    return host >= e->options.host_from && host < e->options.host_to;
}

static void take_batch(void *arg, struct sink_batch *b) {
    struct engine *e = arg;

    inbox_put(e, &e->batches, b);
}

static void wake(void *arg) {
    struct engine *e = arg;

    loop_wake(e->loop);
}

uint64_t engine_running(struct engine *e, int64_t job) {
    const struct crawl *c;
    uint64_t running = 0;

    (void)pthread_mutex_lock(&e->lock);
    c = map_get(&e->crawls, (uint64_t)job);
    if (c)
        running = atomic_load(&c->running);
    (void)pthread_mutex_unlock(&e->lock);
    return running;
}

void engine_stats(struct engine *e, struct engine_stats *ret_stats) {
    (void)pthread_mutex_lock(&e->lock);
    *ret_stats = e->stats;
    (void)pthread_mutex_unlock(&e->lock);
}

/* A question about hosts, on the stack of who asks. */
struct look {
    struct list link; /* in engine.looks; out of it once it is answered */
    int64_t job;
    struct engine_host *hosts;
    size_t n;
};

void engine_hosts(struct engine *e, int64_t job, struct engine_host *hosts, size_t n) {
    struct look look = {.job = job, .hosts = hosts, .n = n};
    struct timespec until;

    list_init(&look.link);
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    (void)pthread_mutex_lock(&e->lock);
    list_push_back(&e->looks, &look.link);
    loop_wake(e->loop);
    while (!list_empty(&look.link) && pthread_cond_timedwait(&e->looked, &e->lock, &until) == 0)
        ;
    list_remove(&look.link);
    (void)pthread_mutex_unlock(&e->lock);
}

static void fill_in(const struct engine *e, int64_t job, struct engine_host *h) {
    struct sched_view v;

    if (!engine_owns(e, h->host) || !sched_look(e->sched, job, h->host, &v))
        return;
    h->queued = v.queued;
    h->running = v.started;
    h->delay_ms = v.delay_ms;
    h->blocked_by = v.blocked_by;
    if (v.blocked_until && v.blocked_until < INT64_MAX)
        h->blocked_until = v.blocked_until - e->now + clock_wall_ms();
}

static void answer_looks(struct engine *e) {
    struct list *link;

    (void)pthread_mutex_lock(&e->lock);
    while ((link = list_pop_front(&e->looks))) {
        const struct look *look = CONTAINER_OF(link, struct look, link);

        for (size_t i = 0; i < look->n; i++)
            fill_in(e, look->job, &look->hosts[i]);
    }
    (void)pthread_cond_broadcast(&e->looked);
    (void)pthread_mutex_unlock(&e->lock);
}

/* --- answers of the store ----------------------------------------------------------------- */

static struct inbox inbox_take(struct engine *e, struct inbox *in) {
    struct inbox taken;

    (void)pthread_mutex_lock(&e->lock);
    taken = *in;
    *in = (struct inbox){0};
    (void)pthread_mutex_unlock(&e->lock);
    return taken;
}

/* Its home keeps count of it. */
static void note_settled(struct engine *e, const struct task *t) {
    struct task *key;

    if (engine_owns(e, t->host)) {
        sched_settled(e->sched, t->job, t->host, t->seq);
        return;
    }
    key = task_new(STR_NONE, STR_NONE);
    key->job = t->job;
    key->host = t->host;
    key->seq = t->seq;
    parcel_send(e, t->host, parcel_new(PARCEL_SETTLED, key));
}

/* What it was compared with has gone meanwhile. */
static void fetch_anew(struct engine *e, struct task *task) {
    task->etag_len = task->last_modified_len = 0;
    task->known_page = 0;
    trip_come_home(e, task, e->now);
}

static void settle_batch(struct engine *e, struct sink_batch *b) {
    const struct store_batch *batch = &b->batch;

    for (size_t i = 0; i < batch->n_results; i++) {
        struct result *res = &batch->results[i];
        int64_t job = res->task->job;

        if (batch->result == ERR_OK && res->answer == ERR_OK && !res->again)
            e->counting.by_code[res->record.code]++;
        if (res->answer == ERR_NOT_FOUND)
            fetch_anew(e, TAKE(res->task));
        else if (!res->again)
            note_settled(e, res->task);
        crawl_committed(e, job);
    }
    sink_settle(e->sink, b);
}

static void take_answers(struct engine *e) {
    struct inbox refills = inbox_take(e, &e->refills), batches = inbox_take(e, &e->batches);
    struct inbox asks = inbox_take(e, &e->asks);

    for (size_t i = 0; i < refills.n; i++)
        crawls_take_refill(e, refills.items[i]);
    for (size_t i = 0; i < batches.n; i++)
        settle_batch(e, batches.items[i]);
    for (size_t i = 0; i < asks.n; i++)
        host_answered(asks.items[i]);
    free(refills.items);
    free(batches.items);
    free(asks.items);
}

/* After the changes of jobs, which they may be about. */
static void take_parcels(struct engine *e) {
    struct inbox parcels = inbox_take(e, &e->parcels);

    for (size_t i = 0; i < parcels.n; i++)
        parcel_take(e, parcels.items[i]);
    free(parcels.items);
}

/* --- one turn --------------------------------------------------------------------------------- */

/* A store that cannot take results gets none: the crawl pauses by itself. */
static bool is_paused(const struct engine *e) {
    return store_health(e->options.store) != STORE_OK || sink_is_full(e->sink);
}

static void give_slots(struct engine *e) {
    assert(e->n_in_flight <= e->n_slots);
    if (e->n_slots > e->n_in_flight)
        slots_give(e->options.slots, e->options.number, e->n_slots - e->n_in_flight);
    e->n_slots = e->n_in_flight;
}

/* For a trip that is about to start; perhaps one that an ended trip has left. */
static bool take_slot(struct engine *e) {
    if (e->n_in_flight == e->n_slots && slots_take(e->options.slots, e->options.number))
        e->n_slots++;
    return e->n_in_flight < e->n_slots;
}

/* As many as may. True: that is all, until something changes. */
static bool start_ready(struct engine *e) {
    for (int i = 0; i < STARTS_A_TURN; i++) {
        struct sched_host *host;
        struct task *t;

        if (!sched_is_ready(e->sched, e->now, &e->sched_wait_ms)) {
            slots_rest(e->options.slots, e->options.number);
            return true;
        }
        if (!take_slot(e)) /* who gives one will wake us */
            return true;
        t = sched_next(e->sched, e->now, &host, &e->sched_wait_ms);
        trip_start(e, t, host);
    }
    return false;
}

static void start_tasks(struct engine *e, bool may_start) {
    e->sched_wait_ms = INT64_MAX;
    give_slots(e);
    if (!may_start)
        slots_rest(e->options.slots, e->options.number);
    else if (!start_ready(e))
        e->has_news = true;
    give_slots(e); /* of trips that ended at once */
    if (slots_are_wanted(e->options.slots, e->options.number))
        crew_wake_others(e->options.crew, e->options.number);
}

static void put_closed(struct engine *e, const struct sched_closed *c) {
    switch (c->why) {
    case CLOSED_DRAINED:
        sink_put_drained(e->sink, c->job, c->host);
        break;
    case CLOSED_DEFERRED:
        sink_put_deferred(e->sink, c->job, c->host, c->until - e->now + clock_wall_ms());
        break;
    case CLOSED_UNAVAILABLE:
        sink_put_unavailable(e->sink, c->job, c->host, CODE_HOST_UNAVAILABLE);
        break;
    case CLOSED_ROBOTS:
        sink_put_unavailable(e->sink, c->job, c->host, CODE_ROBOTS_UNREACHABLE);
        break;
    }
}

static void flush(struct engine *e, int64_t *wait_ms) {
    bool is_idle = e->n_in_flight == 0 && e->n_refills == 0 && e->sched_wait_ms > IDLE_MS;
    struct sched_closed closed;
    int64_t due_ms;

    while (sched_take_closed(e->sched, &closed))
        put_closed(e, &closed);
    due_ms = sink_flush(e->sink, e->now, is_idle && !e->has_news);
    if (due_ms < *wait_ms)
        *wait_ms = due_ms;
}

static void publish(struct engine *e) {
    struct sched_stats s = sched_stats(e->sched);

    e->counting.transfers = e->n_in_flight;
    e->counting.hosts = s.hosts;
    e->counting.tasks = s.tasks;
    e->counting.window_bytes = s.bytes;
    (void)pthread_mutex_lock(&e->lock);
    e->stats = e->counting;
    (void)pthread_mutex_unlock(&e->lock);
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t asked_wait_ms(const struct engine *e) {
    const struct heap_node *first = heap_first(&e->asked);

    return !first ? INT64_MAX : first->key > e->now ? first->key - e->now : 0;
}

/* Tells parts the time; returns for how long none of them needs it again. */
static int64_t run_parts(struct engine *e) {
    int64_t wait_ms = resolver_run(e->resolver, e->now);

    trips_expire(e);
    wait_ms = least(wait_ms, fetcher_run(e->fetcher, e->now));
    wait_ms = least(wait_ms, trips_arrive(e));
    return least(wait_ms, asked_wait_ms(e));
}

/* Starts nothing more; what is under way has until |stop_at|. */
static void drain(struct engine *e) {
    if (e->stop_at == 0)
        e->stop_at = e->now + e->options.drain_ms;
    if (e->now >= e->stop_at)
        crawls_abort_trips(e);
}

static void turn(struct engine *e) {
    bool stopping = atomic_load(&e->is_stopping), paused;
    int64_t wait_ms;

    e->now = clock_mono_ms();
    e->has_news = false;
    (void)run_parts(e);
    take_answers(e);
    crawls_take_changes(e);
    take_parcels(e);
    paused = is_paused(e);
    if (stopping)
        drain(e);
    else if (!paused)
        crawls_ask_refills(e);
    start_tasks(e, !stopping && !paused);
    e->now = clock_mono_ms();
    wait_ms = least(run_parts(e), e->sched_wait_ms); /* also what was started just now */
    if (stopping && e->n_in_flight > 0)
        wait_ms = least(wait_ms, e->stop_at - e->now);
    else if (paused)
        wait_ms = least(wait_ms, PAUSED_LOOK_MS);
    if (e->now < e->refill_at)
        wait_ms = least(wait_ms, e->refill_at - e->now);
    if (!list_empty(&e->unread))
        wait_ms = least(wait_ms, e->read_at - e->now);
    flush(e, &wait_ms);
    publish(e);
    answer_looks(e);
    if (e->has_news)
        wait_ms = 0;
    loop_wait(e->loop, wait_ms == INT64_MAX ? -1 : wait_ms);
}

/* Refills, questions and batches that are with the store. */
static size_t lent(const struct engine *e) {
    return e->n_refills + e->n_asks + sink_on_their_way(e->sink);
}

static void *run(void *arg) {
    struct engine *e = arg;

    while (!atomic_load(&e->is_stopping) || e->n_in_flight > 0)
        turn(e);
    (void)sink_flush(e->sink, e->now, true);
    for (int64_t give_up = e->now + ANSWER_GRACE_MS; e->now < give_up && lent(e) > 0;) {
        e->now = clock_mono_ms();
        take_answers(e);
        (void)sink_flush(e->sink, e->now, true); /* releases that waited for a commit */
        if (lent(e) > 0)
            loop_wait(e->loop, PAUSED_LOOK_MS);
    }
    publish(e);
    return NULL;
}

/* --- life ------------------------------------------------------------------------- */

static enum err build_parts(struct engine *e) {
    const struct engine_options *o = &e->options;
    const struct sched_options so = {.window_bytes = o->window_bytes,
                                     .asked_before = clock_mono_ms(),
                                     .first_host = o->host_from,
                                     .host_left = host_left,
                                     .arg = e};
    const struct sink_options ko = {.store = o->store, .committed = take_batch, .arg = e};
    enum err err = loop_new(&e->loop);

    e->sched = sched_new(&so);
    e->sink = sink_new(&ko);
    if (err == ERR_OK)
        err = resolver_new(&(struct resolver_options){.loop = e->loop, .servers = o->dns_servers},
                           &e->resolver);
    if (err == ERR_OK)
        err = fetcher_new(&(struct fetcher_options){.loop = e->loop,
                                                    .addrguard = o->addrguard,
                                                    .ca_file = o->ca_file,
                                                    .events = &trip_events,
                                                    .max_transfers = o->max_transfers},
                          &e->fetcher);
    return err == ERR_OK ? store_feed_new(o->store, wake, e, &e->feed) : err;
}

static void init_monotonic(pthread_cond_t *cond) {
    pthread_condattr_t monotonic;

    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(cond, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

enum err engine_new(const struct engine_options *o, struct engine **ret_engine) {
    OWNED(engine) struct engine *e = NEW(struct engine);
    enum err err;

    e->options = *o;
    list_init(&e->travelling);
    list_init(&e->parsed);
    if (e->options.patience_divisor == 0)
        e->options.patience_divisor = 1;
    map_init(&e->trips);
    map_init(&e->crawls);
    list_init(&e->unread);
    (void)pthread_mutex_init(&e->lock, NULL);
    (void)pthread_cond_init(&e->all_answered, NULL);
    init_monotonic(&e->looked);
    list_init(&e->looks);
    err = build_parts(e);
    if (err != ERR_OK)
        return err;
    *ret_engine = TAKE(e);
    return ERR_OK;
}

enum err engine_start(struct engine *e) {
    if (pthread_create(&e->thread, NULL, run, e) != 0)
        return ERR_NO_MEMORY;
    e->has_thread = true;
    return ERR_OK;
}

void engine_stop_soon(struct engine *e) {
    atomic_store(&e->is_stopping, true);
    loop_wake(e->loop);
}

void engine_stop(struct engine *e) {
    if (!e->has_thread)
        return;
    engine_stop_soon(e);
    (void)pthread_join(e->thread, NULL);
    e->has_thread = false;
}

/* What the store still has is answered by it, at the latest when it is stopped. */
static void wait_for_answers(struct engine *e) {
    (void)pthread_mutex_lock(&e->lock);
    while (lent(e) > e->refills.n + e->batches.n + e->asks.n)
        (void)pthread_cond_wait(&e->all_answered, &e->lock);
    (void)pthread_mutex_unlock(&e->lock);
    take_answers(e);
}

static void free_parcels(struct engine *e) {
    for (size_t i = 0; i < e->parcels.n; i++)
        parcel_free(e->parcels.items[i]);
    free(e->parcels.items);
}

static void free_trips(struct engine *e) {
    crawls_abort_trips(e); /* hops that wait in sched */
    map_done(&e->trips);
    heap_done(&e->asked);
}

void engine_free(struct engine *e) {
    if (!e)
        return;
    engine_stop(e);
    if (e->feed)
        store_feed_free(e->feed);
    if (e->loop)
        wait_for_answers(e);
    free_parcels(e);
    free_trips(e);
    crawls_free(e);
    fetcher_free(e->fetcher);
    resolver_free(e->resolver);
    sched_free(e->sched);
    sink_free(e->sink);
    loop_free(e->loop);
    (void)pthread_cond_destroy(&e->all_answered);
    (void)pthread_cond_destroy(&e->looked);
    (void)pthread_mutex_destroy(&e->lock);
    free(e);
}
