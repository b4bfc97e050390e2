/* sqlite - the back end for one node: its parts, and who has which.
 *
 *   writer ── the one connection that changes    (sqlite_writer, _ingest, _refill, _commit, …)
 *   pool ──── connections for short reads        (sqlite_pool, _read)
 */
#ifndef STORAGE_SQLITE_H
#define STORAGE_SQLITE_H

#include "storage/linkrow.h"
#include "storage/sqlite_backlinks.h"
#include "storage/sqlite_grow.h"
#include "storage/sqlite_hosts.h"
#include "storage/sqlite_moves.h"
#include "storage/sqlite_once.h"
#include "storage/sqlite_outbox.h"
#include "storage/sqlite_pool.h"
#include "storage/sqlite_tally.h"
#include "storage/sqlite_tasks.h"

struct sqlite {
    struct backend backend; /* first: the door knows only this */
    char *path;             /* of the database */
    char *folder;
    int lock_fd; /* of FILE.lock, held while this lives */
    struct db *db;
    struct writer *writer;
    struct pool *pool;

    /* the writer's thread only */
    struct crawl_scratch {
        struct linkrow_codec *codec;
        struct buf record, links;
        struct result **sorted;
        size_t cap_sorted;
        struct growth growth;
        struct failures failures;
        struct tally tally;
        struct backlinks backlinks;
    } scratch;
    bool gave_back;     /* pages, which a checkpoint has yet to cut off the file */
    int64_t expired_to; /* memos of hosts up to this id were looked at */
};

static inline struct sqlite *sqlite_of(struct backend *b) {
    return (struct sqlite *)b;
}

/* Who hears of commits; borrowed. */
struct listeners {
    struct feeds *feeds;
    struct news *news;
    struct post *post;
};
/* |path|: the part of the URL behind "sqlite:". See store_open. */
MUST_USE enum err sqlite_open(const struct store_options *o, struct str path,
                              const struct listeners *listeners, struct backend **ret_backend,
                              struct buf *why);

/* sqlite_backup.c */
MUST_USE enum err sqlite_backup(struct str path, const char *file, struct buf *why);
/* sqlite_tenants.c */
MUST_USE enum err sqlite_tenant(struct backend *b, struct str name, int64_t *ret_no);
MUST_USE enum err tenants_load(struct db *db, int64_t tenant, struct tenant_load *ret_load);
/* As store_tenant_may, in a transaction of the writer. */
MUST_USE enum err tenants_admit(struct writer *w, int64_t tenant, uint64_t jobs, uint64_t urls);
/* Likewise for what a held job is to get, which it promises from then on. */
MUST_USE enum err tenants_admit_to(struct writer *w, const struct job *held,
                                   struct tenant_load more);
/* sqlite_once.c */
MUST_USE enum err sqlite_once_find(struct backend *b, const struct once *o,
                                   struct once_done *ret_done);
/* sqlite_retry.c */
MUST_USE enum err sqlite_retry(struct backend *b, const struct uuid *id, uint64_t codes,
                               const struct once *once, uint64_t *ret_retried,
                               struct job **ret_job);
/* sqlite_ingest.c */
MUST_USE enum err sqlite_load(struct backend *b, struct seeds *seeds, const struct job *draft,
                              const struct once *once, struct job **ret_job);
/* The record of a reject; row->seq is its place. On the writer's thread. */
MUST_USE enum err sqlite_put_reject(struct sqlite *s, int64_t page, const struct seedrow *row);
/* sqlite_add.c */
MUST_USE enum err sqlite_add(struct backend *b, struct seeds *seeds, const struct uuid *id,
                             const struct once *once, struct job **ret_job,
                             struct seeds_counts *ret_counts);
/* sqlite_feed.c */
MUST_USE enum err sqlite_feed_start(struct backend *b, struct store_feed *f);
/* sqlite_refill.c, sqlite_commit.c */
void sqlite_host_ask(struct backend *b, struct host_ask *a);
void sqlite_refill(struct backend *b, struct refill *r);
void sqlite_commit(struct backend *b, struct store_batch *batch);
/* sqlite_read.c */
MUST_USE enum err sqlite_records_read(struct backend *b, int64_t job, const struct record_filter *f,
                                      int64_t *after_seq, size_t max_rows, record_visit *visit,
                                      void *arg, bool *ret_more);
MUST_USE enum err sqlite_tasks_read(struct backend *b, int64_t job, enum tasks_which which,
                                    struct task_cursor *after, size_t max_rows, record_visit *visit,
                                    void *arg, bool *ret_more);
MUST_USE enum err sqlite_backlinks_read(struct backend *b, int64_t tenant, struct str url,
                                        int64_t *after_page, size_t max_pages,
                                        backlink_visit *visit, void *arg, bool *ret_more);
MUST_USE enum err sqlite_summary(struct backend *b, int64_t job, struct summary **ret_summary);
MUST_USE enum err sqlite_hosts_read(struct backend *b, int64_t job, int64_t *after_host,
                                    size_t max_rows, host_visit *visit, void *arg, bool *ret_more);
MUST_USE enum err sqlite_known_links_read(struct backend *b, int64_t known_page, links_visit *visit,
                                          void *arg);
MUST_USE enum err sqlite_links_read(struct backend *b, int64_t job, struct links_cursor *at,
                                    size_t max_parts, links_visit *visit, void *arg,
                                    bool *ret_more);
MUST_USE enum err sqlite_events_read(struct backend *b, int64_t job, uint64_t after_version,
                                     event_visit *visit, void *arg);
/* sqlite_deliveries.c */
MUST_USE enum err sqlite_deliveries_read(struct backend *b, int64_t job, uint64_t *after,
                                         size_t max_rows, delivery_visit *visit, void *arg,
                                         bool *ret_more);
MUST_USE enum err sqlite_deliveries_due(struct backend *b, int64_t now_ms, size_t per_receiver,
                                        delivery_visit *visit, void *arg, int64_t *ret_next_at);
MUST_USE enum err sqlite_message_get(struct backend *b, int64_t job, uint64_t sequence,
                                     struct message **ret_message);
void sqlite_attempt_put(struct backend *b, struct attempt *a);
MUST_USE enum err sqlite_delivery_repeat(struct backend *b, int64_t job, uint64_t sequence,
                                         struct delivery *ret_delivery);
/* sqlite_sweep.c: for the writer */
bool sqlite_sweep(struct writer *w);
void sqlite_tick(struct writer *w);

#endif
