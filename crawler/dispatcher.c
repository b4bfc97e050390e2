#include "crawler/dispatcher.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/mem.h"
#include "crawler/fetch.h"
#include "crawler/loop.h"
#include "crawler/resolver.h"
#include "crawler/url.h"
#include "crawler/webhook.h"

enum {
    LOOK_AGAIN_MS = 1000,   /* after the store could not be read, or does not work */
    LOOK_LATEST_MS = 60000, /* wall clocks jump */
    MAX_BODY_BYTES = 64 << 20,
    MAX_REPLY_BYTES = 64 << 10, /* of a body that nobody reads */
    MAX_ADDRESSES = 16,
    ANSWER_GRACE_MS = 5000, /* a store that cannot write answers when it is stopped */
};

/* An attempt, from its delivery being due until what came of it is written down. */
struct sending {
    struct list link; /* in dispatcher.sendings */
    struct list done; /* in dispatcher.inbox */
    struct dispatcher *dispatcher;
    struct delivery delivery;
    struct attempt attempt;
    struct message *message;
    struct buf body;
    struct url url;
    int64_t until; /* monotonic */
    struct lookup lookup;
    bool is_asking; /* for its host's addresses */
    struct fetch *fetch;
    bool is_lent; /* what came of it is with the store */
};

struct dispatcher {
    struct dispatcher_options options;
    struct loop *loop;
    struct resolver *resolver;
    struct fetcher *fetcher;
    pthread_t thread;
    bool has_thread;

    int64_t now; /* monotonic ms, of this turn */
    struct list sendings;
    size_t n_sendings, n_lent;
    int64_t look_at; /* monotonic: when to look for what is due */
    int64_t stop_at; /* when to abort; 0: not stopping */

    _Atomic bool is_stopping, has_post;

    pthread_mutex_t lock; /* guards this group */
    pthread_cond_t all_answered;
    struct list inbox; /* sending.done */
    size_t n_inbox;
    struct dispatcher_stats stats;
};

static const struct fetch_reply no_reply = {.retry_after_ms = -1};

/* --- other threads ------------------------------------------------------------------------- */

static void wake(void *arg) {
    struct dispatcher *d = arg;

    atomic_store(&d->has_post, true);
    loop_wake(d->loop);
}

static void take_answer(struct attempt *a) {
    struct sending *s = a->owner;
    struct dispatcher *d = s->dispatcher;

    (void)pthread_mutex_lock(&d->lock);
    list_push_back(&d->inbox, &s->done);
    d->n_inbox++;
    loop_wake(d->loop); /* under the lock: once nothing is lent it may be freed */
    (void)pthread_cond_broadcast(&d->all_answered);
    (void)pthread_mutex_unlock(&d->lock);
}

void dispatcher_stats(struct dispatcher *d, struct dispatcher_stats *ret_stats) {
    (void)pthread_mutex_lock(&d->lock);
    *ret_stats = d->stats;
    (void)pthread_mutex_unlock(&d->lock);
}

static void count(struct dispatcher *d, const struct attempt *a) {
    (void)pthread_mutex_lock(&d->lock);
    d->stats.under_way = d->n_sendings;
    if (a && a->was_made)
        d->stats.by_verdict[a->verdict]++;
    (void)pthread_mutex_unlock(&d->lock);
}

/* --- the end of an attempt -------------------------------------------------------------------- */

static void sending_free(struct sending *s) {
    message_free(s->message);
    buf_done(&s->body);
    url_done(&s->url);
    free(s);
}

static void forget(struct sending *s) {
    struct dispatcher *d = s->dispatcher;

    list_remove(&s->link);
    d->n_sendings--;
    count(d, NULL);
    sending_free(s);
}

/* Its place stays taken until that is written down: else it would be found due again. */
static void hand_over(struct sending *s) {
    struct dispatcher *d = s->dispatcher;

    message_free(TAKE(s->message));
    buf_done(&s->body);
    s->is_lent = true;
    d->n_lent++;
    count(d, &s->attempt);
    store_attempt_put(d->options.store, &s->attempt);
}

/* The operator's to mend. Its URL may hold secrets. */
static void log_blocked(const struct sending *s) {
    char job[UUID_TEXT_LEN + 1];

    uuid_text(&s->message->job->id, job);
    log_warning("a webhook leads to an address that --webhook-allow-net does not allow",
                log_str("job", str_of(job)));
}

static void end(struct sending *s, const struct fetch_reply *reply, enum code code) {
    s->is_asking = false;
    s->fetch = NULL;
    s->attempt.tried_at = clock_wall_ms();
    webhook_judge(&s->attempt, reply, code, s->delivery.attempts,
                  s->dispatcher->options.patience_divisor);
    if (code == CODE_BLOCKED_ADDRESS)
        log_blocked(s);
    hand_over(s);
}

