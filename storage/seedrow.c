#include "storage/seedrow.h"

#include <string.h>

/* Never leaves the process: in the machine's own byte order. */
struct head {
    int64_t host, seq;
    uint32_t code, url_len, input_len, key_len;
};
_Static_assert(sizeof(struct head) == SEEDROW_HEAD_BYTES, "a head without gaps");

enum err seedrow_put(struct buf *b, const struct seedrow *row) {
    const struct head h = {row->host,
                           row->seq,
                           row->code,
                           (uint32_t)row->url.len,
                           (uint32_t)row->input.len,
                           (uint32_t)row->host_key.len};
    const struct str parts[] = {{(const char *)&h, sizeof h}, row->url, row->input, row->host_key};
    char *room;
    enum err e = buf_room(b, sizeof h + row->url.len + row->input.len + row->host_key.len, &room);

    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].len)
            memcpy(room, parts[i].ptr, parts[i].len);
        room += parts[i].len;
        buf_grew(b, parts[i].len);
    }
    return ERR_OK;
}

enum err seedrow_get(struct str bytes, struct seedrow *ret_row, size_t *ret_len) {
    struct head h;
    size_t len = sizeof h;

    if (bytes.len >= sizeof h) {
        memcpy(&h, bytes.ptr, sizeof h);
        len += (size_t)h.url_len + h.input_len + h.key_len;
    }
    *ret_len = len;
    if (bytes.len < len)
        return ERR_NOT_FOUND;
    bytes = str_from(bytes, sizeof h);
    *ret_row = (struct seedrow){
        .host = h.host,
        .seq = h.seq,
        .code = (enum code)h.code,
        .url = str_upto(bytes, h.url_len),
        .input = str_upto(str_from(bytes, h.url_len), h.input_len),
        .host_key = str_upto(str_from(bytes, (size_t)h.url_len + h.input_len), h.key_len),
    };
    return ERR_OK;
}

static enum err read_into(const struct spool *s, uint64_t pos, struct buf *b, size_t len) {
    char *room;
    enum err e;

    buf_clear(b);
    e = buf_room(b, len, &room);
    if (e == ERR_OK)
        e = spool_read(s, pos, room, len);
    if (e == ERR_OK)
        buf_grew(b, len);
    return e;
}

enum err seedrow_read(const struct spool *s, uint64_t pos, struct buf *b, struct seedrow *ret_row) {
    enum { GUESS_BYTES = 512 };
    uint64_t left = s->len - pos;
    size_t len = left < GUESS_BYTES ? (size_t)left : GUESS_BYTES;

    for (;;) {
        enum err e = read_into(s, pos, b, len);

        if (e != ERR_OK)
            return e;
        e = seedrow_get(buf_str(b), ret_row, &len);
        if (e != ERR_NOT_FOUND)
            return e;
    }
}
