#include "crawler/url_host.h"

#include <string.h>

#include "base/utf8.h"
#include "crawler/idna.h"
#include "crawler/url.h"
#include "crawler/url_escape.h"

enum { IPV6_PIECES = 8 };

/* An IPv4 number: decimal, octal after 0, hexadecimal after 0x. Values too large
 * for an address stay too large. */
static enum err ipv4_number(struct str s, uint64_t *ret_value) {
    unsigned base = 10;
    uint64_t value = 0;

    if (s.len == 0)
        return ERR_INVALID;
    if (s.len >= 2 && s.ptr[0] == '0') {
        bool is_hex = ascii_lower(s.ptr[1]) == 'x';

        base = is_hex ? 16 : 8;
        s = str_from(s, is_hex ? 2 : 1);
    }
    for (size_t i = 0; i < s.len; i++) {
        int digit = ascii_hex(s.ptr[i]);

        if (digit < 0 || (unsigned)digit >= base)
            return ERR_INVALID;
        if (value <= UINT32_MAX)
            value = value * base + (unsigned)digit;
    }
    *ret_value = value;
    return ERR_OK;
}

static bool all_digits(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_digit(s.ptr[i]))
            return false;
    return s.len > 0;
}

bool url_host_ends_in_number(struct str domain) {
    uint64_t ignored;
    size_t end = domain.len, start;

    if (end > 1 && domain.ptr[end - 1] == '.')
        end--;
    for (start = end; start > 0 && domain.ptr[start - 1] != '.';)
        start--;
    if (start == end || !ascii_is_digit(domain.ptr[start]))
        return false;
    domain = str_at(domain.ptr + start, end - start);
    return all_digits(domain) || ipv4_number(domain, &ignored) == ERR_OK;
}

static enum err ipv4_parse(struct str s, uint32_t *ret_address) {
    uint64_t parts[4];
    unsigned n = 0;
    uint64_t address = 0;

    if (s.len > 1 && s.ptr[s.len - 1] == '.')
        s.len--;
    do {
        if (n == 4 || ipv4_number(str_cut(&s, '.'), &parts[n]) != ERR_OK)
            return ERR_INVALID;
        n++;
    } while (s.ptr);
    for (unsigned i = 0; i + 1 < n; i++) {
        if (parts[i] > 255)
            return ERR_INVALID;
        address |= parts[i] << (8 * (3 - i));
    }
    if (parts[n - 1] >= (uint64_t)1 << (8 * (5 - n)))
        return ERR_INVALID;
    *ret_address = (uint32_t)(address + parts[n - 1]);
    return ERR_OK;
}

static enum err put_ipv4(struct buf *out, uint32_t address) {
    enum err e = buf_put_u64(out, address >> 24);

    for (int shift = 16; shift >= 0 && e == ERR_OK; shift -= 8) {
        e = buf_put_char(out, '.');
        if (e == ERR_OK)
            e = buf_put_u64(out, address >> shift & 255);
    }
    return e;
}

/* The dotted tail of an IPv6 address, in two pieces. Strict: four decimal numbers
 * without leading zeros. */
static bool ipv6_tail(struct str s, uint16_t pieces[2]) {
    uint64_t number;

    if (str_ends(s, STR(".")))
        return false;
    pieces[0] = pieces[1] = 0;
    for (int i = 0; i < 4; i++) {
        struct str part = str_cut(&s, '.');

        if ((part.len > 1 && part.ptr[0] == '0') || str_to_u64(part, 255, &number) != ERR_OK)
            return false;
        pieces[i / 2] = (uint16_t)((unsigned)pieces[i / 2] << 8 | (unsigned)number);
        if (!s.ptr != (i == 3))
            return false;
    }
    return true;
}

/* Up to four hexadecimal digits from the front of |*s|. */
static size_t take_hex(struct str *s, uint16_t *ret_piece) {
    unsigned value = 0;
    size_t n = 0;

    for (; n < 4 && n < s->len && ascii_hex(s->ptr[n]) >= 0; n++)
        value = value * 16 + (unsigned)ascii_hex(s->ptr[n]);
    *s = str_from(*s, n);
    *ret_piece = (uint16_t)value;
    return n;
}

/* The pieces as written, in |pieces| from the front, and how many; one that is 0
 * stands for the "::", and *ret_gap is the place after it (0: there is none). */
static bool ipv6_pieces(struct str s, uint16_t pieces[IPV6_PIECES], int *ret_n, int *ret_gap) {
    int n = 0, gap = 0;

    if (str_starts(s, STR("::")))
        s = str_from(s, 1);
    else if (str_starts(s, STR(":")))
        return false;
    while (s.len) {
        struct str piece = s;
        size_t digits;

        if (n == IPV6_PIECES)
            return false;
        if (s.ptr[0] == ':') {
            if (gap)
                return false;
            gap = ++n;
            s = str_from(s, 1);
            continue;
        }
        digits = take_hex(&s, &pieces[n]);
        if (s.len && s.ptr[0] == '.') {
            if (n > IPV6_PIECES - 2 || !ipv6_tail(piece, pieces + n))
                return false;
            n += 2;
            break;
        }
        n++;
        if (s.len && (digits == 0 || s.ptr[0] != ':' || s.len == 1))
            return false;
        s = str_from(s, 1);
    }
    *ret_n = n;
    *ret_gap = gap;
    return true;
}

