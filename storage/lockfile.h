/* lockfile - one process a database: FILE.lock beside it, held while it is open.
 *
 * A file of its own, because closing any descriptor of a database drops the locks
 * that SQLite has on it.
 */
#ifndef STORAGE_LOCKFILE_H
#define STORAGE_LOCKFILE_H

#include "base/buf.h"

/* |database|: the path of the database. On ERR_OK the caller closes *ret_fd to let
 * go. ERR_BUSY: another process has it; ERR_IO; |why| (may be NULL) gets a line. */
MUST_USE enum err lockfile_take(const char *database, int *ret_fd, struct buf *why);
/* Takes away the file as well, where |database| turned out to be none: |fd| is still to
 * be closed. */
void lockfile_remove(const char *database, int fd);

#endif
