/* deadlines - wall-clock limits on what a client may take its time for.
 *
 * libmicrohttpd's own timeout counts inactivity only: a header line a second, or
 * ten bytes read a second, hold a connection for ever. So each connection has a
 * deadline here by what it is doing, and a thread of our own cuts (shuts down,
 * never closes) the sockets of those who are late.
 *
 * Any thread. A deadline is freed before its socket is closed.
 */
#ifndef SERVER_DEADLINES_H
#define SERVER_DEADLINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/own.h"

enum {
    DEADLINE_IDLE_MS = 75000,    /* between two requests */
    DEADLINE_HEADERS_MS = 30000, /* connected, or request line seen, to the end of the headers */
    DEADLINE_BODY_MS = 60000,    /* besides the time that the body has at the least rate */
    DEADLINE_ANSWER_MS = 120000, /* how long the reader of an answer may stay below that rate */
    DEADLINE_BYTES_PER_MS = 1,   /* the least rate, both ways */
};

enum deadline_phase {
    PHASE_HEADERS,
    PHASE_BODY,
    PHASE_WORK, /* it is our turn: no limit */
    PHASE_ANSWER,
    PHASE_IDLE,
};

/* What became of the bytes sent on a connection. */
struct tcp_progress {
    uint64_t acked;   /* taken by the client, since it connected */
    bool outstanding; /* more is on the way or waits for it */
};

struct deadlines;
struct deadline;

/* NULL where no thread can be had. |divisor|: all limits are divided by it; 1 but in tests.
 * |on_cut|: called by the thread that cuts, before the client can notice; it must not
 * call in here. */
struct deadlines *deadlines_new(unsigned divisor, void (*on_cut)(void *arg), void *arg);
void deadlines_free(struct deadlines *ds); /* after all its deadlines; NULL is fine */
DEFINE_OWNED(deadlines)

/* Begins in PHASE_HEADERS. |fd| stays the caller's. */
struct deadline *deadline_new(struct deadlines *ds, int fd);
void deadline_free(struct deadline *d); /* NULL is fine */

/* Cuts all connections there are, without a word to on_cut: the service ends. */
void deadlines_cut_all(struct deadlines *ds);

void deadline_phase(struct deadline *d, enum deadline_phase phase);
void deadline_received(struct deadline *d, size_t n); /* bytes of the body */

/* The rule itself, pure: one connection in one phase. */
struct deadline_rule {
    enum deadline_phase phase;
    int64_t since_ms;  /* when the phase, or the present window of an answer, began */
    uint64_t received; /* of the body */
    bool has_window;   /* of an answer: |acked| was measured; the first look does that */
    uint64_t acked;    /* when the window began */
};
/* The earliest time at which |r| has to be looked at again. */
int64_t deadline_due(const struct deadline_rule *r, unsigned divisor);
/* At or after that time: true where the client is late. An answer that is being
 * read fast enough gets its next window. */
bool deadline_is_over(struct deadline_rule *r, int64_t now_ms, const struct tcp_progress *progress,
                      unsigned divisor);

#endif