static bool ipv6_parse(struct str s, uint16_t pieces[IPV6_PIECES]) {
    int n, gap, tail;

    if (!ipv6_pieces(s, pieces, &n, &gap))
        return false;
    if (gap == 0)
        return n == IPV6_PIECES;
    tail = n - gap;
    memmove(pieces + IPV6_PIECES - tail, pieces + gap, (size_t)tail * sizeof *pieces);
    memset(pieces + gap, 0, (size_t)(IPV6_PIECES - n) * sizeof *pieces);
    return true;
}

/* The first longest run of two or more zero pieces: its start and length. */
static int longest_zeros(const uint16_t pieces[IPV6_PIECES], int *ret_len) {
    int best = 0, best_len = 1;

    for (int i = 0, len = 0; i < IPV6_PIECES; i++) {
        len = pieces[i] ? 0 : len + 1;
        if (len > best_len) {
            best_len = len;
            best = i + 1 - len;
        }
    }
    *ret_len = best_len > 1 ? best_len : 0;
    return best;
}

static enum err put_ipv6(struct buf *out, const uint16_t pieces[IPV6_PIECES]) {
    int zeros_len, zeros = longest_zeros(pieces, &zeros_len);
    enum err e = buf_put_char(out, '[');

    for (int i = 0; i < IPV6_PIECES && e == ERR_OK; i++) {
        if (zeros_len && i == zeros) {
            e = buf_put(out, i ? STR(":") : STR("::"));
            i += zeros_len - 1;
        } else {
            e = buf_printf(out, i + 1 < IPV6_PIECES ? "%x:" : "%x", pieces[i]);
        }
    }
    return e == ERR_OK ? buf_put_char(out, ']') : e;
}

static enum err put_opaque(struct buf *out, struct str host, const char **ret_why) {
    char *room;
    enum err e;

    for (size_t i = 0; i < host.len; i++) {
        if (url_byte_is(host.ptr[i], URL_NOT_IN_HOST)) {
            *ret_why = "a character that may not be in a host";
            return ERR_INVALID;
        }
    }
    e = buf_room(out, host.len * URL_ESCAPE_GROWTH, &room);
    if (e == ERR_OK)
        buf_grew(out, (size_t)(url_escape(room, host, URL_SET_C0) - room));
    return e;
}

/* |s| with each %XX as its byte, and where that is no UTF-8 mended. */
static enum err percent_decode(struct str s, struct buf *out) {
    OWNED_BUF struct buf bytes = BUF_INIT(URL_LIMIT);
    char *w;
    enum err e = buf_room(&bytes, s.len, &w);

    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < s.len; i++) {
        int high = i + 2 < s.len ? ascii_hex(s.ptr[i + 1]) : -1;
        int low = high < 0 ? -1 : ascii_hex(s.ptr[i + 2]);

        if (s.ptr[i] == '%' && low >= 0) {
            *w++ = (char)(high * 16 + low);
            i += 2;
        } else {
            *w++ = s.ptr[i];
        }
    }
    return utf8_put_mended(out, str_at(bytes.ptr, (size_t)(w - bytes.ptr)));
}

/* Lower case and checked; |domain| and what is appended are ASCII. */
static enum err put_ascii_domain(struct buf *out, struct str domain, const char **ret_why) {
    char *w;
    enum err e = buf_room(out, domain.len, &w);

    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < domain.len; i++) {
        w[i] = url_domain_byte[(unsigned char)domain.ptr[i]];
        if (!w[i]) {
            *ret_why = "a character that may not be in a host";
            return ERR_INVALID;
        }
    }
    buf_grew(out, domain.len);
    return ERR_OK;
}

static bool is_ascii(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] & 0x80)
            return false;
    return true;
}

static bool is_plain(struct str host) {
    return is_ascii(host) && str_find(host, '%') == STR_END;
}

static enum err put_domain(struct buf *out, struct str host, const char **ret_why) {
    OWNED_BUF struct buf decoded = BUF_INIT(4 * URL_LIMIT), ascii = BUF_INIT(URL_LIMIT);
    size_t start = out->len;
    struct str domain = host;
    uint32_t address;
    enum err e = ERR_OK;

    if (!is_plain(host)) {
        e = percent_decode(host, &decoded);
        domain = buf_str(&decoded);
    }
    if (e == ERR_OK && !is_ascii(domain)) {
        *ret_why = "not a valid international domain name";
        e = idna_to_ascii(domain, &ascii);
        domain = buf_str(&ascii);
    }
    if (e == ERR_OK && domain.len == 0) {
        *ret_why = "no host";
        e = ERR_INVALID;
    }
    if (e == ERR_OK)
        e = put_ascii_domain(out, domain, ret_why);
    if (e != ERR_OK)
        return e;
    domain = str_from(buf_str(out), start);
    if (!url_host_ends_in_number(domain))
        return ERR_OK;
    *ret_why = "not a valid IPv4 address";
    e = ipv4_parse(domain, &address);
    out->len = start;
    return e == ERR_OK ? put_ipv4(out, address) : e;
}

enum err url_host_put(struct buf *out, struct str host, bool is_special, const char **ret_why) {
    uint16_t pieces[IPV6_PIECES] = {0};

    if (str_starts(host, STR("["))) {
        *ret_why = "not a valid IPv6 address";
        if (!str_ends(host, STR("]")) || !ipv6_parse(str_at(host.ptr + 1, host.len - 2), pieces))
            return ERR_INVALID;
        return put_ipv6(out, pieces);
    }
    return is_special ? put_domain(out, host, ret_why) : put_opaque(out, host, ret_why);
}
