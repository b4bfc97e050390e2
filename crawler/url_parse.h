/* url_parse - one parse on its way: what the files of url share.
 *
 * Nobody but url.c, url_parse.c, url_authority.c and url_tail.c includes this.
 */
#ifndef CRAWLER_URL_PARSE_H
#define CRAWLER_URL_PARSE_H

#include <string.h>

#include "crawler/url.h"

enum {
    /* What href may take while it is parsed: its input and its base, escaped. */
    URL_HREF_ROOM = 16 * URL_LIMIT,
    /* More than what a URL has beside its input and its base: "//", "/.", "/" ... */
    URL_ROOM_MARGIN = 64,
};

/* Room is asked for ahead (url_reserve), so that most bytes are written without
 * a look at what is left. */
struct url_parse {
    const char *p, *end; /* what is not read yet: valid UTF-8 without tabs and line ends */
    char *w;             /* where the next byte of |u->href| goes */
    struct url *u;
    const struct url *base;
    const struct url_query_encoder *encoder;
    const char *why; /* it is invalid */
    bool is_special;
};

/* The whole of it; |x->why| is set on ERR_INVALID and ERR_TOO_BIG. */
MUST_USE enum err url_parse_all(struct url_parse *x, struct str input);

/* Reads user, password, host and port, and writes them behind "//". */
MUST_USE enum err url_parse_authority(struct url_parse *x);
/* At a '?', a '#', or the end: reads and writes what is left. */
MUST_USE enum err url_parse_tail(struct url_parse *x);
/* Reads |host| alone and writes it. */
MUST_USE enum err url_parse_host(struct url_parse *x, struct str host);

/* Room for what |n| more bytes of input can become. */
MUST_USE enum err url_reserve(struct url_parse *x, size_t n);

void url_clear(struct url *u);                     /* no URL; keeps the memory */
uint16_t url_default_port(enum url_scheme scheme); /* 0: none */

static inline enum err url_invalid(struct url_parse *x, const char *why) {
    x->why = why;
    return ERR_INVALID;
}
static inline uint32_t url_here(const struct url_parse *x) {
    return (uint32_t)(x->w - x->u->href.ptr);
}
static inline void url_put(struct url_parse *x, struct str s) {
    if (s.len)
        memcpy(x->w, s.ptr, s.len);
    x->w += s.len;
}
static inline struct str url_rest(const struct url_parse *x) {
    return str_at(x->p, (size_t)(x->end - x->p));
}
static inline bool url_is_slash(const struct url_parse *x, const char *p) {
    return p < x->end && (*p == '/' || (*p == '\\' && x->is_special));
}

#endif
