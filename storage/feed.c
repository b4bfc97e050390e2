#include "storage/feed.h"

#include "base/mem.h"

struct store_feed {
    struct list link;
    struct feeds *feeds;
    void (*wake)(void *arg);
    void *arg;
    struct job_change *changes; /* from |at| on not yet taken */
    size_t at, n, cap;
};

void feeds_init(struct feeds *fs) {
    (void)pthread_mutex_init(&fs->lock, NULL);
    list_init(&fs->all);
}

void feeds_done(struct feeds *fs) {
    (void)pthread_mutex_destroy(&fs->lock);
}

struct store_feed *feed_new(struct feeds *fs, void (*wake)(void *arg), void *arg) {
    struct store_feed *f = NEW(struct store_feed);

    list_init(&f->link);
    f->feeds = fs;
    f->wake = wake;
    f->arg = arg;
    return f;
}

static void add(struct store_feed *f, struct job_change change) {
    if (f->at == f->n)
        f->at = f->n = 0;
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 16;
        f->changes = mem_resize(f->changes, f->cap, sizeof *f->changes);
    }
    f->changes[f->n++] = change;
}

void feed_start(struct store_feed *f, const struct job_change *first, size_t n) {
    pthread_mutex_lock(&f->feeds->lock);
    for (size_t i = 0; i < n; i++)
        add(f, first[i]);
    list_push_back(&f->feeds->all, &f->link);
    pthread_mutex_unlock(&f->feeds->lock);
    f->wake(f->arg);
}

void feeds_push(struct feeds *fs, struct job_change change) {
    pthread_mutex_lock(&fs->lock);
    for (struct list *l = fs->all.next; l != &fs->all; l = l->next) {
        struct store_feed *f = CONTAINER_OF(l, struct store_feed, link);

        add(f, change);
        f->wake(f->arg); /* under the lock: a feed that is being freed is woken no more */
    }
    pthread_mutex_unlock(&fs->lock);
}

bool store_feed_take(struct store_feed *f, struct job_change *ret_change) {
    bool any;

    pthread_mutex_lock(&f->feeds->lock);
    any = f->at < f->n;
    if (any)
        *ret_change = f->changes[f->at++];
    pthread_mutex_unlock(&f->feeds->lock);
    return any;
}

void store_feed_free(struct store_feed *f) {
    if (!f)
        return;
    pthread_mutex_lock(&f->feeds->lock);
    list_remove(&f->link);
    pthread_mutex_unlock(&f->feeds->lock);
    free(f->changes);
    free(f);
}
