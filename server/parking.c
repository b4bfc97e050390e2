#include "server/parking.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { EVENTS_A_TURN = 256 };

struct parking {
    pthread_t thread;
    int poll_fd, wake_fd;

    pthread_mutex_t lock; /* guards this group */
    struct list arriving, due;
    bool is_closed, ends;

    struct heap by_time; /* our thread only: what is parked */
};

/* --- any thread ------------------------------------------------------------------------ */

static void wake_thread(struct parking *p) {
    const uint64_t one = 1;

    (void)!write(p->wake_fd, &one, sizeof one);
}

static void make_due(struct parked *x, enum parked_until why) {
    struct parking *p = x->parking;

    pthread_mutex_lock(&p->lock);
    if (!x->is_due) {
        x->is_due = true;
        x->until = why;
        list_push_back(&p->due, &x->link);
    }
    pthread_mutex_unlock(&p->lock);
}

/* By the watch, on the thread that tells. */
static void on_news(void *arg) {
    struct parked *x = arg;
    struct parking *p = x->parking; /* |x| may go on as soon as it is due */

    make_due(x, PARKED_NEWS);
    wake_thread(p);
}

void parking_put(struct parking *p, struct parked *x, const struct api_wait *wait) {
    bool is_closed;

    list_init(&x->link);
    x->by_time = (struct heap_node){0};
    x->parking = p;
    x->wait = *wait;
    x->wait.until_ms += clock_mono_ms() - clock_wall_ms(); /* that one may be set meanwhile */
    x->is_due = false;
    pthread_mutex_lock(&p->lock);
    is_closed = p->is_closed;
    if (!is_closed)
        list_push_back(&p->arriving, &x->link);
    pthread_mutex_unlock(&p->lock);
    if (is_closed) {
        x->until = PARKED_CLOSING;
        x->go_on(x);
    } else {
        wake_thread(p);
    }
}

/* --- our thread -------------------------------------------------------------------------- */

/* A client that has gone is only noticed by who looks: nobody else does meanwhile. */
static void look_at_client(struct parking *p, struct parked *x) {
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = x};

    (void)epoll_ctl(p->poll_fd, EPOLL_CTL_ADD, x->fd, &event);
}

static void take_in(struct parking *p, struct parked *x) {
    heap_put(&p->by_time, &x->by_time, x->wait.until_ms);
    look_at_client(p, x);
    if (x->wait.watch)
        store_watch_arm(x->wait.watch, x->wait.seen, x->wait.for_end, on_news, x);
}

static void let_out(struct parking *p, struct parked *x) {
    if (x->wait.watch)
        store_watch_disarm(x->wait.watch); /* from here on nobody else knows of |x| */
    (void)epoll_ctl(p->poll_fd, EPOLL_CTL_DEL, x->fd, NULL);
    heap_remove(&p->by_time, &x->by_time);
    x->go_on(x);
}

static struct parked *pop(struct parking *p, struct list *from) {
    struct list *l;

    pthread_mutex_lock(&p->lock);
    l = list_pop_front(from);
    pthread_mutex_unlock(&p->lock);
    return l ? CONTAINER_OF(l, struct parked, link) : NULL;
}

static void note_time(struct parking *p) {
    int64_t now = clock_mono_ms();
    struct heap_node *first;

    while ((first = heap_first(&p->by_time)) && first->key <= now) {
        heap_remove(&p->by_time, first);
        make_due(CONTAINER_OF(first, struct parked, by_time), PARKED_TIME);
    }
}

static void close_all(struct parking *p) {
    struct heap_node *first;
    bool is_closed;

    pthread_mutex_lock(&p->lock);
    is_closed = p->is_closed;
    pthread_mutex_unlock(&p->lock);
    while (is_closed && (first = heap_first(&p->by_time))) {
        heap_remove(&p->by_time, first);
        make_due(CONTAINER_OF(first, struct parked, by_time), PARKED_CLOSING);
    }
}

/* |is_due| is not asked here: what is due already is in its list but once. */
static void note_events(struct parking *p, const struct epoll_event *events, int n) {
    uint64_t ignored;

    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr)
            make_due(events[i].data.ptr, PARKED_GONE);
        else
            (void)!read(p->wake_fd, &ignored, sizeof ignored);
    }
}

static int sleep_ms(const struct parking *p) {
    const struct heap_node *first = heap_first(&p->by_time);
    int64_t ms = first ? first->key - clock_mono_ms() : INT_MAX;

    return ms < 0 ? 0 : ms < INT_MAX ? (int)ms : INT_MAX;
}

static bool has_ended(struct parking *p) {
    bool ends;

    pthread_mutex_lock(&p->lock);
    ends = p->ends && list_empty(&p->arriving) && list_empty(&p->due);
    pthread_mutex_unlock(&p->lock);
    return ends;
}

static void turn(struct parking *p, const struct epoll_event *events, int n) {
    struct parked *x;

    note_events(p, events, n);
    while ((x = pop(p, &p->arriving)))
        take_in(p, x);
    note_time(p);
    close_all(p);
    while ((x = pop(p, &p->due)))
        let_out(p, x);
}

static void *look_after(void *arg) {
    struct parking *p = arg;
    struct epoll_event events[EVENTS_A_TURN];

    while (!has_ended(p)) {
        int n = epoll_wait(p->poll_fd, events, EVENTS_A_TURN, sleep_ms(p));

        turn(p, events, n > 0 ? n : 0);
    }
    return NULL;
}

/* --- life ---------------------------------------------------------------------------------- */

static bool open_fds(struct parking *p) {
    struct epoll_event event = {.events = EPOLLIN};

    p->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return p->poll_fd >= 0 && p->wake_fd >= 0 &&
           epoll_ctl(p->poll_fd, EPOLL_CTL_ADD, p->wake_fd, &event) == 0;
}

static void close_fds(struct parking *p) {
    if (p->poll_fd >= 0)
        (void)close(p->poll_fd);
    if (p->wake_fd >= 0)
        (void)close(p->wake_fd);
}

static void release(struct parking *p) {
    close_fds(p);
    heap_done(&p->by_time);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

struct parking *parking_new(void) {
    struct parking *p = NEW(struct parking);

    (void)pthread_mutex_init(&p->lock, NULL);
    list_init(&p->arriving);
    list_init(&p->due);
    if (open_fds(p) && pthread_create(&p->thread, NULL, look_after, p) == 0)
        return p;
    release(p);
    return NULL;
}

void parking_close(struct parking *p) {
    pthread_mutex_lock(&p->lock);
    p->is_closed = true;
    pthread_mutex_unlock(&p->lock);
    wake_thread(p);
}

void parking_free(struct parking *p) {
    if (!p)
        return;
    parking_close(p);
    pthread_mutex_lock(&p->lock);
    p->ends = true;
    pthread_mutex_unlock(&p->lock);
    wake_thread(p);
    (void)pthread_join(p->thread, NULL);
    assert(!heap_first(&p->by_time));
    release(p);
}
