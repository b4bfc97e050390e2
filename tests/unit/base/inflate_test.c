#include "base/inflate.h"

#include <zlib.h>

#include "base/buf.h"
#include "tests/test.h"

enum { BITS_RAW = -15, BITS_ZLIB = 15, BITS_GZIP = 31, MAX_BYTES = 8 << 20 };

static enum err keep(void *arg, struct str piece) {
    if (piece.len == 0 || piece.len > 64 << 10)
        return ERR_CORRUPT;
    return buf_put(arg, piece);
}

static void pack(struct buf *out, struct str plain, int bits) {
    z_stream z = {0};
    char *room;

    if (deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        buf_room(out, deflateBound(&z, plain.len), &room) != ERR_OK)
        abort();
    z.next_in = (z_const Bytef *)plain.ptr;
    z.avail_in = (uInt)plain.len;
    z.next_out = (Bytef *)room;
    z.avail_out = (uInt)deflateBound(&z, plain.len);
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    buf_grew(out, z.total_out);
    (void)deflateEnd(&z);
}

/* Feeds |packed| in chunks of |step| bytes and ends. */
static enum err unpack(enum inflate_format format, struct str packed, size_t step,
                       struct buf *out) {
    OWNED(inflate) struct inflate *f = inflate_new(format);
    enum err e = f ? ERR_OK : ERR_NO_MEMORY;

    while (e == ERR_OK && packed.len) {
        e = inflate_feed(f, str_upto(packed, step), keep, out);
        packed = str_from(packed, step);
    }
    return e == ERR_OK ? inflate_finish(f) : e;
}

static void check_all_steps(enum inflate_format format, struct str packed, struct str wanted) {
    static const size_t steps[] = {1, 2, 3, 7, 1000, STR_END};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        OWNED_BUF struct buf out = BUF_INIT(MAX_BYTES);

        CHECK_OK(unpack(format, packed, steps[i], &out));
        CHECK(str_eq(buf_str(&out), wanted));
    }
}

static void fill(struct buf *b, size_t n) {
    for (uint32_t i = 0, x = 1; i < n; i++) {
        x = x * 1664525U + 1013904223U;
        if (buf_put_char(b, (char)(i % 3 ? 'a' : (char)(x >> 24))) != ERR_OK)
            abort();
    }
}

TEST(decodes_each_format_in_chunks_of_any_size) {
    OWNED_BUF struct buf plain = BUF_INIT(MAX_BYTES), gzip = plain, zlib = plain, raw = plain;

    fill(&plain, 200000);
    pack(&gzip, buf_str(&plain), BITS_GZIP);
    pack(&zlib, buf_str(&plain), BITS_ZLIB);
    pack(&raw, buf_str(&plain), BITS_RAW);
    check_all_steps(INFLATE_GZIP, buf_str(&gzip), buf_str(&plain));
    check_all_steps(INFLATE_DEFLATE, buf_str(&zlib), buf_str(&plain));
    check_all_steps(INFLATE_DEFLATE, buf_str(&raw), buf_str(&plain));
}

TEST(joins_gzip_members_and_ignores_what_follows) {
    OWNED_BUF struct buf b = BUF_INIT(MAX_BYTES);

    pack(&b, STR("one,"), BITS_GZIP);
    pack(&b, STR(""), BITS_GZIP);
    pack(&b, STR("two"), BITS_GZIP);
    check_all_steps(INFLATE_GZIP, buf_str(&b), STR("one,two"));
    CHECK_OK(buf_put(&b, STR("\x1f")));
    check_all_steps(INFLATE_GZIP, buf_str(&b), STR("one,two"));
    CHECK_OK(buf_put(&b, STR("\0\0\x1f\x8b rubbish")));
    check_all_steps(INFLATE_GZIP, buf_str(&b), STR("one,two"));
}

