#include "crawler/url_escape.h"
#include "crawler/url_host.h"
#include "crawler/url_parse.h"

enum { PORT_DIGITS = 5, PORT_MAX = 65535 };

static bool ends_authority(const struct url_parse *x, const char *p) {
    return p == x->end || *p == '?' || *p == '#' || url_is_slash(x, p);
}

static void put_port(struct url_parse *x, uint32_t port) {
    char digits[PORT_DIGITS];
    size_t at = sizeof digits;

    if (port == url_default_port(x->u->scheme) && x->is_special)
        return;
    x->u->port = port;
    do {
        digits[--at] = (char)('0' + port % 10);
        port /= 10;
    } while (port);
    *x->w++ = ':';
    url_put(x, str_at(digits + at, sizeof digits - at));
}

/* Copies what may stand in a domain, in lower case; returns the end of that. */
static const char *copy_domain(const char *p, const char *end, char **w) {
    for (;; p++) {
        p = url_copy_run(p, end, URL_DOMAIN_STOP, w);
        if (p == end || !url_domain_byte[(unsigned char)*p])
            return p;
        *(*w)++ = url_domain_byte[(unsigned char)*p];
    }
}

/* "host" or "host:123" in plain letters, as nearly all are. False: nothing was
 * read; it is something else, or wrong. */
static bool parse_plain(struct url_parse *x) {
    char *w = x->w;
    const char *end = x->end, *p = copy_domain(x->p, end, &w), *port_text = p;
    uint32_t port = 0;

    if (p < end && *p == ':')
        for (p++; p < end && ascii_is_digit(*p) && p - port_text <= PORT_DIGITS; p++)
            port = port * 10 + (uint32_t)(*p - '0');
    if (!ends_authority(x, p) || w == x->w || port > PORT_MAX ||
        url_host_ends_in_number(str_at(x->w, (size_t)(w - x->w))))
        return false;
    x->u->username_end = x->u->host_start = url_here(x);
    x->w = w;
    x->u->host_end = url_here(x);
    if (p - port_text > 1)
        put_port(x, port);
    x->p = p;
    return true;
}

/* |text|: what stands before the last '@'. */
static void parse_credentials(struct url_parse *x, struct str text) {
    struct str user = str_cut(&text, ':');

    x->w = url_escape(x->w, user, URL_SET_USERINFO);
    x->u->username_end = url_here(x);
    if (text.len) {
        *x->w++ = ':';
        x->w = url_escape(x->w, text, URL_SET_USERINFO);
    }
    x->u->host_start = url_here(x);
    if (user.len || text.len)
        *x->w++ = '@';
}

enum err url_parse_host(struct url_parse *x, struct str host) {
    struct buf *href = &x->u->href;
    enum err e;

    href->len = url_here(x);
    e = url_host_put(href, host, x->is_special, &x->why);
    x->w = href->ptr + href->len;
    return e == ERR_OK ? url_reserve(x, (size_t)(x->end - x->p)) : e;
}

/* The colon before the port: not within brackets. */
static size_t find_port(struct str text) {
    bool in_brackets = false;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '[' || text.ptr[i] == ']')
            in_brackets = text.ptr[i] == '[';
        else if (text.ptr[i] == ':' && !in_brackets)
            return i;
    }
    return text.len;
}

static enum err parse_port(struct url_parse *x, struct str text) {
    uint64_t port;
    enum err e;

    if (text.len == 0)
        return ERR_OK;
    e = str_to_u64(text, PORT_MAX, &port);
    if (e != ERR_OK)
        return url_invalid(x, e == ERR_TOO_BIG ? "port out of range" : "port is not a number");
    put_port(x, (uint32_t)port);
    return ERR_OK;
}

static enum err parse_any(struct url_parse *x) {
    const char *end = x->p, *at;
    struct str text;
    bool has_at;
    size_t colon;
    enum err e;

    while (!ends_authority(x, end))
        end++;
    text = str_at(x->p, (size_t)(end - x->p));
    at = text.len ? memrchr(text.ptr, '@', text.len) : NULL;
    has_at = at != NULL;
    parse_credentials(x, has_at ? str_at(text.ptr, (size_t)(at - text.ptr)) : STR_NONE);
    if (has_at)
        text = str_from(text, (size_t)(at - text.ptr) + 1);
    colon = find_port(text);
    if (colon == 0 && (text.len || has_at || x->is_special))
        return url_invalid(x, "no host");
    x->p = end;
    e = url_parse_host(x, str_upto(text, colon));
    x->u->host_end = url_here(x);
    return e == ERR_OK ? parse_port(x, str_from(text, colon + 1)) : e;
}

enum err url_parse_authority(struct url_parse *x) {
    return x->is_special && parse_plain(x) ? ERR_OK : parse_any(x);
}
