/* linkrow - the stored form of a page's links: one row a part.
 *
 * Pure but for the zstd contexts that a codec keeps. A part holds at most
 * LINKROW_TEXT_BYTES of text, or one link that is longer than that:
 *
 *   version, flags | n, length of urls, of marks, of texts | urls marks texts
 *
 * The first line is two bytes and four varints; the rest is compressed where
 * that pays. One thread at a time a codec.
 */
#ifndef STORAGE_LINKROW_H
#define STORAGE_LINKROW_H

#include "base/own.h"
#include "storage/model.h"

enum { LINKROW_TEXT_BYTES = 64 << 10 };

struct linkrow_codec;
struct linkrow_codec *linkrow_codec_new(void);
void linkrow_codec_free(struct linkrow_codec *c); /* NULL is fine */
DEFINE_OWNED(linkrow_codec)

/* Moves the next part of |*rest| (n > 0) into |out|, which is cleared before. */
MUST_USE enum err linkrow_encode(struct linkrow_codec *c, struct links_view *rest, struct buf *out);

/* |ret_links| borrows from |row| and from the codec until its next call.
 * *ret_more: further parts follow. ERR_CORRUPT. */
MUST_USE enum err linkrow_decode(struct linkrow_codec *c, struct str row,
                                 struct links_view *ret_links, bool *ret_more);

#endif
