/* seedrow - one seed as it stands in the spool. Pure but for reading the spool. */
#ifndef STORAGE_SEEDROW_H
#define STORAGE_SEEDROW_H

#include "storage/model.h"
#include "storage/spool.h"

struct seedrow {
    int64_t host, seq; /* host: host_id of the key */
    enum code code;    /* of a reject, or CODE_NONE */
    struct str url, input, host_key;
};

enum { SEEDROW_HEAD_BYTES = 32, SEEDROW_MAX_BYTES = 3 << 20 };

MUST_USE enum err seedrow_put(struct buf *b, const struct seedrow *row);
/* The row at the front of |bytes|, borrowed from there, and its length with the
 * head. ERR_NOT_FOUND where |bytes| hold less than *ret_len; the row is not
 * written then. */
MUST_USE enum err seedrow_get(struct str bytes, struct seedrow *ret_row, size_t *ret_len);
/* The row at |pos| of the spool; it borrows from |b|, which is overwritten. */
MUST_USE enum err seedrow_read(const struct spool *s, uint64_t pos, struct buf *b,
                               struct seedrow *ret_row);

#endif
