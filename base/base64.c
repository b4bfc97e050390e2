#include "base/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static uint32_t byte_at(struct str s, size_t i) {
    return i < s.len ? (unsigned char)s.ptr[i] : 0;
}

/* Of one to three bytes. */
static enum err put_group(struct buf *b, struct str bytes) {
    uint32_t bits = byte_at(bytes, 0) << 16 | byte_at(bytes, 1) << 8 | byte_at(bytes, 2);
    char text[4];

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i <= bytes.len ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
    return buf_put(b, str_at(text, sizeof text));
}

enum err base64_encode(struct buf *b, struct str bytes) {
    enum err e = ERR_OK;

    for (; bytes.len && e == ERR_OK; bytes = str_from(bytes, 3))
        e = put_group(b, str_upto(bytes, 3));
    return e;
}

/* How many bytes a group of four stands for, 0: it is none. */
static size_t length_of(struct str group) {
    if (group.len != 4 || group.ptr[0] == '=' || group.ptr[1] == '=')
        return 0;
    if (group.ptr[3] != '=')
        return group.ptr[2] == '=' ? 0 : 3;
    return group.ptr[2] == '=' ? 1 : 2;
}

static enum err take_group(struct buf *b, struct str group, size_t len) {
    uint32_t bits = 0;
    char bytes[3];

    for (size_t i = 0; i <= len; i++) {
        const char *found = group.ptr[i] ? strchr(alphabet, group.ptr[i]) : NULL;

        if (!found)
            return ERR_INVALID;
        bits |= (uint32_t)(found - alphabet) << (18 - 6 * i);
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(bits >> (16 - 8 * i));
    for (size_t i = len; i < sizeof bytes; i++)
        if (bytes[i]) /* bits that stand for nothing */
            return ERR_INVALID;
    return buf_put(b, str_at(bytes, len));
}

enum err base64_decode(struct buf *b, struct str text) {
    enum err e = ERR_OK;

    for (; text.len && e == ERR_OK; text = str_from(text, 4)) {
        size_t len = length_of(str_upto(text, 4));
        bool is_last = text.len <= 4;

        if (len == 0 || (len < 3 && !is_last))
            return ERR_INVALID;
        e = take_group(b, str_upto(text, 4), len);
    }
    return e;
}
