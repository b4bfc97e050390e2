#include "storage/dupes.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/random.h"
#include "storage/radix.h"

/* A pair is the hash of a URL and the place of its row in the spool, which among
 * equal URLs rises with seq: they are of one host. */
enum {
    PART_SHIFT = 58, /* the highest 6 of 64 bits choose among DUPES_PARTS */
    BLOCK_PAIRS = 1024,
    BLOCK_BYTES = BLOCK_PAIRS * (int)sizeof(struct radix_pair),
};
_Static_assert(1 << (64 - PART_SHIFT) == DUPES_PARTS, "a part for each value of the bits");

void dupes_init(struct dupes *d, struct spool *spool) {
    *d = (struct dupes){.spool = spool, .salt = random_u64(), .marks = BUF_INIT(SIZE_MAX / 2)};
    for (size_t i = 0; i < DUPES_PARTS; i++)
        buf_init(&d->parts[i].pairs, BLOCK_BYTES);
}

void dupes_done(struct dupes *d) {
    for (size_t i = 0; i < DUPES_PARTS; i++) {
        buf_done(&d->parts[i].pairs);
        free(d->parts[i].blocks);
    }
    buf_done(&d->marks);
}

static enum err write_block(struct dupes *d, struct dupes_part *part) {
    uint64_t pos;
    enum err e = spool_put(d->spool, buf_str(&part->pairs), &pos);

    if (e != ERR_OK)
        return e;
    if (part->n == part->cap) {
        part->cap = part->cap ? part->cap * 2 : 8;
        part->blocks = mem_resize(part->blocks, part->cap, sizeof *part->blocks);
    }
    part->blocks[part->n++] = pos;
    buf_clear(&part->pairs);
    return ERR_OK;
}

enum err dupes_add(struct dupes *d, struct str url, uint64_t pos) {
    const struct radix_pair pair = {hash_u64_seeded(url, d->salt), pos};
    struct dupes_part *part = &d->parts[pair.key >> PART_SHIFT];
    enum err e = ERR_OK;

    if (part->pairs.len == BLOCK_BYTES)
        e = write_block(d, part);
    return e == ERR_OK ? buf_put(&part->pairs, str_at((const char *)&pair, sizeof pair)) : e;
}

static enum err load(const struct dupes *d, const struct dupes_part *part, struct buf *b) {
    char *room;
    enum err e = ERR_OK;

    buf_clear(b);
    for (size_t i = 0; i < part->n && e == ERR_OK; i++) {
        e = buf_room(b, BLOCK_BYTES, &room);
        if (e == ERR_OK)
            e = spool_read(d->spool, part->blocks[i], room, BLOCK_BYTES);
        if (e == ERR_OK)
            buf_grew(b, BLOCK_BYTES);
    }
    return e == ERR_OK ? buf_put(b, buf_str(&part->pairs)) : e;
}

static void mark(struct dupes *d, int64_t seq) {
    d->marks.ptr[seq / 8] = (char)(d->marks.ptr[seq / 8] | 1 << (seq % 8));
    d->n++;
}

bool dupes_has(const struct dupes *d, int64_t seq) {
    return d->marks.ptr[seq / 8] >> (seq % 8) & 1;
}

struct scratch {
    struct buf pairs, sorting, kept, other;
};

/* |group|: pairs of one hash, the first of the list in front. Marks what is equal
 * to an earlier one. In all likelihood the first pass is the only one. */
static enum err settle_group(struct dupes *d, struct scratch *s, struct radix_pair *group,
                             size_t n) {
    while (n > 1) {
        struct seedrow kept, other;
        size_t left = 0;
        enum err e = seedrow_read(d->spool, group[0].value, &s->kept, &kept);

        for (size_t i = 1; i < n && e == ERR_OK; i++) {
            e = seedrow_read(d->spool, group[i].value, &s->other, &other);
            if (e == ERR_OK && str_eq(kept.url, other.url))
                mark(d, other.seq);
            else
                group[left++] = group[i];
        }
        if (e != ERR_OK)
            return e;
        n = left;
    }
    return ERR_OK;
}

static enum err sort(struct scratch *s, struct radix_pair **ret_pairs, size_t *ret_n) {
    char *room;
    enum err e;

    buf_clear(&s->sorting);
    e = buf_room(&s->sorting, s->pairs.len, &room);
    if (e != ERR_OK)
        return e;
    *ret_pairs = (struct radix_pair *)(void *)s->pairs.ptr;
    *ret_n = s->pairs.len / sizeof(struct radix_pair);
    radix_sort(*ret_pairs, *ret_n, (struct radix_pair *)(void *)room);
    return ERR_OK;
}

static enum err settle_part(struct dupes *d, const struct dupes_part *part, struct scratch *s) {
    struct radix_pair *pairs;
    size_t n;
    enum err e = load(d, part, &s->pairs);

    if (e != ERR_OK || !s->pairs.len)
        return e;
    e = sort(s, &pairs, &n);
    for (size_t i = 0, end; e == ERR_OK && i < n; i = end) {
        for (end = i + 1; end < n && pairs[i].key == pairs[end].key;)
            end++;
        e = settle_group(d, s, pairs + i, end - i);
    }
    return e;
}

static enum err clear_marks(struct dupes *d, uint64_t n_seqs) {
    size_t n = (size_t)(n_seqs / 8 + 1);
    char *room;
    enum err e = buf_room(&d->marks, n, &room);

    if (e != ERR_OK)
        return e;
    memset(room, 0, n);
    buf_grew(&d->marks, n);
    return ERR_OK;
}

enum err dupes_settle(struct dupes *d, uint64_t n_seqs) {
    struct scratch s = {BUF_INIT(SIZE_MAX / 2), BUF_INIT(SIZE_MAX / 2), BUF_INIT(SEEDROW_MAX_BYTES),
                        BUF_INIT(SEEDROW_MAX_BYTES)};
    enum err e = clear_marks(d, n_seqs);

    for (size_t i = 0; i < DUPES_PARTS && e == ERR_OK; i++)
        e = settle_part(d, &d->parts[i], &s);
    buf_done(&s.pairs);
    buf_done(&s.sorting);
    buf_done(&s.kept);
    buf_done(&s.other);
    return e;
}
