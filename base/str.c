#include "base/str.h"

#include <string.h>

struct str str_of(const char *chars) {
    return chars ? str_at(chars, strlen(chars)) : STR_NONE;
}

bool str_eq(struct str a, struct str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_eq_ascii(struct str a, struct str b) {
    return a.len == b.len && str_starts_ascii(a, b);
}

int str_cmp(struct str a, struct str b) {
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;

    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool str_starts(struct str s, struct str prefix) {
    return str_eq(str_upto(s, prefix.len), prefix);
}

bool str_starts_ascii(struct str s, struct str prefix) {
    if (s.len < prefix.len)
        return false;
    for (size_t i = 0; i < prefix.len; i++)
        if (ascii_lower(s.ptr[i]) != ascii_lower(prefix.ptr[i]))
            return false;
    return true;
}

bool str_ends(struct str s, struct str suffix) {
    return s.len >= suffix.len && str_eq(str_from(s, s.len - suffix.len), suffix);
}

size_t str_find(struct str s, char c) {
    const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;

    return at ? (size_t)(at - s.ptr) : STR_END;
}

size_t str_find_str(struct str s, struct str what) {
    const char *at;

    if (what.len == 0)
        return 0;
    at = s.len ? memmem(s.ptr, s.len, what.ptr, what.len) : NULL;
    return at ? (size_t)(at - s.ptr) : STR_END;
}

struct str str_from(struct str s, size_t start) {
    if (start >= s.len)
        return STR_NONE;
    return str_at(s.ptr + start, s.len - start);
}

struct str str_upto(struct str s, size_t end) {
    return str_at(s.ptr, end < s.len ? end : s.len);
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

struct str str_trim(struct str s) {
    while (s.len && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

struct str str_cut(struct str *s, char sep) {
    size_t at = str_find(*s, sep);
    struct str before = str_upto(*s, at);

    *s = at == STR_END ? STR_NONE : str_from(*s, at + 1);
    return before;
}

enum err str_to_u64(struct str s, uint64_t max, uint64_t *ret_value) {
    uint64_t value = 0;

    if (s.len == 0)
        return ERR_INVALID;
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_digit(s.ptr[i]))
            return ERR_INVALID;
    for (size_t i = 0; i < s.len; i++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.ptr[i] - '0'), &value))
            return ERR_TOO_BIG;
    }
    if (value > max)
        return ERR_TOO_BIG;
    *ret_value = value;
    return ERR_OK;
}
