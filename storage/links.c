/* links - those of one page: three buffers side by side, so that all URLs are one
 * run of lines that compresses well and goes out as it is. Pure.
 */
#include <string.h>

#include "storage/model.h"

enum {
    MARK_MAX_BYTES = 2 + 10 + 10, /* tag, attr, two varints */
    PENDING_BYTES = 128 << 10,    /* of a URL that links_room() made room for */
};

void links_init(struct links *l) {
    *l = (struct links){
        .urls = BUF_INIT(LINKS_MAX_BYTES + PENDING_BYTES),
        .marks = BUF_INIT(LINKS_MAX_BYTES),
        .texts = BUF_INIT(LINKS_MAX_BYTES),
    };
}

void links_done(struct links *l) {
    buf_done(&l->urls);
    buf_done(&l->marks);
    buf_done(&l->texts);
    links_init(l);
}

static bool has_room(const struct links *l, struct str url, struct str rel, struct str text) {
    size_t used = l->urls.len + l->marks.len + l->texts.len + MARK_MAX_BYTES + 1;
    size_t left = used < LINKS_MAX_BYTES ? LINKS_MAX_BYTES - used : 0;

    return l->n < UINT32_MAX && url.len <= left && rel.len <= left - url.len &&
           text.len <= left - url.len - rel.len;
}

static char *put_varint(char *to, uint64_t v) {
    for (; v >= 0x80; v >>= 7)
        *to++ = (char)(0x80 | (v & 0x7f));
    *to++ = (char)v;
    return to;
}

static char *put_bytes(char *to, struct str s) {
    if (s.len)
        memcpy(to, s.ptr, s.len);
    return to + s.len;
}

enum err links_room(struct links *l, size_t n, char **ret_room) {
    enum err e = buf_room(&l->urls, n + 1, ret_room);

    if (e == ERR_OK)
        *ret_room += l->n != 0; /* behind a newline to come */
    return e;
}

/* All room is had before the first byte is put: so an error leaves |l| as it was. */
enum err links_put(struct links *l, struct str url, enum tag tag, enum attr attr, struct str rel,
                   struct str text) {
    char *room, *marks, *texts, *end;
    enum err e;

    if (!has_room(l, url, rel, text))
        return ERR_TOO_BIG;
    e = links_room(l, url.len, &room);
    if (e == ERR_OK)
        e = buf_room(&l->marks, MARK_MAX_BYTES, &marks);
    if (e == ERR_OK)
        e = buf_room(&l->texts, rel.len + text.len, &texts);
    if (e != ERR_OK)
        return e;
    if (room != url.ptr)
        (void)put_bytes(room, url);
    if (l->n)
        room[-1] = '\n';
    buf_grew(&l->urls, url.len + (l->n != 0));
    marks[0] = (char)tag;
    marks[1] = (char)attr;
    end = put_varint(put_varint(marks + 2, rel.len), text.len);
    buf_grew(&l->marks, (size_t)(end - marks));
    (void)put_bytes(put_bytes(texts, rel), text);
    buf_grew(&l->texts, rel.len + text.len);
    l->n++;
    return ERR_OK;
}

struct links_view links_view(const struct links *l) {
    return (struct links_view){l->n, buf_str(&l->urls), buf_str(&l->marks), buf_str(&l->texts)};
}

/* Takes |n| bytes off the front of |*s|. */
static enum err take(struct str *s, uint64_t n, struct str *ret_taken) {
    if (n > s->len)
        return ERR_CORRUPT;
    *ret_taken = str_upto(*s, (size_t)n);
    *s = str_from(*s, (size_t)n);
    return ERR_OK;
}

enum err links_view_next_url(struct links_view *v, struct str *ret_url) {
    struct str url;

    if (v->n == 0)
        return v->urls.len ? ERR_CORRUPT : ERR_NOT_FOUND;
    url = str_cut(&v->urls, '\n');
    if (!url.len)
        return ERR_CORRUPT;
    v->n--;
    *ret_url = url;
    return ERR_OK;
}

enum err links_view_next(struct links_view *v, struct link *ret_link) {
    struct link link = {.tag = TAG_NONE};
    struct str mark;
    uint64_t rel_len, text_len;
    enum err e = links_view_next_url(v, &link.url);

    if (e != ERR_OK)
        return e;
    if (take(&v->marks, 2, &mark) != ERR_OK || str_take_varint(&v->marks, &rel_len) != ERR_OK ||
        str_take_varint(&v->marks, &text_len) != ERR_OK ||
        take(&v->texts, rel_len, &link.rel) != ERR_OK ||
        take(&v->texts, text_len, &link.text) != ERR_OK)
        return ERR_CORRUPT;
    if ((unsigned char)mark.ptr[0] >= TAG_COUNT || (unsigned char)mark.ptr[1] >= ATTR_COUNT)
        return ERR_CORRUPT;
    link.tag = (enum tag)(unsigned char)mark.ptr[0];
    link.attr = (enum attr)(unsigned char)mark.ptr[1];
    *ret_link = link;
    return ERR_OK;
}
