#include "storage/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "storage/lockfile.h"
#include "storage/sqlite_schema.h"

static void stop(struct backend *b) {
    writer_stop(sqlite_of(b)->writer);
}

/* The writing connection goes last: closing it brings the WAL into the file. */
static void sqlite_free(struct sqlite *s) {
    if (!s)
        return;
    writer_free(s->writer);
    pool_free(s->pool);
    linkrow_codec_free(s->scratch.codec);
    buf_done(&s->scratch.record);
    buf_done(&s->scratch.links);
    free(s->scratch.sorted);
    growth_done(&s->scratch.growth);
    backlinks_done(&s->scratch.backlinks);
    failures_done(&s->scratch.failures);
    db_free(s->db);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    free(s->path);
    free(s->folder);
    free(s);
}
DEFINE_OWNED(sqlite)

static void free_backend(struct backend *b) {
    sqlite_free(sqlite_of(b));
}

static enum err job_get(struct backend *b, const struct uuid *id, int64_t no,
                        struct job **ret_job) {
    struct sqlite *s = sqlite_of(b);
    struct reader *r;
    enum err e = pool_get(s->pool, &r);

    if (e != ERR_OK)
        return e;
    e = jobs_get(r->db, id, no, ret_job);
    pool_put(s->pool, r);
    return e;
}

static enum err tenant_load(struct backend *b, int64_t tenant, struct tenant_load *ret_load) {
    struct sqlite *s = sqlite_of(b);
    struct reader *r;
    enum err e = pool_get(s->pool, &r);

    if (e != ERR_OK)
        return e;
    e = tenants_load(r->db, tenant, ret_load);
    pool_put(s->pool, r);
    return e;
}

static enum err job_list(struct backend *b, const struct job_filter *f, struct job ***ret_jobs,
                         size_t *ret_n) {
    struct sqlite *s = sqlite_of(b);
    struct reader *r;
    enum err e = pool_get(s->pool, &r);

    if (e != ERR_OK)
        return e;
    e = jobs_list(r->db, f, ret_jobs, ret_n);
    pool_put(s->pool, r);
    return e;
}

static enum err job_move(struct backend *b, const struct uuid *id, enum job_state to,
                         struct job **ret_job) {
    return moves_job(sqlite_of(b)->writer, id, to, ret_job);
}

static enum err job_delete(struct backend *b, const struct uuid *id) {
    return moves_delete(sqlite_of(b)->writer, id);
}

static const struct backend_ops ops = {
    .stop = stop,
    .free = free_backend,
    .tenant = sqlite_tenant,
    .tenant_load = tenant_load,
    .job_get = job_get,
    .job_list = job_list,
    .job_move = job_move,
    .job_retry = sqlite_retry,
    .job_delete = job_delete,
    .once_find = sqlite_once_find,
    .load = sqlite_load,
    .add = sqlite_add,
    .feed_start = sqlite_feed_start,
    .refill = sqlite_refill,
    .host_ask = sqlite_host_ask,
    .commit = sqlite_commit,
    .records_read = sqlite_records_read,
    .tasks_read = sqlite_tasks_read,
    .backlinks_read = sqlite_backlinks_read,
    .summary = sqlite_summary,
    .hosts_read = sqlite_hosts_read,
    .links_read = sqlite_links_read,
    .known_links_read = sqlite_known_links_read,
    .events_read = sqlite_events_read,
    .deliveries_read = sqlite_deliveries_read,
    .deliveries_due = sqlite_deliveries_due,
    .message_get = sqlite_message_get,
    .attempt_put = sqlite_attempt_put,
    .delivery_repeat = sqlite_delivery_repeat,
};

/* The folder of |path|, "/" and "." included. */
static char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');

    if (!slash)
        return mem_chars(STR("."));
    return mem_chars(slash == path ? STR("/") : str_at(path, (size_t)(slash - path)));
}

/* With a folder in front no name has a meaning of its own for SQLite (":memory:"). By
 * its real name, because the lock and the files beside it go by that. */
static char *path_of(struct str path) {
    const char *folder = str_find(path, '/') == STR_END ? "./" : "";
    size_t size = strlen(folder) + path.len + 1;
    char *chars = mem_new(size, 1), *real;

    (void)snprintf(chars, size, "%s%.*s", folder, (int)path.len, path.ptr);
    real = realpath(chars, NULL);
    if (!real) /* a new one */
        return chars;
    free(chars);
    return real;
}

static struct sqlite *new_sqlite(const struct store_options *o, struct str path,
                                 const struct listeners *listeners) {
    struct sqlite *s = NEW(struct sqlite);

    s->lock_fd = -1;
    s->expired_to = -1;
    s->path = path_of(path);
    s->folder = folder_of(s->path);
    s->backend.ops = &ops;
    s->backend.feeds = listeners->feeds;
    s->backend.news = listeners->news;
    s->backend.post = listeners->post;
    s->backend.max_queued_urls = o->max_queued_urls;
    s->backend.min_free_bytes = o->min_free_bytes;
    s->backend.tenant_max_jobs = o->tenant_max_jobs;
    s->backend.tenant_max_queued_urls = o->tenant_max_queued_urls;
    s->backend.progress_ms = o->progress_ms;
    s->backend.spool_folder = s->folder;
    s->scratch.codec = linkrow_codec_new();
    buf_init(&s->scratch.record, RECORD_MAX_BYTES);
    buf_init(&s->scratch.links, LINKS_MAX_BYTES);
    failures_init(&s->scratch.failures);
    return s;
}

static void explain(struct buf *why, enum err e) {
    if (why && !why->len && buf_printf(why, "cannot open the database: %s", err_text(e)) != ERR_OK)
        buf_clear(why);
}

static enum err open_all(struct sqlite *s, struct buf *why) {
    enum err e = lockfile_take(s->path, &s->lock_fd, why);

    if (e != ERR_OK)
        return e;
    e = db_open(s->path, DB_WRITER, sqlite_schema_admit, &s->db, why);
    if (e != ERR_OK)
        lockfile_remove(s->path, s->lock_fd);
    if (e == ERR_OK)
        e = sqlite_schema_migrate(s->db);
    if (e == ERR_OK)
        e = moves_recover(s->db, &s->backend);
    if (e != ERR_OK)
        return e;
    s->pool = pool_new(s->path);
    return writer_new(
        &(struct writer_options){
            .backend = &s->backend, .db = s->db, .sweep = sqlite_sweep, .tick = sqlite_tick},
        &s->writer);
}

enum err sqlite_open(const struct store_options *o, struct str path,
                     const struct listeners *listeners, struct backend **ret_backend,
                     struct buf *why) {
    OWNED(sqlite) struct sqlite *s = new_sqlite(o, path, listeners);
    enum err e = open_all(s, why);

    if (e != ERR_OK) {
        explain(why, e);
        return e;
    }
    *ret_backend = &TAKE(s)->backend;
    return ERR_OK;
}
