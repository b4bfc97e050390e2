#include "api/quota.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

enum { MILLI = 1000 }; /* a bucket counts thousandths of a call */

struct bucket {
    uint64_t milli;
    int64_t at_ms;
};

struct quota {
    pthread_mutex_t lock; /* guards the buckets */
    uint64_t rate;
    struct map buckets; /* by tenant: as many as there are tokens at the most */
};

struct quota *quota_new(uint64_t calls_per_second) {
    struct quota *q = NEW(struct quota);

    (void)pthread_mutex_init(&q->lock, NULL);
    map_init(&q->buckets);
    q->rate = calls_per_second;
    return q;
}

void quota_free(struct quota *q) {
    struct bucket *b;
    size_t at = 0;

    if (!q)
        return;
    while ((b = map_next(&q->buckets, &at)))
        free(b);
    map_done(&q->buckets);
    (void)pthread_mutex_destroy(&q->lock);
    free(q);
}

static struct bucket *bucket_of(struct quota *q, int64_t tenant, int64_t now_ms) {
    struct bucket *b = map_get(&q->buckets, (uint64_t)tenant);

    if (b)
        return b;
    b = NEW(struct bucket);
    *b = (struct bucket){q->rate * MILLI, now_ms};
    map_put(&q->buckets, (uint64_t)tenant, b);
    return b;
}

/* A clock that was set back fills nothing until it is there again. */
static void fill(const struct quota *q, struct bucket *b, int64_t now_ms) {
    uint64_t passed = now_ms > b->at_ms ? (uint64_t)(now_ms - b->at_ms) : 0;

    if (passed >= MILLI)
        b->milli = q->rate * MILLI;
    else
        b->milli += passed * q->rate;
    if (b->milli > q->rate * MILLI)
        b->milli = q->rate * MILLI;
    b->at_ms = now_ms;
}

bool quota_take(struct quota *q, int64_t tenant, int64_t now_ms, uint64_t *ret_left) {
    struct bucket *b;
    bool may;

    pthread_mutex_lock(&q->lock);
    b = bucket_of(q, tenant, now_ms);
    fill(q, b, now_ms);
    may = b->milli >= MILLI;
    if (may)
        b->milli -= MILLI;
    *ret_left = b->milli / MILLI;
    pthread_mutex_unlock(&q->lock);
    return may;
}
