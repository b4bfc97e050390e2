/* inflate - decodes gzip and deflate in a stream, with limits (RFC 1950-1952).
 *
 * Used for bodies from clients and from servers alike; both are hostile. The
 * layers above see decoded pieces of at most 64 KiB at a time.
 */
#ifndef BASE_INFLATE_H
#define BASE_INFLATE_H

#include "base/own.h"
#include "base/str.h"

enum inflate_format {
    INFLATE_GZIP,        /* members one after another; what follows the last is ignored */
    INFLATE_GZIP_STRICT, /* members one after another, and nothing else */
    INFLATE_DEFLATE,     /* zlib's format, or the raw one that some servers send */
};

struct inflate;
struct inflate *inflate_new(enum inflate_format format); /* NULL: out of memory */
void inflate_free(struct inflate *f);                    /* NULL is fine */
DEFINE_OWNED(inflate)

/* Gets each decoded piece; what it returns but ERR_OK ends the feed with that. */
typedef enum err inflate_sink(void *arg, struct str piece);

/* ERR_INVALID: not in the format. ERR_NO_MEMORY. */
MUST_USE enum err inflate_feed(struct inflate *f, struct str bytes, inflate_sink *sink, void *arg);
/* The end of the input: ERR_INVALID where the format's own end was not reached
 * (a cut body), ERR_OK for no bytes at all. */
MUST_USE enum err inflate_finish(struct inflate *f);

#endif
