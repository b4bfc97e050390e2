#include "api/cursor.h"

#include <string.h>

#include "base/hash.h"

enum { CHECK_LEN = 6, MAX_BYTES = CURSOR_MAX_TEXT / 4 * 3 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static uint64_t check_of(struct str payload, const struct uuid *job) {
    char bytes[MAX_BYTES + sizeof(struct uuid)];
    size_t len = payload.len;

    memcpy(bytes, payload.ptr, len);
    if (job) {
        memcpy(bytes + len, job->bytes, sizeof job->bytes);
        len += sizeof job->bytes;
    }
    return hash_u64(str_at(bytes, len));
}

static size_t put_varint(char *at, uint64_t v) {
    size_t n = 0;

    while (v >= 0x80) {
        at[n++] = (char)(0x80 | (v & 0x7f));
        v >>= 7;
    }
    at[n++] = (char)v;
    return n;
}

static size_t encode(const char *bytes, size_t n, char *text) {
    size_t len = 0;
    uint32_t bits = 0;
    unsigned n_bits = 0;

    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | (unsigned char)bytes[i];
        for (n_bits += 8; n_bits >= 6; n_bits -= 6)
            text[len++] = alphabet[bits >> (n_bits - 6) & 63];
    }
    if (n_bits)
        text[len++] = alphabet[bits << (6 - n_bits) & 63];
    return len;
}

struct str cursor_text(const struct cursor *c, const struct uuid *job,
                       char ret_text[CURSOR_MAX_TEXT]) {
    char bytes[MAX_BYTES];
    size_t n = 0;
    uint64_t check;

    bytes[n++] = (char)c->kind;
    for (size_t i = 0; i < CURSOR_NUMBERS; i++)
        n += put_varint(bytes + n, c->numbers[i]);
    check = check_of(str_at(bytes, n), job);
    memcpy(bytes + n, &check, CHECK_LEN);
    return str_at(ret_text, encode(bytes, n + CHECK_LEN, ret_text));
}

static enum err decode(struct str text, char *bytes, size_t *ret_n) {
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        const char *found = text.ptr[i] ? strchr(alphabet, text.ptr[i]) : NULL;

        if (!found)
            return ERR_INVALID;
        bits = bits << 6 | (uint32_t)(found - alphabet);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            bytes[n++] = (char)(bits >> n_bits);
        }
    }
    *ret_n = n;
    return ERR_OK;
}

enum err cursor_parse(struct str text, const struct uuid *job, struct cursor *ret_cursor) {
    char bytes[MAX_BYTES];
    struct cursor c = {0};
    struct str payload;
    uint64_t check;
    size_t n;

    if (text.len > CURSOR_MAX_TEXT || decode(text, bytes, &n) != ERR_OK || n <= CHECK_LEN)
        return ERR_INVALID;
    payload = str_at(bytes, n - CHECK_LEN);
    check = check_of(payload, job);
    if (memcmp(&check, bytes + payload.len, CHECK_LEN) != 0)
        return ERR_INVALID;
    c.kind = (enum cursor_kind)payload.ptr[0];
    payload = str_from(payload, 1);
    for (size_t i = 0; i < CURSOR_NUMBERS; i++)
        if (str_take_varint(&payload, &c.numbers[i]) != ERR_OK)
            return ERR_INVALID;
    if (payload.len)
        return ERR_INVALID;
    *ret_cursor = c;
    return ERR_OK;
}
