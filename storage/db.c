#include "storage/db.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* --- errors ------------------------------------------------------------------- */

static bool is_full(int number) {
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

/* A file-size limit or a quota comes as an I/O error. The reason is with the file
 * that was written last: the database or its WAL. */
static bool is_for_lack_of_space(const struct db *db) {
    sqlite3_file *file = NULL;
    int number = 0;

    if (is_full(sqlite3_system_errno(db->handle)))
        return true;
    (void)sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
    if (is_full(number))
        return true;
    (void)sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
    if (file && file->pMethods)
        (void)file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number);
    return is_full(number);
}

enum err db_err(const struct db *db, int rc) {
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return ERR_OK;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_NOMEM:
        return ERR_NO_MEMORY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_TOOBIG:
        return ERR_TOO_BIG;
    case SQLITE_INTERRUPT:
        return ERR_STOPPED;
    case SQLITE_IOERR:
        return is_for_lack_of_space(db) ? ERR_FULL : ERR_IO;
    default:
        return ERR_IO;
    }
}

bool db_err_is_of_storage(enum err e) {
    return e == ERR_FULL || e == ERR_IO || e == ERR_CORRUPT || e == ERR_NO_MEMORY || e == ERR_BUSY;
}

/* --- statements ---------------------------------------------------------------- */

static enum err prepared(struct db *db, const char *sql, sqlite3_stmt **ret_st) {
    uint64_t key = (uint64_t)(uintptr_t)sql;
    sqlite3_stmt *st = map_get(&db->statements, key);
    int rc;

    if (!st) {
        rc = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
        if (rc != SQLITE_OK)
            return db_err(db, rc);
        map_put(&db->statements, key, st);
    }
    *ret_st = st;
    return ERR_OK;
}

static int bind_one(sqlite3_stmt *st, int at, const struct db_value *v) {
    if (!v->is_blob)
        return sqlite3_bind_int64(st, at, v->number);
    if (!v->blob.ptr)
        return sqlite3_bind_null(st, at);
    return sqlite3_bind_blob64(st, at, v->blob.ptr, v->blob.len, SQLITE_STATIC);
}

enum err db_query(struct db *db, sqlite3_stmt **ret_st, const char *sql,
                  const struct db_value *values, size_t n) {
    sqlite3_stmt *st = NULL;
    enum err e = prepared(db, sql, &st);

    for (size_t i = 0; i < n && e == ERR_OK; i++)
        e = db_err(db, bind_one(st, (int)i + 1, &values[i]));
    if (e == ERR_OK)
        *ret_st = st;
    return e;
}

enum err db_step(struct db *db, sqlite3_stmt *st) {
    int rc = sqlite3_step(st);

    return rc == SQLITE_DONE ? ERR_NOT_FOUND : db_err(db, rc);
}

void db_reset(sqlite3_stmt *st) {
    (void)sqlite3_reset(st); /* says again what the last step said */
}

enum err db_run(struct db *db, const char *sql, const struct db_value *values, size_t n) {
    sqlite3_stmt *st;
    enum err e = db_query(db, &st, sql, values, n);

    if (e != ERR_OK)
        return e;
    e = db_step(db, st);
    db_reset(st);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

int64_t db_changes(const struct db *db) {
    return sqlite3_changes64(db->handle);
}

enum err db_number(struct db *db, const char *sql, int64_t *ret_number) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = prepared(db, sql, &st);

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        *ret_number = sqlite3_column_int64(st, 0);
    return e;
}

struct str db_column(sqlite3_stmt *st, int column) {
    const char *bytes = sqlite3_column_blob(st, column); /* before its length: it may convert */

    return str_at(bytes, (size_t)sqlite3_column_bytes(st, column));
}

enum err db_exec(struct db *db, const char *sql) {
    return db_err(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

/* --- opening -------------------------------------------------------------------- */

struct pragma {
    const char *name;
    int64_t value;
};

/* In force only while a database is being created. */
static const struct pragma file_pragmas[] = {{"page_size", DB_PAGE_BYTES}, {"auto_vacuum", 2}};
static const struct pragma writer_pragmas[] = {
    {"journal_size_limit", DB_WAL_KEPT_BYTES},
    {"wal_autocheckpoint", 0}, /* the writer's thread does it between transactions */
    {"synchronous", 1},        /* NORMAL; the writer's thread switches */
    {"cache_size", -4096},
    {"temp_store", 2},
    {"trusted_schema", 0},
};
static const struct pragma reader_pragmas[] = {
    {"query_only", 1}, {"wal_autocheckpoint", 0}, {"cache_size", -1024},
    {"temp_store", 2}, {"trusted_schema", 0},
};

/* The first column of |sql|'s first row; "" where it gives none. */
static enum err ask(struct db *db, const char *sql, char *ret_text, size_t size) {
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE)
        (void)snprintf(ret_text, size, "%s",
                       rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : "");
    /* What a row told is done only now: journal_mode=WAL, for one, says "wal" and may fail. */
    if (sqlite3_finalize(st) != SQLITE_OK && (rc == SQLITE_ROW || rc == SQLITE_DONE))
        rc = sqlite3_extended_errcode(db->handle);
    return db_err(db, rc);
}

enum { PRAGMA_LEN = 80 };

static enum err set(struct db *db, const struct pragma *p) {
    char sql[PRAGMA_LEN];

