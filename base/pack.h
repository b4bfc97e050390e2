/* pack - compresses in a stream: gzip (RFC 1952) and Zstandard (RFC 8878).
 *
 * For answers on their way out: quick rather than small, some 300 KiB of memory each.
 * One thread at a time.
 */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include "base/buf.h"
#include "base/own.h"

enum pack_format { PACK_GZIP, PACK_ZSTD };

struct pack;
struct pack *pack_new(enum pack_format format); /* NULL: out of memory */
void pack_free(struct pack *p);                 /* NULL is fine */
DEFINE_OWNED(pack)

/* Appends to |out| what is ready; some may be kept for later. ERR_NO_MEMORY, ERR_TOO_BIG past
 * the buffer's maximum. */
MUST_USE enum err pack_feed(struct pack *p, struct str bytes, struct buf *out);
/* The end: appends all that was kept. */
MUST_USE enum err pack_finish(struct pack *p, struct buf *out);

#endif
