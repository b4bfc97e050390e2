/* post - who sends webhooks hears that there may be something to send.
 *
 * The back end's writer wakes after a commit, on its own thread. The door shows
 * store_post_listen (store.h).
 */
#ifndef STORAGE_POST_H
#define STORAGE_POST_H

#include <pthread.h>

#include "storage/store.h"

struct post {
    pthread_mutex_t lock; /* guards all below */
    void (*wake)(void *arg);
    void *arg;
};

void post_init(struct post *p);
void post_done(struct post *p);
void post_listen(struct post *p, void (*wake)(void *arg), void *arg);
void post_wake(struct post *p);

#endif
