/* action - what callers may do with a job, by its state.
 *
 * The one table of it: the calls, their refusals and "actions" of a job derive from
 * it. Whether a move is made the store decides; it is asked in any case, because a call
 * whose aim is reached already succeeds. Pure.
 */
#ifndef API_ACTION_H
#define API_ACTION_H

#include "storage/model.h"

enum action { ACTION_PAUSE, ACTION_RESUME, ACTION_CANCEL, ACTION_RETRY, ACTION_COUNT };

/* States in which URLs may be put into a job, new ones or failed ones again. */
bool action_takes_urls(enum job_state s);

const char *action_name(enum action a);    /* "pause" */
const char *action_done(enum action a);    /* "paused" */
enum job_state action_goal(enum action a); /* for store_job_move; not of a retry */
/* Would it change the job? Of a retry: is it what is left to be done? It may be called
 * while others go on, too. */
bool action_is_open(enum action a, const struct job *j);

#endif
