#include "storage/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"

void spool_init(struct spool *s, const char *folder, size_t memory_bytes) {
    *s = (struct spool){.folder = folder, .memory = BUF_INIT(memory_bytes), .fd = -1};
}

void spool_done(struct spool *s) {
    buf_done(&s->memory);
    if (s->fd >= 0)
        (void)close(s->fd);
    s->fd = -1;
    s->len = 0;
}

static enum err of_errno(int number) {
    return number == ENOSPC || number == EDQUOT || number == EFBIG ? ERR_FULL : ERR_IO;
}

/* For file systems without O_TMPFILE: a name that lives for a moment. */
static int open_and_unlink(const char *folder) {
    OWNED_CHARS char *path = NULL;
    int fd;

    if (asprintf(&path, "%s/.crawld-spool-XXXXXX", folder) < 0) {
        path = NULL;
        errno = ENOMEM;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

static enum err open_file(const char *folder, int *ret_fd) {
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT))
        fd = open_and_unlink(folder);
    if (fd < 0)
        return of_errno(errno);
    *ret_fd = fd;
    return ERR_OK;
}

static enum err write_at(int fd, struct str bytes, uint64_t pos) {
    while (bytes.len) {
        ssize_t n = pwrite(fd, bytes.ptr, bytes.len, (off_t)pos);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return of_errno(errno);
        bytes = str_from(bytes, (size_t)n);
        pos += (uint64_t)n;
    }
    return ERR_OK;
}

static enum err move_to_file(struct spool *s) {
    OWNED_FD int fd = -1;
    enum err e = open_file(s->folder, &fd);

    if (e == ERR_OK)
        e = write_at(fd, buf_str(&s->memory), 0);
    if (e != ERR_OK)
        return e;
    buf_done(&s->memory);
    s->fd = fd;
    fd = -1;
    return ERR_OK;
}

static enum err put_anywhere(struct spool *s, struct str bytes) {
    enum err e;

    if (s->fd < 0) {
        e = buf_put(&s->memory, bytes);
        if (e != ERR_TOO_BIG)
            return e;
        e = move_to_file(s);
        if (e != ERR_OK)
            return e;
    }
    return write_at(s->fd, bytes, s->len);
}

enum err spool_put(struct spool *s, struct str bytes, uint64_t *ret_pos) {
    enum err e = put_anywhere(s, bytes);

    if (e != ERR_OK)
        return e;
    *ret_pos = s->len;
    s->len += bytes.len;
    return ERR_OK;
}

enum err spool_read(const struct spool *s, uint64_t pos, char *dst, size_t n) {
    assert(pos <= s->len && n <= s->len - pos);
    if (s->fd < 0) {
        if (n)
            memcpy(dst, s->memory.ptr + pos, n);
        return ERR_OK;
    }
    while (n) {
        ssize_t got = pread(s->fd, dst, n, (off_t)pos);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return ERR_IO;
        dst += got;
        pos += (uint64_t)got;
        n -= (size_t)got;
    }
    return ERR_OK;
}
