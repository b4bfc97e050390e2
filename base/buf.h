/* buf - growing bytes with an end: the only place where remote input may
 * decide how much memory is used.
 *
 * A buffer knows its maximum from the start; what would go beyond it is
 * refused with ERR_TOO_BIG and the buffer stays as it was. ERR_NO_MEMORY where
 * growing fails, likewise. One thread at a time.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/str.h"

struct buf {
    char *ptr; /* NULL until the first byte */
    size_t len;
    size_t cap;
    size_t max;
};

#define BUF_INIT(max_bytes) ((struct buf){.max = (max_bytes)})
#define OWNED_BUF __attribute__((cleanup(buf_done)))

void buf_init(struct buf *b, size_t max_bytes);
void buf_done(struct buf *b); /* frees the bytes; the buffer is empty and usable again */

/* Room for |n| more bytes: on ERR_OK |*ret_room| points at them, and what was
 * written there is added with buf_grew(). Mostly there is some already. */
MUST_USE enum err buf_make_room(struct buf *b, size_t n, char **ret_room);
MUST_USE static inline enum err buf_room(struct buf *b, size_t n, char **ret_room) {
    if (n > b->cap - b->len || !b->ptr)
        return buf_make_room(b, n, ret_room);
    *ret_room = b->ptr + b->len;
    return ERR_OK;
}
static inline void buf_grew(struct buf *b, size_t n) {
    b->len += n;
}

MUST_USE enum err buf_put(struct buf *b, struct str s);
MUST_USE enum err buf_put_char(struct buf *b, char c);
MUST_USE enum err buf_put_u64(struct buf *b, uint64_t v); /* decimal */
MUST_USE enum err buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* LEB128 variable-length integer, as link rows and records use. */
MUST_USE enum err buf_put_varint(struct buf *b, uint64_t v);
/* Reads one from the front of |*s| and moves |*s| past it. ERR_CORRUPT where it
 * is cut or longer than 64 bits. */
MUST_USE enum err str_take_varint(struct str *s, uint64_t *ret_value);

/* Drops the first |n| bytes (clamped). */
void buf_drop(struct buf *b, size_t n);
static inline void buf_clear(struct buf *b) {
    b->len = 0;
}
static inline struct str buf_str(const struct buf *b) {
    return str_at(b->ptr, b->len);
}
/* Moves the bytes out: the result owns them, |b| is empty with the same max. */
struct buf buf_take(struct buf *b);
/* Gives back what it has beyond its bytes, where that is much; for what is kept for a while. */
void buf_fit(struct buf *b);

#endif
