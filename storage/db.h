/* db - one connection to an SQLite database: opened one way, its statements
 * prepared once, its errors in our words.
 *
 * Used by one thread at a time. Statements are known by their text: the address
 * of a string literal, which thus stands where it is used.
 */
#ifndef STORAGE_DB_H
#define STORAGE_DB_H

#include <sqlite3.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/own.h"

struct db {
    sqlite3 *handle;
    struct map statements;
};

enum db_role {
    DB_WRITER, /* the one that changes and checkpoints; creates the file */
    DB_READER,
};

enum { DB_PAGE_BYTES = 8192, DB_WAL_KEPT_BYTES = 64 << 20, DB_BUSY_MS = 5000 };

/* Sets and verifies every pragma. |admit| (may be NULL) looks at the database before
 * anything in it is changed; its error ends the opening. On an error |why| (may be
 * NULL) gets a line. */
typedef enum err db_admit(struct db *db, struct buf *why);
MUST_USE enum err db_open(const char *path, enum db_role role, db_admit *admit, struct db **ret_db,
                          struct buf *why);
void db_free(struct db *db); /* NULL is fine */
DEFINE_OWNED(db)

/* What SQLite's result code means to us; of the last call on |db|. ERR_OK also for
 * a row and for the end of rows. */
MUST_USE enum err db_err(const struct db *db, int rc);
/* Of such an error: the writer can do nothing now, whatever it is asked. */
bool db_err_is_of_storage(enum err e);

MUST_USE enum err db_exec(struct db *db, const char *sql); /* not prepared; no result wanted */

/* A value for a parameter. Blobs are borrowed until the statement is reset; an
 * empty one with ptr NULL is NULL. */
struct db_value {
    int64_t number;
    struct str blob;
    bool is_blob;
};
static inline struct db_value db_int(int64_t v) {
    return (struct db_value){.number = v};
}
static inline struct db_value db_blob(struct str s) {
    return (struct db_value){.blob = s, .is_blob = true};
}

/* The statement of |sql| with its parameters set, ready for db_step. Only one use
 * of a text at a time. db_reset it in the end, whatever became of it. */
#define DB_QUERY(db, ret_st, sql, ...)                                                             \
    db_query(db, ret_st, sql, (const struct db_value[]){__VA_ARGS__},                              \
             sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value))
MUST_USE enum err db_query(struct db *db, sqlite3_stmt **ret_st, const char *sql,
                           const struct db_value *values, size_t n);
/* ERR_OK: there is a row; ERR_NOT_FOUND: no more. */
MUST_USE enum err db_step(struct db *db, sqlite3_stmt *st);
void db_reset(sqlite3_stmt *st); /* NULL is fine */

/* Runs a statement that gives no rows. */
#define DB_RUN(db, sql, ...)                                                                       \
    db_run(db, sql, (const struct db_value[]){__VA_ARGS__},                                        \
           sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value))
MUST_USE enum err db_run(struct db *db, const char *sql, const struct db_value *values, size_t n);
/* Rows that the last db_run changed. */
int64_t db_changes(const struct db *db);
/* The one number of the one row that |sql| gives; ERR_NOT_FOUND. */
MUST_USE enum err db_number(struct db *db, const char *sql, int64_t *ret_number);

/* A column of the current row; borrowed until the next step. NULL is empty. */
struct str db_column(sqlite3_stmt *st, int column);

static inline void own_statement_(sqlite3_stmt **st) {
    db_reset(*st);
}
#define OWNED_ROWS __attribute__((cleanup(own_statement_))) /* reset at the end of the scope */

#endif
