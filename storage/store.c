#include "storage/store.h"

#include <string.h>

#include "base/mem.h"
#include "storage/backend.h"
#include "storage/sqlite.h"

struct store {
    struct feeds feeds;
    struct news news;
    struct onces onces;
    struct post post;
    struct backend *backend;
};

enum err backend_admits(const struct backend *b, struct tenant_load load, uint64_t jobs,
                        uint64_t urls) {
    if (jobs && b->tenant_max_jobs && load.jobs + jobs > b->tenant_max_jobs)
        return ERR_QUOTA_JOBS;
    if (urls && b->tenant_max_queued_urls && load.urls + urls > b->tenant_max_queued_urls)
        return ERR_QUOTA_URLS;
    return ERR_OK;
}

struct backend *store_backend(struct store *s) {
    return s->backend;
}

/* --- life ------------------------------------------------------------------------- */

static const char sqlite_scheme[] = "sqlite:";

static enum err refuse_url(struct str url, struct buf *why) {
    if (why && buf_printf(why, "%.*s: not the URL of a database (sqlite:FILE)", (int)url.len,
                          url.ptr) != ERR_OK)
        buf_clear(why);
    return ERR_UNSUPPORTED;
}

/* The file that |url| names; empty where it names none. */
static struct str sqlite_path(struct str url) {
    return str_starts(url, str_of(sqlite_scheme)) ? str_from(url, strlen(sqlite_scheme)) : STR_NONE;
}

static enum err open_backend(struct store *s, const struct store_options *o, struct buf *why) {
    struct str path = sqlite_path(o->url);

    if (path.len)
        return sqlite_open(o, path, &(struct listeners){&s->feeds, &s->news, &s->post}, &s->backend,
                           why);
    return refuse_url(o->url, why);
}

enum err store_backup(struct str url, const char *file, struct buf *why) {
    struct str path = sqlite_path(url);

    return path.len ? sqlite_backup(path, file, why) : refuse_url(url, why);
}

enum err store_open(const struct store_options *options, struct store **ret_store,
                    struct buf *why) {
    struct store *s = NEW(struct store);
    enum err e;

    feeds_init(&s->feeds);
    news_init(&s->news);
    onces_init(&s->onces);
    post_init(&s->post);
    e = open_backend(s, options, why);
    if (e == ERR_OK) {
        *ret_store = s;
        return ERR_OK;
    }
    feeds_done(&s->feeds);
    news_done(&s->news);
    onces_done(&s->onces);
    post_done(&s->post);
    free(s);
    return e;
}

void store_stop(struct store *s) {
    s->backend->ops->stop(s->backend);
}

void store_free(struct store *s) {
    if (!s)
        return;
    store_stop(s);
    s->backend->ops->free(s->backend);
    feeds_done(&s->feeds);
    news_done(&s->news);
    onces_done(&s->onces);
    post_done(&s->post);
    free(s);
}

/* --- health ----------------------------------------------------------------------- */

enum store_health store_health(const struct store *s) {
    if (s->backend->damaged)
        return STORE_DAMAGED;
    if (s->backend->degraded)
        return STORE_DEGRADED;
    return s->backend->low_space ? STORE_LOW_SPACE : STORE_OK;
}

const char *store_health_text(enum store_health h) {
    static const char *const texts[] = {
#define X(name, text) text,
        STORE_HEALTH_TABLE(X)
#undef X
    };

    return texts[h];
}

void store_stats(const struct store *s, struct store_stats *ret_stats) {
    const struct backend *b = s->backend;

    *ret_stats = (struct store_stats){
        .queued_urls = b->queued_urls,
        .commits = b->commits,
        .commit_us = b->commit_us,
        .results = b->results,
        .wal_bytes = b->wal_bytes,
        .sweep_rows = b->sweep_rows,
    };
}

uint64_t store_epoch(const struct store *s) {
    return s->backend->epoch;
}