static void end_untried(struct sending *s, enum attempt_verdict verdict) {
    s->attempt.tried_at = clock_wall_ms();
    s->attempt.verdict = verdict;
    hand_over(s);
}

static void take_answers(struct dispatcher *d) {
    struct list *link, taken;

    list_init(&taken);
    (void)pthread_mutex_lock(&d->lock);
    while ((link = list_pop_front(&d->inbox)))
        list_push_back(&taken, link);
    d->n_inbox = 0;
    (void)pthread_mutex_unlock(&d->lock);
    while ((link = list_pop_front(&taken))) {
        d->n_lent--;
        d->look_at = d->now; /* a place is free, and the next of the job may have its turn */
        forget(CONTAINER_OF(link, struct sending, done));
    }
}

/* --- an attempt --------------------------------------------------------------------------------
 */

static int64_t time_left(const struct sending *s) {
    return s->until - s->dispatcher->now;
}

static enum err begin_fetch(struct sending *s, const struct address *addresses, size_t n) {
    const struct dispatcher_options *o = &s->dispatcher->options;
    OWNED_WEBHOOK_HEAD struct webhook_head head = {.n = 0};
    OWNED_BUF struct buf url = BUF_INIT(URL_LIMIT);
    struct str body = buf_str(&s->body);
    struct fetch_request r = {.host = fetch_host(&s->url),
                              .port = url_effective_port(&s->url),
                              .addresses = addresses,
                              .n_addresses = n,
                              .user_agent = o->user_agent,
                              .timeout_ms = (uint32_t)time_left(s),
                              .max_body_bytes = MAX_REPLY_BYTES,
                              .headers = head.lines,
                              .post = &body};
    char id[DELIVERY_ID_CHARS + 1];
    enum err e;

    delivery_id_text(&s->message->job->id, s->delivery.sequence, id);
    e = webhook_make_head(&s->message->job->options, str_of(id), clock_wall_ms() / 1000, body,
                          &head);
    r.n_headers = head.n;
    if (e == ERR_OK)
        e = fetch_put_url(&url, &s->url);
    r.url = buf_str(&url);
    return e == ERR_OK ? fetch_start(s->dispatcher->fetcher, &r, s, &s->fetch) : e;
}

static void fetch(struct sending *s, const struct address *addresses, size_t n) {
    if (time_left(s) <= 0)
        end(s, &no_reply, CODE_TIMEOUT);
    else if (begin_fetch(s, addresses, n) != ERR_OK)
        end(s, &no_reply, CODE_INTERNAL_ERROR);
}

/* A name whose addresses are all refused is not asked at all. */
static void on_lookup(struct lookup *l, enum err result, const struct address *addresses,
                      size_t n) {
    struct sending *s = CONTAINER_OF(l, struct sending, lookup);
    struct address allowed[MAX_ADDRESSES];
    size_t n_allowed = 0;

    s->is_asking = false;
    s->dispatcher->now = clock_mono_ms();
    for (size_t i = 0; i < n && n_allowed < MAX_ADDRESSES; i++)
        if (!GUARD("addrguard_names") ||
            !addrguard_blocks(s->dispatcher->options.addrguard, &addresses[i].any))
            allowed[n_allowed++] = addresses[i];
    if (result != ERR_OK)
        end(s, &no_reply, CODE_DNS_ERROR);
    else if (n_allowed == 0)
        end(s, &no_reply, CODE_BLOCKED_ADDRESS);
    else
        fetch(s, allowed, n_allowed);
}

static void find_host(struct sending *s) {
    struct dispatcher *d = s->dispatcher;
    struct str host = fetch_host(&s->url);
    struct address literal;

    if (blocklist_has(d->options.blocklist, url_hostname(&s->url))) {
        end(s, &no_reply, CODE_BLOCKED_ADDRESS);
        return;
    }
    if (address_parse(host, &literal) == ERR_OK) {
        fetch(s, NULL, 0);
        return;
    }
    s->is_asking = true;
    resolver_ask(d->resolver, host, d->now, &s->lookup);
}

static void make(struct sending *s) {
    const struct dispatcher_options *o = &s->dispatcher->options;
    const char *url = s->message->job->options.webhook_url;

    if (s->message->is_unwanted)
        end_untried(s, ATTEMPT_FAILED);
    else if (!url || url_parse(&s->url, str_of(url), NULL, NULL) != ERR_OK ||
             o->payload(o->payload_arg, s->message, &s->body) != ERR_OK)
        end(s, &no_reply, CODE_INTERNAL_ERROR);
    else
        find_host(s);
}

