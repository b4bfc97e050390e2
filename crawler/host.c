#include "crawler/host.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "crawler/engine_impl.h"

enum {
    DEFER_MS = 5000, /* a host that is blocked for longer leaves memory */
    ROBOTS_MS = 24 * 3600 * 1000,
    ROBOTS_FAILED_MS = 10 * 60 * 1000, /* then it is tried once more */
    ROBOTS_TRIES = 4,
    ROBOTS_FIRST_RETRY_MS = 5000, /* doubled, and doubled again */
    MOST_CRAWL_DELAY_MS = 60000,
    MOST_PARSED_BYTES = 8 << 20, /* of all robots.txt in memory */
    PARSED_GROWTH = 6,           /* of a body, at the most: robots.h */
};

/* --- coming and going --------------------------------------------------------------- */

static struct host *host_new(struct engine *e, struct sched_host *sched, struct str name) {
    struct host *h = NEW(struct host);

    h->engine = e;
    h->sched = sched;
    h->id = sched_host_id(sched);
    h->name = mem_chars(name);
    pace_init(&h->pace);
    list_init(&h->parsed);
    sched_set_owner(sched, h);
    sched_charge(e->sched, (int64_t)sizeof *h);
    return h;
}

static void drop_rules(struct host *h) {
    robots_rules_free(TAKE(h->rules));
    free(TAKE(h->rules_token));
}

static void drop_robots(struct host *h) {
    struct engine *e = h->engine;

    drop_rules(h);
    robots_free(TAKE(h->robots));
    list_remove(&h->parsed);
    e->parsed_bytes -= h->robots_bytes;
    sched_charge(e->sched, -(int64_t)h->robots_bytes);
    h->robots_bytes = 0;
}

static void host_free(struct host *h) {
    drop_robots(h);
    sched_charge(h->engine->sched, -(int64_t)sizeof *h);
    free(h->name);
    free(h);
}

void host_left(void *arg, void *owner) {
    struct host *h = owner;

    (void)arg;
    h->sched = NULL;
    if (!h->is_asking)
        host_free(h);
}

/* --- what the store remembers ---------------------------------------------------------- */

static int64_t to_wall(const struct engine *e, int64_t mono_ms) {
    return mono_ms ? mono_ms - e->now + clock_wall_ms() : 0;
}

