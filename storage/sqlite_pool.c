#include "storage/sqlite_pool.h"

#include <pthread.h>

#include "base/mem.h"

enum { IDLE_MOST = 4 }; /* beyond it a reader that comes back is closed */

struct pool {
    const char *path;
    pthread_mutex_t lock; /* guards all below */
    struct reader *idle;
    size_t n_idle;
};

struct pool *pool_new(const char *path) {
    struct pool *p = NEW(struct pool);

    p->path = path;
    (void)pthread_mutex_init(&p->lock, NULL);
    return p;
}

static void reader_free(struct reader *r) {
    db_free(r->db);
    linkrow_codec_free(r->codec);
    free(r);
}

void pool_free(struct pool *p) {
    if (!p)
        return;
    while (p->idle) {
        struct reader *r = p->idle;

        p->idle = r->next;
        reader_free(r);
    }
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

static struct reader *take_idle(struct pool *p) {
    struct reader *r;

    pthread_mutex_lock(&p->lock);
    r = p->idle;
    if (r) {
        p->idle = r->next;
        p->n_idle--;
    }
    pthread_mutex_unlock(&p->lock);
    return r;
}

static enum err open_reader(const char *path, struct reader **ret_reader) {
    struct db *db = NULL;
    enum err e = db_open(path, DB_READER, NULL, &db, NULL);

    if (e != ERR_OK)
        return e;
    *ret_reader = NEW(struct reader);
    (*ret_reader)->db = db;
    (*ret_reader)->codec = linkrow_codec_new();
    return ERR_OK;
}

enum err pool_get(struct pool *p, struct reader **ret_reader) {
    struct reader *r = take_idle(p);
    enum err e = r ? ERR_OK : open_reader(p->path, &r);

    if (e == ERR_OK)
        e = db_run(r->db, "BEGIN", NULL, 0);
    if (e != ERR_OK) {
        if (r)
            reader_free(r);
        return e;
    }
    *ret_reader = r;
    return ERR_OK;
}

void pool_put(struct pool *p, struct reader *r) {
    bool keeps = db_run(r->db, "COMMIT", NULL, 0) == ERR_OK;

    pthread_mutex_lock(&p->lock);
    keeps = keeps && p->n_idle < IDLE_MOST;
    if (keeps) {
        r->next = p->idle;
        p->idle = r;
        p->n_idle++;
    }
    pthread_mutex_unlock(&p->lock);
    if (!keeps)
        reader_free(r);
}
