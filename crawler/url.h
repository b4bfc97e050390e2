/* url - parse, resolve and serialise URLs as browsers do.
 *
 * Pure: no clock, no I/O, no globals. Implements the WHATWG URL Standard: basic
 * URL parser (section 4.4), host parser (3.5: IPv4 and IPv6 forms, forbidden code
 * points, domain to ASCII by UTS 46 non-transitional), serialiser (4.5). One
 * parse, one serialised form, used for storing, de-duplicating, host keys and
 * libcurl alike.
 */
#ifndef CRAWLER_URL_H
#define CRAWLER_URL_H

#include "base/buf.h"

enum { URL_LIMIT = 1 << 20 }; /* bytes of a serialised URL; beyond it ERR_TOO_BIG */

enum url_scheme {
    URL_OTHER, /* not special: javascript:, data:, mailto: ... */
    URL_HTTP,
    URL_HTTPS,
    URL_WS,
    URL_WSS,
    URL_FTP,
    URL_FILE,
};

/* A parsed URL: its serialised form, and where the parts are in it. May be used
 * again and again: each parse keeps the memory of the one before. */
struct url {
    struct buf href;
    enum url_scheme scheme;
    /*  https://user:pass@example.com:1234/foo/bar?baz#quux
     *        |     |    |          | ^^^^|       |   |
     *        |     |    |          | |   |       |   fragment_start
     *        |     |    |          | |   |       query_start
     *        |     |    |          | |   path_start
     *        |     |    |          | port
     *        |     |    |          host_end
     *        |     |    host_start (at the @, if there is one)
     *        |     username_end
     *        scheme_end (past the colon)
     * Without a host, a path that starts with "//" has "/." before it, which is
     * not of the path: "web:/.//a" */
    uint32_t scheme_end, username_end, host_start, host_end, path_start;
    uint32_t query_start, fragment_start; /* URL_NO_PART: none; else at '?' and '#' */
    uint32_t port;                        /* URL_NO_PART: none, or the scheme's default */
    bool has_host, has_opaque_path;
};
#define URL_NO_PART UINT32_MAX

void url_init(struct url *u);
void url_done(struct url *u);
#define OWNED_URL __attribute__((cleanup(url_done)))

/* Converts the UTF-8 text of a query into the bytes of the document's encoding,
 * with "&#NNNN;" for what it cannot say (Encoding Standard, "html" error mode);
 * appends to |out|. */
struct url_query_encoder {
    enum err (*encode)(void *arg, struct str utf8, struct buf *out);
    void *arg;
};

/* Parses |input| (UTF-8; bad bytes count as U+FFFD) against |base| (NULL: it
 * must be absolute). |encoder| NULL: queries are UTF-8. ERR_INVALID where the
 * standard says failure, ERR_TOO_BIG past URL_LIMIT (the input's length too);
 * |u| is then empty. |base| and |u| may not be the same. */
MUST_USE enum err url_parse(struct url *u, struct str input, const struct url *base,
                            const struct url_query_encoder *encoder);
/* After url_parse failed: why, in a few words, from the input alone. Static. */
const char *url_why_invalid(struct str input);

static inline struct str url_href(const struct url *u) {
    return buf_str(&u->href);
}
struct str url_without_fragment(const struct url *u);
struct str url_scheme_text(const struct url *u); /* without the colon */
struct str url_hostname(const struct url *u);    /* IPv6 with its brackets; no port */
struct str url_path(const struct url *u);
struct str url_query(const struct url *u); /* without '?'; empty for none */
struct str url_fragment(const struct url *u);
bool url_has_credentials(const struct url *u);
bool url_is_http(const struct url *u);            /* http or https */
uint16_t url_effective_port(const struct url *u); /* the scheme's default where none; 0: no such */

/* Of URLs with a host: the same scheme, host and port (HTML section 7.1.1). */
bool url_has_same_origin(const struct url *a, const struct url *b);

/* What rate limits and scheduling go by: host without a trailing dot, ':' and the
 * effective port ("example.com:443"). Only for URLs with a host. Appends. */
MUST_USE enum err url_host_key(const struct url *u, struct buf *b);

#endif
