#include "server/deadlines.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/list.h"
#include "base/mem.h"

enum { SWEEP_MS = 1000 };

struct deadline {
    struct list link;
    struct deadlines *all;
    int fd;
    struct deadline_rule rule;
    bool cut;
};

struct deadlines {
    pthread_mutex_t lock; /* over everything below and all deadlines */
    pthread_cond_t ending;
    struct list list;
    bool ends;
    unsigned divisor; /* constant, as is what follows */
    void (*on_cut)(void *arg);
    void *arg;
    pthread_t sweeper;
};

int64_t deadline_due(const struct deadline_rule *r, unsigned divisor) {
    switch (r->phase) {
    case PHASE_HEADERS:
        return r->since_ms + DEADLINE_HEADERS_MS / divisor;
    case PHASE_BODY:
        return r->since_ms +
               (DEADLINE_BODY_MS + (int64_t)(r->received / DEADLINE_BYTES_PER_MS)) / divisor;
    case PHASE_ANSWER:
        return r->has_window ? r->since_ms + DEADLINE_ANSWER_MS / divisor : r->since_ms;
    case PHASE_IDLE:
        return r->since_ms + DEADLINE_IDLE_MS / divisor;
    case PHASE_WORK:
        break;
    }
    return INT64_MAX;
}

bool deadline_is_over(struct deadline_rule *r, int64_t now_ms, const struct tcp_progress *progress,
                      unsigned divisor) {
    uint64_t least = DEADLINE_ANSWER_MS / divisor * DEADLINE_BYTES_PER_MS;

    if (r->phase != PHASE_ANSWER)
        return true;
    /* Who has taken all that we sent is not late: we are. */
    if (r->has_window && progress->outstanding && progress->acked - r->acked < least)
        return true;
    r->has_window = true;
    r->since_ms = now_ms;
    r->acked = progress->acked;
    return false;
}

/* The kernel knows better than we how much has arrived: what libmicrohttpd
 * handed over may lie in the socket's buffer for minutes. */
static struct tcp_progress progress_of(int fd) {
    struct tcp_info info = {0};
    socklen_t len = sizeof info;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
        len < offsetof(struct tcp_info, tcpi_notsent_bytes) + sizeof info.tcpi_notsent_bytes)
        return (struct tcp_progress){0};
    return (struct tcp_progress){
        .acked = info.tcpi_bytes_acked,
        .outstanding = info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0,
    };
}

static void look_at(struct deadline *d, int64_t now_ms) {
    struct deadlines *all = d->all;
    struct tcp_progress progress = {0};

    if (d->cut || now_ms < deadline_due(&d->rule, all->divisor))
        return;
    if (d->rule.phase == PHASE_ANSWER)
        progress = progress_of(d->fd);
    if (!deadline_is_over(&d->rule, now_ms, &progress, all->divisor) || !GUARD("deadlines"))
        return;
    d->cut = true;
    all->on_cut(all->arg);
    (void)shutdown(d->fd, SHUT_RDWR);
}

static void *sweep(void *arg) {
    struct deadlines *all = arg;
    int64_t pause_ms = SWEEP_MS / all->divisor > 10 ? SWEEP_MS / all->divisor : 10;

    pthread_mutex_lock(&all->lock);
    while (!all->ends) {
        int64_t now_ms = clock_mono_ms(), until_ms = now_ms + pause_ms;
        struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};

        for (struct list *at = all->list.next; at != &all->list; at = at->next)
            look_at(CONTAINER_OF(at, struct deadline, link), now_ms);
        pthread_cond_timedwait(&all->ending, &all->lock, &until);
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

struct deadlines *deadlines_new(unsigned divisor, void (*on_cut)(void *arg), void *arg) {
    struct deadlines *all = NEW(struct deadlines);
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&all->ending, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&all->lock, NULL);
    list_init(&all->list);
    all->divisor = divisor;
    all->on_cut = on_cut;
    all->arg = arg;
    if (pthread_create(&all->sweeper, NULL, sweep, all) == 0)
        return all;
    pthread_cond_destroy(&all->ending);
    pthread_mutex_destroy(&all->lock);
    free(all);
    return NULL;
}

void deadlines_free(struct deadlines *all) {
    if (!all)
        return;
    pthread_mutex_lock(&all->lock);
    all->ends = true;
    pthread_cond_signal(&all->ending);
    pthread_mutex_unlock(&all->lock);
    pthread_join(all->sweeper, NULL);
    pthread_cond_destroy(&all->ending);
    pthread_mutex_destroy(&all->lock);
    free(all);
}

struct deadline *deadline_new(struct deadlines *all, int fd) {
    struct deadline *d = NEW(struct deadline);

    d->all = all;
    d->fd = fd;
    d->rule = (struct deadline_rule){.phase = PHASE_HEADERS, .since_ms = clock_mono_ms()};
    pthread_mutex_lock(&all->lock);
    list_push_back(&all->list, &d->link);
    pthread_mutex_unlock(&all->lock);
    return d;
}

void deadline_free(struct deadline *d) {
    if (!d)
        return;
    pthread_mutex_lock(&d->all->lock);
    list_remove(&d->link);
    pthread_mutex_unlock(&d->all->lock);
    free(d);
}

void deadlines_cut_all(struct deadlines *all) {
    pthread_mutex_lock(&all->lock);
    for (struct list *at = all->list.next; at != &all->list; at = at->next) {
        struct deadline *d = CONTAINER_OF(at, struct deadline, link);

        d->cut = true;
        (void)shutdown(d->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&all->lock);
}

void deadline_phase(struct deadline *d, enum deadline_phase phase) {
    struct deadline_rule rule = {.phase = phase, .since_ms = clock_mono_ms()};

    pthread_mutex_lock(&d->all->lock);
    d->rule = rule;
    pthread_mutex_unlock(&d->all->lock);
}

void deadline_received(struct deadline *d, size_t n) {
    pthread_mutex_lock(&d->all->lock);
    d->rule.received += n;
    pthread_mutex_unlock(&d->all->lock);
}
