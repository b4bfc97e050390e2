/* parking - what waits for news of a job without a thread of its own: calls that hold
 * their answer, and streams that have nothing to say yet.
 *
 * Each goes on when there is news, when its time is up, when its client went away, or
 * when the service stops. One thread of ours looks after all; knows nothing of HTTP.
 * Any thread.
 */
#ifndef SERVER_PARKING_H
#define SERVER_PARKING_H

#include "api/api.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/own.h"

enum parked_until {
    PARKED_NEWS,
    PARKED_TIME,
    PARKED_GONE,   /* the client sends no more, or has closed */
    PARKED_CLOSING /* the service stops */
};

/* Embedded in what waits; the parking's from parking_put until it goes on. */
struct parked {
    struct list link;
    struct heap_node by_time;
    struct parking *parking;
    struct api_wait wait; /* borrows its watch */
    int fd;               /* of the client; borrowed, and open until it goes on */
    bool is_due;
    enum parked_until until;
    /* Once, on the parking's thread, or within parking_put where it is closed. |x| is the
     * caller's again, and x->until says why. */
    void (*go_on)(struct parked *x);
};

struct parking;

/* NULL where a thread or a descriptor cannot be had. */
struct parking *parking_new(void);
/* Nothing is parked any more: closed before, or never used. NULL is fine. */
void parking_free(struct parking *p);
DEFINE_OWNED(parking)

/* |wait| is copied; |x|'s |fd| and |go_on| are set. */
void parking_put(struct parking *p, struct parked *x, const struct api_wait *wait);
/* All that waits goes on, as will all that comes later. Returns at once. */
void parking_close(struct parking *p);

#endif