/* --- the rest is the back end's ------------------------------------------------------ */

static enum err get_job(struct store *s, const struct uuid *id, int64_t no, struct job **ret_job) {
    uint64_t ticket = news_ticket(&s->news);
    enum err e = s->backend->ops->job_get(s->backend, id, no, ret_job);

    if (e == ERR_OK)
        news_learn(&s->news, ticket, *ret_job);
    return e;
}

enum err store_job_get(struct store *s, const struct uuid *id, struct job **ret_job) {
    return get_job(s, id, 0, ret_job);
}

enum err store_job_get_no(struct store *s, int64_t no, struct job **ret_job) {
    return get_job(s, NULL, no, ret_job);
}

enum err store_tenant(struct store *s, struct str name, int64_t *ret_no) {
    return s->backend->ops->tenant(s->backend, name, ret_no);
}

enum err store_tenant_load(struct store *s, int64_t tenant, struct tenant_load *ret_load) {
    return s->backend->ops->tenant_load(s->backend, tenant, ret_load);
}

enum err store_tenant_may(struct store *s, int64_t tenant, uint64_t jobs, uint64_t urls) {
    struct tenant_load load;
    enum err e;

    if (!s->backend->tenant_max_jobs && !s->backend->tenant_max_queued_urls)
        return ERR_OK;
    e = store_tenant_load(s, tenant, &load);
    return e == ERR_OK ? backend_admits(s->backend, load, jobs, urls) : e;
}

/* Entered first: whoever is found under way may have been carried out when it is looked up. */
enum err store_once_begin(struct store *s, int64_t tenant, struct str key, int64_t now_ms,
                          struct once **ret_once, struct once_done *ret_done) {
    OWNED(once) struct once *o = NULL;
    enum err e = once_begin(&s->onces, tenant, key, now_ms, &o);

    if (e != ERR_OK)
        return e;
    e = s->backend->ops->once_find(s->backend, o, ret_done);
    if (e == ERR_OK)
        return ERR_CONFLICT;
    if (e != ERR_NOT_FOUND)
        return e;
    *ret_once = TAKE(o);
    return ERR_OK;
}

enum err store_job_tenant(struct store *s, const struct uuid *id, int64_t *ret_tenant) {
    OWNED(job) struct job *j = NULL;
    enum err e;

    if (news_tenant(&s->news, id, ret_tenant))
        return ERR_OK;
    e = store_job_get(s, id, &j);
    if (e == ERR_OK)
        *ret_tenant = j->tenant;
    return e;
}

bool store_job_version(struct store *s, const struct uuid *id, uint64_t *ret_version) {
    return news_version(&s->news, id, ret_version);
}

struct store_watch *store_watch_new(struct store *s, int64_t job) {
    return news_watch(&s->news, job);
}

enum err store_job_list(struct store *s, const struct job_filter *f, struct job ***ret_jobs,
                        size_t *ret_n) {
    return s->backend->ops->job_list(s->backend, f, ret_jobs, ret_n);
}

enum err store_job_move(struct store *s, const struct uuid *id, enum job_state to,
                        struct job **ret_job) {
    return s->backend->ops->job_move(s->backend, id, to, ret_job);
}

enum err store_job_retry(struct store *s, const struct uuid *id, uint64_t codes,
                         const struct once *once, uint64_t *ret_retried, struct job **ret_job) {
    return s->backend->ops->job_retry(s->backend, id, codes, once, ret_retried, ret_job);
}

enum err store_job_delete(struct store *s, const struct uuid *id) {
    return s->backend->ops->job_delete(s->backend, id);
}

enum err store_feed_new(struct store *s, void (*wake)(void *arg), void *arg,
                        struct store_feed **ret_feed) {
    struct store_feed *f = feed_new(&s->feeds, wake, arg);
    enum err e = s->backend->ops->feed_start(s->backend, f);

    if (e == ERR_OK)
        *ret_feed = f;
    else
        store_feed_free(f);
    return e;
}

