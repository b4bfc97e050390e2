#include "crawler/sink.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

enum {
    BATCH_MS = 500, /* as much as a crash may cost, in fetches repeated */
    BATCH_RESULTS = 10000,
    BATCH_BYTES = 4 << 20,
    MOST_BYTES = 16 << 20, /* gathered and on their way */
};

struct sink {
    struct sink_options options;
    struct sink_batch *gathering; /* never NULL */
    size_t results_cap, released_cap, drained_cap, deferred_cap, unavailable_cap, memos_cap;
    int64_t oldest_at; /* of its results */
    size_t bytes;      /* on their way */
    size_t n_batches;  /* likewise */
};

static void begin(struct sink *s) {
    s->gathering = NEW(struct sink_batch);
    list_init(&s->gathering->link);
    s->results_cap = s->released_cap = s->drained_cap = 0;
    s->deferred_cap = s->unavailable_cap = s->memos_cap = 0;
}

struct sink *sink_new(const struct sink_options *o) {
    struct sink *s = NEW(struct sink);

    s->options = *o;
    begin(s);
    return s;
}

static void batch_free(struct sink_batch *b) {
    for (size_t i = 0; i < b->batch.n_results; i++)
        result_done(&b->batch.results[i]);
    free(b->batch.results);
    free(b->batch.released);
    for (size_t i = 0; i < b->batch.n_memos; i++)
        host_memo_done(&b->batch.memos[i]);
    free(b->batch.memos);
    free(b->batch.drained);
    free(b->batch.deferred);
    free(b->batch.unavailable);
    free(b);
}

void sink_free(struct sink *s) {
    if (!s)
        return;
    assert(s->n_batches == 0);
    batch_free(s->gathering);
    free(s);
}

/* Room for one more item in the array |items|, of which |n| are used. */
static void *grown(void *items, size_t n, size_t *cap, size_t size) {
    if (n < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 16;
    return mem_resize(items, *cap, size);
}

static size_t result_bytes(const struct result *r) {
    return sizeof *r + task_size(r->task) + r->text.cap + r->links.urls.cap + r->links.marks.cap +
           r->links.texts.cap;
}

/* The record points into |text|, which stays. */
static void fit(struct result *r) {
    buf_fit(&r->links.urls);
    buf_fit(&r->links.marks);
    buf_fit(&r->links.texts);
}

void sink_put(struct sink *s, struct result *r, int64_t now) {
    struct store_batch *b = &s->gathering->batch;

    if (b->n_results == 0)
        s->oldest_at = now;
    b->results = grown(b->results, b->n_results, &s->results_cap, sizeof *b->results);
    fit(r);
    b->results[b->n_results++] = *r;
    s->gathering->bytes += result_bytes(r);
}

void sink_put_drained(struct sink *s, int64_t job, int64_t host) {
    struct store_batch *b = &s->gathering->batch;

    b->drained = grown(b->drained, b->n_drained, &s->drained_cap, sizeof *b->drained);
    b->drained[b->n_drained++] = (struct job_host){job, host};
}

void sink_put_deferred(struct sink *s, int64_t job, int64_t host, int64_t ready_at) {
    struct store_batch *b = &s->gathering->batch;

    b->deferred = grown(b->deferred, b->n_deferred, &s->deferred_cap, sizeof *b->deferred);
    b->deferred[b->n_deferred++] = (struct deferred){job, host, ready_at};
}

void sink_put_unavailable(struct sink *s, int64_t job, int64_t host, enum code code) {
    struct store_batch *b = &s->gathering->batch;

    b->unavailable =
        grown(b->unavailable, b->n_unavailable, &s->unavailable_cap, sizeof *b->unavailable);
    b->unavailable[b->n_unavailable++] = (struct unavailable){job, host, code};
}

void sink_put_memo(struct sink *s, const struct host_memo *m) {
    struct store_batch *b = &s->gathering->batch;

    b->memos = grown(b->memos, b->n_memos, &s->memos_cap, sizeof *b->memos);
    b->memos[b->n_memos++] = *m;
    s->gathering->bytes += sizeof *m + m->robots_len;
}

void sink_put_released(struct sink *s, int64_t job) {
    struct store_batch *b = &s->gathering->batch;

    b->released = grown(b->released, b->n_released, &s->released_cap, sizeof *b->released);
    b->released[b->n_released++] = job;
}

/* On the writer's thread. */
static void on_committed(struct store_batch *b) {
    struct sink *s = b->owner;

    s->options.committed(s->options.arg, CONTAINER_OF(b, struct sink_batch, batch));
}

static void hand_over(struct sink *s) {
    struct sink_batch *b = s->gathering;

    begin(s);
    s->n_batches++;
    s->bytes += b->bytes;
    b->batch.epoch = store_epoch(s->options.store);
    b->batch.done = on_committed;
    b->batch.owner = s;
    store_commit(s->options.store, &b->batch);
}

/* What may wait for the next results, as long as these come. */
static size_t minor_items(const struct store_batch *b) {
    return b->n_drained + b->n_deferred + b->n_memos;
}

static bool is_due(const struct sink *s, int64_t now) {
    const struct store_batch *b = &s->gathering->batch;

    return b->n_released > 0 || now >= s->oldest_at + BATCH_MS || b->n_results >= BATCH_RESULTS ||
           s->gathering->bytes >= BATCH_BYTES;
}

int64_t sink_flush(struct sink *s, int64_t now, bool at_once) {
    const struct store_batch *b = &s->gathering->batch;

    /* a caller waits for a release, and jobs end by what is given up */
    if (b->n_results + b->n_released + b->n_unavailable + (at_once ? minor_items(b) : 0) == 0)
        return INT64_MAX;
    if (!at_once && !is_due(s, now))
        return s->oldest_at + BATCH_MS - now;
    hand_over(s);
    return INT64_MAX;
}

void sink_settle(struct sink *s, struct sink_batch *b) {
    s->n_batches--;
    s->bytes -= b->bytes;
    batch_free(b);
}

bool sink_is_full(const struct sink *s) {
    return s->bytes + s->gathering->bytes >= MOST_BYTES;
}

size_t sink_on_their_way(const struct sink *s) {
    return s->n_batches;
}