    (void)snprintf(sql, sizeof sql, "PRAGMA %s=%lld", p->name, (long long)p->value);
    return db_exec(db, sql);
}

static enum err set_and_verify(struct db *db, const struct pragma *all, size_t n) {
    char sql[PRAGMA_LEN], wanted[PRAGMA_LEN], got[PRAGMA_LEN];

    for (size_t i = 0; i < n; i++) {
        enum err e = set(db, &all[i]);

        (void)snprintf(sql, sizeof sql, "PRAGMA %s", all[i].name);
        (void)snprintf(wanted, sizeof wanted, "%lld", (long long)all[i].value);
        if (e == ERR_OK)
            e = ask(db, sql, got, sizeof got);
        if (e != ERR_OK)
            return e;
        if (strcmp(got, wanted) != 0)
            return ERR_UNSUPPORTED;
    }
    return ERR_OK;
}

static enum err set_up_writer(struct db *db) {
    char mode[PRAGMA_LEN];
    enum err e = ERR_OK;

    for (size_t i = 0; i < sizeof file_pragmas / sizeof *file_pragmas && e == ERR_OK; i++)
        e = set(db, &file_pragmas[i]);
    if (e == ERR_OK)
        e = ask(db, "PRAGMA journal_mode=WAL", mode, sizeof mode);
    if (e != ERR_OK)
        return e;
    if (strcmp(mode, "wal") != 0)
        return ERR_UNSUPPORTED;
    return set_and_verify(db, writer_pragmas, sizeof writer_pragmas / sizeof *writer_pragmas);
}

static enum err set_up(struct db *db, enum db_role role) {
    enum err e;

    (void)sqlite3_busy_timeout(db->handle, DB_BUSY_MS);
    e = db_err(db, sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL));
    if (e != ERR_OK)
        return e;
    if (role == DB_WRITER)
        return set_up_writer(db);
    /* Two connections that checkpoint at one moment may corrupt the file (SQLite
     * before 3.51.3): this one never does, not even on its way out. */
    e = db_err(db, sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL));
    if (e != ERR_OK)
        return e;
    return set_and_verify(db, reader_pragmas, sizeof reader_pragmas / sizeof *reader_pragmas);
}

static void explain(struct buf *why, const char *path, struct db *db, enum err e) {
    const char *detail = db->handle ? sqlite3_errmsg(db->handle) : err_text(e);

    if (e == ERR_UNSUPPORTED)
        detail = "this file system cannot hold a database in WAL mode";
    if (why && !why->len && e != ERR_OK && buf_printf(why, "%s: %s", path, detail) != ERR_OK)
        buf_clear(why);
}

/* Counting memory takes a global lock at each allocation, for numbers that nobody
 * reads. Before the first connection of the process, or not at all. */
static void set_up_library(void) {
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum err db_open(const char *path, enum db_role role, db_admit *admit, struct db **ret_db,
                 struct buf *why) {
    OWNED(db) struct db *db = NEW(struct db);
    /* one thread at a time: no mutexes of SQLite's own */
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE |
                (role == DB_WRITER ? SQLITE_OPEN_CREATE : 0);
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    enum err e;

    (void)pthread_once(&once, set_up_library);
    map_init(&db->statements);
    e = db_err(db, sqlite3_open_v2(path, &db->handle, flags, NULL));
    if (e == ERR_OK && admit)
        e = admit(db, why);
    if (e == ERR_OK)
        e = set_up(db, role);
    explain(why, path, db, e);
    if (e == ERR_OK)
        *ret_db = TAKE(db);
    return e;
}

void db_free(struct db *db) {
    size_t at = 0;
    sqlite3_stmt *st;

    if (!db)
        return;
    while ((st = map_next(&db->statements, &at)))
        (void)sqlite3_finalize(st);
    map_done(&db->statements);
    (void)sqlite3_close(db->handle);
    free(db);
}
