/* Asking: scheme, name, addresses, request, and what libcurl tells of it. Engine's thread. */
#include "base/clock.h"
#include "base/guard.h"
#include "crawler/engine_impl.h"
#include "crawler/field.h"

enum {
    /* After the sending, unless the answer comes before: busy servers note a request
     * some ten ms late, and slow ones shall not lose much of their rate. */
    ARRIVAL_MS = 40,
    CROWDED_MS = 100,   /* before an IP address with no place left is looked at again */
    KEEP_MS = 5000,     /* a connection, if its host has something due within */
    MAX_ADDRESSES = 16, /* handed over for one name */
};

const struct fetch_reply trip_no_reply = {.retry_after_ms = -1};

/* --- the gate ---------------------------------------------------------------------------- */

/* Who may be asked is judged by address. */
enum code trip_code_of_url(enum err e) {
    return e == ERR_NO_MEMORY ? CODE_INTERNAL_ERROR : CODE_INVALID_URL;
}

enum code trip_admit(const struct url *u) {
    if (!url_is_http(u))
        return CODE_UNSUPPORTED_SCHEME;
    if (!u->has_host || url_has_credentials(u))
        return CODE_INVALID_URL;
    return CODE_NONE;
}

static int64_t time_left(const struct trip *t) {
    return t->crawl->job->options.timeout_ms - t->spent_ms - (t->engine->now - t->begun_at);
}

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
        trip_postpone(t);
    }
    return false;
}

/* --- the request ------------------------------------------------------------------------- */

static bool is_of_origin(struct str text, const struct url *origin) {
    OWNED_URL struct url url;

    url_init(&url);
    return url_parse(&url, text, NULL, NULL) == ERR_OK && url_has_same_origin(&url, origin);
}

/* At the origin of its task's URL, redirects or not, and never elsewhere on the way: a
 * stranger does not say what is asked for there. */
bool trip_is_at_home(const struct trip *t) {
    struct str rest = buf_str(&t->redirects);
    bool is_home = t->n_redirects == 0 || is_of_origin(task_url(t->task), &t->url);

    while (is_home && rest.len) {
        struct str url = str_cut(&rest, '\n');

        (void)str_cut(&url, ' '); /* the status */
        is_home = is_of_origin(url, &t->url);
    }
    return is_home;
}

/* Those of the job's header fields that may go where |t| goes; borrowed. */
static size_t choose_fields(const struct trip *t, struct str lines[FIELD_MAX]) {
    struct str rest = str_of(t->crawl->job->options.headers);
    bool takes_secrets =
        rest.len && ((t->task->is_entitled && trip_is_at_home(t)) || !GUARD("header_origin"));
    struct field field;
    size_t n = 0;

    while (n < FIELD_MAX && field_next(&rest, &field))
        if (takes_secrets || !field_is_secret(field.name))
            lines[n++] = field.line;
    return n;
}

static void fetch(struct trip *t, const struct address *addresses, size_t n) {
    OWNED_BUF struct buf url = BUF_INIT(URL_LIMIT);
    struct str fields[FIELD_MAX];
    struct engine *e = t->engine;
    const struct job_options *o = &t->crawl->job->options;
    struct fetch_request r = {.host = fetch_host(&t->url),
                              .port = url_effective_port(&t->url),
                              .addresses = addresses,
                              .n_addresses = n,
                              .user_agent = str_of(o->user_agent),
                              .timeout_ms = (uint32_t)time_left(t),
                              .max_body_bytes =
                                  t->is_of_robots ? 2 * ROBOTS_MAX_BYTES : o->max_body_bytes};
    enum err err;

    if (!t->is_of_robots) {
        r.headers = fields;
        r.n_headers = choose_fields(t, fields);
        r.etag = task_etag(t->task);
        r.last_modified = task_last_modified(t->task);
    }
    if (time_left(t) <= 0) {
        trip_end(t, &trip_no_reply, CODE_TIMEOUT);
        return;
    }
    err = fetch_put_url(&url, &t->url);
    r.url = buf_str(&url);
    if (err == ERR_OK)
        err = fetch_start(e->fetcher, &r, t, &t->fetch);
    if (err != ERR_OK)
        trip_end(t, &trip_no_reply, err == ERR_INVALID ? CODE_INVALID_URL : CODE_INTERNAL_ERROR);
}

/* A name whose addresses are all refused is not asked at all. */
void trip_on_lookup(struct lookup *l, enum err result, const struct address *addresses, size_t n) {
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

    if (address_parse(fetch_host(&t->url), &literal) == ERR_OK) {
        if (take_place(t, &literal))
            fetch(t, NULL, 0);
        return;
    }
    heap_put(&e->asked, &t->overdue, e->now + time_left(t));
    resolver_ask(e->resolver, fetch_host(&t->url), e->now, &t->lookup);
}

void trip_go(struct trip *t) {
    enum code code = trip_admit(&t->url);

    t->engine->counting.started++;
    if (code == CODE_NONE && GUARD("blocklist") &&
        blocklist_has(t->engine->options.blocklist, url_hostname(&t->url)))
        code = CODE_BLOCKED_ADDRESS;
    if (code == CODE_NONE)
        find_host(t);
    else
        trip_end(t, &trip_no_reply, code);
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
        trip_arrived(t);
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
        trip_arrived(t);
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
    return reply->status == 304 && t->task->known_page != 0 && !t->is_of_robots;
}

static void on_done(void *arg, const struct fetch_reply *reply, enum code code) {
    struct trip *t = arg;
    struct engine *e = t->engine;

    t->fetch = NULL;
    /* connecting is a bother, too: a dead host is not asked without delay */
    if (reply->was_tried)
        trip_arrived(t);
    e->counting.body_bytes += reply->body_bytes;
    if (code == CODE_NONE && !trip_is_not_modified(t, reply))
        code = fetch_code_of_status(reply->status);
    trip_end(t, reply, code);
}

const struct fetch_events trip_events = {
    .sent = on_sent, .head = on_head, .body = on_body, .done = on_done};
