/* trap - does a URL look as if it came out of an endless site? By its looks alone: length,
 * depth, number of parameters, a path that repeats itself. The limits are in scope.h.
 *
 * Pure. Part of scope: nobody else includes this.
 */
#ifndef CRAWLER_TRAP_H
#define CRAWLER_TRAP_H

#include "crawler/url.h"

/* |u|: http or https; its fragment does not count. */
bool trap_is_likely(const struct url *u);

#endif
