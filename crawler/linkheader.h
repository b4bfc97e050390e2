/* linkheader - takes the value of a Link header apart: RFC 8288 section 3 and
 * appendix B, over RFC 9110 section 5.6 (lists, quoted strings).
 *
 * Pure, and allocates nothing: what it gives out borrows from the value. What the
 * targets are resolved against, and which of them count, is extract_header's.
 *
 * A list member that is none is passed over up to the next comma; so is what follows
 * a link's parameters and is none of them (the RFC's own algorithm would give up).
 */
#ifndef CRAWLER_LINKHEADER_H
#define CRAWLER_LINKHEADER_H

#include "base/buf.h"

/* A parameter as written; without its quotes, but with its escapes. */
struct linkheader_param {
    bool is_given, is_quoted;
    struct str raw;
};

struct linkheader_link {
    struct str target;                   /* between < and >; may be empty */
    struct linkheader_param rel, anchor; /* the first of each name counts */
};

/* Takes the next link off the front of |*value|, which moves on. False at its end. */
bool linkheader_next(struct str *value, struct linkheader_link *ret_link);

/* Appends what the parameter says, its escapes resolved. */
MUST_USE enum err linkheader_put_param(struct buf *b, const struct linkheader_param *p);

#endif
