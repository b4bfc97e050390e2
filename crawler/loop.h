/* loop - waits for sockets, and for a wake from another thread.
 *
 * One thread but for loop_wake. Level-triggered epoll; a socket that is watched
 * for nothing any more stays registered until it is heard of again or forgotten:
 * connections that are kept between two transfers cost no system call.
 */
#ifndef CRAWLER_LOOP_H
#define CRAWLER_LOOP_H

#include "base/own.h"
#include "base/str.h"

enum { LOOP_READ = 1, LOOP_WRITE = 2 }; /* errors and hang-ups count as both */

/* |events|: what may be done on |fd| now. May watch and forget any socket. */
typedef void loop_ready(void *arg, int fd, unsigned events);

struct loop;
MUST_USE enum err loop_new(struct loop **ret_loop); /* ERR_IO: no descriptors left */
void loop_free(struct loop *l);                     /* NULL is fine */
DEFINE_OWNED(loop)

/* From now on |ready| is called for |events| of |fd| (0: for none). ERR_IO. */
MUST_USE enum err loop_watch(struct loop *l, int fd, unsigned events, loop_ready *ready, void *arg);
/* To be called before |fd| is closed; harmless where it was never watched. A library
 * may close a socket behind our back (libcurl 7.88 one that is still connecting): so
 * this is also to be called for each socket that is new, whose number may be that one's. */
void loop_forget(struct loop *l, int fd);

/* Waits at most |timeout_ms| (negative: for ever), then calls what is ready. */
void loop_wait(struct loop *l, int64_t timeout_ms);
/* Ends a loop_wait that is under way, or the next one. Any thread; does not block. */
void loop_wake(struct loop *l);

#endif
