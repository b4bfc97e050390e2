/* addrguard - may crawld talk to this address?
 *
 * Pure. Decides by socket address, not by name: private, loopback, link-local,
 * multicast, documentation and other special ranges of the IANA registries are
 * blocked unless an operator allowed the range. IPv6 forms that carry an IPv4
 * address (mapped, compatible, NAT64, 6to4, Teredo ...) are judged by both.
 * Unknown families are blocked.
 */
#ifndef CRAWLER_ADDRGUARD_H
#define CRAWLER_ADDRGUARD_H

#include <sys/socket.h>

#include "base/own.h"
#include "base/str.h"

struct addrguard; /* immutable once built: any thread may ask */

struct addrguard *addrguard_new(void);
void addrguard_free(struct addrguard *g); /* NULL is fine */
DEFINE_OWNED(addrguard)

/* Allows "10.0.0.0/8", "::1/128" or a bare address. ERR_INVALID: not a CIDR. */
MUST_USE enum err addrguard_allow(struct addrguard *g, struct str cidr);

/* Is it in a range that was allowed, whatever else it is? */
bool addrguard_allows(const struct addrguard *g, const struct sockaddr *address);
bool addrguard_blocks(const struct addrguard *g, const struct sockaddr *address);

#endif
