/* One URL's way: gate, name, fetch, links, and then a record, a retry or a hop.
 *
 * Every request, of a seed as of a redirect hop, is let in by trip_admit() and started
 * by trip_start(), which sched decides on. A hop waits in sched for its host's turn
 * like any other task; what is known of the trip so far waits in engine.trips.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/mem.h"
#include "base/random.h"
#include "crawler/domain.h"
#include "crawler/engine_impl.h"

enum {
    /* After the sending, unless the answer comes before: busy servers note a request
     * some ten ms late, and slow ones shall not lose much of their rate. */
    ARRIVAL_MS = 40,
    CROWDED_MS = 100, /* before an IP address with no place left is looked at again */
    KEEP_MS = 5000,   /* a connection, if its host has something due within */
    FIRST_RETRY_MS = 1000,
    MOST_RETRY_MS = 60 * 1000,
    MAX_ADDRESSES = 16, /* handed over for one name */
};

static void trip_end(struct trip *t, const struct fetch_reply *reply, enum code code);
static void conclude(struct trip *t, const struct fetch_reply *reply, enum code code);

const struct fetch_reply trip_no_reply = {.retry_after_ms = -1};

/* --- beginning and end of a trip ------------------------------------------------------ */

static void on_lookup(struct lookup *l, enum err result, const struct address *addresses, size_t n);

struct trip *trip_new(struct engine *e, struct crawl *c, struct task *task) {
    struct trip *t = NEW(struct trip);

    t->engine = e;
    t->crawl = c;
    t->task = task;
    t->redirects = BUF_INIT(RECORD_MAX_BYTES / 2);
    t->lookup.done = on_lookup;
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
static void arrived(struct trip *t) {
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
        arrived(t);
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
static struct trip *take_waiting(struct engine *e, const struct task *task) {
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
        trip_free(take_waiting(e, task));
        return;
    }
    resolver_cancel(&t->lookup);
    if (t->fetch)
        fetch_abort(t->fetch);
    trip_leave(t);
    trip_free(t);
    free(task);
}

/* --- the gate ---------------------------------------------------------------------------- */

/* Who may be asked is judged by address. */
enum code trip_admit(const struct url *u) {
    if (!url_is_http(u))
        return CODE_UNSUPPORTED_SCHEME;
    if (!u->has_host || url_has_credentials(u))
        return CODE_INVALID_URL;
    return CODE_NONE;
}

/* Rules, certificates and names mean the same host with and without the dot. */
static struct str host_of(const struct url *u) {
    struct str host = url_hostname(u);

    return str_ends(host, STR(".")) ? str_upto(host, host.len - 1) : host;
}

/* The URL to ask for: the host as it was resolved. Appends. */
static enum err put_request_url(struct buf *b, const struct url *u) {
    struct str href = url_without_fragment(u), host = url_hostname(u);
    size_t host_end = (size_t)(host.ptr - href.ptr) + host.len;
    enum err e = buf_put(b, str_upto(href, host_end - (host.len - host_of(u).len)));

