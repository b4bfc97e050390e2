/* resolver - names to addresses, without ever blocking.
 *
 * c-ares in the engine's loop: libcurl's own resolver starts a thread a lookup and
 * joins it when a transfer gives up. Own cache by TTL, also of failures; bounded
 * in entries and in lookups under way; who asks for a name that is being looked
 * up waits for the same answer. Names are looked up as they are, without search
 * domains. One thread.
 */
#ifndef CRAWLER_RESOLVER_H
#define CRAWLER_RESOLVER_H

#include "base/list.h"
#include "base/own.h"
#include "crawler/address.h"
#include "crawler/loop.h"

struct resolver;

struct resolver_options {
    struct loop *loop;  /* must outlive it */
    struct str servers; /* "ADDR[:PORT],..." or empty: the system's */
};

/* ERR_INVALID: |servers| cannot be read. ERR_IO. */
MUST_USE enum err resolver_new(const struct resolver_options *o, struct resolver **ret_resolver);
void resolver_free(struct resolver *r); /* nobody is answered any more; NULL is fine */
DEFINE_OWNED(resolver)

/* One who waits for an answer; lives in what waits. */
struct lookup {
    struct list link; /* list_init() it before the first use */
    /* ERR_OK with at least one address (borrowed for the call); ERR_NOT_FOUND: no such
     * name, or it has none; ERR_IO: no server gave an answer; ERR_TOO_BIG: no room to wait. */
    void (*done)(struct lookup *l, enum err result, const struct address *addresses, size_t n);
};

/* Calls l->done once, perhaps before it returns; |done| must not ask for a name. */
void resolver_ask(struct resolver *r, struct str name, int64_t now, struct lookup *l);
/* |l| is not answered any more; harmless where it was. */
void resolver_cancel(struct lookup *l);

/* Gives up and repeats what is overdue; returns for how long it has time (INT64_MAX:
 * nothing under way). */
int64_t resolver_run(struct resolver *r, int64_t now);

#endif
