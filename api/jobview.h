/* jobview - a job as an answer: what is stored of it, and how it goes at this moment,
 * which the engine and other reads of the store tell.
 */
#ifndef API_JOBVIEW_H
#define API_JOBVIEW_H

#include "api/action.h"
#include "api/call.h"
#include "api/jobjson.h"

/* How it goes at this moment. */
struct job_view jobview_of(struct api *a, const struct job *j, int64_t now_ms);
/* How it went until |at_ms|, when |j| was as it is: the same whenever it is asked. */
struct job_view jobview_then(const struct api *a, const struct job *j, int64_t at_ms);
/* The members of a job without the brackets. */
void jobview_write(const struct api_call *c, struct writer *w, const struct job *j);
/* As one of many, for which its hosts are not looked at. */
void jobview_write_listed(const struct api_call *c, struct writer *w, const struct job *j);

/* Answers with the job and its ETag. */
void jobview_answer(struct api_call *c, unsigned status, const struct job *j);
/* "Location", the job's own path; and the job for the log. After the answer. */
void jobview_add_location(struct api_call *c, const struct job *j);
/* The ETag of what changes with the job. After the answer. */
void jobview_add_etag(struct api_call *c, uint64_t version);
/* By If-None-Match: the caller has it as it is at |version|. */
bool jobview_is_known(const struct api_call *c, uint64_t version);
/* 304: the caller knows |version|, which it is at. */
void jobview_answer_unchanged(struct api_call *c, uint64_t version);
/* 409: its state has no such action. */
void jobview_refuse(struct api_call *c, const struct job *j, enum action a);

#endif
