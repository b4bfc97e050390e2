/* Conversion to and from UTF-8, with the Encoding Standard's error handling.
 *
 * Single-byte encodings, UTF-8 and UTF-16 are read by tables and code of our own; the
 * multi-byte ones of East Asia by iconv. Checked pair by pair against the standard's
 * indexes, glibc's Shift_JIS and EUC-KR are equal to them both ways, and GBK and
 * gb18030 but for 0xa3a0 and six characters. What is not mended here: in Big5 some
 * 20 signs of rows 0xa1 to 0xa3, 32 control pictures and 90 ideographs of Hong Kong's
 * additions; in EUC-JP rows 0xf5 to 0xfe (private use instead of nothing or of IBM's
 * additions); in ISO-2022-JP row 13.
 */
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "crawler/charset.h"
#include "crawler/charset_table.h"

enum { REPLACEMENT = 0xfffd, USER_DEFINED_FIRST = 0xf780, PENDING_MAX = 8, PIECE_BYTES = 4096 };

struct charset_decoder {
    const struct charset *charset;
    iconv_t iconv;             /* MULTI only */
    char pending[PENDING_MAX]; /* bytes of an unfinished character */
    size_t n_pending;
    uint32_t lead; /* UTF-16: a first surrogate that waits for its second; 0: none */
    bool replaced; /* REPLACEMENT: has said its one character */
};

static bool opens_iconv(struct charset_decoder *d) {
    if (d->charset->kind != CHARSET_MULTI)
        return true;
    d->iconv = iconv_open("UTF-8", d->charset->iconv);
    return d->iconv != (iconv_t)-1; /* NOLINT: what iconv_open says */
}

enum err charset_decoder_new(const struct charset *c, struct charset_decoder **ret_decoder) {
    struct charset_decoder *d = calloc(1, sizeof *d);

    if (!d)
        return ERR_NO_MEMORY;
    d->charset = c;
    if (!opens_iconv(d)) {
        free(d);
        return errno == ENOMEM ? ERR_NO_MEMORY : ERR_UNSUPPORTED;
    }
    *ret_decoder = d;
    return ERR_OK;
}

void charset_decoder_free(struct charset_decoder *d) {
    if (!d)
        return;
    if (d->charset->kind == CHARSET_MULTI)
        (void)iconv_close(d->iconv);
    free(d);
}

/* --- one byte a character ---------------------------------------------------- */

static uint32_t upper_of(const struct charset *c, unsigned char byte) {
    if (c->kind == CHARSET_USER_DEFINED)
        return USER_DEFINED_FIRST + byte - 0x80U;
    return c->upper[byte - 0x80] ? c->upper[byte - 0x80] : REPLACEMENT;
}

static enum err decode_single(const struct charset *c, struct str s, struct buf *out) {
    enum err e = ERR_OK;

    while (e == ERR_OK && s.len) {
        size_t n = utf8_ascii_prefix(s);

        e = buf_put(out, str_upto(s, n));
        for (; e == ERR_OK && n < s.len && s.ptr[n] & 0x80; n++)
            e = utf8_put(out, upper_of(c, (unsigned char)s.ptr[n]));
        s = str_from(s, n);
    }
    return e;
}

/* --- UTF-16 -------------------------------------------------------------------- */

static enum err put_unit(struct charset_decoder *d, uint32_t unit, struct buf *out) {
    uint32_t lead = d->lead;
    enum err e = ERR_OK;

    d->lead = 0;
    if (lead && unit >= 0xdc00 && unit <= 0xdfff)
        return utf8_put(out, 0x10000 + ((lead - 0xd800) << 10) + (unit - 0xdc00));
    if (lead)
        e = utf8_put(out, REPLACEMENT);
    if (unit >= 0xd800 && unit <= 0xdbff)
        d->lead = unit;
    else if (e == ERR_OK)
        e = utf8_put(out, unit);
    return e;
}

static enum err decode_utf16(struct charset_decoder *d, struct str s, bool last, struct buf *out) {
    unsigned first_shift = d->charset->kind == CHARSET_UTF16BE ? 8 : 0;
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < s.len; i++) {
        uint32_t byte = (unsigned char)s.ptr[i];

        d->pending[d->n_pending++] = s.ptr[i];
        if (d->n_pending < 2)
            continue;
        d->n_pending = 0;
        e = put_unit(
            d, (uint32_t)(unsigned char)d->pending[0] << first_shift | byte << (8 - first_shift),
            out);
    }
    if (e != ERR_OK || !last || (!d->lead && !d->n_pending))
        return e;
    d->lead = 0;
    d->n_pending = 0;
    return utf8_put(out, REPLACEMENT);
}

/* --- UTF-8 --------------------------------------------------------------------- */

/* How many bytes at the end of |s| may be the beginning of a character. */
static size_t cut_utf8(struct str s) {
    for (size_t back = 1; back <= 3 && back <= s.len; back++) {
        unsigned char c = (unsigned char)s.ptr[s.len - back];

        if (c >= 0xc0)
            return back < (c >= 0xf0 ? 4U : c >= 0xe0 ? 3U : 2U) ? back : 0;
        if (c < 0x80)
            return 0;
    }
    return 0;
}

