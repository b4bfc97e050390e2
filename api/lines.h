/* lines - reads a list of URLs, one a line, while it arrives in pieces.
 *
 * Pure; the same lines come out however the text is cut. A BOM at the start and
 * carriage returns are dropped, lines are trimmed; blank ones and those that start
 * with '#' are passed over. Memory: one line.
 */
#ifndef API_LINES_H
#define API_LINES_H

#include "base/buf.h"

enum {
    LINES_MAX_BYTES = 8192,      /* of a line, trimmed */
    LINES_MAX_RAW_BYTES = 16384, /* that are kept of a line whose end has not come */
    LINES_SHOWN_BYTES = 1024,    /* of a line that is too long */
};

struct lines {
    struct buf held; /* the start of a line whose end has not come */
    uint64_t number; /* of the line at hand, from 1 */
    bool is_overlong;
    bool is_indented; /* blanks were dropped before what is held */
};

void lines_init(struct lines *l);
void lines_done(struct lines *l);

/* Gets each line that counts; |is_too_long|: |line| is only its start, perhaps with
 * a character cut in two. What it returns but ERR_OK ends the feed with that. */
typedef enum err lines_sink(void *arg, struct str line, bool is_too_long);

/* ERR_INVALID: the line |l->number| is not UTF-8. After an error: no more. */
MUST_USE enum err lines_feed(struct lines *l, struct str bytes, lines_sink *sink, void *arg);
MUST_USE enum err lines_finish(struct lines *l, lines_sink *sink, void *arg); /* the last line */

#endif
