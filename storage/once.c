#include "storage/once.h"

#include <string.h>

#include "base/guard.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"

void onces_init(struct onces *all) {
    (void)pthread_mutex_init(&all->lock, NULL);
    map_init(&all->under_way);
    all->seed = random_u64();
}

void onces_done(struct onces *all) {
    map_done(&all->under_way);
    (void)pthread_mutex_destroy(&all->lock);
}

/* Whose hash is another's by chance has to wait for it, and no more. */
static bool enter(struct onces *all, struct once *o) {
    bool is_free;

    pthread_mutex_lock(&all->lock);
    is_free = !map_get(&all->under_way, o->hash);
    if (is_free)
        map_put(&all->under_way, o->hash, o);
    pthread_mutex_unlock(&all->lock);
    return is_free;
}

static void leave(struct onces *all, const struct once *o) {
    pthread_mutex_lock(&all->lock);
    if (map_get(&all->under_way, o->hash) == o)
        (void)map_remove(&all->under_way, o->hash);
    pthread_mutex_unlock(&all->lock);
}

enum err once_begin(struct onces *all, int64_t tenant, struct str key, int64_t now_ms,
                    struct once **ret_once) {
    OWNED(once) struct once *o = NEW(struct once);

    o->all = all;
    o->tenant = tenant;
    o->at = now_ms;
    o->key = mem_chars(key);
    o->hash =
        hash_u64_seeded(key, all->seed ^ hash_u64(str_at((const char *)&tenant, sizeof tenant)));
    if (!enter(all, o) && GUARD("once_under_way"))
        return ERR_BUSY;
    *ret_once = TAKE(o);
    return ERR_OK;
}

void once_set_print(struct once *o, struct sha256_sum print) {
    o->print = print;
}

void once_free(struct once *o) {
    if (!o)
        return;
    leave(o->all, o);
    free(o->key);
    free(o);
}
