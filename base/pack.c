#include "base/pack.h"

#include <stdlib.h>

#include <zlib.h>
#include <zstd.h>

enum {
    PIECE_BYTES = 16 << 10,
    GZIP_LEVEL = 1,
    GZIP_BITS = MAX_WBITS + 16,
    GZIP_MEMORY = 8, /* as zlib has it by default: 256 KiB with its window */
    ZSTD_LEVEL = 1,
    ZSTD_WINDOW_BITS = 17, /* bounds what both sides need */
};

struct pack {
    enum pack_format format;
    z_stream z;
    ZSTD_CCtx *zstd;
};

static bool begin_gzip(struct pack *p) {
    return deflateInit2(&p->z, GZIP_LEVEL, Z_DEFLATED, GZIP_BITS, GZIP_MEMORY,
                        Z_DEFAULT_STRATEGY) == Z_OK;
}

static bool begin_zstd(struct pack *p) {
    p->zstd = ZSTD_createCCtx();
    return p->zstd &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_windowLog, ZSTD_WINDOW_BITS));
}

struct pack *pack_new(enum pack_format format) {
    struct pack *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->format = format;
    if (format == PACK_GZIP ? begin_gzip(p) : begin_zstd(p))
        return p;
    pack_free(p);
    return NULL;
}

void pack_free(struct pack *p) {
    if (!p)
        return;
    if (p->format == PACK_GZIP)
        (void)deflateEnd(&p->z);
    ZSTD_freeCCtx(p->zstd);
    free(p);
}

/* --- gzip ------------------------------------------------------------------------------ */

static enum err gzip(struct pack *p, struct str bytes, int flush, struct buf *out) {
    Bytef piece[PIECE_BYTES];
    enum err e = ERR_OK;

    p->z.next_in = (z_const Bytef *)bytes.ptr;
    p->z.avail_in = (uInt)bytes.len;
    do {
        p->z.next_out = piece;
        p->z.avail_out = sizeof piece;
        if (deflate(&p->z, flush) == Z_STREAM_ERROR)
            return ERR_NO_MEMORY;
        e = buf_put(out, str_at((const char *)piece, sizeof piece - p->z.avail_out));
    } while (e == ERR_OK && p->z.avail_out == 0);
    return e;
}

/* --- Zstandard --------------------------------------------------------------------------- */

static enum err zstd(struct pack *p, struct str bytes, ZSTD_EndDirective mode, struct buf *out) {
    ZSTD_inBuffer in = {bytes.ptr, bytes.len, 0};
    char piece[PIECE_BYTES];
    enum err e = ERR_OK;
    size_t left;

    do {
        ZSTD_outBuffer made = {piece, sizeof piece, 0};

        left = ZSTD_compressStream2(p->zstd, &made, &in, mode);
        if (ZSTD_isError(left))
            return ERR_NO_MEMORY;
        e = buf_put(out, str_at(piece, made.pos));
    } while (e == ERR_OK && (mode == ZSTD_e_end ? left > 0 : in.pos < in.size));
    return e;
}

enum err pack_feed(struct pack *p, struct str bytes, struct buf *out) {
    enum { MOST = 1 << 30 }; /* zlib counts in 32 bits */
    enum err e = ERR_OK;

    while (bytes.len && e == ERR_OK) {
        struct str part = str_upto(bytes, MOST);

        e = p->format == PACK_GZIP ? gzip(p, part, Z_NO_FLUSH, out)
                                   : zstd(p, part, ZSTD_e_continue, out);
        bytes = str_from(bytes, part.len);
    }
    return e;
}

enum err pack_finish(struct pack *p, struct buf *out) {
    return p->format == PACK_GZIP ? gzip(p, STR_NONE, Z_FINISH, out)
                                  : zstd(p, STR_NONE, ZSTD_e_end, out);
}
