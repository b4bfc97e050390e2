#include "storage/runs.h"

#include <string.h>

#include "base/mem.h"
#include "base/own.h"

enum {
    TEXT_BYTES = SEEDROW_MAX_BYTES,
    MERGE_BYTES = 4 << 20, /* shared by the runs' chunks */
    CHUNK_LEAST_BYTES = 8 << 10,
    CHUNK_MOST_BYTES = 64 << 10,
};

void runs_init(struct runs *r, struct spool *spool,
               enum err (*placed)(void *arg, struct str url, uint64_t pos), void *arg) {
    *r = (struct runs){.spool = spool,
                       .text = BUF_INIT(TEXT_BYTES),
                       .sorted = BUF_INIT(TEXT_BYTES),
                       .placed = placed,
                       .arg = arg};
}

void runs_done(struct runs *r) {
    buf_done(&r->text);
    buf_done(&r->sorted);
    free(r->pairs);
    for (size_t i = 0; i < r->n; i++)
        buf_done(&r->all[i].chunk);
    free(r->all);
    free(r->heap);
}

/* --- gathering ---------------------------------------------------------------- */

static void new_run(struct runs *r, uint64_t pos) {
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 8;
        r->all = mem_resize(r->all, r->cap, sizeof *r->all);
    }
    r->all[r->n++] = (struct run){.pos = pos, .end = r->spool->len};
}

static enum err tell_places(struct runs *r, uint64_t pos) {
    struct str rest = buf_str(&r->sorted);
    struct seedrow row;
    size_t len;

    while (seedrow_get(rest, &row, &len) == ERR_OK) {
        enum err e = r->placed(r->arg, row.url, pos);

        if (e != ERR_OK)
            return e;
        pos += len;
        rest = str_from(rest, len);
    }
    return ERR_OK;
}

static enum err sort_text(struct runs *r) {
    enum err e = ERR_OK;

    /* stable, and they came by seq */
    radix_sort(r->pairs, r->n_pairs, r->pairs + r->cap_pairs);
    buf_clear(&r->sorted);
    for (size_t i = 0; i < r->n_pairs && e == ERR_OK; i++) {
        struct str from = str_from(buf_str(&r->text), r->pairs[i].value);
        struct seedrow row;
        size_t len;

        e = seedrow_get(from, &row, &len);
        if (e == ERR_OK)
            e = buf_put(&r->sorted, str_upto(from, len));
    }
    return e;
}

static enum err write_run(struct runs *r) {
    uint64_t pos;
    enum err e = sort_text(r);

    if (e == ERR_OK)
        e = spool_put(r->spool, buf_str(&r->sorted), &pos);
    if (e != ERR_OK)
        return e;
    new_run(r, pos);
    buf_clear(&r->text);
    r->n_pairs = 0;
    return tell_places(r, pos);
}

static void put_pair(struct runs *r, int64_t host, size_t at) {
    if (r->n_pairs == r->cap_pairs) {
        r->cap_pairs = r->cap_pairs ? r->cap_pairs * 2 : 64;
        r->pairs = mem_resize(r->pairs, r->cap_pairs * 2, sizeof *r->pairs);
    }
    r->pairs[r->n_pairs++] = (struct radix_pair){(uint64_t)host, at};
}

enum err runs_add(struct runs *r, const struct seedrow *row) {
    size_t at = r->text.len;
    enum err e = seedrow_put(&r->text, row);

    if (e == ERR_TOO_BIG && at) {
        e = write_run(r);
        at = 0;
        if (e == ERR_OK)
            e = seedrow_put(&r->text, row);
    }
    if (e == ERR_OK)
        put_pair(r, row->host, at);
    return e;
}

/* --- merging ------------------------------------------------------------------ */

/* Makes the chunk hold |need| bytes from |at| on, at least. */
static enum err fill(struct runs *r, struct run *run, size_t need) {
    size_t want = need > r->chunk_bytes ? need : r->chunk_bytes, n;
    char *room;
    enum err e;

    buf_drop(&run->chunk, run->at);
    run->at = 0;
    n = want - run->chunk.len;
    if (n > run->end - run->pos)
        n = (size_t)(run->end - run->pos);
    e = buf_room(&run->chunk, n, &room);
    if (e == ERR_OK)
        e = spool_read(r->spool, run->pos, room, n);
    if (e != ERR_OK)
        return e;
    buf_grew(&run->chunk, n);
    run->pos += n;
    return ERR_OK;
}

static enum err next_of(struct runs *r, struct run *run) {
    size_t len;
    enum err e;

    for (;;) {
        e = seedrow_get(str_from(buf_str(&run->chunk), run->at), &run->row, &len);
        if (e == ERR_OK)
            run->at += len;
        if (e != ERR_NOT_FOUND || run->pos == run->end)
            return e;
        e = fill(r, run, len);
        if (e != ERR_OK)
            return e;
    }
}

static bool is_before(const struct runs *r, size_t a, size_t b) {
    int64_t host_a = r->all[a].row.host, host_b = r->all[b].row.host;

    return host_a != host_b ? host_a < host_b : a < b;
}

static void sift_down(struct runs *r, size_t at) {
    size_t moving = r->heap[at];

    for (;;) {
        size_t child = 2 * at + 1;

        if (child + 1 < r->n_heap && is_before(r, r->heap[child + 1], r->heap[child]))
            child++;
        if (child >= r->n_heap || !is_before(r, r->heap[child], moving))
            break;
        r->heap[at] = r->heap[child];
        at = child;
    }
    r->heap[at] = moving;
}

static size_t chunk_bytes(size_t n_runs) {
    size_t share = MERGE_BYTES / (n_runs ? n_runs : 1);

    if (share < CHUNK_LEAST_BYTES)
        return CHUNK_LEAST_BYTES;
    return share > CHUNK_MOST_BYTES ? CHUNK_MOST_BYTES : share;
}

enum err runs_finish(struct runs *r) {
    enum err e = r->n_pairs ? write_run(r) : ERR_OK;

    if (e != ERR_OK)
        return e;
    buf_done(&r->text);
    buf_done(&r->sorted);
    r->chunk_bytes = chunk_bytes(r->n);
    r->heap = NEW_N(size_t, r->n);
    for (size_t i = 0; i < r->n; i++) {
        buf_init(&r->all[i].chunk, TEXT_BYTES + CHUNK_MOST_BYTES);
        e = next_of(r, &r->all[i]);
        if (e != ERR_OK)
            return e;
        r->heap[r->n_heap++] = i;
    }
    for (size_t i = r->n_heap / 2; i-- > 0;)
        sift_down(r, i);
    return ERR_OK;
}

/* The current row of the least run was given out: moves that run on first. */
enum err runs_next(struct runs *r, struct seedrow *ret_row) {
    if (r->given) {
        enum err e = next_of(r, &r->all[r->heap[0]]);

        if (e == ERR_NOT_FOUND)
            r->heap[0] = r->heap[--r->n_heap];
        else if (e != ERR_OK)
            return e;
        if (r->n_heap)
            sift_down(r, 0);
    }
    r->given = r->n_heap > 0;
    if (!r->given)
        return ERR_NOT_FOUND;
    *ret_row = r->all[r->heap[0]].row;
    return ERR_OK;
}
