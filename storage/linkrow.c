#include "storage/linkrow.h"

#include <zstd.h>

#include "base/mem.h"

enum {
    VERSION = 1,
    FLAG_ZSTD = 1,
    FLAG_MORE = 2, /* this is not the page's last part */
    /* Of real pages' links level 1 leaves a quarter, this one a third, in a third of
     * the time both ways. */
    ZSTD_LEVEL = -5,
    /* below it compressing saves less than a page of the database now and then */
    ZSTD_LEAST_BYTES = 2048,
};

struct linkrow_codec {
    ZSTD_CCtx *compressor; /* made at first need */
    ZSTD_DCtx *decompressor;
    struct buf raw;
};

struct linkrow_codec *linkrow_codec_new(void) {
    struct linkrow_codec *c = NEW(struct linkrow_codec);

    buf_init(&c->raw, LINKS_MAX_BYTES);
    return c;
}

void linkrow_codec_free(struct linkrow_codec *c) {
    if (!c)
        return;
    ZSTD_freeCCtx(c->compressor);
    ZSTD_freeDCtx(c->decompressor);
    buf_done(&c->raw);
    free(c);
}

static size_t text_bytes(const struct links_view *v) {
    return v->urls.len + v->texts.len;
}

/* What |from| held before it was walked to |to|. The \n between them is not
 * part of it. */
static struct links_view between(const struct links_view *from, const struct links_view *to) {
    struct links_view part = {.n = from->n - to->n};
    size_t urls_len = from->urls.len - to->urls.len;

    part.urls = str_upto(from->urls, to->n ? urls_len - 1 : urls_len);
    part.marks = str_upto(from->marks, from->marks.len - to->marks.len);
    part.texts = str_upto(from->texts, from->texts.len - to->texts.len);
    return part;
}

static enum err cut_part(struct links_view *rest, struct links_view *ret_part) {
    struct links_view start = *rest, at = start, next = start;
    struct link link;

    if (text_bytes(rest) <= LINKROW_TEXT_BYTES) {
        *rest = (struct links_view){0};
        *ret_part = start;
        return ERR_OK;
    }
    while (next.n) {
        enum err e = links_view_next(&next, &link);

        if (e != ERR_OK)
            return e;
        if (at.n != start.n && text_bytes(&start) - text_bytes(&next) > LINKROW_TEXT_BYTES)
            break;
        at = next;
    }
    *ret_part = between(&start, &at);
    *rest = at;
    return ERR_OK;
}

static enum err put_head(struct buf *out, int flags, const struct links_view *part) {
    const uint64_t numbers[] = {VERSION,        (uint64_t)flags, part->n,
                                part->urls.len, part->marks.len, part->texts.len};
    enum err e = ERR_OK;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && e == ERR_OK; i++)
        e = buf_put_varint(out, numbers[i]);
    return e;
}

static enum err put_body(struct buf *out, const struct links_view *part) {
    enum err e = buf_put(out, part->urls);

    if (e == ERR_OK)
        e = buf_put(out, part->marks);
    return e == ERR_OK ? buf_put(out, part->texts) : e;
}

/* Appends |raw| compressed; ERR_TOO_BIG, with |out| as it was, where that does
 * not save a quarter. */
static enum err put_compressed(struct linkrow_codec *c, struct str raw, struct buf *out) {
    size_t room = raw.len - raw.len / 4, n;
    char *dst;
    enum err e = buf_room(out, room, &dst);

    if (e != ERR_OK)
        return e;
    if (!c->compressor)
        c->compressor = ZSTD_createCCtx();
    if (!c->compressor)
        return ERR_NO_MEMORY;
    n = ZSTD_compressCCtx(c->compressor, dst, room, raw.ptr, raw.len, ZSTD_LEVEL);
    if (ZSTD_isError(n))
        return ERR_TOO_BIG;
    buf_grew(out, n);
    return ERR_OK;
}

static enum err encode_compressed(struct linkrow_codec *c, const struct links_view *part, int flags,
                                  struct buf *out) {
    enum err e;

    buf_clear(&c->raw);
    e = put_body(&c->raw, part);
    if (e == ERR_OK)
        e = put_head(out, flags | FLAG_ZSTD, part);
    return e == ERR_OK ? put_compressed(c, buf_str(&c->raw), out) : e;
}

enum err linkrow_encode(struct linkrow_codec *c, struct links_view *rest, struct buf *out) {
    struct links_view part;
    int flags;
    enum err e = cut_part(rest, &part);

    if (e != ERR_OK)
        return e;
    flags = rest->n ? FLAG_MORE : 0;
    buf_clear(out);
    if (text_bytes(&part) >= ZSTD_LEAST_BYTES) {
        e = encode_compressed(c, &part, flags, out);
        if (e != ERR_TOO_BIG)
            return e;
        buf_clear(out);
    }
    e = put_head(out, flags, &part);
    return e == ERR_OK ? put_body(out, &part) : e;
}

struct head {
    uint64_t version, flags, n, urls, marks, texts;
};

static enum err take_head(struct str *row, struct head *h) {
    uint64_t *const numbers[] = {&h->version, &h->flags, &h->n, &h->urls, &h->marks, &h->texts};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        enum err e = str_take_varint(row, numbers[i]);

        if (e != ERR_OK)
            return e;
    }
    if (h->version != VERSION || h->n > UINT32_MAX || h->urls > LINKS_MAX_BYTES ||
        h->marks > LINKS_MAX_BYTES || h->texts > LINKS_MAX_BYTES)
        return ERR_CORRUPT;
    return ERR_OK;
}

static enum err decompress(struct linkrow_codec *c, struct str *body, size_t len) {
    char *dst;
    size_t n;
    enum err e;

    buf_clear(&c->raw);
    e = buf_room(&c->raw, len, &dst);
    if (e != ERR_OK)
        return e == ERR_TOO_BIG ? ERR_CORRUPT : e;
    if (!c->decompressor)
        c->decompressor = ZSTD_createDCtx();
    if (!c->decompressor)
        return ERR_NO_MEMORY;
    n = ZSTD_decompressDCtx(c->decompressor, dst, len, body->ptr, body->len);
    if (ZSTD_isError(n) || n != len)
        return ERR_CORRUPT;
    buf_grew(&c->raw, n);
    *body = buf_str(&c->raw);
    return ERR_OK;
}

enum err linkrow_decode(struct linkrow_codec *c, struct str row, struct links_view *ret_links,
                        bool *ret_more) {
    struct head h = {0};
    size_t len;
    enum err e = take_head(&row, &h);

    if (e != ERR_OK)
        return e;
    len = (size_t)(h.urls + h.marks + h.texts);
    if (h.flags & FLAG_ZSTD)
        e = decompress(c, &row, len);
    if (e != ERR_OK)
        return e;
    if (row.len != len)
        return ERR_CORRUPT;
    *ret_links = (struct links_view){
        .n = (uint32_t)h.n,
        .urls = str_upto(row, (size_t)h.urls),
        .marks = str_upto(str_from(row, (size_t)h.urls), (size_t)h.marks),
        .texts = str_from(row, (size_t)(h.urls + h.marks)),
    };
    *ret_more = h.flags & FLAG_MORE;
    return ERR_OK;
}
