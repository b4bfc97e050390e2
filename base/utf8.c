#include "base/utf8.h"

#include <string.h>

enum { REPLACEMENT = 0xfffd };

size_t utf8_ascii_prefix(struct str s) {
    size_t i = 0;
    uint64_t words[4];

    for (; i + sizeof words <= s.len; i += sizeof words) {
        memcpy(words, s.ptr + i, sizeof words);
        if ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080U)
            break;
    }
    while (i < s.len && !(s.ptr[i] & 0x80))
        i++;
    return i;
}

/* What may follow a lead byte: how many bytes, and the range of the first. */
struct lead {
    unsigned need;
    unsigned char low, high;
};

static struct lead lead_of(unsigned char c) {
    if (c >= 0xc2 && c <= 0xdf)
        return (struct lead){1, 0x80, 0xbf};
    if (c >= 0xe0 && c <= 0xef)
        return (struct lead){2, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf};
    if (c >= 0xf0 && c <= 0xf4)
        return (struct lead){3, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf};
    return (struct lead){0, 0, 0};
}

uint32_t utf8_first(struct str s, size_t *ret_len) {
    unsigned char c = (unsigned char)s.ptr[0];
    struct lead lead = lead_of(c);
    uint32_t code_point;

    *ret_len = 1;
    if (c < 0x80)
        return c;
    if (lead.need == 0)
        return REPLACEMENT;
    code_point = c & (0x3fU >> lead.need);
    for (unsigned i = 1; i <= lead.need; i++) {
        unsigned char next;

        if (i >= s.len)
            return REPLACEMENT;
        next = (unsigned char)s.ptr[i];
        if (next < lead.low || next > lead.high)
            return REPLACEMENT;
        lead.low = 0x80;
        lead.high = 0xbf;
        code_point = code_point << 6 | (next & 0x3f);
        *ret_len = i + 1;
    }
    return code_point;
}

bool utf8_valid(struct str s) {
    size_t at, len;

    while ((at = utf8_ascii_prefix(s)) < s.len) {
        s = str_from(s, at);
        /* a real U+FFFD is three bytes long and starts with 0xef */
        if (utf8_first(s, &len) == REPLACEMENT && !str_starts(s, STR("\xef\xbf\xbd")))
            return false;
        s = str_from(s, len);
    }
    return true;
}

enum err utf8_put_mended(struct buf *b, struct str s) {
    enum err e = ERR_OK;
    size_t at, len;

    while (s.len && e == ERR_OK) {
        at = utf8_ascii_prefix(s);
        e = buf_put(b, str_upto(s, at));
        s = str_from(s, at);
        if (e == ERR_OK && s.len) {
            e = utf8_put(b, utf8_first(s, &len));
            s = str_from(s, len);
        }
    }
    return e;
}

enum err utf8_put(struct buf *b, uint32_t c) {
    char bytes[4];
    size_t n = 0;

    if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
        c = REPLACEMENT;
    if (c < 0x80) {
        bytes[n++] = (char)c;
    } else if (c < 0x800) {
        bytes[n++] = (char)(0xc0 | c >> 6);
        bytes[n++] = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        bytes[n++] = (char)(0xe0 | c >> 12);
        bytes[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        bytes[n++] = (char)(0x80 | (c & 0x3f));
    } else {
        bytes[n++] = (char)(0xf0 | c >> 18);
        bytes[n++] = (char)(0x80 | (c >> 12 & 0x3f));
        bytes[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        bytes[n++] = (char)(0x80 | (c & 0x3f));
    }
    return buf_put(b, str_at(bytes, n));
}

/* Bytes that a JSON string holds as they are: printable ASCII but " and \. */
static bool is_plain(char c) {
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f && c != '"' && c != '\\';
}

static enum err put_special(struct buf *b, struct str *s) {
    char c = s->ptr[0];
    static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";
    const char *found = c ? strchr(from, c) : NULL;
    size_t len = 1;
    enum err e;

    if (found)
        e = buf_put(b, str_at((char[]){'\\', to[found - from]}, 2));
    else if ((unsigned char)c < 0x20 || c == 0x7f)
        e = buf_printf(b, "\\u%04x", (unsigned)(unsigned char)c);
    else
        e = utf8_put(b, utf8_first(*s, &len));
    *s = str_from(*s, len);
    return e;
}

enum err json_put_string(struct buf *b, struct str s) {
    enum err e = buf_put_char(b, '"');

    while (s.len && e == ERR_OK) {
        size_t n = 0;

        while (n < s.len && is_plain(s.ptr[n]))
            n++;
        e = buf_put(b, str_upto(s, n));
        s = str_from(s, n);
        if (e == ERR_OK && s.len)
            e = put_special(b, &s);
    }
    return e == ERR_OK ? buf_put_char(b, '"') : e;
}
