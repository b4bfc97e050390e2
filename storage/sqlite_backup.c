/* A copy of a database that may be in use: of one moment, and as compact as it gets. By
 * a connection of its own, which needs nobody's leave: docs/decisions/0020. */
#include "storage/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "storage/sqlite_schema.h"

static enum err fail(struct buf *why, const char *file, const char *what) {
    if (buf_printf(why, "%s: %s", file, what) != ERR_OK)
        buf_clear(why);
    return ERR_IO;
}

static enum err sync_file(const char *file, int flags, struct buf *why) {
    OWNED_FD int fd = open(file, flags | O_CLOEXEC);

    return fd >= 0 && fsync(fd) == 0 ? ERR_OK : fail(why, file, strerror(errno));
}

static enum err sync_folder_of(const char *file, struct buf *why) {
    OWNED_CHARS char *folder = mem_chars(str_of(file));
    char *slash = strrchr(folder, '/');

    if (!slash)
        return sync_file(".", O_RDONLY | O_DIRECTORY, why);
    slash[slash == folder] = '\0';
    return sync_file(folder, O_RDONLY | O_DIRECTORY, why);
}

/* Nobody's file is written over. */
static enum err take_name(const char *partial, const char *file, struct buf *why) {
    if (renameat2(AT_FDCWD, partial, AT_FDCWD, file, RENAME_NOREPLACE) != 0)
        return fail(why, file, strerror(errno));
    return sync_folder_of(file, why);
}

static enum err copy_into(struct db *db, const char *partial, struct buf *why) {
    sqlite3_stmt *st = NULL;
    enum err e = db_exec(db, "PRAGMA query_only=0");

    (void)unlink(partial); /* of a backup that was killed */
    if (e == ERR_OK)
        e = DB_QUERY(db, &st, "VACUUM INTO CAST(?1 AS TEXT)", db_blob(str_of(partial)));
    if (e == ERR_OK)
        e = db_step(db, st);
    e = e == ERR_NOT_FOUND ? ERR_OK : e;
    if (e != ERR_OK)
        (void)fail(why, partial, sqlite3_errmsg(db->handle));
    db_reset(st);
    return e == ERR_OK ? sync_file(partial, O_RDWR, why) : e;
}

enum err sqlite_backup(struct str path, const char *file, struct buf *why) {
    OWNED_CHARS char *from = mem_chars(path);
    OWNED_BUF struct buf partial = BUF_INIT(PATH_MAX);
    OWNED(db) struct db *db = NULL;
    enum err e = db_open(from, DB_READER, sqlite_schema_admit, &db, why);

    if (e != ERR_OK)
        return e;
    if (access(file, F_OK) == 0)
        return fail(why, file, strerror(EEXIST));
    if (buf_printf(&partial, "%s.partial", file) != ERR_OK ||
        buf_put_char(&partial, '\0') != ERR_OK)
        return fail(why, file, strerror(ENAMETOOLONG));
    e = copy_into(db, partial.ptr, why);
    if (e == ERR_OK)
        e = take_name(partial.ptr, file, why);
    if (e != ERR_OK)
        (void)unlink(partial.ptr);
    return e;
}
