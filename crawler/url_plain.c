#include "crawler/url_plain.h"

#include <string.h>

#include "crawler/scan.h"
#include "crawler/url_escape.h"
#include "crawler/url_host.h"

enum { MAX_INPUT = 64 << 10, ROOM_MARGIN = 16 };

/* --- bytes that stay as they are, in a path as in a query or fragment */

/* Where these begin, or the length. */
struct tail {
    size_t query, fragment;
};

/* Bytes that would be escaped or are no part of a path, and where a segment may be dots. */
static inline scan_bytes odd_bytes(scan_bytes v) {
    scan_bytes quotes = scan_or(scan_eq(v, '"'), scan_eq(v, '\''));
    scan_bytes angles = scan_eq(scan_set(v, 2), '>');                            /* and "<" */
    scan_bytes slants = scan_or(scan_eq(scan_set(v, 2), '^'), scan_eq(v, '`'));  /* and "\" */
    scan_bytes braces = scan_or(scan_eq(scan_set(v, 4), 0x7f), scan_eq(v, '}')); /* DEL and "{" */
    scan_bytes ends = scan_or(scan_eq(v, '?'), scan_eq(v, '#'));
    scan_bytes dots =
        scan_and(scan_next(scan_eq(v, '/')), scan_or(scan_eq(v, '.'), scan_eq(v, '%')));

    return scan_or(scan_or(scan_or(quotes, angles), scan_or(slants, braces)),
                   scan_or(scan_or(ends, dots), scan_lt(v, '!')));
}

/* An odd byte at |i|: false where the link is not plain. */
static bool take_odd(const char *s, size_t i, size_t len, struct tail *t) {
    switch (s[i]) {
    case '#':
        if (t->fragment > i)
            t->fragment = i;
        return true;
    case '?':
        if (t->query > i && t->fragment > i)
            t->query = i;
        return true;
    case '%': /* "%2e" is a dot */
        return i + 1 == len || s[i + 1] != '2';
    default:
        return false;
    }
}

/* Steps overlap by a byte, so that each is seen beside the one before it. */
static bool scan_tail(struct str s, struct tail *ret_tail) {
    char padded[SCAN_STEP];
    const char *p = s.ptr;
    size_t last = s.len < SCAN_STEP ? 0 : s.len - SCAN_STEP;

    *ret_tail = (struct tail){s.len, s.len};
    if (s.len < SCAN_STEP) {
        memset(padded, 'a', sizeof padded);
        memcpy(padded, p, s.len);
        p = padded;
    }
    for (size_t at = 0;; at = at + SCAN_STEP - 1 < last ? at + SCAN_STEP - 1 : last) {
        uint64_t odd = scan_bits(odd_bytes(scan_load(p + at)));

        for (; odd; odd &= odd - 1)
            if (!take_odd(p, at + scan_first(odd), s.len, ret_tail))
                return false;
        if (at == last)
            return true;
    }
}

/* --- what stands before them */

/* A link is |base| up to |prefix|, and |rest|. */
struct link {
    size_t prefix;
    struct str rest;
};

static struct str origin_of(const struct url *u) {
    return str_upto(url_href(u), u->path_start);
}

static bool begins_with_origin(struct str s, struct str origin) {
    return s.len > origin.len && s.ptr[origin.len] == '/' &&
           memcmp(s.ptr, origin.ptr, origin.len) == 0;
}

static size_t dir_end(const struct url *u) {
    struct str path = url_path(u);
    const char *slash = memrchr(path.ptr, '/', path.len);

    return (size_t)(slash - u->href.ptr) + 1;
}

static bool find_link(struct str s, const struct url *base, struct link *ret_link) {
    struct str origin = origin_of(base);

    *ret_link = (struct link){origin.len, s};
    switch (s.ptr[0]) {
    case '/':
        return s.len == 1 || s.ptr[1] != '/';
    case '?':
        ret_link->prefix += url_path(base).len;
        return true;
    case '#':
        ret_link->prefix = url_without_fragment(base).len;
        return true;
    case '.':
    case '%':
        return false; /* dots, perhaps */
    default:
        break;
    }
    if (begins_with_origin(s, origin)) {
        ret_link->rest = str_from(s, origin.len);
        return true;
    }
    ret_link->prefix = dir_end(base);
    return memchr(s.ptr, ':', s.len) == NULL; /* else it may be a scheme */
}

/* The parts of |u| up to its path, where |s| is "http://host" or "https://host" and then a path:
 * in lower case, no number, no port. Or it begins as the URL that was in |u| before. */
static bool find_host(struct str s, struct url *u) {
    struct str before = origin_of(u);

    bool is_https = s.len > 8 && memcmp(s.ptr, "https://", 8) == 0;
    size_t start = is_https ? 8 : 7, end;

    if (url_is_http(u) && begins_with_origin(s, before))
        return true;
    if (!is_https && !(s.len > 7 && memcmp(s.ptr, "http://", 7) == 0))
        return false;
    for (end = start; end < s.len && !url_byte_is(s.ptr[end], URL_DOMAIN_STOP);)
        end++;
    if (end == start || end == s.len || s.ptr[end] != '/' ||
        url_host_ends_in_number(str_at(s.ptr + start, end - start)))
        return false;
    u->scheme = is_https ? URL_HTTPS : URL_HTTP;
    u->scheme_end = (uint32_t)start - 2;
    u->username_end = u->host_start = (uint32_t)start;
    u->host_end = u->path_start = (uint32_t)end;
    u->port = URL_NO_PART;
    u->has_host = true;
    u->has_opaque_path = false;
    return true;
}

/* --- both */

static void copy_parts(struct url *u, const struct url *base) {
    struct buf href = u->href;

    *u = *base;
    u->href = href;
}

/* Sets what |u| says of the tail |t| of a link behind |prefix|. */
static void set_tail(struct url *u, size_t prefix, size_t len, struct tail t) {
    if (t.query < t.fragment)
        u->query_start = (uint32_t)(prefix + t.query);
    else if (t.fragment > 0) /* else the base's */
        u->query_start = URL_NO_PART;
    u->fragment_start = t.fragment < len ? (uint32_t)(prefix + t.fragment) : URL_NO_PART;
}

static bool put(struct url *u, struct str prefix, struct str rest) {
    char *room;

    buf_clear(&u->href);
    if (buf_room(&u->href, prefix.len + rest.len + ROOM_MARGIN, &room) != ERR_OK)
        return false;
    memcpy(room, prefix.ptr, prefix.len);
    memcpy(room + prefix.len, rest.ptr, rest.len);
    u->href.len = prefix.len + rest.len;
    return true;
}

bool url_parse_plain(struct url *u, struct str input, const struct url *base) {
    struct link link;
    struct tail tail;

    if (input.len == 0 || input.len > MAX_INPUT)
        return false;
    if (base && url_is_http(base) && find_link(input, base, &link)) {
        if (!scan_tail(link.rest, &tail) ||
            !put(u, str_upto(url_href(base), link.prefix), link.rest))
            return false;
        copy_parts(u, base);
        set_tail(u, link.prefix, link.rest.len, tail);
        return u->href.len <= URL_LIMIT;
    }
    if (!find_host(input, u) || !scan_tail(str_from(input, u->path_start), &tail) ||
        !put(u, str_upto(input, u->path_start), str_from(input, u->path_start)))
        return false;
    set_tail(u, u->path_start, input.len - u->path_start, tail);
    return true;
}