/* --- what libcurl tells of it ------------------------------------------------------------------
 */

static void on_sent(void *arg) {
    (void)arg;
}

/* Messages to one receiver are seldom close to each other. */
static bool on_head(void *arg, const struct fetch_reply *reply) {
    (void)arg;
    (void)reply;
    return false;
}

static enum err on_body(void *arg, struct str piece) {
    (void)arg;
    (void)piece;
    return ERR_OK;
}

static void on_done(void *arg, const struct fetch_reply *reply, enum code code) {
    end(arg, reply, code);
}

static const struct fetch_events events = {
    .sent = on_sent, .head = on_head, .body = on_body, .done = on_done};

/* --- what is due --------------------------------------------------------------------------------
 */

static size_t places_of(const struct dispatcher *d, int64_t receiver) {
    size_t taken = 0;

    for (const struct list *l = d->sendings.next; l != &d->sendings; l = l->next)
        taken += CONTAINER_OF(l, struct sending, link)->delivery.receiver == receiver;
    return taken < DISPATCHER_A_RECEIVER ? DISPATCHER_A_RECEIVER - taken : 0;
}

static bool is_under_way(const struct dispatcher *d, const struct delivery *wanted) {
    for (const struct list *l = d->sendings.next; l != &d->sendings; l = l->next) {
        const struct delivery *x = &CONTAINER_OF(l, struct sending, link)->delivery;

        if (x->job == wanted->job && x->sequence == wanted->sequence)
            return true;
    }
    return false;
}

/* Takes a place, and no more: a visitor must not call the store. */
static bool take_due(void *arg, const struct delivery *due) {
    struct dispatcher *d = arg;
    struct sending *s;

    if (d->n_sendings == d->options.max_transfers)
        return false;
    if (is_under_way(d, due) || !places_of(d, due->receiver))
        return true;
    s = NEW(struct sending);
    s->dispatcher = d;
    s->delivery = *due;
    s->attempt = (struct attempt){.job = due->job,
                                  .sequence = due->sequence,
                                  .due_at = due->next_at,
                                  .done = take_answer,
                                  .owner = s};
    s->body = BUF_INIT(MAX_BODY_BYTES);
    s->lookup.done = on_lookup;
    list_init(&s->lookup.link);
    list_init(&s->done);
    url_init(&s->url);
    list_push_back(&d->sendings, &s->link);
    d->n_sendings++;
    return true;
}

/* It may have gone since, or its job. */
static void begin(struct sending *s) {
    struct dispatcher *d = s->dispatcher;
    enum err e =
        store_message_get(d->options.store, s->delivery.job, s->delivery.sequence, &s->message);

    s->until = d->now + d->options.timeout_ms;
    if (e == ERR_OK) {
        make(s);
    } else if (e == ERR_NOT_FOUND) {
        end_untried(s, ATTEMPT_DROP);
    } else {
        d->look_at = d->now + LOOK_AGAIN_MS;
        forget(s);
    }
}

/* What has a place, and nothing else yet. */
static bool is_new(const struct sending *s) {
    return !s->message && !s->is_lent;
}

static void begin_new(struct dispatcher *d) {
    struct list *following;

    for (struct list *l = d->sendings.next; l != &d->sendings; l = following) {
        struct sending *s = CONTAINER_OF(l, struct sending, link);

        following = l->next;
        if (is_new(s))
            begin(s);
    }
}

/* While the store cannot be written nothing is sent: nobody could note that it was. */
static bool store_works(const struct dispatcher *d) {
    enum store_health health = store_health(d->options.store);

    return health == STORE_OK || health == STORE_LOW_SPACE;
}

static void look(struct dispatcher *d) {
    int64_t wall = clock_wall_ms(), next_at = INT64_MAX;
    enum err e = store_works(d) ? store_deliveries_due(d->options.store, wall,
                                                       DISPATCHER_A_RECEIVER, take_due, d, &next_at)
                                : ERR_BUSY;

    d->look_at = d->now + (e == ERR_OK ? LOOK_LATEST_MS : LOOK_AGAIN_MS);
    if (next_at < wall + LOOK_LATEST_MS)
        d->look_at = d->now + (next_at > wall ? next_at - wall : 0);
    begin_new(d);
}

/* --- the thread
 * ----------------------------------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Names that take too long; returns for how long none does. */
static int64_t expire(struct dispatcher *d) {
    int64_t wait_ms = INT64_MAX;
    struct list *following;

    for (struct list *l = d->sendings.next; l != &d->sendings; l = following) {
        struct sending *s = CONTAINER_OF(l, struct sending, link);

        following = l->next;
        if (!s->is_asking)
            continue;
        if (time_left(s) > 0) {
            wait_ms = least(wait_ms, time_left(s));
            continue;
        }
        resolver_cancel(&s->lookup);
        end(s, &no_reply, CODE_TIMEOUT);
    }
    return wait_ms;
}

