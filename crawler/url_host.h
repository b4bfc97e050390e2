/* url_host - the host part of a URL: domain, IPv4 or IPv6 address, opaque host.
 *
 * Pure. The host parser and serialiser of the URL Standard (section 3.5). Part
 * of url: nobody else includes this.
 */
#ifndef CRAWLER_URL_HOST_H
#define CRAWLER_URL_HOST_H

#include "base/buf.h"

/* Parses |host| (valid UTF-8, without port) and appends it as it is serialised.
 * ERR_INVALID: *ret_why then says what is wrong with it (static). */
MUST_USE enum err url_host_put(struct buf *out, struct str host, bool is_special,
                               const char **ret_why);

/* Does the last label look like a number? Then the host is an IPv4 address or
 * none. |domain| is not empty, and lower-case. */
bool url_host_ends_in_number(struct str domain);

#endif
