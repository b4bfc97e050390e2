/* news - how jobs stand, in memory: what the commits said of them lately, and who waits
 * to hear of the next one.
 *
 * The back end's writer tells after each commit, on its own thread, before whoever asked
 * for the change hears of it; any thread may look and wait. The door shows struct
 * store_watch (store.h).
 */
#ifndef STORAGE_NEWS_H
#define STORAGE_NEWS_H

#include <pthread.h>

#include "base/map.h"
#include "storage/store.h"

enum { NEWS_MOST_JOBS = 16384 }; /* beyond, those that nobody watches are forgotten */

struct news {
    pthread_mutex_t lock; /* guards all below, and what the watches hold */
    struct map by_no, by_id;
    uint64_t n_told;
};

void news_init(struct news *n);
void news_done(struct news *n); /* all watches were freed before */

/* What a commit made of a job. */
struct news_item {
    int64_t job;
    uint64_t version;
    enum job_state state;
};
void news_tell(struct news *n, const struct news_item *items, size_t n_items);

/* A job as it was read, by who took |ticket| before: it is remembered unless a commit was
 * told of meanwhile, which may be newer. */
uint64_t news_ticket(struct news *n);
void news_learn(struct news *n, uint64_t ticket, const struct job *j);

/* See store_job_version. */
bool news_version(struct news *n, const struct uuid *id, uint64_t *ret_version);
/* See store_job_tenant; false: read it. */
bool news_tenant(struct news *n, const struct uuid *id, int64_t *ret_tenant);
struct store_watch *news_watch(struct news *n, int64_t job);

#endif
