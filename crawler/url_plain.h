/* url_plain - links that are written as they will be, as most are: for http and https where
 * nothing has to be escaped, folded, decoded or left out.
 *
 * Pure. A short way for url.c and extract_found.c: nobody else includes this.
 */
#ifndef CRAWLER_URL_PLAIN_H
#define CRAWLER_URL_PLAIN_H

#include "crawler/url.h"

/* Where these begin in what they are in, or its length. */
struct url_tail {
    size_t query, fragment;
};

/* The URL of a link: |prefix|, of the link or of its base, and |rest|. Borrowed. */
struct url_plain {
    struct str prefix, rest;
    enum url_scheme scheme;
    struct url_tail tail;          /* of |rest| */
    size_t host_start, path_start; /* of a link that has its own; path_start 0: the base's */
    bool is_known;                 /* it begins as known */
};

/* |known|: what URLs were seen to begin with, up to their path, or STR_NONE. False: the link is
 * something else, or wrong. */
bool url_plain_find(struct str input, const struct url *base, struct str known,
                    struct url_plain *ret_plain);

/* The same as url_parse(); |u| is cleared, or as a parse left it. False: it is something else,
 * or wrong, or there is no memory; |u| must then be cleared. */
bool url_parse_plain(struct url *u, struct str input, const struct url *base);

#endif
