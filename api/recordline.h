/* recordline - what became of one URL, as JSON or as a line of a table. Pure. */
#ifndef API_RECORDLINE_H
#define API_RECORDLINE_H

#include "api/format.h"

struct columns recordline_default_columns(void); /* all but the cursor */
/* "url,outcome,cursor"; as format_columns_of. */
MUST_USE enum err recordline_columns_of(struct str list, struct columns *ret_columns);
bool recordline_wants_cursor(enum format f, const struct columns *c);

/* As format_link and format_link_names do it for links. */
MUST_USE enum err recordline_put(struct buf *out, enum format f, const struct columns *c,
                                 const struct record *r, struct str cursor);
MUST_USE enum err recordline_names(struct buf *out, enum format f, const struct columns *c);

#endif
