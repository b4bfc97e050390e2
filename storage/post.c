#include "storage/post.h"

void post_init(struct post *p) {
    *p = (struct post){.wake = NULL};
    (void)pthread_mutex_init(&p->lock, NULL);
}

void post_done(struct post *p) {
    (void)pthread_mutex_destroy(&p->lock);
}

void post_listen(struct post *p, void (*wake)(void *arg), void *arg) {
    (void)pthread_mutex_lock(&p->lock);
    p->wake = wake;
    p->arg = arg;
    (void)pthread_mutex_unlock(&p->lock);
}

/* Under the lock: one that listens no more is woken no more. */
void post_wake(struct post *p) {
    (void)pthread_mutex_lock(&p->lock);
    if (p->wake)
        p->wake(p->arg);
    (void)pthread_mutex_unlock(&p->lock);
}
