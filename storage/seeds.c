#include "storage/seeds.h"

#include "base/mem.h"
#include "storage/dupes.h"
#include "storage/runs.h"

enum {
    SPOOL_MEMORY_BYTES = 1 << 20, /* lists shorter than this make no file */
    REJECTS_BLOCK_BYTES = 32 << 10,
};

struct seeds {
    struct spool tasks;   /* runs of rows, and blocks of hashes */
    struct spool rejects; /* rows by seq */
    struct runs runs;
    struct dupes dupes;
    struct buf reject_block; /* not yet in |rejects| when adding; being read after */
    size_t reject_at;
    uint64_t rejects_read; /* bytes of |rejects| that were loaded */
    struct seeds_counts counts;
};

static enum err placed(void *arg, struct str url, uint64_t pos) {
    struct seeds *s = arg;

    return dupes_add(&s->dupes, url, pos);
}

struct seeds *seeds_new(const char *folder) {
    struct seeds *s = NEW(struct seeds);

    spool_init(&s->tasks, folder, SPOOL_MEMORY_BYTES);
    spool_init(&s->rejects, folder, SPOOL_MEMORY_BYTES);
    runs_init(&s->runs, &s->tasks, placed, s);
    dupes_init(&s->dupes, &s->tasks);
    buf_init(&s->reject_block, SEEDROW_MAX_BYTES);
    return s;
}

void seeds_free(struct seeds *s) {
    if (!s)
        return;
    runs_done(&s->runs);
    dupes_done(&s->dupes);
    spool_done(&s->tasks);
    spool_done(&s->rejects);
    buf_done(&s->reject_block);
    free(s);
}

static enum err spool_rejects(struct seeds *s) {
    uint64_t pos;
    enum err e = spool_put(&s->rejects, buf_str(&s->reject_block), &pos);

    if (e == ERR_OK)
        buf_clear(&s->reject_block);
    return e;
}

static enum err add_reject(struct seeds *s, const struct seedrow *row) {
    enum err e = ERR_OK;

    if (s->reject_block.len >= REJECTS_BLOCK_BYTES)
        e = spool_rejects(s);
    return e == ERR_OK ? seedrow_put(&s->reject_block, row) : e;
}

enum err seeds_add(struct seeds *s, const struct seed *seed) {
    const struct seedrow row = {.host = host_id(seed->host_key, seed->bucket),
                                .seq = (int64_t)s->counts.received,
                                .code = seed->code,
                                .url = seed->url,
                                .input = seed->input,
                                .host_key = seed->host_key};
    enum err e = seed->code == CODE_NONE ? runs_add(&s->runs, &row) : add_reject(s, &row);

    if (e != ERR_OK)
        return e;
    s->counts.received++;
    if (seed->code == CODE_NONE)
        s->counts.accepted++;
    else
        s->counts.rejected++;
    return ERR_OK;
}

enum err seeds_settle(struct seeds *s, struct seeds_counts *ret_counts) {
    enum err e = runs_finish(&s->runs);

    if (e == ERR_OK)
        e = dupes_settle(&s->dupes, s->counts.received);
    if (e == ERR_OK)
        e = spool_rejects(s);
    if (e != ERR_OK)
        return e;
    s->counts.duplicates = s->dupes.n;
    s->counts.accepted -= s->dupes.n;
    *ret_counts = s->counts;
    return ERR_OK;
}

struct seeds_counts seeds_counts(const struct seeds *s) {
    return s->counts;
}

enum err seeds_next_task(struct seeds *s, struct seedrow *ret_row) {
    struct seedrow row;

    do {
        enum err e = runs_next(&s->runs, &row);

        if (e != ERR_OK)
            return e;
    } while (dupes_has(&s->dupes, row.seq));
    *ret_row = row;
    return ERR_OK;
}

/* |need|: bytes of a row that the block does not hold as a whole. */
static enum err load_rejects(struct seeds *s, size_t need) {
    uint64_t left = s->rejects.len - s->rejects_read;
    size_t n = need > REJECTS_BLOCK_BYTES ? need : REJECTS_BLOCK_BYTES;
    char *room;
    enum err e;

    if (!left)
        return ERR_NOT_FOUND;
    buf_drop(&s->reject_block, s->reject_at);
    s->reject_at = 0;
    n -= s->reject_block.len;
    if (n > left)
        n = (size_t)left;
    e = buf_room(&s->reject_block, n, &room);
    if (e == ERR_OK)
        e = spool_read(&s->rejects, s->rejects_read, room, n);
    if (e != ERR_OK)
        return e;
    buf_grew(&s->reject_block, n);
    s->rejects_read += n;
    return ERR_OK;
}

enum err seeds_next_reject(struct seeds *s, struct seedrow *ret_row) {
    size_t len;

    for (;;) {
        struct str rest = str_from(buf_str(&s->reject_block), s->reject_at);
        enum err e = seedrow_get(rest, ret_row, &len);

        if (e == ERR_OK)
            s->reject_at += len;
        if (e != ERR_NOT_FOUND)
            return e;
        e = load_rejects(s, len);
        if (e != ERR_OK)
            return e;
    }
}
