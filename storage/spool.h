/* spool - bytes that are written once and read back at any place: in memory
 * while they are few, then in a nameless file that is gone with its descriptor.
 *
 * One thread at a time.
 */
#ifndef STORAGE_SPOOL_H
#define STORAGE_SPOOL_H

#include "base/buf.h"

struct spool {
    const char *folder; /* borrowed: where the file would be */
    struct buf memory;  /* all bytes, until they are more than its maximum */
    int fd;             /* -1: all is in memory */
    uint64_t len;
};

void spool_init(struct spool *s, const char *folder, size_t memory_bytes);
void spool_done(struct spool *s);

/* Appends; *ret_pos is where |bytes| begin. ERR_FULL, ERR_IO; the spool is then
 * as it was. */
MUST_USE enum err spool_put(struct spool *s, struct str bytes, uint64_t *ret_pos);
/* Copies |n| bytes from |pos| on; they must have been put. ERR_IO. */
MUST_USE enum err spool_read(const struct spool *s, uint64_t pos, char *dst, size_t n);

#endif
