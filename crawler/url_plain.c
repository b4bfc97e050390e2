#include "crawler/url_plain.h"

#include <string.h>

#include "crawler/scan.h"
#include "crawler/url_escape.h"
#include "crawler/url_host.h"

enum { MAX_INPUT = 64 << 10, ROOM_MARGIN = 16 };

/* --- bytes that stay as they are, in a path as in a query or fragment */

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
static bool take_odd(const char *s, size_t i, size_t len, struct url_tail *t) {
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
static bool scan_tail(struct str s, struct url_tail *ret_tail) {
    char padded[SCAN_STEP];
    const char *p = s.ptr;
    size_t last = s.len < SCAN_STEP ? 0 : s.len - SCAN_STEP;

    *ret_tail = (struct url_tail){s.len, s.len};
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

static struct str origin_of(const struct url *u) {
    return str_upto(url_href(u), u->path_start);
}

static bool begins_with_origin(struct str s, struct str origin) {
    return s.len > origin.len && origin.len && s.ptr[origin.len] == '/' &&
           memcmp(s.ptr, origin.ptr, origin.len) == 0;
}

static size_t dir_end(const struct url *u) {
    struct str path = url_path(u);
    const char *slash = memrchr(path.ptr, '/', path.len);

    return (size_t)(slash - u->href.ptr) + 1;
}

static struct str upto(const struct url *u, size_t end) {
    return str_at(u->href.ptr, end);
}

/* Behind "http://" or "https://", or 0. */
static size_t host_start(struct str s) {
    if (s.len <= 8 || memcmp(s.ptr, "http", 4) != 0)
        return 0;
    if (memcmp(s.ptr + 4, "://", 3) == 0)
        return 7;
    return memcmp(s.ptr + 4, "s://", 4) == 0 ? 8 : 0;
}

/* The end of the host at |start|, where a path or nothing is behind it: in lower case, no number,
 * no port. Else 0. */
static size_t host_end(struct str s, size_t start) {
    size_t end = start;

    while (end < s.len && !url_byte_is(s.ptr[end], URL_DOMAIN_STOP))
        end++;
    if (end == start || (end < s.len && s.ptr[end] != '/') ||
        url_host_ends_in_number(str_at(s.ptr + start, end - start)))
        return 0;
    return end;
}

static bool scan_rest(struct url_plain *p) {
    return scan_tail(p->rest, &p->tail);
}

/* A link that has an origin of its own, |known| or another. */
static bool find_absolute(struct str s, struct str known, struct url_plain *p) {
    p->host_start = host_start(s);
    if (p->host_start == 0)
        return false;
    p->is_known = begins_with_origin(s, known);
    p->path_start = p->is_known ? known.len : host_end(s, p->host_start);
    p->prefix = str_at(s.ptr, p->path_start);
    p->rest = p->path_start < s.len ? str_from(s, p->path_start) : STR("/");
    p->scheme = p->host_start == 8 ? URL_HTTPS : URL_HTTP;
    return p->path_start != 0 && scan_rest(p);
}

/* "//", a host, and a path: |s| behind the scheme of |base|. */
static bool find_host(struct str s, const struct url *base, struct url_plain *p) {
    size_t end = host_end(s, 2);

    if (end == 0 || end == s.len || !scan_tail(str_from(s, end), &p->tail))
        return false;
    p->prefix = upto(base, base->scheme_end);
    p->tail.query += end;
    p->tail.fragment += end;
    p->is_known = false;
    p->host_start = p->prefix.len + 2;
    p->path_start = p->prefix.len + end;
    return true;
}

static bool find_relative(struct str s, const struct url *base, struct url_plain *p) {
    p->path_start = 0;
    p->prefix = origin_of(base);
    p->rest = s;
    p->scheme = base->scheme;
    switch (s.ptr[0]) {
    case '/':
        return s.len > 1 && s.ptr[1] == '/' ? find_host(s, base, p) : scan_rest(p);
    case '?':
        p->prefix = upto(base, base->path_start + url_path(base).len);
        return scan_rest(p);
    case '#':
        p->prefix = url_without_fragment(base);
        return scan_rest(p);
    case '.':
    case '%':
        return false; /* dots, perhaps */
    default:
        break;
    }
    if (begins_with_origin(s, p->prefix)) { /* with its port */
        p->rest = str_from(s, p->prefix.len);
        return scan_rest(p);
    }
    p->prefix = upto(base, dir_end(base));
    return memchr(s.ptr, ':', s.len) == NULL && scan_rest(p); /* else it may be a scheme */
}

bool url_plain_find(struct str input, const struct url *base, struct str known,
                    struct url_plain *ret_plain) {
    struct url_plain *p = ret_plain;

    if (input.len == 0 || input.len > MAX_INPUT)
        return false;
    if (!find_absolute(input, known, p) &&
        !(base && url_is_http(base) && find_relative(input, base, p)))
        return false;
    return p->prefix.len + p->rest.len <= URL_LIMIT;
}

/* --- both */

static void copy_parts(struct url *u, const struct url *base) {
    struct buf href = u->href;

    *u = *base;
    u->href = href;
}

/* Those of |p|, which is absolute. */
static void set_parts(struct url *u, const struct url_plain *p) {
    u->scheme = p->scheme;
    u->scheme_end = (uint32_t)p->host_start - 2;
    u->username_end = u->host_start = (uint32_t)p->host_start;
    u->host_end = u->path_start = (uint32_t)p->path_start;
    u->port = URL_NO_PART;
    u->has_host = true;
    u->has_opaque_path = false;
}

static void set_tail(struct url *u, size_t prefix, size_t len, struct url_tail t) {
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
    struct str known = url_is_http(u) ? origin_of(u) : STR_NONE;
    struct url_plain p;

    if (!url_plain_find(input, base, known, &p))
        return false;
    if (!put(u, p.prefix, p.rest))
        return false;
    if (p.path_start == 0)
        copy_parts(u, base);
    else if (!p.is_known)
        set_parts(u, &p);
    set_tail(u, p.prefix.len, p.rest.len, p.tail);
    return true;
}
