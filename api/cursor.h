/* cursor - where a reader of a list stands, as text that callers do not look into.
 *
 * Pure. Base64url of: kind, numbers, and a check over these and the job, so that a
 * cursor that was made up, cut or taken from another list is refused. The check is
 * no secret: a forged cursor shows nothing that its caller could not read anyway.
 */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include "base/buf.h"
#include "base/uuid.h"

enum cursor_kind {
    CURSOR_JOBS,       /* before_no */
    CURSOR_RECORDS,    /* after_seq */
    CURSOR_TASKS,      /* host, seq */
    CURSOR_LINKS,      /* seq, part, ordinal */
    CURSOR_HOSTS,      /* host */
    CURSOR_DELIVERIES, /* sequence */
    CURSOR_BACKLINKS,  /* page */
    CURSOR_DIFF,       /* hash, ordinal, number of the other job */
};

enum { CURSOR_NUMBERS = 3, CURSOR_MAX_TEXT = 64 };

struct cursor {
    enum cursor_kind kind;
    uint64_t numbers[CURSOR_NUMBERS];
};

/* |job|: whose list it is; NULL for the list of jobs. The text has no NUL. */
struct str cursor_text(const struct cursor *c, const struct uuid *job,
                       char ret_text[CURSOR_MAX_TEXT]);
MUST_USE enum err cursor_parse(struct str text, const struct uuid *job, struct cursor *ret_cursor);

#endif
