/* backend - what a back end of the store has to bring. store.c picks it by the
 * URL and knows nothing else of it.
 *
 * The functions mean what store.h says of the calls of the same name, threads
 * and errors included; all of them are required.
 */
#ifndef STORAGE_BACKEND_H
#define STORAGE_BACKEND_H

#include <stdatomic.h>

#include "storage/feed.h"
#include "storage/news.h"
#include "storage/once.h"
#include "storage/post.h"
#include "storage/seeds.h"

struct backend {
    const struct backend_ops *ops;
    struct feeds *feeds; /* borrowed */
    struct news *news;   /* borrowed */
    struct post *post;   /* borrowed */
    uint64_t max_queued_urls, min_free_bytes;
    uint64_t tenant_max_jobs, tenant_max_queued_urls; /* 0: no limit */
    int64_t progress_ms;                              /* see store_options */
    const char *spool_folder;                         /* for uploads; owned by the back end */
    uint64_t epoch;

    /* written by the back end's writer but for |receiving|; any thread may look */
    atomic_bool low_space, degraded, damaged;
    atomic_uint_fast64_t receiving; /* URLs of uploads that are under way */
    atomic_uint_fast64_t queued_urls, commits, commit_us, results, wal_bytes, sweep_rows;
};

/* May a tenant that has |load| have so many more? See store_tenant_may. */
MUST_USE enum err backend_admits(const struct backend *b, struct tenant_load load, uint64_t jobs,
                                 uint64_t urls);

/* The one that |s| has chosen. */
struct backend *store_backend(struct store *s);

struct backend_ops {
    void (*stop)(struct backend *b);
    void (*free)(struct backend *b);

    enum err (*tenant)(struct backend *b, struct str name, int64_t *ret_no);
    enum err (*tenant_load)(struct backend *b, int64_t tenant, struct tenant_load *ret_load);
    /* |id| NULL: by |no| */
    enum err (*job_get)(struct backend *b, const struct uuid *id, int64_t no, struct job **ret_job);
    enum err (*job_list)(struct backend *b, const struct job_filter *f, struct job ***ret_jobs,
                         size_t *ret_n);
    enum err (*job_move)(struct backend *b, const struct uuid *id, enum job_state to,
                         struct job **ret_job);
    enum err (*job_retry)(struct backend *b, const struct uuid *id, uint64_t codes,
                          const struct once *once, uint64_t *ret_retried, struct job **ret_job);
    enum err (*job_delete)(struct backend *b, const struct uuid *id);

    /* What is kept of a call with the key of |o|, and counts still; ERR_NOT_FOUND. */
    enum err (*once_find)(struct backend *b, const struct once *o, struct once_done *ret_done);

    /* Stores settled seeds as a new job, whose |id| is in the draft: all of them, and |once|
     * where it is not NULL, in one durable step, or nothing. */
    enum err (*load)(struct backend *b, struct seeds *seeds, const struct job *draft,
                     const struct once *once, struct job **ret_job);

    /* Stores settled seeds as additions to a job, and |once| with the last of them.
     * *ret_counts: what became of them. */
    enum err (*add)(struct backend *b, struct seeds *seeds, const struct uuid *id,
                    const struct once *once, struct job **ret_job, struct seeds_counts *ret_counts);

    /* Calls feed_start with the active jobs, on the thread that pushes. */
    enum err (*feed_start)(struct backend *b, struct store_feed *f);
    void (*refill)(struct backend *b, struct refill *r);
    void (*host_ask)(struct backend *b, struct host_ask *a);
    void (*commit)(struct backend *b, struct store_batch *batch);

    enum err (*records_read)(struct backend *b, int64_t job, const struct record_filter *f,
                             int64_t *after_seq, size_t max_rows, record_visit *visit, void *arg,
                             bool *ret_more);
    enum err (*tasks_read)(struct backend *b, int64_t job, enum tasks_which which,
                           struct task_cursor *after, size_t max_rows, record_visit *visit,
                           void *arg, bool *ret_more);
    enum err (*backlinks_read)(struct backend *b, int64_t tenant, struct str url,
                               int64_t *after_page, size_t max_pages, backlink_visit *visit,
                               void *arg, bool *ret_more);
    enum err (*summary)(struct backend *b, int64_t job, struct summary **ret_summary);
    enum err (*hosts_read)(struct backend *b, int64_t job, int64_t *after_host, size_t max_rows,
                           host_visit *visit, void *arg, bool *ret_more);
    enum err (*links_read)(struct backend *b, int64_t job, struct links_cursor *at,
                           size_t max_parts, links_visit *visit, void *arg, bool *ret_more);
    enum err (*known_links_read)(struct backend *b, int64_t known_page, links_visit *visit,
                                 void *arg);
    enum err (*events_read)(struct backend *b, int64_t job, uint64_t after_version,
                            event_visit *visit, void *arg);

    enum err (*deliveries_read)(struct backend *b, int64_t job, uint64_t *after, size_t max_rows,
                                delivery_visit *visit, void *arg, bool *ret_more);
    enum err (*deliveries_due)(struct backend *b, int64_t now_ms, size_t per_receiver,
                               delivery_visit *visit, void *arg, int64_t *ret_next_at);
    enum err (*message_get)(struct backend *b, int64_t job, uint64_t sequence,
                            struct message **ret_message);
    void (*attempt_put)(struct backend *b, struct attempt *a);
    enum err (*delivery_repeat)(struct backend *b, int64_t job, uint64_t sequence,
                                struct delivery *ret_delivery);
};

#endif
