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

static inline scan_bytes odd_bytes(scan_bytes v) {
    scan_bytes quotes = scan_or(scan_eq(v, '"'), scan_eq(v, '\''));
    scan_bytes angles = scan_eq(scan_set(v, 2), '>');                            /* and "<" */
    scan_bytes slants = scan_or(scan_eq(scan_set(v, 2), '^'), scan_eq(v, '`'));  /* and "\" */
    scan_bytes braces = scan_or(scan_eq(scan_set(v, 4), 0x7f), scan_eq(v, '}')); /* DEL and "{" */

    return scan_or(scan_or(scan_or(quotes, angles), scan_or(slants, braces)), scan_lt(v, '!'));
}

/* A segment that begins at |p| may come to "." or "..". */
static bool may_be_dots(const char *p, const char *end) {
    return p < end && (*p == '.' || (*p == '%' && end - p > 1 && p[1] == '2'));
}

/* Whether all is plain of SCAN_STEP bytes at |p|, of which those before |end| are of the link
 * that begins at |start|. */
static inline bool scan_step(const char *start, const char *p, const char *end, struct tail *t) {
    scan_bytes v = scan_load(p);
    uint64_t segments = scan_bits(scan_eq(v, '/')) << 1 | (p > start && p[-1] == '/');
    uint64_t dots = segments & scan_bits(scan_or(scan_eq(v, '.'), scan_eq(v, '%')));
    uint64_t stops = scan_bits(scan_or(scan_eq(v, '?'), scan_eq(v, '#')));

    if (scan_bits(odd_bytes(v)))
        return false;
    for (; dots; dots &= dots - 1)
        if (may_be_dots(p + scan_first(dots), end))
            return false;
    for (; stops && t->fragment == (size_t)(end - start); stops &= stops - 1) {
        size_t at = (size_t)(p - start) + scan_first(stops);

        if (start[at] == '#')
            t->fragment = at;
        if (t->query > at)
            t->query = at;
    }
    return true;
}

static bool scan_tail(struct str s, struct tail *ret_tail) {
    const char *p = s.ptr, *end = p + s.len;
    char padded[SCAN_STEP];

    *ret_tail = (struct tail){s.len, s.len};
    if (s.len < SCAN_STEP) {
        memset(padded, 'a', sizeof padded);
        memcpy(padded, p, s.len);
        return scan_step(padded, padded, padded + s.len, ret_tail);
    }
    for (; end - p >= SCAN_STEP; p += SCAN_STEP)
        if (!scan_step(s.ptr, p, end, ret_tail))
            return false;
    return p == end || scan_step(s.ptr, end - SCAN_STEP, end, ret_tail); /* some of them again */
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
    if (s.len > origin.len && s.ptr[origin.len] == '/' &&
        memcmp(s.ptr, origin.ptr, origin.len) == 0) {
        ret_link->rest = str_from(s, origin.len);
        return true;
    }
    ret_link->prefix = dir_end(base);
    return memchr(s.ptr, ':', s.len) == NULL; /* else it may be a scheme */
}

/* The parts of |u| up to its path, where |s| is "http://host" or "https://host" and then a path:
 * in lower case, no number, no port. */
static bool find_host(struct str s, struct url *u) {
    bool is_https = s.len > 8 && memcmp(s.ptr, "https://", 8) == 0;
    size_t start = is_https ? 8 : 7, end;

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