    return e == ERR_OK ? buf_put(b, str_from(href, host_end)) : e;
}

static int64_t time_left(const struct trip *t) {
    return t->crawl->job->options.timeout_ms - t->spent_ms - (t->engine->now - t->begun_at);
}

static void postpone(struct trip *t);

/* The address that is tried first stands for the server. */
static bool take_place(struct trip *t, const struct address *a) {
    struct engine *e = t->engine;

    t->has_place = iplimit_take(e->options.iplimit, a);
    t->address = *a;
    if (t->has_place)
        return true;
    sched_hold(e->sched, t->host, e->now + CROWDED_MS, BLOCK_CONNECTIONS);
    if (t->is_of_robots) { /* whoever wants it asks again */
        trip_leave(t);
        trip_end_robots(t, &trip_no_reply, CODE_JOB_CANCELLED);
    } else {
        postpone(t);
    }
    return false;
}

static void fetch(struct trip *t, const struct address *addresses, size_t n) {
    OWNED_BUF struct buf url = BUF_INIT(URL_LIMIT);
    struct engine *e = t->engine;
    const struct job_options *o = &t->crawl->job->options;
    struct fetch_request r = {.host = host_of(&t->url),
                              .port = url_effective_port(&t->url),
                              .addresses = addresses,
                              .n_addresses = n,
                              .user_agent = str_of(o->user_agent),
                              .timeout_ms = (uint32_t)time_left(t),
                              .max_body_bytes =
                                  t->is_of_robots ? 2 * ROBOTS_MAX_BYTES : o->max_body_bytes};
    enum err err;

    if (!t->is_of_robots && !t->crawl->growth) { /* the links of an old page are not at hand */
        r.etag = task_etag(t->task);
        r.last_modified = task_last_modified(t->task);
    }
    if (time_left(t) <= 0) {
        trip_end(t, &trip_no_reply, CODE_TIMEOUT);
        return;
    }
    err = put_request_url(&url, &t->url);
    r.url = buf_str(&url);
    if (err == ERR_OK)
        err = fetch_start(e->fetcher, &r, t, &t->fetch);
    if (err != ERR_OK)
        trip_end(t, &trip_no_reply, err == ERR_INVALID ? CODE_INVALID_URL : CODE_INTERNAL_ERROR);
}

/* A name whose addresses are all refused is not asked at all. */
static void on_lookup(struct lookup *l, enum err result, const struct address *addresses,
                      size_t n) {
    struct trip *t = CONTAINER_OF(l, struct trip, lookup);
    struct address allowed[MAX_ADDRESSES];
    size_t n_allowed = 0;

    t->engine->now = clock_mono_ms(); /* the turn may have waited long for this */
    heap_remove(&t->engine->asked, &t->overdue);
    for (size_t i = 0; i < n && n_allowed < MAX_ADDRESSES; i++)
        if (!GUARD("addrguard_names") ||
            !addrguard_blocks(t->engine->options.addrguard, &addresses[i].any))
            allowed[n_allowed++] = addresses[i];
    if (result != ERR_OK)
        trip_end(t, &trip_no_reply, CODE_DNS_ERROR);
    else if (n_allowed == 0)
        trip_end(t, &trip_no_reply, CODE_BLOCKED_ADDRESS);
    else if (take_place(t, &allowed[0]))
        fetch(t, allowed, n_allowed);
}

static void find_host(struct trip *t) {
    struct engine *e = t->engine;
    struct address literal;

    if (address_parse(host_of(&t->url), &literal) == ERR_OK) {
        if (take_place(t, &literal))
            fetch(t, NULL, 0);
        return;
    }
    heap_put(&e->asked, &t->overdue, e->now + time_left(t));
    resolver_ask(e->resolver, host_of(&t->url), e->now, &t->lookup);
}

/* Takes up a place at |host|, which sched has counted. */
void trip_enter(struct trip *t, struct sched_host *host) {
    struct engine *e = t->engine;

    t->host = host;
    t->is_in_flight = true;
    t->begun_at = e->now;
    t->sent_at = t->ttfb_ms = -1;
    e->n_in_flight++;
}

void trip_go(struct trip *t) {
    enum code code = trip_admit(&t->url);

    t->engine->counting.started++;
    if (code == CODE_NONE)
        find_host(t);
    else
        trip_end(t, &trip_no_reply, code);
}

/* Puts it in a host's line, where its task is a hop. */
static void wait_at(struct trip *t, int64_t host) {
    struct engine *e = t->engine;

    map_put(&e->trips, (uint64_t)(uintptr_t)t->task, t);
    t->charged = (int64_t)(sizeof *t + t->url.href.cap + t->redirects.cap);
    sched_charge(e->sched, t->charged);
    sched_put(e->sched, t->task, host, true);
}

/* Goes back to where it came from, and leaves its place to the caller. */
static void go_back(struct trip *t) {
    struct engine *e = t->engine;

    t->is_in_flight = false;
    e->n_in_flight--;
    if (t->task->host != sched_host_id(t->host)) {
        wait_at(t, sched_host_id(t->host));
        t->host = NULL;
        return;
    }
    (void)atomic_fetch_sub(&t->crawl->running, 1);
    sched_put_back(e->sched, t->task, 0);
    trip_free(t);
}

static void postpone(struct trip *t) {
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
    bool is_hop = t->task->host != sched_host_id(host);

    if (is_hop) { /* which takes its URL along */
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
    conclude(t, &trip_no_reply, code);
}

static enum host_gate gate(struct trip *t) {
    OWNED_BUF struct buf key = BUF_INIT(URL_LIMIT);

    if (t->is_of_robots || trip_admit(&t->url) != CODE_NONE ||
        url_host_key(&t->url, &key) != ERR_OK)
        return HOST_OPEN; /* to be fetched, or refused */
    return host_gate(host_get(t->engine, t->host, buf_str(&key)), t->crawl, &t->url);
}

void trip_start(struct engine *e, struct task *task, struct sched_host *host) {
    struct trip *t = take_waiting(e, task);
    bool is_new = !t, is_url = true;

    if (is_new) {
        t = trip_new(e, crawl_get(e, task->job), task);
        is_url = url_parse(&t->url, task_url(task), NULL, NULL) == ERR_OK;
    }
    trip_enter(t, host);
    if (!is_url) {
        turn_away(t, CODE_INVALID_URL);
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
        postpone(t);
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

/* --- while it is fetched ------------------------------------------------------------------- */

/* A request counts as sent when it has surely arrived: servers judge us by their own
 * clocks, and a new connection may lie there for some milliseconds. */
static void on_sent(void *arg) {
    struct trip *t = arg;

    t->sent_at = clock_mono_ms();
    t->arrives_by = t->sent_at + ARRIVAL_MS;
    list_push_back(&t->engine->travelling, &t->travelling);
}

int64_t trips_arrive(struct engine *e) {
    while (!list_empty(&e->travelling)) {
        struct trip *t = CONTAINER_OF(e->travelling.next, struct trip, travelling);

        if (t->arrives_by > e->now)
            return t->arrives_by - e->now;
        arrived(t);
    }
    return INT64_MAX;
}

/* A redirect within its host will come back for the connection. */
static bool stays_at_home(const struct fetch_reply *reply) {
    return reply->status / 100 == 3 && str_starts(reply->location, STR("/")) &&
           !str_starts(reply->location, STR("//"));
}

static bool on_head(void *arg, const struct fetch_reply *reply) {
    struct trip *t = arg;

    if (!list_empty(&t->travelling))
        arrived(t);
    if (t->ttfb_ms < 0 && t->sent_at >= 0)
        t->ttfb_ms = clock_mono_ms() - t->sent_at;
    if (!t->is_of_robots && reply->status / 100 == 2)
        trip_begin_page(t, reply);
    return stays_at_home(reply) || sched_is_due(t->engine->sched, t->host, t->engine->now, KEEP_MS);
}

static enum err on_body(void *arg, struct str piece) {
    struct trip *t = arg;

    return t->is_of_robots ? trip_keep_robots(t, piece) : trip_feed_page(t, piece);
}

/* What is known of the URL is still so. */
bool trip_is_not_modified(const struct trip *t, const struct fetch_reply *reply) {
    return reply->status == 304 && t->task->known_page != 0 && !t->is_of_robots &&
           !t->crawl->growth;
}

static enum code code_of_status(uint32_t status) {
    if (status == 429)
        return CODE_RATE_LIMITED;
    switch (status / 100) {
    case 0:
    case 1:
        return CODE_PROTOCOL_ERROR;
    case 2:
        return CODE_NONE;
    case 3:
        return CODE_HTTP_3XX;
    case 4:
        return CODE_HTTP_4XX;
    default:
        return CODE_HTTP_5XX;
    }
}

static void on_done(void *arg, const struct fetch_reply *reply, enum code code) {
    struct trip *t = arg;
    struct engine *e = t->engine;

    t->fetch = NULL;
    /* connecting is a bother, too: a dead host is not asked without delay */
    if (reply->was_tried)
        arrived(t);
    e->counting.body_bytes += reply->body_bytes;
    if (code == CODE_NONE && !trip_is_not_modified(t, reply))
        code = code_of_status(reply->status);
    trip_end(t, reply, code);
}

const struct fetch_events trip_events = {
    .sent = on_sent, .head = on_head, .body = on_body, .done = on_done};

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
    wait_at(t, host_id(buf_str(&key), domain_bucket(url_hostname(&t->url))));
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
        wait_at(t, host);
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
    if (code == CODE_NONE)
        trip_follow(t, &res.links, &res.follow);
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
static void conclude(struct trip *t, const struct fetch_reply *reply, enum code code) {
    if (t->is_of_robots)
        trip_end_robots(t, reply, code);
    else if (may_retry(t, code))
        retry(t, reply);
    else
        settle(t, reply, code);
}

/* What becomes of an answer, or of its absence. */
static void trip_end(struct trip *t, const struct fetch_reply *reply, enum code code) {
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
        if (code != CODE_TOO_MANY_REDIRECTS) /* refused, and so answered by nobody */
            reply = &trip_no_reply;
    }
    trip_leave(t);
    conclude(t, reply, code);
}

void trips_drop_hops(struct engine *e, struct sched_host *host) {
    struct task *task;

    while ((task = sched_take_hop(e->sched, host)))
        conclude(take_waiting(e, task), &trip_no_reply, CODE_HOST_UNAVAILABLE);
}
