#include "storage/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/own.h"

static enum err explain(struct buf *why, const char *path, const char *detail, enum err e) {
    if (why && buf_printf(why, "%s: %s", path, detail) != ERR_OK)
        buf_clear(why);
    return e;
}

static char *path_of(const char *database) {
    char *path;

    return asprintf(&path, "%s.lock", database) < 0 ? NULL : path;
}

/* Whether |path| is still the file that |fd| holds: who held it before may have removed it. */
static bool is_there(const char *path, int fd) {
    struct stat held, named;

    return fstat(fd, &held) == 0 && lstat(path, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

static enum err lock(const char *path, int *ret_fd, struct buf *why) {
    int number, fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return explain(why, path, strerror(errno), ERR_IO);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *ret_fd = fd;
        return ERR_OK;
    }
    number = errno;
    (void)close(fd);
    return number == EWOULDBLOCK
               ? explain(why, path, "another process uses this database", ERR_BUSY)
               : explain(why, path, strerror(number), ERR_IO);
}

enum err lockfile_take(const char *database, int *ret_fd, struct buf *why) {
    OWNED_CHARS char *path = path_of(database);
    enum err e = path ? ERR_OK : ERR_NO_MEMORY;

    while (e == ERR_OK) {
        int fd;

        e = lock(path, &fd, why);
        if (e == ERR_OK && is_there(path, fd)) {
            *ret_fd = fd;
            break;
        }
        if (e == ERR_OK)
            (void)close(fd);
    }
    return e;
}

void lockfile_remove(const char *database, int fd) {
    OWNED_CHARS char *path = path_of(database);

    if (path && is_there(path, fd))
        (void)unlink(path);
}
