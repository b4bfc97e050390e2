/* jobjson - a job as callers see it. Pure. */
#ifndef API_JOBJSON_H
#define API_JOBJSON_H

#include "api/writer.h"
#include "storage/store.h"

/* Writes the members of a job without the brackets: more may follow. |running|:
 * tasks that the engine has now; clamped, so that the counts always sum to total. */
void jobjson_write(struct writer *w, const struct job *j, uint64_t running, int64_t now_ms);

/* "submission": what became of a list. */
void jobjson_write_submission(struct writer *w, const struct submission *sub);

#endif
