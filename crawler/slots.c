#include "crawler/slots.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

struct holder {
    size_t n;
    uint64_t waits_since; /* a turn of struct slots; 0: it does not wait */
};

struct slots {
    size_t most; /* constant */
    unsigned n_holders;
    pthread_mutex_t lock;
    size_t taken;
    uint64_t turn;
    struct holder *holders;
};

struct slots *slots_new(size_t most, unsigned n_engines) {
    struct slots *s = NEW(struct slots);

    s->most = most;
    s->n_holders = n_engines;
    s->holders = NEW_N(struct holder, n_engines);
    (void)pthread_mutex_init(&s->lock, NULL);
    return s;
}

void slots_free(struct slots *s) {
    if (!s)
        return;
    (void)pthread_mutex_destroy(&s->lock);
    free(s->holders);
    free(s);
}

/* Who waits goes before who has more, and before who has as many and waits less long. */
static bool goes_before(const struct holder *a, const struct holder *b) {
    if (!a->waits_since || a->n != b->n)
        return a->waits_since && a->n < b->n;
    return !b->waits_since || a->waits_since < b->waits_since;
}

static bool is_first(const struct slots *s, const struct holder *h) {
    for (unsigned i = 0; i < s->n_holders; i++)
        if (&s->holders[i] != h && goes_before(&s->holders[i], h))
            return false;
    return true;
}

bool slots_take(struct slots *s, unsigned engine) {
    struct holder *h = &s->holders[engine];
    bool may;

    (void)pthread_mutex_lock(&s->lock);
    may = s->taken < s->most && is_first(s, h);
    if (may) {
        s->taken++;
        h->n++;
        h->waits_since = 0;
    } else if (!h->waits_since) {
        h->waits_since = ++s->turn;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return may;
}

void slots_give(struct slots *s, unsigned engine, size_t n) {
    (void)pthread_mutex_lock(&s->lock);
    assert(n <= s->holders[engine].n);
    s->taken -= n;
    s->holders[engine].n -= n;
    (void)pthread_mutex_unlock(&s->lock);
}

void slots_rest(struct slots *s, unsigned engine) {
    (void)pthread_mutex_lock(&s->lock);
    s->holders[engine].waits_since = 0;
    (void)pthread_mutex_unlock(&s->lock);
}

bool slots_are_wanted(struct slots *s, unsigned engine) {
    bool wanted = false;

    (void)pthread_mutex_lock(&s->lock);
    for (unsigned i = 0; i < s->n_holders && s->taken < s->most; i++)
        wanted |= i != engine && s->holders[i].waits_since;
    (void)pthread_mutex_unlock(&s->lock);
    return wanted;
}
