/* desk - a few threads that do what may wait, so that no network thread has to.
 *
 * A bounded queue before a fixed number of threads. Knows nothing of HTTP: an
 * errand is a function and what it is about, embedded where the caller likes.
 * Any thread but the desk's own may call what is below.
 */
#ifndef SERVER_DESK_H
#define SERVER_DESK_H

#include <stdbool.h>

#include "base/list.h"
#include "base/own.h"

struct desk;

struct errand {
    struct list link; /* the desk's from desk_put to run() */
    /* On a thread of the desk, once. |refused|: the desk is closing, so only say no. */
    void (*run)(struct errand *e, bool refused);
};

/* NULL where no thread can be had. */
struct desk *desk_new(size_t n_threads, size_t max_waiting);
void desk_free(struct desk *d); /* closes it and ends its threads; NULL is fine */
DEFINE_OWNED(desk)

/* False: full or closed, and run() is not called. */
bool desk_put(struct desk *d, struct errand *e);
/* Takes nothing more, has what waits refused, returns when all is done. */
void desk_close(struct desk *d);

#endif