void store_refill(struct store *s, struct refill *r) {
    s->backend->ops->refill(s->backend, r);
}

void store_host_ask(struct store *s, struct host_ask *a) {
    s->backend->ops->host_ask(s->backend, a);
}

void store_commit(struct store *s, struct store_batch *b) {
    s->backend->ops->commit(s->backend, b);
}

enum err store_records_read(struct store *s, int64_t job, const struct record_filter *f,
                            int64_t *after_seq, size_t max_rows, record_visit *visit, void *arg,
                            bool *ret_more) {
    return s->backend->ops->records_read(s->backend, job, f, after_seq, max_rows, visit, arg,
                                         ret_more);
}

enum err store_tasks_read(struct store *s, int64_t job, enum tasks_which which,
                          struct task_cursor *after, size_t max_rows, record_visit *visit,
                          void *arg, bool *ret_more) {
    return s->backend->ops->tasks_read(s->backend, job, which, after, max_rows, visit, arg,
                                       ret_more);
}

enum err store_backlinks_read(struct store *s, int64_t tenant, struct str url, int64_t *after_page,
                              size_t max_pages, backlink_visit *visit, void *arg, bool *ret_more) {
    return s->backend->ops->backlinks_read(s->backend, tenant, url, after_page, max_pages, visit,
                                           arg, ret_more);
}

enum err store_summary(struct store *s, int64_t job, struct summary **ret_summary) {
    return s->backend->ops->summary(s->backend, job, ret_summary);
}

enum err store_hosts_read(struct store *s, int64_t job, int64_t *after_host, size_t max_rows,
                          host_visit *visit, void *arg, bool *ret_more) {
    return s->backend->ops->hosts_read(s->backend, job, after_host, max_rows, visit, arg, ret_more);
}

enum err store_links_read(struct store *s, int64_t job, struct links_cursor *at, size_t max_parts,
                          links_visit *visit, void *arg, bool *ret_more) {
    return s->backend->ops->links_read(s->backend, job, at, max_parts, visit, arg, ret_more);
}

enum err store_known_links_read(struct store *s, const struct task *t, links_visit *visit,
                                void *arg) {
    return s->backend->ops->known_links_read(s->backend, t->known_page, visit, arg);
}

enum err store_events_read(struct store *s, int64_t job, uint64_t after_version, event_visit *visit,
                           void *arg) {
    return s->backend->ops->events_read(s->backend, job, after_version, visit, arg);
}

enum err store_deliveries_read(struct store *s, int64_t job, uint64_t *after, size_t max_rows,
                               delivery_visit *visit, void *arg, bool *ret_more) {
    return s->backend->ops->deliveries_read(s->backend, job, after, max_rows, visit, arg, ret_more);
}

void store_post_listen(struct store *s, void (*wake)(void *arg), void *arg) {
    post_listen(&s->post, wake, arg);
}

enum err store_deliveries_due(struct store *s, int64_t now_ms, size_t per_receiver,
                              delivery_visit *visit, void *arg, int64_t *ret_next_at) {
    return s->backend->ops->deliveries_due(s->backend, now_ms, per_receiver, visit, arg,
                                           ret_next_at);
}

enum err store_message_get(struct store *s, int64_t job, uint64_t sequence,
                           struct message **ret_message) {
    return s->backend->ops->message_get(s->backend, job, sequence, ret_message);
}

void message_free(struct message *m) {
    if (!m)
        return;
    job_free(m->job);
    buf_done(&m->facts);
    free(m);
}

void store_attempt_put(struct store *s, struct attempt *a) {
    s->backend->ops->attempt_put(s->backend, a);
}

enum err store_delivery_repeat(struct store *s, int64_t job, uint64_t sequence,
                               struct delivery *ret_delivery) {
    return s->backend->ops->delivery_repeat(s->backend, job, sequence, ret_delivery);
}
