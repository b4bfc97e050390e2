#include "base/uuid.h"

#include "base/random.h"

struct uuid uuid_new(int64_t wall_ms) {
    struct uuid u;
    uint64_t ms = (uint64_t)wall_ms;

    random_bytes(u.bytes, sizeof u.bytes);
    for (int i = 0; i < 6; i++)
        u.bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
    u.bytes[6] = (unsigned char)(0x70 | (u.bytes[6] & 0x0f));
    u.bytes[8] = (unsigned char)(0x80 | (u.bytes[8] & 0x3f));
    return u;
}

static bool is_dash_place(size_t at) {
    return at == 8 || at == 13 || at == 18 || at == 23;
}

void uuid_text(const struct uuid *u, char ret_text[UUID_TEXT_LEN + 1]) {
    static const char digits[] = "0123456789abcdef";
    size_t nibble = 0;

    for (size_t at = 0; at < UUID_TEXT_LEN; at++) {
        if (is_dash_place(at)) {
            ret_text[at] = '-';
            continue;
        }
        ret_text[at] = digits[(u->bytes[nibble / 2] >> (nibble % 2 ? 0 : 4)) & 0x0f];
        nibble++;
    }
    ret_text[UUID_TEXT_LEN] = '\0';
}

enum err uuid_parse(struct str text, struct uuid *ret_uuid) {
    struct uuid u = {{0}};
    size_t nibble = 0;

    if (text.len != UUID_TEXT_LEN)
        return ERR_INVALID;
    for (size_t at = 0; at < UUID_TEXT_LEN; at++) {
        int value = ascii_hex(text.ptr[at]);

        if (is_dash_place(at)) {
            if (text.ptr[at] != '-')
                return ERR_INVALID;
            continue;
        }
        if (value < 0)
            return ERR_INVALID;
        u.bytes[nibble / 2] |= (unsigned char)(value << (nibble % 2 ? 0 : 4));
        nibble++;
    }
    *ret_uuid = u;
    return ERR_OK;
}