static enum err decode_utf8(struct charset_decoder *d, struct str s, bool last, struct buf *out) {
    size_t cut;
    enum err e = ERR_OK;

    /* Completes what is pending byte by byte, so that it never holds a whole character. */
    while (d->n_pending && s.len && e == ERR_OK) {
        d->pending[d->n_pending++] = s.ptr[0];
        s = str_from(s, 1);
        cut = cut_utf8(str_at(d->pending, d->n_pending));
        if (cut == d->n_pending)
            continue;
        e = utf8_put_mended(out, str_at(d->pending, d->n_pending - cut));
        memmove(d->pending, d->pending + d->n_pending - cut, cut);
        d->n_pending = cut;
    }
    if (e != ERR_OK)
        return e;
    cut = last ? 0 : cut_utf8(s);
    if (d->n_pending == 0) {
        e = utf8_put_mended(out, str_upto(s, s.len - cut));
        if (cut)
            memcpy(d->pending, s.ptr + s.len - cut, cut);
        d->n_pending = cut;
    }
    if (e == ERR_OK && last && d->n_pending) {
        e = utf8_put_mended(out, str_at(d->pending, d->n_pending));
        d->n_pending = 0;
    }
    return e;
}

/* --- iconv --------------------------------------------------------------------- */

/* What iconv makes of the front of |*s|, which moves on; the errno where it stopped
 * early, or 0. */
static int run_iconv(iconv_t cd, struct str *s, struct buf *out, enum err *ret_e) {
    char piece[PIECE_BYTES];
    char *in = (char *)(uintptr_t)s->ptr; /* iconv does not write there */
    int why;

    *ret_e = ERR_OK;
    do {
        char *to = piece;
        size_t left = sizeof piece;

        errno = 0;
        why = iconv(cd, &in, &s->len, &to, &left) == (size_t)-1 ? errno : 0;
        s->ptr = in;
        *ret_e = buf_put(out, str_at(piece, sizeof piece - left));
    } while (why == E2BIG && *ret_e == ERR_OK);
    return why;
}

/* Does iconv want more behind this byte? */
static bool is_lead(iconv_t cd, struct str one) {
    char unused[8], *to = unused, *in = (char *)(uintptr_t)one.ptr;
    size_t left = sizeof unused;

    return iconv(cd, &in, &one.len, &to, &left) == (size_t)-1 && errno == EINVAL;
}

/* What stands for bytes that iconv refuses, and how many of them it replaces. An
 * ASCII byte after a lead is read again: it may be markup. */
static uint32_t mended_char(struct charset_decoder *d, struct str s, size_t *ret_len) {
    *ret_len = 1;
    if (s.ptr[0] == (char)0x80 && str_eq(str_of(d->charset->iconv), STR("GB18030")))
        return 0x20ac;
    if (s.len > 1 && s.ptr[0] & 0x80 && s.ptr[1] & 0x80 && is_lead(d->iconv, str_upto(s, 1)))
        *ret_len = 2;
    return REPLACEMENT;
}

static enum err decode_multi(struct charset_decoder *d, struct str s, bool last, struct buf *out) {
    enum err e = ERR_OK;

    while (e == ERR_OK && s.len) {
        int why = run_iconv(d->iconv, &s, out, &e);
        size_t len;

        if (e != ERR_OK || why == 0)
            break;
        if (why == EINVAL && !last && s.len <= PENDING_MAX / 2) {
            memcpy(d->pending, s.ptr, s.len);
            d->n_pending = s.len;
            return ERR_OK;
        }
        e = utf8_put(out, mended_char(d, s, &len));
        s = str_from(s, len);
    }
    return e;
}

/* Joins what is pending with the next few bytes, until it is used up. */
static enum err decode_multi_pending(struct charset_decoder *d, struct str *s, bool last,
                                     struct buf *out) {
    char joined[PENDING_MAX];
    enum err e = ERR_OK;

    while (e == ERR_OK && d->n_pending && (s->len || last)) {
        size_t n = d->n_pending;

        memcpy(joined, d->pending, n);
        if (s->len) {
            joined[n++] = s->ptr[0];
            *s = str_from(*s, 1);
        }
        d->n_pending = 0;
        e = decode_multi(d, str_at(joined, n), last && s->len == 0, out);
    }
    return e;
}

enum err charset_decode(struct charset_decoder *d, struct str bytes, bool last, struct buf *out) {
    enum err e;

    switch (d->charset->kind) {
    case CHARSET_UTF8:
        return decode_utf8(d, bytes, last, out);
    case CHARSET_UTF16BE:
    case CHARSET_UTF16LE:
        return decode_utf16(d, bytes, last, out);
    case CHARSET_SINGLE:
    case CHARSET_USER_DEFINED:
        return decode_single(d->charset, bytes, out);
    case CHARSET_MULTI:
        e = decode_multi_pending(d, &bytes, last, out);
        return e == ERR_OK ? decode_multi(d, bytes, last, out) : e;
    case CHARSET_REPLACEMENT:
        break;
    }
    if (d->replaced || bytes.len == 0)
        return ERR_OK;
    d->replaced = true;
    return utf8_put(out, REPLACEMENT);
}

