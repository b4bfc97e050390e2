/* How a hop or a trip ends: another hop, an attempt to come, a result. Engine's thread. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "crawler/domain.h"
#include "crawler/engine_impl.h"

enum {
    FIRST_RETRY_MS = 1000,
    MOST_RETRY_MS = 60 * 1000,
};

/* --- hops ------------------------------------------------------------------------------- */

/* To the engine whose host is next. */
static void hand_over(struct trip *t, int64_t host) {
    struct parcel *p = parcel_new(PARCEL_HOP, t->task);

    p->url = buf_take(&t->url.href);
    p->redirects = buf_take(&t->redirects);
    p->n_redirects = t->n_redirects;
    p->is_of_robots = t->is_of_robots;
    p->started_at = t->started_at;
    p->spent_ms = t->spent_ms;
    (void)atomic_fetch_sub(&t->crawl->running, 1);
    parcel_send(t->engine, host, p);
    trip_free(t);
}

bool trip_go_on(struct engine *e, struct crawl *c, struct parcel *p) {
    OWNED_URL struct url url = {0};
    OWNED_BUF struct buf key = BUF_INIT(URL_LIMIT);
    struct trip *t;

    url_init(&url);
    if (url_parse(&url, buf_str(&p->url), NULL, NULL) != ERR_OK ||
        url_host_key(&url, &key) != ERR_OK)
        return false;
    t = trip_new(e, c, TAKE(p->task));
    t->url = url;
    url_init(&url);
    buf_done(&t->redirects);
    t->redirects = buf_take(&p->redirects);
    t->n_redirects = p->n_redirects;
    t->is_of_robots = p->is_of_robots;
    t->started_at = p->started_at;
    t->spent_ms = p->spent_ms;
    trip_wait_at(t, host_id(buf_str(&key), domain_bucket(url_hostname(&t->url))));
    return true;
}

static void hop(struct trip *t, struct url *next) {
    OWNED_BUF struct buf key = BUF_INIT(URL_LIMIT);
    struct url from = t->url;
    int64_t host;

    trip_leave(t);
    t->url = *next;
    *next = from;
    t->n_redirects++;
    t->engine->counting.redirects++;
    trip_drop_page(t);
    buf_clear(&t->body);
    if (url_host_key(&t->url, &key) != ERR_OK) /* no memory: any other line will do */
        buf_clear(&key);
    host = host_id(buf_str(&key), domain_bucket(url_hostname(&t->url)));
    if (engine_owns(t->engine, host))
        trip_wait_at(t, host);
    else
        hand_over(t, host);
}

/* --- results ---------------------------------------------------------------------- */

static struct result result_of(struct task *task) {
    struct result res = {.task = task, .text = BUF_INIT(RECORD_MAX_BYTES)};

    links_init(&res.links);
    follow_init(&res.follow);
    return res;
}

/* The end: the record and its links go to the store. */
static void settle(struct trip *t, const struct fetch_reply *reply, enum code code) {
    struct engine *e = t->engine;
    struct result res = result_of(t->task);

    res.task->attempts++;
    if (code == CODE_NONE && trip_end_page(t, &res.links) != ERR_OK)
        code = CODE_INTERNAL_ERROR;
    if (code == CODE_NONE && trip_follow(t, trip_is_not_modified(t, reply) ? NULL : &res.links,
                                         &res.follow) == ERR_NO_MEMORY)
        code = CODE_INTERNAL_ERROR;
    trip_fill_record(t, reply, code, &res);
    e->counting.links += res.links.n;
    sink_put(e->sink, &res, e->now);
    trip_free(t);
}

/* --- retries ---------------------------------------------------------------------- */

/* Doubled with each attempt; half of it to half as much again, so that what failed
 * together does not come back together. */
static int64_t backoff_ms(uint32_t attempts) {
    int64_t ms = attempts < 8 ? (int64_t)FIRST_RETRY_MS << (attempts - 1) : MOST_RETRY_MS;

    if (ms > MOST_RETRY_MS)
        ms = MOST_RETRY_MS;
    return ms / 2 + (int64_t)(random_u64() % (uint64_t)ms);
}

void trip_come_home(struct engine *e, struct task *task, int64_t not_before) {
    struct parcel *p;

    task->is_hop = false;
    if (engine_owns(e, task->host)) {
        sched_put_back(e->sched, task, not_before);
        return;
    }
    p = parcel_new(PARCEL_BACK, task);
    p->not_before = not_before;
    parcel_send(e, task->host, p);
}

static bool may_retry(const struct trip *t, enum code code) {
    /* robots.txt was tried often enough before that was said */
    bool may_help = code_is_transient(code) && code != CODE_ROBOTS_UNREACHABLE;

    return (may_help || t->was_crowded_out) &&
           t->task->attempts + 1U - t->task->attempts_before < t->crawl->job->options.max_attempts;
}

/* The attempt is counted in the store, and the task waits here for the next one,
 * which begins again with the URL that was submitted. */
static void retry(struct trip *t, const struct fetch_reply *reply) {
    struct engine *e = t->engine;
    struct task *task = t->task;
    struct result res;
    int64_t wait_ms;

    task->attempts++;
    wait_ms = backoff_ms(task->attempts);
    if (reply->retry_after_ms > wait_ms)
        wait_ms = reply->retry_after_ms;
    res = result_of(task_copy(task));
    res.again = true;
    res.due_at = clock_wall_ms() + wait_ms;
    sink_put(e->sink, &res, e->now);
    e->counting.retries++;
    trip_come_home(e, task, e->now + wait_ms);
    trip_free(t);
}

void trip_send_home(struct trip *t) {
    if (!engine_owns(t->engine, t->task->host) && !t->is_of_robots)
        trip_come_home(t->engine, task_copy(t->task), 0);
}

/* Its last hop is over, and its place given back. */
void trip_conclude(struct trip *t, const struct fetch_reply *reply, enum code code) {
    if (t->is_of_robots)
        trip_end_robots(t, reply, code);
    else if (may_retry(t, code))
        retry(t, reply);
    else
        settle(t, reply, code);
}

/* What becomes of an answer, or of its absence. */
void trip_end(struct trip *t, const struct fetch_reply *reply, enum code code) {
    OWNED_URL struct url next = {0};
    struct host *host = sched_owner(t->host);

    if (host)
        host_note_end(host, t->crawl, reply, code, t->begun_at, t->ttfb_ms);
    url_init(&next);
    if (code == CODE_HTTP_3XX && trip_is_redirected(reply)) {
        code = trip_find_next(t, reply, &next);
        if (code == CODE_NONE) {
            hop(t, &next);
            return;
        }
    }
    trip_leave(t);
    trip_conclude(t, reply, code);
}

void trips_drop_hops(struct engine *e, struct sched_host *host) {
    struct task *task;

    while ((task = sched_take_hop(e->sched, host)))
        trip_conclude(trip_take_waiting(e, task), &trip_no_reply, CODE_HOST_UNAVAILABLE);
}
