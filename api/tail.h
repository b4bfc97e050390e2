/* tail - a stream that stays with its job until the job ends: how the job was when the
 * stream looked last, when there is something new, and when a sign of life is due.
 *
 * Look first, then read what the job has: what comes later makes a later version. One
 * thread at a time.
 */
#ifndef API_TAIL_H
#define API_TAIL_H

#include "api/api.h"

enum { TAIL_SILENCE_MS = 15 * 1000 };

struct tail;
/* |now_ms|: wall clock. */
struct tail *tail_new(struct store *store, int64_t job, int64_t now_ms);
void tail_free(struct tail *t); /* NULL is fine */
DEFINE_OWNED(tail)

/* ERR_NOT_FOUND: the job is gone. */
MUST_USE enum err tail_look(struct tail *t);
/* As it was then; borrowed until the next look. */
const struct job *tail_job(const struct tail *t);
/* It was finished then: what is read after it is all there will be. */
bool tail_is_over(const struct tail *t);

/* Something was sent. */
void tail_spoke(struct tail *t);
/* Nothing was for so long that the other side may wonder. */
bool tail_is_silent(const struct tail *t);

/* For api_reader: news since the last look, or the next sign of life. */
struct api_wait tail_wait(const struct tail *t);
void tail_resume(struct tail *t, int64_t now_ms);
int64_t tail_now(const struct tail *t);

#endif