TEST(strict_gzip_is_members_and_nothing_else) {
    static const struct str tails[] = {STR("\x1f"), STR("\x1f\x8b"), STR("\0"), STR("rubbish"),
                                       STR("\x1f\x8b rubbish")};
    OWNED_BUF struct buf b = BUF_INIT(MAX_BYTES);

    pack(&b, STR("one,"), BITS_GZIP);
    pack(&b, STR("two"), BITS_GZIP);
    check_all_steps(INFLATE_GZIP_STRICT, buf_str(&b), STR("one,two"));
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        OWNED_BUF struct buf longer = BUF_INIT(MAX_BYTES), out = longer;

        CHECK_OK(buf_put(&longer, buf_str(&b)));
        CHECK_OK(buf_put(&longer, tails[i]));
        CHECK_ERR(unpack(INFLATE_GZIP_STRICT, buf_str(&longer), 1, &out), ERR_INVALID);
        buf_clear(&out);
        CHECK_ERR(unpack(INFLATE_GZIP_STRICT, buf_str(&longer), STR_END, &out), ERR_INVALID);
    }
}

TEST(ignores_what_follows_a_zlib_stream) {
    OWNED_BUF struct buf b = BUF_INIT(MAX_BYTES);

    pack(&b, STR("body"), BITS_ZLIB);
    CHECK_OK(buf_put(&b, STR("tail")));
    check_all_steps(INFLATE_DEFLATE, buf_str(&b), STR("body"));
}

TEST(a_cut_body_is_invalid_wherever_it_is_cut) {
    static const int bits[] = {BITS_GZIP, BITS_ZLIB, BITS_RAW};

    for (size_t k = 0; k < 3; k++) {
        enum inflate_format format = k == 0 ? INFLATE_GZIP : INFLATE_DEFLATE;
        OWNED_BUF struct buf b = BUF_INIT(MAX_BYTES);

        pack(&b, STR("all of it, all of it, all of it"), bits[k]);
        for (size_t n = 1; n < b.len; n++) {
            OWNED_BUF struct buf out = BUF_INIT(MAX_BYTES);
            CHECK_ERR(unpack(format, str_upto(buf_str(&b), n), STR_END, &out), ERR_INVALID);
        }
    }
}

TEST(no_bytes_at_all_are_fine) {
    OWNED_BUF struct buf out = BUF_INIT(MAX_BYTES);

    CHECK_OK(unpack(INFLATE_GZIP, STR(""), 1, &out));
    CHECK_OK(unpack(INFLATE_DEFLATE, STR(""), 1, &out));
}

TEST(what_is_not_the_format_is_invalid_and_stays_so) {
    OWNED(inflate) struct inflate *f = inflate_new(INFLATE_GZIP);
    OWNED_BUF struct buf b = BUF_INIT(MAX_BYTES), out = b;

    CHECK_ERR(inflate_feed(f, STR("<html>"), keep, &out), ERR_INVALID);
    pack(&b, STR("x"), BITS_GZIP);
    CHECK_ERR(inflate_feed(f, buf_str(&b), keep, &out), ERR_INVALID);
    CHECK_ERR(inflate_finish(f), ERR_INVALID);
    CHECK_ERR(unpack(INFLATE_DEFLATE, STR("\xff\xff\xff\xff"), 1, &out), ERR_INVALID);
    b.ptr[b.len - 5] ^= 1; /* the checksum */
    CHECK_ERR(unpack(INFLATE_GZIP, buf_str(&b), 1, &out), ERR_INVALID);
}

static enum err refuse_after_100k(void *arg, struct str piece) {
    size_t *seen = arg;

    *seen += piece.len;
    return *seen > 100000 ? ERR_TOO_BIG : ERR_OK;
}

TEST(the_sink_ends_a_bomb) {
    OWNED(inflate) struct inflate *f = inflate_new(INFLATE_GZIP);
    OWNED_BUF struct buf plain = BUF_INIT(MAX_BYTES), b = BUF_INIT(2 * MAX_BYTES);
    size_t seen = 0;
    char *room;

    CHECK_OK(buf_room(&plain, MAX_BYTES, &room));
    memset(room, 0, MAX_BYTES);
    buf_grew(&plain, MAX_BYTES);
    pack(&b, buf_str(&plain), BITS_GZIP);
    CHECK_ERR(inflate_feed(f, buf_str(&b), refuse_after_100k, &seen), ERR_TOO_BIG);
    CHECK(seen < 200000);
    CHECK_ERR(inflate_finish(f), ERR_INVALID);
}

TEST_MAIN
