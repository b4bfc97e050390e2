#include "crawler/iplimit.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

struct iplimit {
    unsigned most; /* constant */
    pthread_mutex_t lock;
    struct map running; /* hash of an address -> requests there; two of one hash share */
};

struct iplimit *iplimit_new(unsigned most) {
    struct iplimit *l = NEW(struct iplimit);

    l->most = most;
    map_init(&l->running);
    (void)pthread_mutex_init(&l->lock, NULL);
    return l;
}

void iplimit_free(struct iplimit *l) {
    if (!l)
        return;
    map_done(&l->running);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

static uint64_t key_of(const struct address *a) {
    if (a->any.sa_family == AF_INET)
        return hash_u64(str_at((const char *)&a->v4.sin_addr, sizeof a->v4.sin_addr));
    return hash_u64(str_at((const char *)&a->v6.sin6_addr, sizeof a->v6.sin6_addr));
}

/* Changes the count of |key| by |step|, where that is at most |most|. */
static bool count(struct iplimit *l, uint64_t key, int step, uintptr_t most) {
    uintptr_t n;
    bool may;

    (void)pthread_mutex_lock(&l->lock);
    n = (uintptr_t)map_get(&l->running, key);
    assert(step > 0 || n > 0);
    may = n < most;
    if (may)
        n = step > 0 ? n + 1 : n - 1;
    if (n)
        map_put(&l->running, key, (void *)n);
    else
        (void)map_remove(&l->running, key);
    (void)pthread_mutex_unlock(&l->lock);
    return may;
}

bool iplimit_take(struct iplimit *l, const struct address *a) {
    return l->most == 0 || count(l, key_of(a), 1, l->most);
}

void iplimit_give(struct iplimit *l, const struct address *a) {
    if (l->most)
        (void)count(l, key_of(a), -1, UINTPTR_MAX);
}
