#include "server/desk.h"

#include <pthread.h>

#include "base/mem.h"

struct desk {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* something waits, something was done, or the desk is closing */
    struct list waiting;    /* of struct errand */
    size_t n_waiting, max_waiting;
    size_t n_running;
    bool closing;
    size_t n_threads;
    pthread_t threads[];
};

/* Called with the lock held; it is not held while an errand runs. */
static void run_first(struct desk *d) {
    struct errand *e = CONTAINER_OF(list_pop_front(&d->waiting), struct errand, link);
    bool refused = d->closing;

    d->n_waiting--;
    d->n_running++;
    pthread_mutex_unlock(&d->lock);
    e->run(e, refused);
    pthread_mutex_lock(&d->lock);
    d->n_running--;
    if (d->closing)
        pthread_cond_broadcast(&d->changed);
}

static void *serve(void *arg) {
    struct desk *d = arg;

    pthread_mutex_lock(&d->lock);
    for (;;) {
        while (d->n_waiting)
            run_first(d);
        if (d->closing)
            break;
        pthread_cond_wait(&d->changed, &d->lock);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

struct desk *desk_new(size_t n_threads, size_t max_waiting) {
    struct desk *d = mem_new(1, sizeof *d + n_threads * sizeof d->threads[0]);

    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->changed, NULL);
    list_init(&d->waiting);
    d->max_waiting = max_waiting;
    for (; d->n_threads < n_threads; d->n_threads++) {
        if (pthread_create(&d->threads[d->n_threads], NULL, serve, d) != 0) {
            desk_free(d);
            return NULL;
        }
    }
    return d;
}

void desk_free(struct desk *d) {
    if (!d)
        return;
    desk_close(d);
    for (size_t i = 0; i < d->n_threads; i++)
        pthread_join(d->threads[i], NULL);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

bool desk_put(struct desk *d, struct errand *e) {
    bool taken;

    pthread_mutex_lock(&d->lock);
    taken = !d->closing && d->n_waiting < d->max_waiting;
    if (taken) {
        list_push_back(&d->waiting, &e->link);
        d->n_waiting++;
        pthread_cond_signal(&d->changed);
    }
    pthread_mutex_unlock(&d->lock);
    return taken;
}

void desk_close(struct desk *d) {
    pthread_mutex_lock(&d->lock);
    d->closing = true;
    pthread_cond_broadcast(&d->changed);
    while (d->n_waiting || d->n_running)
        pthread_cond_wait(&d->changed, &d->lock);
    pthread_mutex_unlock(&d->lock);
}
