#include "storage/model.h"

/* bucket, depth, prefix_len, is_entitled, lengths of host key and URL as varints; host key,
 * URL */
enum { HEAD_NUMBERS = 6 };

void follow_init(struct follow *f) {
    *f = (struct follow){.rows = BUF_INIT(FOLLOW_MAX_BYTES)};
}

void follow_done(struct follow *f) {
    buf_done(&f->rows);
    f->n = 0;
}

static enum err put(struct buf *b, const struct follow_url *u) {
    const uint64_t head[HEAD_NUMBERS] = {u->bucket,      u->depth,        u->prefix_len,
                                         u->is_entitled, u->host_key.len, u->url.len};
    enum err e = ERR_OK;

    for (int i = 0; i < HEAD_NUMBERS && e == ERR_OK; i++)
        e = buf_put_varint(b, head[i]);
    if (e == ERR_OK)
        e = buf_put(b, u->host_key);
    return e == ERR_OK ? buf_put(b, u->url) : e;
}

enum err follow_put(struct follow *f, const struct follow_url *u) {
    size_t before = f->rows.len;
    enum err e = put(&f->rows, u);

    if (e == ERR_OK)
        f->n++;
    else
        f->rows.len = before;
    return e;
}

enum err follow_next(struct str *rest, struct follow_url *ret_url) {
    uint64_t head[HEAD_NUMBERS];
    struct str s = *rest;
    enum err e = s.len ? ERR_OK : ERR_NOT_FOUND;

    for (int i = 0; i < HEAD_NUMBERS && e == ERR_OK; i++)
        e = str_take_varint(&s, &head[i]);
    if (e != ERR_OK)
        return e;
    if (head[4] > s.len || head[5] > s.len - head[4])
        return ERR_CORRUPT;
    *ret_url = (struct follow_url){
        .bucket = (uint32_t)head[0],
        .depth = (uint16_t)head[1],
        .prefix_len = (uint16_t)head[2],
        .is_entitled = head[3] != 0,
        .host_key = str_upto(s, (size_t)head[4]),
        .url = str_upto(str_from(s, (size_t)head[4]), (size_t)head[5]),
    };
    *rest = str_from(s, (size_t)(head[4] + head[5]));
    return ERR_OK;
}
