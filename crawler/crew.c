#include "crawler/crew.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

struct crew {
    struct engine *engines[CREW_MOST];
    unsigned n, n_made;
    struct iplimit *iplimit;
    struct slots *slots;
    pthread_mutex_t lock;
    struct map let_go; /* job -> number of engines that hold nothing of it */
};

/* The store keeps hosts that are put off in slices of so many buckets. */
static int64_t first_host(const struct crew *c, unsigned i) {
    enum { SLICE = 64 };

    return host_id_first(HOST_BUCKETS / SLICE * i / c->n * SLICE);
}

struct engine *crew_engine_of(const struct crew *c, int64_t host) {
    unsigned i = c->n - 1;

    while (i > 0 && host < first_host(c, i))
        i--;
    return c->engines[i];
}

bool crew_let_go(struct crew *c, int64_t job) {
    uintptr_t n;

    (void)pthread_mutex_lock(&c->lock);
    n = (uintptr_t)map_remove(&c->let_go, (uint64_t)job) + 1;
    if (n < c->n)
        map_put(&c->let_go, (uint64_t)job, (void *)n);
    (void)pthread_mutex_unlock(&c->lock);
    return n == c->n;
}

void crew_wake_others(const struct crew *c, unsigned number) {
    for (unsigned i = 0; i < c->n; i++)
        if (i != number)
            engine_wake(c->engines[i]);
}

static size_t share(size_t total, unsigned n) {
    return total > n ? total / n : 1;
}

static enum err make_engines(struct crew *c, const struct crew_options *o) {
    struct engine_options eo = o->engine;
    enum err e = ERR_OK;

    eo.crew = c;
    eo.iplimit = c->iplimit;
    eo.slots = c->slots;
    eo.max_transfers = share(o->engine.max_transfers, c->n);
    eo.window_bytes = share(o->engine.window_bytes, c->n);
    while (e == ERR_OK && c->n_made < c->n) {
        eo.number = c->n_made;
        eo.host_from = first_host(c, c->n_made);
        eo.host_to = first_host(c, c->n_made + 1);
        e = engine_new(&eo, &c->engines[c->n_made]);
        c->n_made += e == ERR_OK;
    }
    return e;
}

/* Only when all are there they may find one another. */
static enum err start_engines(struct crew *c) {
    enum err e = ERR_OK;

    for (unsigned i = 0; i < c->n && e == ERR_OK; i++)
        e = engine_start(c->engines[i]);
    return e;
}

enum err crew_new(const struct crew_options *o, struct crew **ret_crew) {
    OWNED(crew) struct crew *c = NEW(struct crew);
    enum err e;

    c->n = o->n_engines;
    c->iplimit = iplimit_new(o->ip_connections);
    c->slots = slots_new(o->engine.max_transfers, o->n_engines);
    map_init(&c->let_go);
    (void)pthread_mutex_init(&c->lock, NULL);
    e = make_engines(c, o);
    if (e == ERR_OK)
        e = start_engines(c);
    if (e != ERR_OK)
        return e;
    *ret_crew = TAKE(c);
    return ERR_OK;
}

void crew_stop(struct crew *c) {
    for (unsigned i = 0; i < c->n_made; i++)
        engine_stop_soon(c->engines[i]);
    for (unsigned i = 0; i < c->n_made; i++)
        engine_stop(c->engines[i]);
}

void crew_free(struct crew *c) {
    if (!c)
        return;
    crew_stop(c);
    for (unsigned i = 0; i < c->n_made; i++)
        engine_free(c->engines[i]);
    iplimit_free(c->iplimit);
    slots_free(c->slots);
    map_done(&c->let_go);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

uint64_t crew_running(struct crew *c, int64_t job) {
    uint64_t n = 0;

    for (unsigned i = 0; i < c->n; i++)
        n += engine_running(c->engines[i], job);
    return n;
}

void crew_hosts(struct crew *c, int64_t job, struct engine_host *hosts, size_t n) {
    for (unsigned i = 0; i < c->n; i++)
        engine_hosts(c->engines[i], job, hosts, n);
}

static void add_stats(struct engine_stats *to, const struct engine_stats *from) {
    to->transfers += from->transfers;
    to->started += from->started;
    to->hosts += from->hosts;
    to->tasks += from->tasks;
    to->window_bytes += from->window_bytes;
    for (int code = 0; code < CODE_COUNT; code++)
        to->by_code[code] += from->by_code[code];
    to->retries += from->retries;
    to->redirects += from->redirects;
    to->body_bytes += from->body_bytes;
    to->links += from->links;
}

void crew_stats(struct crew *c, struct engine_stats *ret_stats) {
    *ret_stats = (struct engine_stats){0};
    for (unsigned i = 0; i < c->n; i++) {
        struct engine_stats s;

        engine_stats(c->engines[i], &s);
        add_stats(ret_stats, &s);
    }
}
