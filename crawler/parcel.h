/* parcel - what one engine sends to another: a trip whose next hop is there, and what
 * became of it. Only the files of the engine include this.
 */
#ifndef CRAWLER_PARCEL_H
#define CRAWLER_PARCEL_H

#include "crawler/robots.h"
#include "storage/model.h"

enum parcel_kind {
    PARCEL_HOP,     /* a trip that goes on at a host of the receiver */
    PARCEL_BACK,    /* its task comes home, for another attempt or because it was dropped */
    PARCEL_SETTLED, /* what became of the task is in the store */
    PARCEL_ROBOTS,  /* how a robots.txt of the receiver's fared elsewhere */
};

struct parcel {
    enum parcel_kind kind;
    struct task *task;  /* owned; of SETTLED only its key counts */
    int64_t not_before; /* BACK: monotonic */
    /* HOP */
    struct buf url, redirects;
    uint32_t n_redirects;
    bool is_of_robots;
    int64_t started_at, spent_ms;
    /* ROBOTS */
    uint32_t status;
    enum code code;
    struct buf body;
};

struct parcel *parcel_new(enum parcel_kind kind, struct task *task);
void parcel_free(struct parcel *p); /* NULL is fine */
DEFINE_OWNED(parcel)

/* Gives it to the engine that owns the host |host|. While all are stopping it is dropped:
 * what it is about is in the store. */
struct engine;
void parcel_send(struct engine *from, int64_t host, struct parcel *p);
/* On the receiving engine's thread: takes it over. */
void parcel_take(struct engine *e, struct parcel *p);

#endif