/* --- the other way --------------------------------------------------------------- */

static enum err put_reference(uint32_t c, struct buf *out) {
    return buf_printf(out, "&#%u;", (unsigned)c);
}

static enum err encode_single(const struct charset *c, uint32_t code_point, struct buf *out) {
    for (unsigned byte = 0x80; byte <= 0xff; byte++) {
        uint32_t upper = upper_of(c, (unsigned char)byte);

        if (upper == code_point && upper != REPLACEMENT)
            return buf_put_char(out, (char)byte);
    }
    return put_reference(code_point, out);
}

static enum err flush_iconv(iconv_t cd, struct buf *out) {
    char piece[16], *to = piece;
    size_t left = sizeof piece;

    (void)iconv(cd, NULL, NULL, &to, &left);
    return buf_put(out, str_at(piece, sizeof piece - left));
}

/* What the standard reads but never writes: Hong Kong's additions to Big5, JIS X
 * 0212 in EUC-JP, four bytes in GBK. */
static bool is_read_only(const struct charset *c, struct str bytes) {
    struct str name = str_of(c->name);
    unsigned char lead = bytes.len ? (unsigned char)bytes.ptr[0] : 0;

    if (str_eq(name, STR("Big5")))
        return lead >= 0x80 && lead < 0xa1;
    if (str_eq(name, STR("EUC-JP")))
        return lead == 0x8f;
    return str_eq(name, STR("GBK")) && bytes.len == 4;
}

/* One character by iconv. */
static enum err encode_multi(iconv_t cd, const struct charset *c, struct str one,
                             uint32_t code_point, struct buf *out) {
    bool has_state = str_eq(str_of(c->name), STR("ISO-2022-JP"));
    size_t start = out->len;
    enum err e;
    int why = run_iconv(cd, &one, out, &e);

    if (e == ERR_OK && (why || !has_state))
        e = flush_iconv(cd, out);
    if (e != ERR_OK)
        return e;
    if (why && has_state)
        return put_reference(code_point, out);
    if (!why && !is_read_only(c, str_from(buf_str(out), start)))
        return ERR_OK;
    out->len = start;
    return put_reference(code_point, out);
}

/* What the standard's encoders refuse and the C library's do not: what would switch
 * ISO-2022-JP (said as U+FFFD), and one hole in GB 18030. */
static bool is_refused(const struct charset *c, uint32_t *code_point) {
    struct str name = str_of(c->name);

    if (*code_point == 0x0e || *code_point == 0x0f || *code_point == 0x1b) {
        if (!str_eq(name, STR("ISO-2022-JP")))
            return false;
        *code_point = REPLACEMENT;
    }
    if (*code_point == 0xe5e5)
        return str_eq(name, STR("gb18030")) || str_eq(name, STR("GBK"));
    return *code_point == REPLACEMENT;
}

static enum err put_refused(iconv_t cd, uint32_t code_point, struct buf *out) {
    enum err e = cd ? flush_iconv(cd, out) : ERR_OK;

    return e == ERR_OK ? put_reference(code_point, out) : e;
}

static enum err encode_all(iconv_t cd, const struct charset *c, struct str utf8, struct buf *out) {
    enum err e = ERR_OK;
    size_t len;

    while (e == ERR_OK && utf8.len) {
        uint32_t code_point = utf8_first(utf8, &len);

        if (is_refused(c, &code_point))
            e = put_refused(cd, code_point, out);
        else if (code_point < 0x80 && c->kind != CHARSET_MULTI)
            e = buf_put_char(out, (char)code_point);
        else if (code_point == 0x20ac && str_eq(str_of(c->name), STR("GBK")))
            e = buf_put_char(out, (char)0x80);
        else if (c->kind == CHARSET_MULTI)
            e = encode_multi(cd, c, str_upto(utf8, len), code_point, out);
        else
            e = encode_single(c, code_point, out);
        utf8 = str_from(utf8, len);
    }
    return e == ERR_OK && c->kind == CHARSET_MULTI ? flush_iconv(cd, out) : e;
}

enum err charset_encode(const struct charset *c, struct str utf8, struct buf *out) {
    iconv_t cd = NULL;
    enum err e;

    if (c->kind == CHARSET_UTF8 || c->kind == CHARSET_REPLACEMENT || charset_is_utf16(c))
        return utf8_put_mended(out, utf8); /* "get an output encoding" */
    if (c->kind == CHARSET_MULTI) {
        cd = iconv_open(c->iconv, "UTF-8");
        if (cd == (iconv_t)-1) /* NOLINT: what iconv_open says */
            return errno == ENOMEM ? ERR_NO_MEMORY : ERR_UNSUPPORTED;
    }
    e = encode_all(cd, c, utf8, out);
    if (cd)
        (void)iconv_close(cd);
    return e;
}
