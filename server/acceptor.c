#include "server/acceptor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include "base/mem.h"

enum {
    CROWDED_MS = 20,     /* how soon to look for room again, or for a free descriptor */
    CLIENTS_A_LOOK = 64, /* before it is looked whether to stop */
};

struct acceptor {
    struct acceptor_options options;
    int wake_fd;
    pthread_t thread;
    bool has_thread;
};

/* One client, if there is one. False: nothing to take for now. */
static bool take_one(const struct acceptor *a) {
    const struct acceptor_options *o = &a->options;
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    int fd = accept4(o->listen_fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return errno == EINTR || errno == ECONNABORTED;
    o->take(o->arg, fd, (struct sockaddr *)&address, len);
    return true;
}

static bool is_out_of_room(const struct acceptor *a) {
    return !a->options.has_room(a->options.arg);
}

/* Takes what has come. True: more cannot be taken now, though it may be there. */
static bool take_clients(const struct acceptor *a) {
    for (int i = 0; i < CLIENTS_A_LOOK; i++) {
        if (is_out_of_room(a))
            return true;
        errno = 0;
        if (!take_one(a))
            return errno != EAGAIN; /* no descriptors, no memory */
    }
    return false;
}

static void *run(void *arg) {
    const struct acceptor *a = arg;
    bool is_crowded = false;

    for (;;) {
        struct pollfd fds[] = {{.fd = a->wake_fd, .events = POLLIN},
                               {.fd = is_crowded ? -1 : a->options.listen_fd, .events = POLLIN}};

        (void)poll(fds, 2, is_crowded ? CROWDED_MS : -1);
        if (fds[0].revents)
            return NULL;
        is_crowded = take_clients(a);
    }
}

enum err acceptor_new(const struct acceptor_options *o, struct acceptor **ret_acceptor) {
    OWNED(acceptor) struct acceptor *a = NEW(struct acceptor);

    a->options = *o;
    a->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (a->wake_fd < 0 || pthread_create(&a->thread, NULL, run, a) != 0)
        return ERR_IO;
    a->has_thread = true;
    *ret_acceptor = TAKE(a);
    return ERR_OK;
}

void acceptor_stop(struct acceptor *a) {
    const uint64_t one = 1;

    if (a->has_thread) {
        (void)!write(a->wake_fd, &one, sizeof one);
        pthread_join(a->thread, NULL);
        a->has_thread = false;
    }
    if (a->options.listen_fd >= 0)
        (void)close(a->options.listen_fd);
    a->options.listen_fd = -1;
}

void acceptor_free(struct acceptor *a) {
    if (!a)
        return;
    acceptor_stop(a);
    if (a->wake_fd >= 0)
        (void)close(a->wake_fd);
    free(a);
}
