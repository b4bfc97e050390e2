#include "base/inflate.h"

#include <stdlib.h>

#include <zlib.h>

enum {
    PIECE_BYTES = 16 << 10, /* on the stack, so that an idle stream costs zlib's state only */
    MARK_BYTES = 2,         /* gzip's magic; zlib's header */
    BITS_RAW = -MAX_WBITS,
    BITS_ZLIB = MAX_WBITS,
    BITS_GZIP = MAX_WBITS + 16,
};

enum state {
    AT_START,  /* nothing decoded yet: the first bytes are being gathered */
    INSIDE,    /* zlib has the word */
    AFTER_END, /* a gzip member is over: another one may follow */
    PAST_END,  /* what still comes is ignored */
    BROKEN,
};

struct inflate {
    z_stream z;
    enum inflate_format format;
    enum state state;
    unsigned char mark[MARK_BYTES];
    size_t n_mark;
};

struct inflate *inflate_new(enum inflate_format format) {
    struct inflate *f = calloc(1, sizeof *f);

    if (!f)
        return NULL;
    f->format = format;
    if (inflateInit2(&f->z, format == INFLATE_DEFLATE ? BITS_ZLIB : BITS_GZIP) == Z_OK)
        return f;
    free(f);
    return NULL;
}

void inflate_free(struct inflate *f) {
    if (!f)
        return;
    (void)inflateEnd(&f->z);
    free(f);
}

static bool is_gzip(const unsigned char mark[MARK_BYTES]) {
    return mark[0] == 0x1f && mark[1] == 0x8b;
}

/* RFC 1950 section 2.2: method 8, a window of at most 32 KiB, and the check. */
static bool is_zlib(const unsigned char mark[MARK_BYTES]) {
    return (mark[0] & 0x0f) == 8 && mark[0] >> 4 <= 7 && (mark[0] << 8 | mark[1]) % 31 == 0;
}

static enum err err_of(int z) {
    switch (z) {
    case Z_OK:
    case Z_STREAM_END:
    case Z_BUF_ERROR: /* no progress without more input */
        return ERR_OK;
    case Z_MEM_ERROR:
        return ERR_NO_MEMORY;
    default:
        return ERR_INVALID;
    }
}

/* Runs zlib over |*bytes| until they are used up or a stream ends. */
static enum err decode(struct inflate *f, struct str *bytes, inflate_sink *sink, void *arg) {
    unsigned char piece[PIECE_BYTES];
    size_t n_in, n_out;
    enum err e;
    int z;

    do {
        n_in = bytes->len < UINT32_MAX ? bytes->len : UINT32_MAX;
        f->z.next_in = (z_const Bytef *)bytes->ptr;
        f->z.avail_in = (uInt)n_in;
        f->z.next_out = piece;
        f->z.avail_out = sizeof piece;
        z = inflate(&f->z, Z_NO_FLUSH);
        *bytes = str_from(*bytes, n_in - f->z.avail_in);
        n_out = sizeof piece - f->z.avail_out;
        e = err_of(z);
        if (e == ERR_OK && n_out)
            e = sink(arg, str_at((const char *)piece, n_out));
    } while (e == ERR_OK && z != Z_STREAM_END && (bytes->len || n_out == sizeof piece));
    if (z == Z_STREAM_END)
        f->state = f->format == INFLATE_DEFLATE ? PAST_END : AFTER_END;
    return e;
}

/* Gathers the bytes that tell what begins here, and starts it. */
static enum err start(struct inflate *f, struct str *bytes, inflate_sink *sink, void *arg) {
    struct str mark = str_at((const char *)f->mark, MARK_BYTES);
    bool is_first = f->state == AT_START;
    int bits = BITS_GZIP;

    while (bytes->len && f->n_mark < MARK_BYTES) {
        f->mark[f->n_mark++] = (unsigned char)bytes->ptr[0];
        *bytes = str_from(*bytes, 1);
    }
    if (f->n_mark < MARK_BYTES)
        return ERR_OK;
    f->n_mark = 0;
    if (f->format == INFLATE_DEFLATE)
        bits = is_zlib(f->mark) ? BITS_ZLIB : BITS_RAW;
    else if (!is_gzip(f->mark)) {
        f->state = PAST_END;
        return is_first || f->format == INFLATE_GZIP_STRICT ? ERR_INVALID : ERR_OK;
    }
    if (inflateReset2(&f->z, bits) != Z_OK)
        return ERR_NO_MEMORY;
    f->state = INSIDE;
    return decode(f, &mark, sink, arg);
}

enum err inflate_feed(struct inflate *f, struct str bytes, inflate_sink *sink, void *arg) {
    enum err e = f->state == BROKEN ? ERR_INVALID : ERR_OK;

    while (e == ERR_OK && bytes.len && f->state != PAST_END)
        e = f->state == INSIDE ? decode(f, &bytes, sink, arg) : start(f, &bytes, sink, arg);
    if (e != ERR_OK)
        f->state = BROKEN;
    return e;
}

enum err inflate_finish(struct inflate *f) {
    switch (f->state) {
    case AT_START:
        return f->n_mark ? ERR_INVALID : ERR_OK;
    case AFTER_END:
        return f->n_mark && f->format == INFLATE_GZIP_STRICT ? ERR_INVALID : ERR_OK;
    case PAST_END:
        return ERR_OK;
    case INSIDE:
    case BROKEN:
        break;
    }
    return ERR_INVALID;
}