static int64_t from_wall(const struct engine *e, int64_t wall_ms) {
    return wall_ms ? wall_ms - clock_wall_ms() + e->now : 0;
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t blocked_until(const struct host *h) {
    return later(circuit_blocked_until(&h->circuit), h->held_until);
}

/* |robots|: the file, where it is new. */
static void remember(struct host *h, struct str robots) {
    struct host_memo m = {.id = h->id,
                          .name = mem_chars(str_of(h->name)),
                          .fails = h->circuit.fails,
                          .delay_ms = pace_saved(&h->pace),
                          .robots_kind = h->robots_kind,
                          .robots_at = h->robots_at,
                          .robots_until = h->robots_until};

    if (blocked_until(h) > h->engine->now)
        m.blocked_until = to_wall(h->engine, blocked_until(h));
    if (robots.len) {
        m.robots = mem_new(robots.len, 1);
        memcpy(m.robots, robots.ptr, robots.len);
        m.robots_len = robots.len;
    }
    h->saved_delay_ms = m.delay_ms;
    sink_put_memo(h->engine->sink, &m);
}

static void parse(struct host *h, struct str body) {
    struct engine *e = h->engine;

    drop_robots(h);
    if (robots_parse(body, &h->robots) != ERR_OK) {
        h->robots_kind = ROBOTS_NONE; /* no memory: later, perhaps */
        return;
    }
    h->robots_bytes = body.len * PARSED_GROWTH;
    e->parsed_bytes += h->robots_bytes;
    sched_charge(e->sched, (int64_t)h->robots_bytes);
    list_push_back(&e->parsed, &h->parsed);
    while (e->parsed_bytes > MOST_PARSED_BYTES && e->parsed.next != &h->parsed)
        drop_robots(CONTAINER_OF(e->parsed.next, struct host, parsed));
}

static void apply(struct host *h) {
    struct engine *e = h->engine;

    sched_set_pace(e->sched, h->sched, pace_delay_ms(&h->pace, 0), circuit_is_probing(&h->circuit));
    if (circuit_blocked_until(&h->circuit) > e->now)
        sched_hold(e->sched, h->sched, circuit_blocked_until(&h->circuit), BLOCK_BACKOFF);
    if (h->held_until > e->now)
        sched_hold(e->sched, h->sched, h->held_until, BLOCK_RETRY_AFTER);
}

static void recall(struct host *h, const struct host_memo *m) {
    int64_t until = from_wall(h->engine, m->blocked_until);

    if (m->fails)
        h->circuit = circuit_restored(m->fails, until);
    else
        h->held_until = until;
    pace_restore(&h->pace, m->delay_ms);
    h->saved_delay_ms = m->delay_ms;
    h->robots_kind = m->robots_kind;
    h->robots_at = m->robots_at;
    h->robots_until = m->robots_until;
    if (m->robots_kind == ROBOTS_FILE)
        parse(h, str_at(m->robots ? m->robots : "", m->robots_len));
}

/* Of a host that was known only the file was wanted, which had been dropped. */
static void recall_robots(struct host *h, const struct host_memo *m) {
    if (m && m->robots_kind == ROBOTS_FILE)
        parse(h, str_at(m->robots ? m->robots : "", m->robots_len));
    else
        h->robots_kind = ROBOTS_NONE;
}

static void learn(struct host *h, struct host_memo *memo) {
    if (h->is_known)
        recall_robots(h, memo);
    else if (memo)
        recall(h, memo);
    host_memo_free(memo);
    h->is_known = true;
    apply(h);
}

/* A retry did so: a block that is over leaves no such memo but for a moment. */
static bool asks_again(const struct host_memo *m) {
    struct circuit c = m ? circuit_restored(m->fails, m->blocked_until) : (struct circuit){0};

    return circuit_is_probing(&c) && !circuit_blocked_until(&c);
}

static void ask_again(struct host *h) {
    circuit_ask_again(&h->circuit, h->engine->now);
    sched_lift(h->engine->sched, h->sched);
    apply(h);
}

void host_learn(struct engine *e, struct sched_host *sched, struct str name,
                struct host_memo *memo) {
    struct host *h = sched_owner(sched);

    if (!h) {
        learn(host_new(e, sched, name), memo);
        return;
    }
    if (asks_again(memo)) /* else it was here all the time, and knows more */
        ask_again(h);
    host_memo_free(memo);
}

static void ask_store(struct host *h) {
    struct engine *e = h->engine;

    h->is_asking = true;
    sched_suspend(e->sched, h->sched, true);
    h->ask = (struct host_ask){
        .host = h->id, .name = str_of(h->name), .done = engine_take_host, .owner = e};
    e->n_asks++;
    (void)sink_flush(e->sink, e->now, true); /* what was said of it before comes first */
    store_host_ask(e->options.store, &h->ask);
}

void host_answered(struct host_ask *ask) {
    struct host *h = CONTAINER_OF(ask, struct host, ask);
    struct engine *e = h->engine;

    e->n_asks--;
    h->is_asking = false;
    if (!h->sched) {
        host_memo_free(ask->memo);
        host_free(h);
        return;
    }
    learn(h, TAKE(ask->memo));
    sched_suspend(e->sched, h->sched, false);
    e->has_news = true;
}

struct host *host_get(struct engine *e, struct sched_host *sched, struct str name) {
    struct host *h = sched_owner(sched);

    return h ? h : host_new(e, sched, name);
}

/* --- robots.txt: what it says ------------------------------------------------------------- */

static struct str path_of(const struct url *u) {
    return str_from(url_without_fragment(u), u->path_start);
}

static bool take_rules(struct host *h, struct str token) {
    if (h->rules && str_eq(str_of(h->rules_token), token))
        return true;
    drop_rules(h);
    if (robots_rules_for(h->robots, token, &h->rules) != ERR_OK)
        return false;
    h->rules_token = mem_chars(token);
    return true;
}

static enum host_gate ask_rules(struct host *h, const struct crawl *c, const struct url *u) {
    struct engine *e = h->engine;
    uint32_t delay_ms;

    list_remove(&h->parsed);
    list_push_back(&e->parsed, &h->parsed);
    if (!take_rules(h, robots_token_of(str_of(c->job->options.user_agent))))
        return HOST_HAS_NO_ROBOTS;
    delay_ms = robots_delay_ms(h->rules);
    if (delay_ms > MOST_CRAWL_DELAY_MS)
        delay_ms = MOST_CRAWL_DELAY_MS;
    if (sched_set_crawl_delay(e->sched, h->sched, c->no, delay_ms) && delay_ms)
        return HOST_WAITS;
    return robots_allows(h->rules, path_of(u)) ? HOST_OPEN : HOST_DISALLOWS;
}

static bool are_robots_old(const struct host *h) {
    return h->robots_kind == ROBOTS_NONE || h->robots_until <= clock_wall_ms();
}

/* What else of jobs that obey waits for it is settled as a whole. */
static void forbid(struct host *h) {
    sched_close(h->engine->sched, h->sched, CLOSED_ROBOTS, 0);
}

static enum host_gate ask_robots(struct host *h, const struct crawl *c, const struct url *u) {
    if (h->is_fetching_robots || h->robots_retry_at > h->engine->now)
        return HOST_WAITS;
    if (h->robots_failure)
        return HOST_FAILS;
    if (are_robots_old(h))
        return HOST_NEEDS_ROBOTS;
    switch (h->robots_kind) {
    case ROBOTS_FILE:
        if (h->robots)
            return ask_rules(h, c, u);
        ask_store(h);
        return HOST_WAITS;
    case ROBOTS_UNREACHABLE:
        forbid(h);
        return HOST_HAS_NO_ROBOTS;
    default:
        return HOST_OPEN;
    }
}

enum host_gate host_gate(struct host *h, const struct crawl *c, const struct url *u) {
    if (!h->is_known) {
        if (!h->is_asking)
            ask_store(h);
        return HOST_WAITS;
    }
    if (c->job->options.robots == ROBOTS_IGNORE)
        return HOST_OPEN;
    return ask_robots(h, c, u);
}

/* --- robots.txt: fetching it ---------------------------------------------------------------- */

void host_robots_begun(struct host *h) {
    h->is_fetching_robots = true;
    sched_await_robots(h->engine->sched, h->sched, INT64_MAX);
}

/* Those that wait for it may go on, not before |at|. */
static void robots_over(struct host *h, int64_t at) {
    h->is_fetching_robots = false;
    h->robots_retry_at = at;
    sched_await_robots(h->engine->sched, h->sched, at);
}

void host_robots_given_up(struct host *h) {
    robots_over(h, 0);
}

static void robots_known(struct host *h, enum robots_kind kind, int64_t for_ms, struct str body) {
    h->robots_kind = kind;
    h->robots_at = clock_wall_ms();
    h->robots_until = h->robots_at + for_ms;
    h->robots_fails = 0;
    if (kind == ROBOTS_FILE)
        parse(h, body);
    else
        drop_robots(h);
    remember(h, body);
    robots_over(h, 0);
}

void host_robots_are(struct host *h, struct str body) {
    if (body.len)
        robots_known(h, ROBOTS_FILE, ROBOTS_MS, body);
    else
        host_robots_are_none(h);
}

void host_robots_are_none(struct host *h) {
    robots_known(h, ROBOTS_ALLOW_ALL, ROBOTS_MS, STR_NONE);
}

void host_robots_failed(struct host *h, enum code code) {
    h->robots_failure = code;
    robots_over(h, 0);
}

enum code host_take_failure(struct host *h) {
    enum code code = h->robots_failure;

    h->robots_failure = CODE_NONE;
    return code;
}

/* Deferred a few times, then taken for a refusal (RFC 9309 section 2.3.1.4). */
void host_robots_unreachable(struct host *h) {
    struct engine *e = h->engine;
    int64_t wait_ms = (int64_t)ROBOTS_FIRST_RETRY_MS << 2 * h->robots_fails;

    if (++h->robots_fails < ROBOTS_TRIES) {
        robots_over(h, e->now + wait_ms / e->options.patience_divisor);
        return;
    }
    robots_known(h, ROBOTS_UNREACHABLE, ROBOTS_FAILED_MS / e->options.patience_divisor, STR_NONE);
    forbid(h);
}

/* --- trouble --------------------------------------------------------------------------------- */

/* Nothing of it stays here until then, but for the seconds in which the store hears of it. */
static void close_until(struct host *h, enum sched_closing why, int64_t until) {
    trips_drop_hops(h->engine, h->sched);
    sched_close(h->engine->sched, h->sched, why, until);
}

static void block(struct host *h, int64_t until, enum sched_block why) {
    struct engine *e = h->engine;

    sched_hold(e->sched, h->sched, until, why);
    if (until - e->now <= DEFER_MS)
        return;
    remember(h, STR_NONE);
    close_until(h, CLOSED_DEFERRED, until);
}

void host_put_off(struct host *h) {
    if (blocked_until(h) - h->engine->now > DEFER_MS)
        close_until(h, CLOSED_DEFERRED, blocked_until(h));
}

static void note_failure(struct host *h, int64_t started_at) {
    struct engine *e = h->engine;
    enum circuit_state state =
        circuit_failed(&h->circuit, started_at, e->now, random_u64(), e->options.patience_divisor);

    sched_set_pace(e->sched, h->sched, pace_delay_ms(&h->pace, 0), circuit_is_probing(&h->circuit));
    if (state == CIRCUIT_CLOSED)
        return;
    if (state == CIRCUIT_OPENED) {
        block(h, circuit_blocked_until(&h->circuit), BLOCK_BACKOFF);
        return;
    }
    sched_hold(e->sched, h->sched, circuit_blocked_until(&h->circuit), BLOCK_BACKOFF);
    remember(h, STR_NONE);
    close_until(h, CLOSED_UNAVAILABLE, 0);
}

static void note_answer(struct host *h, const struct crawl *c, const struct fetch_reply *reply,
                        int64_t ttfb_ms) {
    struct engine *e = h->engine;
    bool was_failing = h->circuit.fails > 0;

    circuit_succeeded(&h->circuit);
    pace_answered(&h->pace, reply->status, ttfb_ms, c->job->options.host_delay_ms, e->now);
    sched_set_pace(e->sched, h->sched, pace_delay_ms(&h->pace, 0), false);
    if (was_failing || pace_saved(&h->pace) > 2 * h->saved_delay_ms ||
        pace_saved(&h->pace) < h->saved_delay_ms / 2)
        remember(h, STR_NONE);
    if (reply->retry_after_ms < 0 || (reply->status != 429 && reply->status != 503))
        return;
    h->held_until = later(h->held_until, e->now + reply->retry_after_ms);
    block(h, h->held_until, BLOCK_RETRY_AFTER);
}

void host_note_end(struct host *h, const struct crawl *c, const struct fetch_reply *reply,
                   enum code code, int64_t started_at, int64_t ttfb_ms) {
    if (reply->status)
        note_answer(h, c, reply, ttfb_ms);
    else if (circuit_counts(code, false))
        note_failure(h, started_at);
    if (ttfb_ms < 0 && code == CODE_TIMEOUT)
        pace_failed(&h->pace, h->engine->now - started_at);
}
