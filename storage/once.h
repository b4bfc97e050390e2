/* once - calls that are carried out once, however often they are sent: those under way,
 * in memory, so that one of two at once has to wait.
 *
 * What is kept of those that were carried out is the back end's, which writes it down in the
 * transaction that carries one out. Any thread. The door shows struct once (store.h).
 */
#ifndef STORAGE_ONCE_H
#define STORAGE_ONCE_H

#include <pthread.h>

#include "base/map.h"
#include "storage/store.h"

struct onces {
    pthread_mutex_t lock; /* guards the map */
    struct map under_way; /* by hash; of struct once */
    uint64_t seed;
};

void onces_init(struct onces *all);
void onces_done(struct onces *all); /* all were freed before */

struct once {
    struct onces *all;
    uint64_t hash;
    int64_t tenant, at; /* wall ms: when it came */
    char *key;
    struct sha256_sum print;
};

/* ERR_BUSY: one with that key is under way. */
MUST_USE enum err once_begin(struct onces *all, int64_t tenant, struct str key, int64_t now_ms,
                             struct once **ret_once);

#endif
