/* hold - an answer about a job that is held back until the job has moved: ?wait=SECONDS
 * and &since=VERSION, or Prefer: wait=SECONDS (RFC 7240).
 *
 * One thread at a time.
 */
#ifndef API_HOLD_H
#define API_HOLD_H

#include "api/call.h"

enum {
    HOLD_MOST_SECONDS = 60,
    /* Between two answers to one who always asks for the next version. Only the end of the
     * job is told sooner. */
    HOLD_LEAST_MS = 1000,
};

/* Reads what the caller asks for; c->hold is NULL where that is no waiting. False: the call
 * is answered. */
bool hold_read(struct api_call *c);
void hold_free(struct hold *h); /* NULL is fine */
/* Is the answer to be held, the job being as |j|? Then the call waits for hold_wait. */
bool hold_is_needed(struct api_call *c, const struct job *j);
struct api_wait hold_wait(const struct hold *h);
void hold_end(struct hold *h); /* it holds no more */
/* Tells the caller that its preference was followed, where it had one. */
void hold_add_headers(struct api_call *c);

#endif
