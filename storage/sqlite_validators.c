#include "storage/sqlite_validators.h"

#include "base/hash.h"

/* Of one hash may be two URLs, or two tenants': the page says which and whose. */
static int64_t key_of(const struct ledger *l, struct str url) {
    uint64_t whose = (uint64_t)l->job.tenant * 0x9e3779b97f4a7c15U;

    return (int64_t)(hash_u64(url) ^ whose ^ (uint64_t)l->variant);
}

/* --- finding -------------------------------------------------------------------------- */

static enum err is_page_of(struct db *db, int64_t page, const struct ledger *l, struct str url,
                           bool *ret_is) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct record r;
    enum err e =
        DB_QUERY(db, &st,
                 "SELECT p.record FROM page p, job j"
                 " WHERE p.id=?1 AND j.no=p.id>>32 AND j.state<>?2 AND j.tenant=?3"
                 " AND j.revalidates=?4",
                 db_int(page), db_int(JOB_DELETED), db_int(l->job.tenant), db_int(l->variant));
    _Static_assert(SEQ_BITS == 32, "the shift in the statement");

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        e = record_decode(db_column(st, 0), &r);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    *ret_is = e == ERR_OK && str_eq(r.url, url);
    return ERR_OK;
}

enum err validators_find(struct db *db, const struct ledger *l, struct str url,
                         struct validators *ret_known) {
    struct validators v = {0};
    bool is_known = false;
    enum err e = DB_QUERY(db, &v.st, "SELECT page,etag,last_modified FROM validator WHERE hash=?1",
                          db_int(key_of(l, url)));

    if (e == ERR_OK)
        e = db_step(db, v.st);
    if (e == ERR_OK) {
        v.page = sqlite3_column_int64(v.st, 0);
        v.etag = db_column(v.st, 1);
        v.last_modified = db_column(v.st, 2);
        e = is_page_of(db, v.page, l, url, &is_known);
    }
    if (e != ERR_OK || !is_known) {
        db_reset(v.st);
        v = (struct validators){0};
    }
    *ret_known = v;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- noting ----------------------------------------------------------------------------- */

static struct str or_else(struct str s, struct str other) {
    return s.len ? s : other;
}

/* A server that answers 304 need not repeat its validators. */
static struct str etag_of(const struct result *r) {
    return or_else(r->record.etag, r->record.not_modified ? task_etag(r->task) : STR_NONE);
}

static struct str last_modified_of(const struct result *r) {
    return or_else(r->record.last_modified,
                   r->record.not_modified ? task_last_modified(r->task) : STR_NONE);
}

enum err validators_note(struct db *db, const struct ledger *l, int64_t page,
                         const struct result *r) {
    int64_t key = key_of(l, r->record.url);
    struct str etag = etag_of(r), last_modified = last_modified_of(r);

    if (r->record.outcome != OUTCOME_SUCCEEDED)
        return ERR_OK;
    /* after a redirect they are those of another URL */
    if ((!etag.len && !last_modified.len) || !str_eq(r->record.final_url, r->record.url))
        return DB_RUN(db, "DELETE FROM validator WHERE hash=?1", db_int(key));
    return DB_RUN(db,
                  "INSERT OR REPLACE INTO validator(hash,page,etag,last_modified)"
                  " VALUES(?1,?2,?3,?4)",
                  db_int(key), db_int(page), db_blob(etag), db_blob(last_modified));
}

/* --- relying on ---------------------------------------------------------------------------- */

enum err validators_get_old(struct db *db, struct result *r) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct record old;
    enum err e =
        DB_QUERY(db, &st, "SELECT record FROM page WHERE id=?1", db_int(r->task->known_page));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        e = record_decode(db_column(st, 0), &old);
    if (e != ERR_OK)
        return e;
    r->record.links_found = old.links_found;
    r->record.links_dropped = old.links_dropped;
    return ERR_OK;
}

enum err validators_copy_links(struct db *db, int64_t page, int64_t old_page, struct str record) {
    enum err e =
        DB_RUN(db, "INSERT INTO page(id,record,links) SELECT ?1,?2,links FROM page WHERE id=?3",
               db_int(page), db_blob(record), db_int(old_page));

    if (e == ERR_OK && db_changes(db) != 1)
        return ERR_NOT_FOUND;
    if (e != ERR_OK)
        return e;
    return DB_RUN(db,
                  "INSERT INTO page_more(page,part,links)"
                  " SELECT ?1,part,links FROM page_more WHERE page=?2",
                  db_int(page), db_int(old_page));
}
