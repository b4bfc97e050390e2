/* One URL's way, from its turn to its end: who takes up a place at a host, and who goes back.
 *
 * Every request, of a seed as of a redirect hop, is started by trip_start(), which sched
 * decides on, and passes the same gate: what is known of the host (host.c), and then
 * trip_ask.c. A hop waits in sched for its host's turn like any other task; what is known of
 * the trip so far waits in engine.trips. How it ends is in trip_end.c.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "crawler/engine_impl.h"

/* --- beginning and end of a trip ------------------------------------------------------ */

struct trip *trip_new(struct engine *e, struct crawl *c, struct task *task) {
    struct trip *t = NEW(struct trip);

    t->engine = e;
    t->crawl = c;
    t->task = task;
    t->redirects = BUF_INIT(RECORD_MAX_BYTES / 2);
    t->lookup.done = trip_on_lookup;
    t->started_at = clock_wall_ms();
    list_init(&t->lookup.link);
    list_init(&t->travelling);
    url_init(&t->url);
    t->body = BUF_INIT(ROBOTS_MAX_BYTES);
    list_push_back(&c->trips, &t->of_crawl);
    (void)atomic_fetch_add(&c->running, 1);
    return t;
}

/* Leaves |running| to the caller: a result may still be on its way to the store. */
void trip_free(struct trip *t) {
    list_remove(&t->of_crawl);
    trip_drop_page(t);
    url_done(&t->url);
    buf_done(&t->redirects);
    buf_done(&t->body);
    free(t);
}

/* From now on the host's delay counts. */
void trip_arrived(struct trip *t) {
    list_remove(&t->travelling);
    if (!t->was_sent)
        sched_sent(t->engine->sched, t->host, clock_mono_ms()); /* the turn's time is too early */
    t->was_sent = true;
}

/* Gives the place on its host back. */
void trip_leave(struct trip *t) {
    struct engine *e = t->engine;

    heap_remove(&e->asked, &t->overdue);
    if (!list_empty(&t->travelling))
        trip_arrived(t);
    if (t->has_place)
        iplimit_give(e->options.iplimit, &t->address);
    t->has_place = false;
    sched_finished(e->sched, t->host, t->crawl->no, t->was_sent, e->now);
    t->host = NULL;
    t->is_in_flight = t->was_sent = false;
    t->spent_ms += e->now - t->begun_at;
    e->n_in_flight--;
    e->has_news = true;
}

/* Its turn has come, or its end. */
struct trip *trip_take_waiting(struct engine *e, const struct task *task) {
    struct trip *t = map_remove(&e->trips, (uint64_t)(uintptr_t)task);

    if (t)
        sched_charge(e->sched, -t->charged);
    return t;
}

void trip_abort(struct trip *t) {
    struct engine *e = t->engine;
    struct task *task = t->task;

    (void)atomic_fetch_sub(&t->crawl->running, 1);
    if (t->is_of_robots)
        trip_forget_robots(t);
    if (!t->is_in_flight) { /* its task is in sched, which frees it */
        trip_free(trip_take_waiting(e, task));
        return;
    }
    resolver_cancel(&t->lookup);
    if (t->fetch)
        fetch_abort(t->fetch);
    trip_leave(t);
    trip_free(t);
    free(task);
}

/* --- its turn ---------------------------------------------------------------------------- */

/* Takes up a place at |host|, which sched has counted. */
void trip_enter(struct trip *t, struct sched_host *host) {
    struct engine *e = t->engine;

    t->host = host;
    t->is_in_flight = true;
    t->begun_at = e->now;
    t->sent_at = t->ttfb_ms = -1;
    e->n_in_flight++;
}

/* Puts it in a host's line, where its task is a hop. */
void trip_wait_at(struct trip *t, int64_t host) {
    struct engine *e = t->engine;

    t->task->is_hop = true;
    map_put(&e->trips, (uint64_t)(uintptr_t)t->task, t);
    t->charged = (int64_t)(sizeof *t + t->url.href.cap + t->redirects.cap);
    sched_charge(e->sched, t->charged);
    sched_put(e->sched, t->task, host, true);
}

