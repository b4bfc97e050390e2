/* dryrun - says what a list would be as a job, and leaves nothing behind. */
#ifndef API_DRYRUN_H
#define API_DRYRUN_H

#include "api/call.h"

/* The call's list is complete, and to be looked at only. */
void dryrun_answer(struct api_call *c);

#endif
