#include "storage/sqlite_once.h"

#include <string.h>

#include "base/clock.h"
#include "base/guard.h"
#include "storage/sqlite.h"

static enum err read_row(sqlite3_stmt *st, struct once_done *ret_done) {
    struct str print = db_column(st, 0), job = db_column(st, 1);

    if (print.len != sizeof ret_done->print.bytes || job.len != sizeof ret_done->job.bytes)
        return ERR_CORRUPT;
    memcpy(ret_done->print.bytes, print.ptr, print.len);
    memcpy(ret_done->job.bytes, job.ptr, job.len);
    return ERR_OK;
}

static enum err find(struct db *db, const struct once *o, struct once_done *ret_done) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e =
        DB_QUERY(db, &st, "SELECT print,job FROM once WHERE tenant=?1 AND key=?2 AND at>?3",
                 db_int(o->tenant), db_blob(str_of(o->key)), db_int(o->at - ONCE_KEPT_MS));

    if (e == ERR_OK)
        e = db_step(db, st);
    return e == ERR_OK ? read_row(st, ret_done) : e;
}

enum err sqlite_once_find(struct backend *b, const struct once *o, struct once_done *ret_done) {
    struct sqlite *s = sqlite_of(b);
    struct reader *r;
    enum err e = pool_get(s->pool, &r);

    if (e != ERR_OK)
        return e;
    e = find(r->db, o, ret_done);
    pool_put(s->pool, r);
    return e;
}

/* One that is there is too old to count any more. */
enum err once_put(struct db *db, const struct once *o, const struct uuid *job) {
    if (!o || !GUARD("once_kept"))
        return ERR_OK;
    return DB_RUN(db, "INSERT OR REPLACE INTO once(tenant,key,at,print,job) VALUES(?1,?2,?3,?4,?5)",
                  db_int(o->tenant), db_blob(str_of(o->key)), db_int(o->at),
                  db_blob(str_at((const char *)o->print.bytes, sizeof o->print.bytes)),
                  db_blob(str_at((const char *)job->bytes, sizeof job->bytes)));
}

/* --- those whose time is over ------------------------------------------------------------- */

static enum err any_is_old(struct db *db, int64_t before) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st, "SELECT 1 FROM once WHERE at<=?1 LIMIT 1", db_int(before));

    return e == ERR_OK ? db_step(db, st) : e;
}

static enum err run_expiry(struct writer *w, void *arg) {
    const int64_t *before = arg;

    return DB_RUN(writer_db(w),
                  "DELETE FROM once WHERE (tenant,key) IN"
                  " (SELECT tenant,key FROM once WHERE at<=?1 ORDER BY at LIMIT 2000)",
                  db_int(*before));
}

void once_tick(struct writer *w) {
    int64_t before = clock_wall_ms() - ONCE_KEPT_MS;

    /* where it fails, the writer knows; the next tick tries again */
    if (any_is_old(writer_db(w), before) == ERR_OK)
        (void)writer_alone(w, run_expiry, &before);
}
