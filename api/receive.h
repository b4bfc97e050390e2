/* receive - a list on its way in, for a new job or one that is there: what kind of body
 * it is, decoded as it arrives, its options and URLs handed on.
 *
 * Text is streamed into the ingest; JSON is gathered up to a limit first. What is
 * wrong in the middle of a body is remembered, and answered after it. One thread at
 * a time.
 */
#ifndef API_RECEIVE_H
#define API_RECEIVE_H

#include "api/call.h"

/* Looks at the head and the query. |adds|: the list goes into the job of the path, and
 * brings no options. NULL: the call is answered. */
struct receive *receive_new(struct api_call *c, bool adds);
/* 409: the job, in its state, takes no more URLs. */
void receive_refuse_state(struct api_call *c, const struct job *j);
void receive_free(struct receive *r); /* NULL is fine */
DEFINE_OWNED(receive)

/* May answer the call. */
void receive_feed(struct receive *r, struct api_call *c, struct str piece);
/* The body is complete: stores the job or adds to it, or answers the call. False: it is
 * answered.
 * *ret_submission is the caller's to free. */
bool receive_finish(struct receive *r, struct api_call *c, struct job **ret_job,
                    struct submission *ret_submission);

/* It is to be looked at only: with receive_survey instead. */
bool receive_is_dry(const struct receive *r);
/* False: it is answered. Both are the caller's to free, |*ret_options| is borrowed. */
bool receive_survey(struct receive *r, struct api_call *c, struct survey *ret_survey,
                    struct submission *ret_submission, const struct job_options **ret_options);

#endif
