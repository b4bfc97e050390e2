/* str - borrowed bytes: a pointer and a length, not NUL-terminated.
 *
 * Pure. "ASCII" functions touch the letters A-Z only, whatever the locale.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct str {
    const char *ptr; /* may be NULL where len is 0 */
    size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})

struct str str_of(const char *chars); /* of a NUL-terminated string; NULL gives STR_NONE */
static inline struct str str_at(const char *ptr, size_t len) {
    return (struct str){ptr, len};
}

bool str_eq(struct str a, struct str b);
bool str_eq_ascii(struct str a, struct str b); /* ASCII letters compare without case */
int str_cmp(struct str a, struct str b);       /* byte order, as memcmp */
bool str_starts(struct str s, struct str prefix);
bool str_starts_ascii(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

#define STR_END SIZE_MAX
size_t str_find(struct str s, char c);              /* index, or STR_END */
size_t str_find_str(struct str s, struct str what); /* index, or STR_END */
struct str str_from(struct str s, size_t start);    /* from |start| (clamped) to the end */
struct str str_upto(struct str s, size_t end);      /* the first |end| bytes (clamped) */

/* Without spaces, tabs, CR, LF and form feeds at both ends. */
struct str str_trim(struct str s);

/* Cuts |*s| at the first |sep|: returns what is before it and leaves in |*s|
 * what comes after; without a |sep| returns all and leaves STR_NONE. */
struct str str_cut(struct str *s, char sep);

/* Decimal digits only, no sign, no space; ERR_INVALID for anything else,
 * ERR_TOO_BIG over |max|. */
MUST_USE enum err str_to_u64(struct str s, uint64_t max, uint64_t *ret_value);

static inline char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static inline bool ascii_is_digit(char c) {
    return c >= '0' && c <= '9';
}
static inline bool ascii_is_alpha(char c) {
    char l = ascii_lower(c);
    return l >= 'a' && l <= 'z';
}
/* The value of a hexadecimal digit, or -1. */
static inline int ascii_hex(char c) {
    char l = ascii_lower(c);
    if (ascii_is_digit(c))
        return c - '0';
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

#endif