/* In the middle of its way, perhaps back on its own host. */
static bool is_on_a_hop(const struct trip *t) {
    return t->n_redirects > 0;
}

/* Goes back to where it came from, and leaves its place to the caller. */
static void go_back(struct trip *t) {
    struct engine *e = t->engine;

    t->is_in_flight = false;
    e->n_in_flight--;
    if (is_on_a_hop(t)) {
        trip_wait_at(t, sched_host_id(t->host));
        t->host = NULL;
        return;
    }
    (void)atomic_fetch_sub(&t->crawl->running, 1);
    sched_put_back(e->sched, t->task, 0);
    trip_free(t);
}

void trip_postpone(struct trip *t) {
    struct engine *e = t->engine;
    struct sched_host *host = t->host;
    int64_t job = t->crawl->no;

    go_back(t); /* first: its queue keeps the host */
    sched_finished(e->sched, host, job, false, e->now);
}

static void fetch_robots_first(struct trip *t) {
    OWNED_URL struct url page = t->url;
    struct sched_host *host = t->host;
    struct crawl *c = t->crawl;

    if (is_on_a_hop(t)) { /* which takes its URL along */
        url_init(&page);
        if (url_parse(&page, url_href(&t->url), NULL, NULL) != ERR_OK) {
            trip_end(t, &trip_no_reply, CODE_INTERNAL_ERROR);
            return;
        }
    } else {
        url_init(&t->url);
    }
    host_robots_begun(sched_owner(host));
    go_back(t);
    trip_fetch_robots(c, host, &page);
}

/* Without having asked. */
static void turn_away(struct trip *t, enum code code) {
    trip_leave(t);
    trip_conclude(t, &trip_no_reply, code);
}

static enum host_gate gate(struct trip *t) {
    OWNED_BUF struct buf key = BUF_INIT(URL_LIMIT);

    if (t->is_of_robots || trip_admit(&t->url) != CODE_NONE ||
        url_host_key(&t->url, &key) != ERR_OK)
        return HOST_OPEN; /* to be fetched, or refused */
    return host_gate(host_get(t->engine, t->host, buf_str(&key)), t->crawl, &t->url);
}

void trip_start(struct engine *e, struct task *task, struct sched_host *host) {
    struct trip *t = trip_take_waiting(e, task);
    bool is_new = !t;
    enum err parsed = ERR_OK;

    if (is_new) {
        t = trip_new(e, crawl_get(e, task->job), task);
        parsed = url_parse(&t->url, task_url(task), NULL, NULL);
    }
    trip_enter(t, host);
    if (parsed != ERR_OK) {
        turn_away(t, trip_code_of_url(parsed));
        return;
    }
    if (trip_is_killer(t)) {
        turn_away(t, CODE_INTERNAL_ERROR);
        return;
    }
    switch (gate(t)) {
    case HOST_OPEN:
        trip_go(t);
        break;
    case HOST_WAITS:
        trip_postpone(t);
        break;
    case HOST_NEEDS_ROBOTS:
        fetch_robots_first(t);
        break;
    case HOST_DISALLOWS:
        turn_away(t, CODE_ROBOTS_DISALLOWED);
        break;
    case HOST_HAS_NO_ROBOTS:
        turn_away(t, CODE_ROBOTS_UNREACHABLE);
        break;
    case HOST_FAILS:
        turn_away(t, host_take_failure(sched_owner(host)));
        break;
    }
}

void trips_expire(struct engine *e) {
    struct heap_node *first;

    while ((first = heap_first(&e->asked)) && first->key <= e->now) {
        struct trip *t = CONTAINER_OF(first, struct trip, overdue);

        resolver_cancel(&t->lookup);
        trip_end(t, &trip_no_reply, CODE_DNS_ERROR);
    }
}
