/* sink - collects what became of URLs and hands it to the store in large batches.
 *
 * A batch goes when it is full or old, or at once where nothing more is to come
 * soon. What is handed over and not yet committed is bounded: sink_is_full() is the
 * engine's sign to start nothing more. One thread, but that |committed| is called
 * on the store's writer.
 */
#ifndef CRAWLER_SINK_H
#define CRAWLER_SINK_H

#include "base/list.h"
#include "storage/store.h"

/* A batch on its way; its owner's once it was committed, or refused. */
struct sink_batch {
    struct store_batch batch;
    struct list link; /* for whoever collects answered batches */
    size_t bytes;
};

struct sink;

struct sink_options {
    struct store *store;
    /* On the writer's thread: take note and wake the engine, nothing else. */
    void (*committed)(void *arg, struct sink_batch *b);
    void *arg;
};

struct sink *sink_new(const struct sink_options *o);
/* No batch may be on its way. Drops what was not handed over; NULL is fine. */
void sink_free(struct sink *s);
DEFINE_OWNED(sink)

void sink_put(struct sink *s, struct result *r, int64_t now); /* takes over what |r| owns */
void sink_put_drained(struct sink *s, int64_t job, int64_t host);
void sink_put_deferred(struct sink *s, int64_t job, int64_t host, int64_t ready_at); /* wall ms */
void sink_put_unavailable(struct sink *s, int64_t job, int64_t host, enum code code);
void sink_put_memo(struct sink *s, const struct host_memo *m); /* takes over what |m| owns */
void sink_put_released(struct sink *s, int64_t job);

/* Hands over what is due; |at_once|: all there is. Returns for how long the rest
 * may wait (INT64_MAX: there is none). */
int64_t sink_flush(struct sink *s, int64_t now, bool at_once);
/* Takes an answered batch back and frees it. */
void sink_settle(struct sink *s, struct sink_batch *b);

bool sink_is_full(const struct sink *s);
size_t sink_on_their_way(const struct sink *s); /* batches */

#endif
