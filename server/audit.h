/* audit - one line in the log for each call that changes something, or tried to: who, what,
 * on which job, from where, and what came of it. Any thread.
 */
#ifndef SERVER_AUDIT_H
#define SERVER_AUDIT_H

#include "api/api.h"
#include "crawler/addrguard.h"

/* |status|: 0 where no answer was sent as a whole. |fd|: the client's, or that of one of the
 * |proxies|, which says whose. */
void audit_log(const struct api_call *c, unsigned status, int fd, const struct addrguard *proxies);

#endif
