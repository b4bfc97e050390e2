/* charset_fuzz - declarations of an encoding, and conversion: any chunking decodes
 * alike, to valid UTF-8 that can be encoded again.
 *
 * The first byte chooses the encoding, the second the size of the pieces.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "crawler/charset.h"
#include "crawler/mime.h"

enum { OUTPUT_MAX_BYTES = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const labels[] = {
    "utf-8",  "utf-16le", "utf-16be",   "windows-1252", "windows-1255", "x-user-defined",
    "gbk",    "gb18030",  "big5",       "euc-jp",       "iso-2022-jp",  "shift_jis",
    "euc-kr", "koi8-r",   "iso-8859-8", "replacement",
};

static void decode(const struct charset *c, struct str bytes, size_t step, struct buf *out) {
    OWNED(charset_decoder) struct charset_decoder *d = NULL;
    enum err e = charset_decoder_new(c, &d);

    for (; e == ERR_OK && bytes.len; bytes = str_from(bytes, step))
        e = charset_decode(d, str_upto(bytes, step), false, out);
    if (e == ERR_OK)
        e = charset_decode(d, STR_NONE, true, out);
    if (e != ERR_OK)
        abort();
}

static void declarations(struct str s) {
    struct mime m;
    size_t n;

    (void)charset_of_label(s);
    (void)charset_of_bom(s, &n);
    assert(n <= s.len);
    (void)charset_of_meta(s);
    (void)charset_of_meta_attrs(STR("content-type"), s, STR_NONE);
    (void)mime_looks_like_html(s);
    if (mime_parse(s, &m) == ERR_OK) {
        assert(m.charset_len <= MIME_CHARSET_MAX);
        (void)charset_of_mime(&m);
    }
    assert(charset_guess(s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED_BUF struct buf whole = BUF_INIT(OUTPUT_MAX_BYTES);
    OWNED_BUF struct buf pieces = BUF_INIT(OUTPUT_MAX_BYTES);
    OWNED_BUF struct buf encoded = BUF_INIT(OUTPUT_MAX_BYTES);
    const struct charset *c;
    struct str s;

    if (size < 2)
        return 0;
    c = charset_of_label(str_of(labels[data[0] % (sizeof labels / sizeof *labels)]));
    s = str_at((const char *)data + 2, size - 2);
    declarations(s);
    decode(c, s, STR_END, &whole);
    decode(c, s, 1 + data[1] % 9, &pieces);
    assert(utf8_valid(buf_str(&whole)));
    assert(str_eq(buf_str(&whole), buf_str(&pieces)));
    if (charset_encode(c, buf_str(&whole), &encoded) != ERR_OK)
        abort();
    return 0;
}
