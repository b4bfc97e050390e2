/* acceptor - takes new connections from a listening socket.
 *
 * A thread of its own. That libmicrohttpd accepts is not good enough: to stop it
 * (MHD_quiesce_daemon) races with its own threads over an epoll set, and the loser
 * aborts the process, in 1.0 as in 0.9.75.
 */
#ifndef SERVER_ACCEPTOR_H
#define SERVER_ACCEPTOR_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/own.h"

struct acceptor;

struct acceptor_options {
    int listen_fd; /* non-blocking; the acceptor's from acceptor_new on, also on an error */
    /* On the acceptor's thread. False: who knocks now waits in the backlog. */
    bool (*has_room)(void *arg);
    /* Likewise. A client; the socket |fd| (non-blocking) is now the callee's. */
    void (*take)(void *arg, int fd, const struct sockaddr *address, socklen_t len);
    void *arg;
};

/* ERR_IO where the thread or a descriptor cannot be had. */
MUST_USE enum err acceptor_new(const struct acceptor_options *o, struct acceptor **ret_acceptor);
/* Returns when nothing more is taken and the listening socket is closed: who knocks
 * from then on is turned away. Called once or more, by one thread. */
void acceptor_stop(struct acceptor *a);
void acceptor_free(struct acceptor *a); /* stops it where that was not done; NULL is fine */
DEFINE_OWNED(acceptor)

#endif
