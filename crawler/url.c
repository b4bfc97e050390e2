#include "crawler/url.h"

#include "crawler/url_parse.h"
#include "crawler/url_plain.h"

void url_init(struct url *u) {
    *u = (struct url){.href = BUF_INIT(URL_HREF_ROOM)};
    url_clear(u);
}

void url_done(struct url *u) {
    buf_done(&u->href);
    url_clear(u);
}

static struct str part(const struct url *u, uint32_t start, uint32_t end) {
    return end > start ? str_at(u->href.ptr + start, end - start) : STR_NONE;
}

static uint32_t end_of_path(const struct url *u) {
    if (u->query_start != URL_NO_PART)
        return u->query_start;
    return u->fragment_start != URL_NO_PART ? u->fragment_start : (uint32_t)u->href.len;
}

struct str url_without_fragment(const struct url *u) {
    return str_upto(url_href(u), u->fragment_start);
}

struct str url_scheme_text(const struct url *u) {
    return u->scheme_end ? part(u, 0, u->scheme_end - 1) : STR_NONE;
}

bool url_has_credentials(const struct url *u) {
    return u->host_start < u->href.len && u->href.ptr[u->host_start] == '@';
}

struct str url_hostname(const struct url *u) {
    return part(u, u->host_start + url_has_credentials(u), u->host_end);
}

struct str url_path(const struct url *u) {
    return part(u, u->path_start, end_of_path(u));
}

struct str url_query(const struct url *u) {
    uint32_t end = u->fragment_start != URL_NO_PART ? u->fragment_start : (uint32_t)u->href.len;

    return u->query_start == URL_NO_PART ? STR_NONE : part(u, u->query_start + 1, end);
}

struct str url_fragment(const struct url *u) {
    return u->fragment_start == URL_NO_PART ? STR_NONE
                                            : part(u, u->fragment_start + 1, (uint32_t)u->href.len);
}

bool url_is_http(const struct url *u) {
    return u->scheme == URL_HTTP || u->scheme == URL_HTTPS;
}

uint16_t url_effective_port(const struct url *u) {
    return u->port == URL_NO_PART ? url_default_port(u->scheme) : (uint16_t)u->port;
}

bool url_has_same_origin(const struct url *a, const struct url *b) {
    return str_eq(url_scheme_text(a), url_scheme_text(b)) &&
           str_eq(url_hostname(a), url_hostname(b)) &&
           url_effective_port(a) == url_effective_port(b);
}

enum err url_host_key(const struct url *u, struct buf *b) {
    struct str host = url_hostname(u);
    enum err e;

    if (host.len > 1 && str_ends(host, STR(".")))
        host.len--;
    e = buf_put(b, host);
    if (e == ERR_OK)
        e = buf_put_char(b, ':');
    return e == ERR_OK ? buf_put_u64(b, url_effective_port(u)) : e;
}

enum err url_parse(struct url *u, struct str input, const struct url *base,
                   const struct url_query_encoder *encoder) {
    struct url_parse x = {.u = u, .base = base, .encoder = encoder};
    enum err e;

    if (url_parse_plain(u, input, base))
        return ERR_OK;
    url_clear(u);
    e = url_parse_all(&x, input);
    if (e != ERR_OK)
        url_clear(u);
    return e;
}

const char *url_why_invalid(struct str input) {
    OWNED_URL struct url u;
    struct url_parse x = {.u = &u};

    url_init(&u);
    return url_parse_all(&x, input) == ERR_OK ? "not a valid URL" : x.why;
}