static void abort_all(struct dispatcher *d) {
    struct list *following;

    for (struct list *l = d->sendings.next; l != &d->sendings; l = following) {
        struct sending *s = CONTAINER_OF(l, struct sending, link);

        following = l->next;
        if (s->is_lent)
            continue;
        if (s->fetch)
            fetch_abort(s->fetch);
        resolver_cancel(&s->lookup);
        forget(s);
    }
}

static int64_t run_parts(struct dispatcher *d) {
    int64_t wait_ms = resolver_run(d->resolver, d->now);

    wait_ms = least(wait_ms, fetcher_run(d->fetcher, d->now));
    return least(wait_ms, expire(d));
}

static void turn(struct dispatcher *d) {
    int64_t wait_ms;

    d->now = clock_mono_ms();
    (void)run_parts(d);
    take_answers(d);
    if (atomic_exchange(&d->has_post, false))
        d->look_at = d->now;
    if (!d->stop_at && d->now >= d->look_at)
        look(d);
    if (d->stop_at && d->now >= d->stop_at)
        abort_all(d);
    d->now = clock_mono_ms();
    wait_ms = run_parts(d); /* also what was begun just now */
    wait_ms = least(wait_ms, (d->stop_at ? d->stop_at : d->look_at) - d->now);
    loop_wait(d->loop, wait_ms > 0 ? wait_ms : 0);
}

static void *run(void *arg) {
    struct dispatcher *d = arg;

    while (!atomic_load(&d->is_stopping))
        turn(d);
    d->stop_at = clock_mono_ms() + d->options.drain_ms;
    while (d->n_sendings > d->n_lent)
        turn(d);
    d->stop_at = clock_mono_ms() + ANSWER_GRACE_MS;
    while (d->n_lent > 0 && clock_mono_ms() < d->stop_at)
        turn(d);
    return NULL;
}

/* --- life
 * ------------------------------------------------------------------------------------------ */

static enum err build_parts(struct dispatcher *d) {
    const struct dispatcher_options *o = &d->options;
    enum err e = loop_new(&d->loop);

    if (e == ERR_OK)
        e = resolver_new(&(struct resolver_options){.loop = d->loop, .servers = o->dns_servers},
                         &d->resolver);
    return e == ERR_OK ? fetcher_new(&(struct fetcher_options){.loop = d->loop,
                                                               .addrguard = o->addrguard,
                                                               .ca_file = o->ca_file,
                                                               .events = &events,
                                                               .max_transfers = o->max_transfers},
                                     &d->fetcher)
                       : e;
}

enum err dispatcher_new(const struct dispatcher_options *o, struct dispatcher **ret_dispatcher) {
    OWNED(dispatcher) struct dispatcher *d = NEW(struct dispatcher);
    enum err e;

    d->options = *o;
    list_init(&d->sendings);
    list_init(&d->inbox);
    (void)pthread_mutex_init(&d->lock, NULL);
    (void)pthread_cond_init(&d->all_answered, NULL);
    e = build_parts(d);
    if (e != ERR_OK)
        return e;
    store_post_listen(o->store, wake, d);
    if (pthread_create(&d->thread, NULL, run, d) != 0)
        return ERR_NO_MEMORY;
    d->has_thread = true;
    *ret_dispatcher = TAKE(d);
    return ERR_OK;
}

void dispatcher_stop_soon(struct dispatcher *d) {
    atomic_store(&d->is_stopping, true);
    loop_wake(d->loop);
}

void dispatcher_stop(struct dispatcher *d) {
    if (!d->has_thread)
        return;
    dispatcher_stop_soon(d);
    (void)pthread_join(d->thread, NULL);
    d->has_thread = false;
}

/* What the store still has is answered by it, at the latest when it is stopped. */
static void wait_for_answers(struct dispatcher *d) {
    (void)pthread_mutex_lock(&d->lock);
    while (d->n_lent > d->n_inbox)
        (void)pthread_cond_wait(&d->all_answered, &d->lock);
    (void)pthread_mutex_unlock(&d->lock);
    take_answers(d);
}

void dispatcher_free(struct dispatcher *d) {
    if (!d)
        return;
    dispatcher_stop(d);
    store_post_listen(d->options.store, NULL, NULL);
    wait_for_answers(d);
    fetcher_free(d->fetcher);
    resolver_free(d->resolver);
    loop_free(d->loop);
    (void)pthread_cond_destroy(&d->all_answered);
    (void)pthread_mutex_destroy(&d->lock);
    free(d);
}
