#include "crawler/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/mem.h"

enum { EVENTS_AT_ONCE = 256 };

struct watch {
    loop_ready *ready;
    void *arg;
    uint32_t generation; /* of this number of a descriptor: events of an earlier one are stale */
    unsigned wanted, registered;
};

struct loop {
    int epoll_fd, wake_fd;
    struct watch *watches; /* by descriptor */
    size_t n_watches;
};

static void drain_wakes(void *arg, int fd, unsigned events) {
    uint64_t count;

    (void)arg, (void)events;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
}

enum err loop_new(struct loop **ret_loop) {
    OWNED(loop) struct loop *l = NEW(struct loop);

    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->epoll_fd < 0 || l->wake_fd < 0)
        return ERR_IO;
    if (loop_watch(l, l->wake_fd, LOOP_READ, drain_wakes, NULL) != ERR_OK)
        return ERR_IO;
    *ret_loop = TAKE(l);
    return ERR_OK;
}

void loop_free(struct loop *l) {
    if (!l)
        return;
    if (l->epoll_fd >= 0)
        (void)close(l->epoll_fd);
    if (l->wake_fd >= 0)
        (void)close(l->wake_fd);
    free(l->watches);
    free(l);
}

static struct watch *watch_of(struct loop *l, int fd) {
    size_t n = l->n_watches ? l->n_watches : 64;

    if ((size_t)fd < l->n_watches)
        return &l->watches[fd];
    while (n <= (size_t)fd)
        n *= 2;
    l->watches = mem_resize(l->watches, n, sizeof *l->watches);
    for (size_t i = l->n_watches; i < n; i++)
        l->watches[i] = (struct watch){0};
    l->n_watches = n;
    return &l->watches[fd];
}

static int control(const struct loop *l, int operation, int fd, const struct watch *w) {
    struct epoll_event e = {.data.u64 = (uint64_t)w->generation << 32 | (uint32_t)fd};

    if (w->wanted & LOOP_READ)
        e.events |= EPOLLIN;
    if (w->wanted & LOOP_WRITE)
        e.events |= EPOLLOUT;
    return epoll_ctl(l->epoll_fd, operation, fd, &e);
}

enum err loop_watch(struct loop *l, int fd, unsigned events, loop_ready *ready, void *arg) {
    struct watch *w = watch_of(l, fd);

    w->ready = ready;
    w->arg = arg;
    w->wanted = events;
    if (events == 0 || events == w->registered)
        return ERR_OK;
    if (control(l, w->registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, w) != 0)
        return ERR_IO;
    w->registered = events;
    return ERR_OK;
}

static void unregister(struct loop *l, int fd, struct watch *w) {
    if (w->registered)
        (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    w->registered = 0;
}

void loop_forget(struct loop *l, int fd) {
    struct watch *w;

    if (fd < 0 || (size_t)fd >= l->n_watches)
        return;
    w = &l->watches[fd];
    unregister(l, fd, w);
    *w = (struct watch){.generation = w->generation + 1};
}

static void dispatch(struct loop *l, const struct epoll_event *e) {
    int fd = (int)(uint32_t)e->data.u64;
    struct watch w = l->watches[fd]; /* a copy: |ready| may move the table */
    unsigned events = 0;

    if (w.generation != (uint32_t)(e->data.u64 >> 32))
        return;
    if (w.wanted == 0) { /* an idle connection has something to say: its owner looks later */
        unregister(l, fd, &l->watches[fd]);
        return;
    }
    if (e->events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        events |= LOOP_READ;
    if (e->events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
        events |= LOOP_WRITE;
    w.ready(w.arg, fd, events);
}

void loop_wait(struct loop *l, int64_t timeout_ms) {
    struct epoll_event events[EVENTS_AT_ONCE];
    int n, timeout = timeout_ms < 0 ? -1 : timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;

    n = epoll_wait(l->epoll_fd, events, EVENTS_AT_ONCE, timeout);
    for (int i = 0; i < n; i++)
        dispatch(l, &events[i]);
}

void loop_wake(struct loop *l) {
    const uint64_t one = 1;

    while (write(l->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}
