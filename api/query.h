/* query - the query part of a request target, decoded.
 *
 * Pure. As application/x-www-form-urlencoded has it: '+' is a space. Each name
 * may stand once.
 */
#ifndef API_QUERY_H
#define API_QUERY_H

#include "api/problem.h"

enum { QUERY_MAX_PARAMETERS = 64 };

struct parameter {
    struct str name, value; /* decoded */
};

struct query {
    struct parameter *parameters; /* as many as there are, so that a call that waits is small */
    size_t n;
    struct buf bytes; /* what they borrow */
};

void query_init(struct query *q);
void query_done(struct query *q);

/* Once. ERR_INVALID: a broken escape, a control character or bad UTF-8, a name that
 * stands twice, or too many: |p| says it; ERR_NO_MEMORY likewise. */
MUST_USE enum err query_parse(struct query *q, struct str raw, struct problem *p);
/* The value of |name|; NULL where it is not there. */
const struct str *query_get(const struct query *q, const char *name);

/* Appends |text| with all but RFC 3986's unreserved characters escaped. */
MUST_USE enum err query_put_escaped(struct buf *out, struct str text);

#endif
