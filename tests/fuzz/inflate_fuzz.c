/* inflate_fuzz - a gzip or deflate body: the same bytes in one piece and in small ones. */
#include <assert.h>

#include "base/buf.h"
#include "base/inflate.h"

enum { OUTPUT_MAX_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err keep(void *arg, struct str piece) {
    return buf_put(arg, piece);
}

static enum err decode(enum inflate_format format, struct str body, size_t piece, struct buf *out) {
    OWNED(inflate) struct inflate *f = inflate_new(format);
    enum err e = ERR_OK;

    assert(f);
    while (e == ERR_OK && body.len) {
        e = inflate_feed(f, str_upto(body, piece), keep, out);
        body = str_from(body, piece);
    }
    return e == ERR_OK ? inflate_finish(f) : e;
}

static void check(enum inflate_format format, struct str body) {
    OWNED_BUF struct buf whole = BUF_INIT(OUTPUT_MAX_BYTES);
    OWNED_BUF struct buf pieces = BUF_INIT(OUTPUT_MAX_BYTES);
    enum err one = decode(format, body, body.len + 1, &whole);
    enum err many = decode(format, body, 1 + body.len % 5, &pieces);

    /* which error comes first, a limit or a fault, does hang on the pieces */
    assert((one == ERR_OK) == (many == ERR_OK));
    assert(one != ERR_OK || str_eq(buf_str(&whole), buf_str(&pieces)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct str body = str_at((const char *)data, size);

    check(INFLATE_GZIP, body);
    check(INFLATE_GZIP_STRICT, body);
    check(INFLATE_DEFLATE, body);
    return 0;
}
