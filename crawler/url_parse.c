#include "crawler/url_parse.h"

#include "base/utf8.h"
#include "crawler/url_escape.h"
#include "crawler/url_path.h"

static const struct {
    struct str name;
    uint16_t port;
} schemes[] = {
    [URL_OTHER] = {{NULL, 0}, 0},      [URL_HTTP] = {{"http", 4}, 80},
    [URL_HTTPS] = {{"https", 5}, 443}, [URL_WS] = {{"ws", 2}, 80},
    [URL_WSS] = {{"wss", 3}, 443},     [URL_FTP] = {{"ftp", 3}, 21},
    [URL_FILE] = {{"file", 4}, 0},
};

uint16_t url_default_port(enum url_scheme scheme) {
    return schemes[scheme].port;
}

void url_clear(struct url *u) {
    buf_clear(&u->href);
    u->scheme = URL_OTHER;
    u->scheme_end = u->username_end = u->host_start = u->host_end = u->path_start = 0;
    u->query_start = u->fragment_start = u->port = URL_NO_PART;
    u->has_host = u->has_opaque_path = false;
}

enum err url_reserve(struct url_parse *x, size_t n) {
    struct buf *href = &x->u->href;

    n = n * URL_ESCAPE_GROWTH + URL_ROOM_MARGIN;
    href->len = x->w ? url_here(x) : 0;
    if (n > href->cap - href->len)
        return buf_room(href, n, &x->w);
    x->w = href->ptr + href->len;
    return ERR_OK;
}

static void set_scheme(struct url_parse *x, enum url_scheme scheme) {
    x->u->scheme = scheme;
    x->is_special = scheme != URL_OTHER;
}

/* The length of the scheme at the front, without its colon; 0: there is none. */
static size_t scheme_length(struct str s) {
    size_t i = 0;

    if (s.len == 0 || !ascii_is_alpha(s.ptr[0]))
        return 0;
    while (i < s.len && url_byte_is(s.ptr[i], URL_IN_SCHEME))
        i++;
    return i < s.len && s.ptr[i] == ':' ? i : 0;
}

static enum url_scheme scheme_of(struct str name) {
    for (int i = URL_HTTP; i <= URL_FILE; i++)
        if (name.len == schemes[i].name.len && !memcmp(name.ptr, schemes[i].name.ptr, name.len))
            return (enum url_scheme)i;
    return URL_OTHER;
}

static void take_scheme(struct url_parse *x, size_t len) {
    for (size_t i = 0; i < len; i++)
        x->w[i] = ascii_lower(x->p[i]);
    set_scheme(x, scheme_of(str_at(x->w, len)));
    x->w += len;
    *x->w++ = ':';
    x->p += len + 1;
    x->u->scheme_end = url_here(x);
}

static void copy_scheme(struct url_parse *x) {
    set_scheme(x, x->base->scheme);
    x->w = x->u->href.ptr;
    url_put(x, str_at(x->base->href.ptr, x->base->scheme_end));
    x->u->scheme_end = url_here(x);
}

/* All of the base before its path. */
static void copy_authority(struct url_parse *x) {
    const struct url *base = x->base;
    struct url *u = x->u;

    set_scheme(x, base->scheme);
    x->w = u->href.ptr;
    url_put(x, str_at(base->href.ptr, base->has_host ? base->path_start : base->scheme_end));
    u->scheme_end = base->scheme_end;
    u->username_end = base->username_end;
    u->host_start = base->host_start;
    u->host_end = base->host_end;
    u->port = base->port;
    u->has_host = base->has_host;
    u->path_start = url_here(x);
}

static void put_no_host(struct url_parse *x) {
    x->u->username_end = x->u->host_start = x->u->host_end = url_here(x);
    x->u->path_start = url_here(x);
}

static void put_empty_host(struct url_parse *x) {
    url_put(x, STR("//"));
    x->u->has_host = true;
    put_no_host(x);
}

static struct url_path path_of(struct url_parse *x) {
    return (struct url_path){
        .start = x->u->href.ptr + x->u->path_start,
        .end = x->w,
        .is_special = x->is_special,
        .is_file = x->u->scheme == URL_FILE,
    };
}

static void parse_path(struct url_parse *x) {
    struct url_path path = path_of(x);
    struct str in = url_rest(x);

    url_path_put(&path, &in);
    x->p = in.ptr;
    x->w = path.end;
}

static void copy_shortened_path(struct url_parse *x) {
    struct url_path path;

    url_put(x, url_path(x->base));
    path = path_of(x);
    url_path_shorten(&path);
    x->w = path.end;
}

static void copy_query(struct url_parse *x) {
    struct str query = url_query(x->base);

    if (x->base->query_start == URL_NO_PART)
        return;
    x->u->query_start = url_here(x);
    *x->w++ = '?';
    url_put(x, query);
}

