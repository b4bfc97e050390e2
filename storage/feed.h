/* feed - what the engine is told of jobs: queues in memory, one a listener.
 *
 * The back end's writer pushes after each commit, on its own thread; listeners
 * take on theirs. The door shows struct store_feed (store.h).
 */
#ifndef STORAGE_FEED_H
#define STORAGE_FEED_H

#include <pthread.h>

#include "storage/store.h"

struct feeds {
    pthread_mutex_t lock; /* guards all below, and what the feeds hold */
    struct list all;
};

void feeds_init(struct feeds *fs);
void feeds_done(struct feeds *fs); /* all feeds were freed before */
void feeds_push(struct feeds *fs, struct job_change change);

struct store_feed *feed_new(struct feeds *fs, void (*wake)(void *arg), void *arg);
/* From now on it gets what is pushed. |first|: changes that it gets before. On the
 * thread that pushes, so that none is lost or twice. */
void feed_start(struct store_feed *f, const struct job_change *first, size_t n);

#endif
