/* address - an IPv4 or IPv6 address as the parts of the workshop hand it around.
 * Pure.
 */
#ifndef CRAWLER_ADDRESS_H
#define CRAWLER_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/buf.h"

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

/* A literal as in a URL's host ("192.0.2.1", "[2001:db8::1]") or bare; the port is
 * 0. ERR_INVALID: a name, or nothing like it. */
MUST_USE enum err address_parse(struct str text, struct address *ret_address);
/* Copies an address of a known family; ERR_UNSUPPORTED otherwise. */
MUST_USE enum err address_copy(const struct sockaddr *from, struct address *ret_address);
/* Appends it without port or brackets. */
MUST_USE enum err address_put(struct buf *b, const struct address *a);

#endif
