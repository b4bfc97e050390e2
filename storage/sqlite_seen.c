#include "storage/sqlite_seen.h"

#include <stdlib.h>

#include "base/hash.h"
#include "storage/sqlite_bulk.h"

int64_t seen_hash(int64_t salt, struct str url) {
    return (int64_t)hash_u64_seeded(url, (uint64_t)salt);
}

enum err seen_has(struct db *db, int64_t job, int64_t hash, bool *ret_has) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e =
        DB_QUERY(db, &st, "SELECT 1 FROM seen WHERE job=?1 AND hash=?2", db_int(job), db_int(hash));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    *ret_has = e == ERR_OK;
    return ERR_OK;
}

static int compare(const void *pa, const void *pb) {
    int64_t a = *(const int64_t *)pa, b = *(const int64_t *)pb;

    return a < b ? -1 : a > b;
}

enum err seen_put(struct db *db, int64_t job, int64_t *hashes, size_t n) {
    struct bulk b = BULK_INIT("INSERT OR IGNORE INTO seen(job,hash) VALUES", "(?1,?)", 1, job);
    enum err e = ERR_OK;

    if (n)
        qsort(hashes, n, sizeof *hashes, compare);
    for (size_t i = 0; i < n && e == ERR_OK; i++)
        e = bulk_add(&b, db, &(const struct db_value){.number = hashes[i]});
    return e == ERR_OK ? bulk_flush(&b, db) : e;
}
