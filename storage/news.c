#include "storage/news.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

struct job_news {
    int64_t no;
    struct uuid id;
    bool has_id;
    int64_t tenant; /* of one that has_id */
    bool is_known;  /* the version and what follows */
    uint64_t version;
    bool is_finished, is_gone;
    struct list watches;
};

struct store_watch {
    struct list link; /* of its job */
    struct news *news;
    struct job_news *job;
    /* NULL: it waits for nothing */
    void (*wake)(void *arg);
    void *arg;
    uint64_t seen;
    bool for_end;
};

void news_init(struct news *n) {
    (void)pthread_mutex_init(&n->lock, NULL);
    map_init(&n->by_no);
    map_init(&n->by_id);
    n->n_told = 0;
}

static void forget_all(struct news *n) {
    struct job_news *j;
    size_t at = 0;

    while ((j = map_next(&n->by_no, &at)))
        free(j);
    map_done(&n->by_no);
    map_done(&n->by_id);
}

void news_done(struct news *n) {
    forget_all(n);
    (void)pthread_mutex_destroy(&n->lock);
}

/* --- jobs, with the lock held -------------------------------------------------------- */

/* The random half of an id that we made. */
static uint64_t key_of(const struct uuid *id) {
    uint64_t key;

    memcpy(&key, id->bytes + sizeof id->bytes - sizeof key, sizeof key);
    return key;
}

static void put(struct news *n, struct job_news *j) {
    map_put(&n->by_no, (uint64_t)j->no, j);
    if (j->has_id)
        map_put(&n->by_id, key_of(&j->id), j);
}

/* Only those stay that somebody watches. */
static void make_room(struct news *n) {
    struct map old = n->by_no;
    struct job_news *j;
    size_t at = 0;

    if (old.n < NEWS_MOST_JOBS)
        return;
    map_done(&n->by_id);
    map_init(&n->by_no);
    map_init(&n->by_id);
    while ((j = map_next(&old, &at))) {
        if (list_empty(&j->watches))
            free(j);
        else
            put(n, j);
    }
    map_done(&old);
}

static struct job_news *find_or_make(struct news *n, int64_t no) {
    struct job_news *j = map_get(&n->by_no, (uint64_t)no);

    if (j)
        return j;
    make_room(n);
    j = NEW(struct job_news);
    j->no = no;
    list_init(&j->watches);
    put(n, j);
    return j;
}

static void take_state(struct job_news *j, uint64_t version, enum job_state state) {
    j->is_known = true;
    j->version = version;
    j->is_finished = job_state_is_finished(state);
    j->is_gone = state == JOB_DELETED;
}

/* --- watches, with the lock held ------------------------------------------------------- */

/* What is not known may have changed. */
static bool has_news(const struct store_watch *w) {
    const struct job_news *j = w->job;

    if (!j->is_known || j->is_gone)
        return true;
    return w->for_end ? j->is_finished : j->version > w->seen;
}

static void wake_if_news(struct store_watch *w) {
    void (*wake)(void *arg) = w->wake;

    if (!wake || !has_news(w))
        return;
    w->wake = NULL;
    wake(w->arg);
}

static void tell_one(struct news *n, const struct news_item *item) {
    struct job_news *j = map_get(&n->by_no, (uint64_t)item->job);

    if (!j)
        return;
    take_state(j, item->version, item->state);
    for (struct list *l = j->watches.next; l != &j->watches; l = l->next)
        wake_if_news(CONTAINER_OF(l, struct store_watch, link));
}

/* --- the doors --------------------------------------------------------------------------- */

void news_tell(struct news *n, const struct news_item *items, size_t n_items) {
    pthread_mutex_lock(&n->lock);
    n->n_told++;
    for (size_t i = 0; i < n_items; i++)
        tell_one(n, &items[i]);
    pthread_mutex_unlock(&n->lock);
}

uint64_t news_ticket(struct news *n) {
    uint64_t ticket;

    pthread_mutex_lock(&n->lock);
    ticket = n->n_told;
    pthread_mutex_unlock(&n->lock);
    return ticket;
}

void news_learn(struct news *n, uint64_t ticket, const struct job *read) {
    struct job_news *j;

    pthread_mutex_lock(&n->lock);
    if (ticket == n->n_told) {
        j = find_or_make(n, read->no);
        take_state(j, read->version, read->state);
        j->id = read->id;
        j->has_id = true;
        j->tenant = read->tenant;
        put(n, j);
    }
    pthread_mutex_unlock(&n->lock);
}

/* With the lock held; NULL: not known, or gone. */
static const struct job_news *find_known(struct news *n, const struct uuid *id) {
    const struct job_news *j = map_get(&n->by_id, key_of(id));
    bool found = j && j->is_known && !j->is_gone && memcmp(&j->id, id, sizeof *id) == 0;

    return found ? j : NULL;
}

bool news_version(struct news *n, const struct uuid *id, uint64_t *ret_version) {
    const struct job_news *j;

    pthread_mutex_lock(&n->lock);
    j = find_known(n, id);
    if (j)
        *ret_version = j->version;
    pthread_mutex_unlock(&n->lock);
    return j != NULL;
}

bool news_tenant(struct news *n, const struct uuid *id, int64_t *ret_tenant) {
    const struct job_news *j;

    pthread_mutex_lock(&n->lock);
    j = find_known(n, id);
    if (j)
        *ret_tenant = j->tenant;
    pthread_mutex_unlock(&n->lock);
    return j != NULL;
}

struct store_watch *news_watch(struct news *n, int64_t job) {
    struct store_watch *w = NEW(struct store_watch);

    w->news = n;
    pthread_mutex_lock(&n->lock);
    w->job = find_or_make(n, job);
    list_push_back(&w->job->watches, &w->link);
    pthread_mutex_unlock(&n->lock);
    return w;
}

void store_watch_free(struct store_watch *w) {
    if (!w)
        return;
    pthread_mutex_lock(&w->news->lock);
    list_remove(&w->link);
    pthread_mutex_unlock(&w->news->lock);
    free(w);
}

void store_watch_arm(struct store_watch *w, uint64_t seen, bool for_end, void (*wake)(void *arg),
                     void *arg) {
    pthread_mutex_lock(&w->news->lock);
    w->seen = seen;
    w->for_end = for_end;
    w->wake = wake;
    w->arg = arg;
    wake_if_news(w);
    pthread_mutex_unlock(&w->news->lock);
}

void store_watch_disarm(struct store_watch *w) {
    pthread_mutex_lock(&w->news->lock);
    w->wake = NULL;
    pthread_mutex_unlock(&w->news->lock);
}
