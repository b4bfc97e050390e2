/* options - the stored form of a job's options.
 *
 * Pure. Each option stands under its own tag, so that a later version may add
 * some: unknown tags are passed over, absent ones stay zero.
 */
#ifndef STORAGE_OPTIONS_H
#define STORAGE_OPTIONS_H

#include "storage/model.h"

/* Appends. ERR_TOO_BIG past the buffer's maximum. */
MUST_USE enum err options_encode(struct buf *b, const struct job_options *o);
/* The caller owns what |ret_options| holds. */
MUST_USE enum err options_decode(struct str bytes, struct job_options *ret_options);

/* Of jobs with one variant a page's links may stand for each other's: they ask for it by the
 * same header fields and read it in the same way. Never 0.
 * ERR_TOO_BIG. */
MUST_USE enum err options_variant(const struct job_options *o, int64_t *ret_variant);

#endif
