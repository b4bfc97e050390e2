#include "crawler/url_escape.h"

#define IN_C0(c) ((c) < 0x20 || (c) > 0x7e)
#define IN_QUERY(c) (IN_C0(c) || (c) == ' ' || (c) == '"' || (c) == '#' || (c) == '<' || (c) == '>')
#define IN_FRAGMENT(c)                                                                             \
    (IN_C0(c) || (c) == ' ' || (c) == '"' || (c) == '<' || (c) == '>' || (c) == '`')
#define IN_PATH(c)                                                                                 \
    (IN_QUERY(c) || (c) == '?' || (c) == '^' || (c) == '`' || (c) == '{' || (c) == '}')
#define IN_USERINFO(c)                                                                             \
    (IN_PATH(c) || (c) == '/' || (c) == ':' || (c) == ';' || (c) == '=' || (c) == '@' ||           \
     ((c) >= '[' && (c) <= '^') || (c) == '|')
#define NOT_IN_HOST(c)                                                                             \
    ((c) == 0 || (c) == '\t' || (c) == '\n' || (c) == '\r' || (c) == ' ' || (c) == '#' ||          \
     (c) == '/' || (c) == ':' || (c) == '<' || (c) == '>' || (c) == '?' || (c) == '@' ||           \
     ((c) >= '[' && (c) <= '^') || (c) == '|')

#define IN_SCHEME(c)                                                                               \
    (((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z') || ((c) >= '0' && (c) <= '9') ||     \
     (c) == '+' || (c) == '-' || (c) == '.')

#define DOMAIN_BYTE(c)                                                                             \
    (char)(IN_C0(c) || NOT_IN_HOST(c) || (c) == '%' ? 0 : (c) >= 'A' && (c) <= 'Z' ? (c) + 32 : (c))

#define CLASS(c)                                                                                   \
    ((IN_C0(c) ? URL_SET_C0 : 0) | (IN_FRAGMENT(c) ? URL_SET_FRAGMENT : 0) |                       \
     (IN_QUERY(c) ? URL_SET_QUERY : 0) |                                                           \
     (IN_QUERY(c) || (c) == '\'' ? URL_SET_SPECIAL_QUERY : 0) | (IN_PATH(c) ? URL_SET_PATH : 0) |  \
     (IN_USERINFO(c) ? URL_SET_USERINFO : 0) |                                                     \
     (IN_PATH(c) || (c) == '/' || (c) == '\\' ? URL_PATH_STOP : 0) |                               \
     (NOT_IN_HOST(c) ? URL_NOT_IN_HOST : 0) | (IN_SCHEME(c) ? URL_IN_SCHEME : 0) |                 \
     (DOMAIN_BYTE(c) != (char)(c) || (c) == 0 ? URL_DOMAIN_STOP : 0))

#define ROW4(X, c) X(c), X((c) + 1), X((c) + 2), X((c) + 3)
#define ROW16(X, c) ROW4(X, c), ROW4(X, (c) + 4), ROW4(X, (c) + 8), ROW4(X, (c) + 12)
#define ROW64(X, c) ROW16(X, c), ROW16(X, (c) + 16), ROW16(X, (c) + 32), ROW16(X, (c) + 48)
#define ALL_BYTES(X) ROW64(X, 0), ROW64(X, 64), ROW64(X, 128), ROW64(X, 192)

const uint16_t url_byte_class[256] = {ALL_BYTES(CLASS)};
const char url_domain_byte[256] = {ALL_BYTES(DOMAIN_BYTE)};

char *url_escape_byte(char *w, char c) {
    static const char digits[] = "0123456789ABCDEF";

    *w++ = '%';
    *w++ = digits[(unsigned char)c >> 4];
    *w++ = digits[(unsigned char)c & 15];
    return w;
}

char *url_escape(char *w, struct str s, unsigned set) {
    const char *p = s.ptr ? s.ptr : "", *end = p + s.len;

    while (p < end) {
        p = url_copy_run(p, end, set, &w);
        if (p < end)
            w = url_escape_byte(w, *p++);
    }
    return w;
}
