#include "crawler/extract_text.h"

#include "base/utf8.h"

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool is_gap(uint32_t c) {
    return c <= 0x20 || (c >= 0x7f && c <= 0x9f);
}

enum err extract_text_put_tidy(struct buf *b, struct str s) {
    size_t start = b->len, len, before;
    bool gap = false;
    enum err e = ERR_OK;

    for (; e == ERR_OK && s.len; s = str_from(s, len)) {
        uint32_t c = utf8_first(s, &len);

        if (is_gap(c)) {
            gap = b->len > start;
            continue;
        }
        before = b->len;
        if (gap)
            e = buf_put_char(b, ' ');
        if (e == ERR_OK)
            e = utf8_put(b, c);
        gap = false;
        if (b->len - start > TEXT_MAX_BYTES) {
            b->len = before;
            break;
        }
    }
    return e;
}

/* Words of ASCII with one space between. */
static bool is_tidy(struct str s) {
    char before = ' ';

    for (size_t i = 0; i < s.len; i++) {
        if ((signed char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f || (s.ptr[i] == ' ' && before == ' '))
            return false; /* what is not ASCII is below as well */
        before = s.ptr[i];
    }
    return s.len <= TEXT_MAX_BYTES && (before != ' ' || s.len == 0);
}

enum err extract_text_tidy(struct buf *b, struct str s, struct str *ret_tidy) {
    enum err e = ERR_OK;

    if (is_tidy(s)) {
        *ret_tidy = s;
        return ERR_OK;
    }
    buf_clear(b);
    e = extract_text_put_tidy(b, s);
    *ret_tidy = buf_str(b);
    return e;
}

bool extract_text_collect(struct buf *b, struct str piece) {
    for (size_t i = 0; i < piece.len; i++) {
        char c = is_space(piece.ptr[i]) ? ' ' : piece.ptr[i];

        if (c == ' ' && (b->len == 0 || b->ptr[b->len - 1] == ' '))
            continue;
        if (b->len >= TEXT_MAX_BYTES + 4 || buf_put_char(b, c) != ERR_OK)
            return false;
    }
    return true;
}

bool extract_text_has_word(struct str s, struct str word) {
    size_t n;

    for (; s.len; s = str_from(s, n ? n : 1)) {
        for (n = 0; n < s.len && !is_space(s.ptr[n]); n++)
            ;
        if (str_eq_ascii(str_upto(s, n), word))
            return true;
    }
    return false;
}