static bool is_at_tail(const struct url_parse *x) {
    return x->p == x->end || *x->p == '?' || *x->p == '#';
}

/* A query or a fragment alone, or nothing: the rest is the base's. */
static void copy_before_tail(struct url_parse *x) {
    url_put(x, url_path(x->base));
    if (x->p == x->end || *x->p == '#')
        copy_query(x);
}

static void parse_path_after_host(struct url_parse *x) {
    x->u->path_start = url_here(x);
    if (!x->is_special && is_at_tail(x))
        return;
    x->p += url_is_slash(x, x->p);
    parse_path(x);
}

static enum err parse_with_authority(struct url_parse *x) {
    enum err e;

    url_put(x, STR("//"));
    x->u->has_host = true;
    e = url_parse_authority(x);
    if (e == ERR_OK)
        parse_path_after_host(x);
    return e;
}

/* Two slashes, and for special URLs any number, also none. */
static void skip_slashes(struct url_parse *x) {
    if (!x->is_special)
        x->p += 2;
    while (x->is_special && url_is_slash(x, x->p))
        x->p++;
}

/* Against a base with a path of segments; not for file URLs. */
static enum err parse_relative(struct url_parse *x) {
    set_scheme(x, x->base->scheme);
    if (url_is_slash(x, x->p) && url_is_slash(x, x->p + 1)) {
        copy_scheme(x);
        skip_slashes(x);
        return parse_with_authority(x);
    }
    copy_authority(x);
    if (is_at_tail(x)) {
        copy_before_tail(x);
        return ERR_OK;
    }
    if (url_is_slash(x, x->p))
        x->p++;
    else
        copy_shortened_path(x);
    parse_path(x);
    return ERR_OK;
}

static bool base_has_drive(const struct url *base) {
    struct str path = url_path(base);

    return path.len >= 3 && url_is_drive(str_at(path.ptr + 1, 2)) &&
           (path.len == 3 || path.ptr[3] == '/');
}

/* Behind "file://". */
static enum err parse_file_host(struct url_parse *x) {
    const char *end = x->p;
    struct str host;
    enum err e = ERR_OK;

    while (end < x->end && *end != '?' && *end != '#' && !url_is_slash(x, end))
        end++;
    host = str_at(x->p, (size_t)(end - x->p));
    put_empty_host(x);
    if (url_is_drive(host)) {
        parse_path(x);
        return ERR_OK;
    }
    x->p = end;
    if (host.len)
        e = url_parse_host(x, host);
    if (e != ERR_OK)
        return e;
    x->u->host_end = url_here(x);
    if (str_eq(url_hostname(x->u), STR("localhost"))) {
        x->u->host_end = x->u->host_start;
        x->w = x->u->href.ptr + x->u->host_end;
    }
    parse_path_after_host(x);
    return ERR_OK;
}

/* "file:/..." */
static void parse_file_root(struct url_parse *x) {
    x->p++;
    if (!x->base) {
        put_empty_host(x);
    } else {
        copy_authority(x);
        if (!url_starts_with_drive(url_rest(x)) && base_has_drive(x->base))
            url_put(x, str_upto(url_path(x->base), 3));
    }
    parse_path(x);
}

/* Behind "file:", or against a file base. */
static enum err parse_file(struct url_parse *x) {
    if (x->base && x->base->scheme != URL_FILE)
        x->base = NULL;
    if (url_is_slash(x, x->p) && url_is_slash(x, x->p + 1)) {
        x->p += 2;
        return parse_file_host(x);
    }
    if (url_is_slash(x, x->p)) {
        parse_file_root(x);
        return ERR_OK;
    }
    if (!x->base) {
        put_empty_host(x);
        parse_path(x);
        return ERR_OK;
    }
    copy_authority(x);
    if (is_at_tail(x)) {
        copy_before_tail(x);
        return ERR_OK;
    }
    if (!url_starts_with_drive(url_rest(x)))
        copy_shortened_path(x);
    parse_path(x);
    return ERR_OK;
}

static void parse_opaque_path(struct url_parse *x) {
    const char *start = x->p;
    struct str path;

    put_no_host(x);
    x->u->has_opaque_path = true;
    while (!is_at_tail(x))
        x->p++;
    path = str_at(start, (size_t)(x->p - start));
    if (x->p < x->end && str_ends(path, STR(" "))) {
        path.len--;
        x->w = url_escape(x->w, path, URL_SET_C0);
        x->w = url_escape_byte(x->w, ' ');
    } else {
        x->w = url_escape(x->w, path, URL_SET_C0);
    }
}

static bool starts_with_slashes(const struct url_parse *x) {
    return x->end - x->p >= 2 && x->p[0] == '/' && x->p[1] == '/';
}

