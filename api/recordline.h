/* recordline - what became of one URL, as JSON or as a line of a table. Pure. */
#ifndef API_RECORDLINE_H
#define API_RECORDLINE_H

#include "api/format.h"

/* As format_link and format_link_names do it for links. */
MUST_USE enum err recordline_put(struct buf *out, enum format f, const struct record *r,
                                 struct str cursor);
MUST_USE enum err recordline_names(struct buf *out, enum format f);

#endif
