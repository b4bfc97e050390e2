/* circuit - does one host answer at all? After repeated failures to connect it is left alone
 * for a while, then tried with one request, and in the end given up.
 *
 * Pure: time and chance are arguments. The whole state is |fails| and |blocked_until|, which
 * may be kept and put back.
 *
 *   CLOSED    5 failures in a row: OPEN for 30 s
 *   OPEN      nothing starts; when the time is over: PROBING
 *   PROBING   one request at a time. An answer: CLOSED. A failure: OPEN for twice as long as
 *             the last time; the fourth in a row: GAVE UP
 *
 * GAVE UP: the caller settles what waits for this host (host_unavailable). It is remembered
 * for 10 minutes, in which nothing is sent; then one request is let through, as in PROBING:
 * an answer closes the circuit, and a failure is another GAVE UP.
 *
 * Failures count where no byte came: name, connection, TLS, or time (circuit_counts). An
 * answer of any status is an answer.
 */
#ifndef CRAWLER_CIRCUIT_H
#define CRAWLER_CIRCUIT_H

#include "storage/model.h"

enum {
    CIRCUIT_FAILURES = 5,         /* in a row open it */
    CIRCUIT_PROBES = 4,           /* that fail in a row: it is given up */
    CIRCUIT_FIRST_MS = 30 * 1000, /* open for so long, give or take a quarter; doubled */
    CIRCUIT_MOST_MS = 10 * 60 * 1000,
    CIRCUIT_GAVE_UP_MS = 10 * 60 * 1000,
};

struct circuit {           /* all-zero: closed */
    int64_t blocked_until; /* nothing starts before; 0 where closed */
    uint32_t fails;        /* in a row */
};

enum circuit_state {
    CIRCUIT_CLOSED,
    CIRCUIT_OPENED,  /* blocked until then */
    CIRCUIT_GAVE_UP, /* likewise; and what waits is to be settled, each time this is returned */
};

/* Whether a request that ended so is a failure of the connection; |had_byte|: of the answer. */
bool circuit_counts(enum code code, bool had_byte);

/* Such a failure. |started_at|: when its request started: what started before the block was
 * over is no probe, and is passed over (many may run when it opens). |random|: any number.
 * |divisor|: 1; in tests all times are divided by it. */
enum circuit_state circuit_failed(struct circuit *c, int64_t started_at, int64_t now,
                                  uint64_t random, uint32_t divisor);
/* Somebody asks for another try: its block is over, and one request goes first. */
void circuit_ask_again(struct circuit *c, int64_t now);
/* An answer of any status. */
void circuit_succeeded(struct circuit *c);

/* No request may start before; 0 where closed. */
int64_t circuit_blocked_until(const struct circuit *c);
/* Not closed: once the block is over, only one request may run at a time. */
bool circuit_is_probing(const struct circuit *c);

/* As it was kept. */
struct circuit circuit_restored(uint32_t fails, int64_t blocked_until);

#endif