static enum err parse_after_scheme(struct url_parse *x) {
    if (x->u->scheme == URL_FILE)
        return parse_file(x);
    if (x->is_special) {
        bool is_same = x->base && x->base->scheme == x->u->scheme;

        if (is_same && !starts_with_slashes(x))
            return parse_relative(x);
        skip_slashes(x);
        return parse_with_authority(x);
    }
    if (starts_with_slashes(x)) {
        skip_slashes(x);
        return parse_with_authority(x);
    }
    if (url_is_slash(x, x->p)) {
        put_no_host(x);
        x->p++;
        parse_path(x);
    } else {
        parse_opaque_path(x);
    }
    return ERR_OK;
}

static enum err parse_without_scheme(struct url_parse *x) {
    if (!x->base)
        return url_invalid(x, "no scheme, such as https://");
    if (x->base->has_opaque_path) {
        if (x->p == x->end || *x->p != '#')
            return url_invalid(x, "relative to a URL that has no path of segments");
        copy_authority(x);
        x->u->has_opaque_path = true;
        copy_before_tail(x);
        return ERR_OK;
    }
    if (x->base->scheme != URL_FILE)
        return parse_relative(x);
    copy_scheme(x);
    return parse_file(x);
}

/* Without a host a path that starts with "//" would read as one: "/." goes before it. */
static void guard_path(struct url_parse *x) {
    char *path = x->u->href.ptr + x->u->path_start;
    size_t len = (size_t)(x->w - path);

    if (x->u->has_host || x->u->has_opaque_path || len < 2 || path[0] != '/' || path[1] != '/')
        return;
    memmove(path + 2, path, len);
    memcpy(path, "/.", 2);
    x->u->path_start += 2;
    if (x->u->query_start != URL_NO_PART) /* the base's, copied */
        x->u->query_start += 2;
    x->w += 2;
}

static enum err parse_clean(struct url_parse *x, struct str input) {
    size_t scheme = scheme_length(input);
    enum err e;

    x->p = input.ptr;
    x->end = input.ptr + input.len;
    e = url_reserve(x, input.len + (x->base ? x->base->href.len : 0));
    if (e != ERR_OK)
        return e;
    if (scheme)
        take_scheme(x, scheme);
    e = scheme ? parse_after_scheme(x) : parse_without_scheme(x);
    if (e != ERR_OK)
        return e;
    guard_path(x);
    e = url_parse_tail(x);
    x->u->href.len = url_here(x);
    return e == ERR_OK && x->u->href.len > URL_LIMIT ? ERR_TOO_BIG : e;
}

static struct str trim_controls(struct str s) {
    while (s.len && (unsigned char)s.ptr[0] <= ' ')
        s = str_at(s.ptr + 1, s.len - 1);
    while (s.len && (unsigned char)s.ptr[s.len - 1] <= ' ')
        s.len--;
    return s;
}

/* Neither controls nor spaces nor anything but ASCII: nothing to clean. */
static bool is_plain(struct str s) {
    const uint64_t ones = 0x0101010101010101U;
    uint64_t word, found = 0;
    size_t i = 0;

    for (; i + sizeof word <= s.len; i += sizeof word) {
        memcpy(&word, s.ptr + i, sizeof word);
        found |= (word - ones * 0x21) | word;
    }
    if (s.len >= sizeof word) { /* the last bytes, some of them again */
        memcpy(&word, s.ptr + s.len - sizeof word, sizeof word);
        found |= (word - ones * 0x21) | word;
        i = s.len;
    }
    for (; i < s.len; i++)
        found |= (uint64_t)(s.ptr[i] - 0x21) | (uint64_t)s.ptr[i];
    return !(found & ones * 0x80);
}

/* Nothing to clean either, though not plain. */
static bool is_clean(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\t' || s.ptr[i] == '\n' || s.ptr[i] == '\r')
            return false;
    return utf8_valid(s);
}

static void drop_line_ends(struct buf *b) {
    size_t n = 0;

    for (size_t i = 0; i < b->len; i++)
        if (b->ptr[i] != '\t' && b->ptr[i] != '\n' && b->ptr[i] != '\r')
            b->ptr[n++] = b->ptr[i];
    b->len = n;
}

static enum err parse_unclean(struct url_parse *x, struct str input) {
    OWNED_BUF struct buf cleaned = BUF_INIT(4 * URL_LIMIT);
    enum err e = utf8_put_mended(&cleaned, input);

    if (e != ERR_OK)
        return e;
    drop_line_ends(&cleaned);
    return parse_clean(x, cleaned.len ? buf_str(&cleaned) : STR(""));
}

enum err url_parse_all(struct url_parse *x, struct str input) {
    x->why = "longer than the limit";
    if (input.len > URL_LIMIT)
        return ERR_TOO_BIG;
    input = trim_controls(input);
    if (!is_plain(input) && !is_clean(input))
        return parse_unclean(x, input);
    return parse_clean(x, input.len ? input : STR("")); /* not NULL: pointers are compared */
}
