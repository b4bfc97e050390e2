/* url_plain - links that are written as they will be, as most are.
 *
 * Pure. A short way for url.c: nobody else includes this.
 */
#ifndef CRAWLER_URL_PLAIN_H
#define CRAWLER_URL_PLAIN_H

#include "crawler/url.h"

/* The same as url_parse(), for http and https where nothing has to be escaped, folded, decoded
 * or left out; |u| is cleared, or as a parse left it. False: it is something else, or wrong, or
 * there is no memory; |u| must then be cleared. */
bool url_parse_plain(struct url *u, struct str input, const struct url *base);

#endif
