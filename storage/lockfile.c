#include "storage/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/own.h"

static enum err explain(struct buf *why, const char *path, const char *detail, enum err e) {
    if (why && buf_printf(why, "%s: %s", path, detail) != ERR_OK)
        buf_clear(why);
    return e;
}

enum err lockfile_take(const char *database, int *ret_fd, struct buf *why) {
    OWNED_CHARS char *path = NULL;
    int fd;

    if (asprintf(&path, "%s.lock", database) < 0) {
        path = NULL;
        return ERR_NO_MEMORY;
    }
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return explain(why, path, strerror(errno), ERR_IO);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int number = errno;

        (void)close(fd);
        return number == EWOULDBLOCK
                   ? explain(why, path, "another process uses this database", ERR_BUSY)
                   : explain(why, path, strerror(number), ERR_IO);
    }
    *ret_fd = fd;
    return ERR_OK;
}
