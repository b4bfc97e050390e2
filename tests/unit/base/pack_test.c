#include "base/pack.h"

#include <zstd.h>

#include "base/inflate.h"
#include "tests/test.h"

enum { BYTES = 3 << 20 };

static struct buf text = BUF_INIT(BYTES), packed = BUF_INIT(2 * BYTES), back = BUF_INIT(2 * BYTES);

/* Lines like those of an export, and then what cannot be packed. */
static void make_text(void) {
    uint64_t noise = 1;

    buf_clear(&text);
    for (int i = 0; text.len < BYTES / 2; i++)
        CHECK_OK(buf_printf(&text, "https://example.com/%d\thttps://example.com/%d\n", i / 9, i));
    while (text.len < BYTES - 1) {
        noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
        CHECK_OK(buf_put_char(&text, (char)(noise >> 56)));
    }
}

static void pack_in(enum pack_format format, size_t piece) {
    OWNED(pack) struct pack *p = pack_new(format);
    struct str rest = buf_str(&text);

    buf_clear(&packed);
    while (rest.len) {
        CHECK_OK(pack_feed(p, str_upto(rest, piece), &packed));
        rest = str_from(rest, rest.len < piece ? rest.len : piece);
    }
    CHECK_OK(pack_finish(p, &packed));
}

static enum err keep(void *arg, struct str piece) {
    (void)arg;
    return buf_put(&back, piece);
}

static void check_gzip(void) {
    OWNED(inflate) struct inflate *f = inflate_new(INFLATE_GZIP_STRICT);

    buf_clear(&back);
    CHECK_OK(inflate_feed(f, buf_str(&packed), keep, NULL));
    CHECK_OK(inflate_finish(f));
    CHECK(str_eq(buf_str(&back), buf_str(&text)));
}

static void check_zstd(void) {
    char *room = malloc(2 * BYTES);
    size_t n = ZSTD_decompress(room, 2 * BYTES, packed.ptr, packed.len);

    CHECK(!ZSTD_isError(n));
    CHECK(str_eq(str_at(room, n), buf_str(&text)));
    free(room);
}

TEST(comes_back_whatever_the_pieces) {
    static const size_t pieces[] = {1000, 32 << 10, BYTES};

    make_text();
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        pack_in(PACK_GZIP, pieces[i]);
        check_gzip();
        CHECK(packed.len < text.len * 2 / 3);
        pack_in(PACK_ZSTD, pieces[i]);
        check_zstd();
        CHECK(packed.len < text.len * 2 / 3);
    }
}

TEST(nothing_is_something) {
    buf_clear(&text);
    pack_in(PACK_GZIP, 1);
    check_gzip();
    CHECK(packed.len > 0);
    pack_in(PACK_ZSTD, 1);
    check_zstd();
    CHECK(packed.len > 0);
    buf_done(&text);
    buf_done(&packed);
    buf_done(&back);
}

TEST_MAIN
