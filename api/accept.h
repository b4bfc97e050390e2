/* accept - which of our formats a caller wants (RFC 9110 section 12.5.1). Pure. */
#ifndef API_ACCEPT_H
#define API_ACCEPT_H

#include "api/format.h"

/* By the Accept header |accept| (empty: anything will do). Where the caller likes
 * several equally: the first of enum format. ERR_NOT_FOUND: none matches. */
MUST_USE enum err accept_choose(struct str accept, enum format *ret_format);

#endif
