#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 64 };

void buf_init(struct buf *b, size_t max_bytes) {
    *b = BUF_INIT(max_bytes);
}

void buf_done(struct buf *b) {
    free(b->ptr);
    *b = BUF_INIT(b->max);
}

static enum err grow(struct buf *b, size_t need) {
    size_t cap = b->cap ? b->cap : FIRST_CAP;
    char *ptr;

    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap > b->max)
        cap = b->max;
    ptr = realloc(b->ptr, cap);
    if (!ptr)
        return ERR_NO_MEMORY;
    b->ptr = ptr;
    b->cap = cap;
    return ERR_OK;
}

enum err buf_make_room(struct buf *b, size_t n, char **ret_room) {
    enum err e;

    if (n > b->max - b->len)
        return ERR_TOO_BIG;
    e = grow(b, b->len + n);
    if (e == ERR_OK)
        *ret_room = b->ptr + b->len;
    return e;
}

enum err buf_put(struct buf *b, struct str s) {
    char *room;
    enum err e;

    if (s.len == 0)
        return ERR_OK;
    e = buf_room(b, s.len, &room);
    if (e != ERR_OK)
        return e;
    memcpy(room, s.ptr, s.len);
    b->len += s.len;
    return ERR_OK;
}

enum err buf_put_char(struct buf *b, char c) {
    return buf_put(b, str_at(&c, 1));
}

enum err buf_put_u64(struct buf *b, uint64_t v) {
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    return buf_put(b, str_at(digits + at, sizeof digits - at));
}

enum err buf_printf(struct buf *b, const char *format, ...) {
    va_list args;
    char *room;
    int len;
    enum err e;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return ERR_INVALID;
    e = buf_room(b, (size_t)len + 1, &room); /* vsnprintf wants its NUL */
    if (e != ERR_OK)
        return e;
    va_start(args, format);
    (void)vsnprintf(room, (size_t)len + 1, format, args);
    va_end(args);
    b->len += (size_t)len;
    return ERR_OK;
}

enum err buf_put_varint(struct buf *b, uint64_t v) {
    char bytes[10];
    size_t n = 0;

    while (v >= 0x80) {
        bytes[n++] = (char)(0x80 | (v & 0x7f));
        v >>= 7;
    }
    bytes[n++] = (char)v;
    return buf_put(b, str_at(bytes, n));
}

enum err str_take_varint(struct str *s, uint64_t *ret_value) {
    uint64_t value = 0;

    for (size_t i = 0; i < s->len && i < 10; i++) {
        uint64_t byte = (unsigned char)s->ptr[i];

        if (i == 9 && byte > 1)
            return ERR_CORRUPT;
        value |= (byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *s = str_from(*s, i + 1);
            *ret_value = value;
            return ERR_OK;
        }
    }
    return ERR_CORRUPT;
}

void buf_drop(struct buf *b, size_t n) {
    if (n > b->len)
        n = b->len;
    if (n && n < b->len)
        memmove(b->ptr, b->ptr + n, b->len - n);
    b->len -= n;
}

/* A copy rather than realloc(): the large block goes back whole, and serves the next one. */
void buf_fit(struct buf *b) {
    char *exact;

    if (b->cap - b->len <= b->cap / 4)
        return;
    exact = b->len ? malloc(b->len) : NULL;
    if (b->len && !exact)
        return;
    if (b->len)
        memcpy(exact, b->ptr, b->len);
    free(b->ptr);
    b->ptr = exact;
    b->cap = b->len;
}

struct buf buf_take(struct buf *b) {
    struct buf taken = *b;

    *b = BUF_INIT(b->max);
    return taken;
}
