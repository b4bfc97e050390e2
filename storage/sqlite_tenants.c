/* The names of tenants and their numbers, which jobs go by. */
#include "storage/sqlite.h"

struct naming {
    struct request request;
    struct str name;
    int64_t no; /* answered */
};

static enum err find(struct db *db, struct str name, int64_t *ret_no) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st, "SELECT no FROM tenant WHERE name=?1", db_blob(name));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        *ret_no = sqlite3_column_int64(st, 0);
    return e;
}

static enum err run_naming(struct writer *w, struct request *r) {
    struct naming *n = CONTAINER_OF(r, struct naming, request);
    enum err e =
        DB_RUN(writer_db(w), "INSERT OR IGNORE INTO tenant(name) VALUES(?1)", db_blob(n->name));

    return e == ERR_OK ? find(writer_db(w), n->name, &n->no) : e;
}

enum err sqlite_tenant(struct backend *b, struct str name, int64_t *ret_no) {
    struct naming n = {.request = {.run = run_naming, .durable = true}, .name = name};
    enum err e = writer_call(sqlite_of(b)->writer, &n.request);

    if (e == ERR_OK)
        *ret_no = n.no;
    return e;
}
