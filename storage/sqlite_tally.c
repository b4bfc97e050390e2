#include "storage/sqlite_tally.h"

#include <string.h>

enum kind { BY_CODE, BY_STATUS, BY_TYPE, BY_TIME };

void tally_clear(struct tally *t) {
    *t = (struct tally){0};
}

/* --- media types ------------------------------------------------------------------------ */

/* "Text/HTML; charset=x" as "text/html"; false: it is too long to be one. */
static bool put_essence(struct str content_type, char dst[SUMMARY_TYPE_BYTES + 1]) {
    struct str essence = str_trim(str_cut(&content_type, ';'));

    if (!essence.len || essence.len > SUMMARY_TYPE_BYTES)
        return false;
    for (size_t i = 0; i < essence.len; i++)
        dst[i] = ascii_lower(essence.ptr[i]);
    dst[essence.len] = '\0';
    return true;
}

static struct summary_type *find_type(struct tally *t, const char *type) {
    for (size_t i = 0; i < t->n_types; i++)
        if (strcmp(t->types[i].type, type) == 0)
            return &t->types[i];
    return NULL;
}

static void add_type(struct tally *t, struct str content_type, int by) {
    char type[SUMMARY_TYPE_BYTES + 1];
    struct summary_type *known;

    if (!put_essence(content_type, type)) {
        t->other_types += by;
        return;
    }
    known = find_type(t, type);
    if (!known && t->n_types == SUMMARY_TYPES) {
        t->other_types += by;
        return;
    }
    if (!known) {
        known = &t->types[t->n_types++];
        memcpy(known->type, type, sizeof type);
        known->n = 0;
    }
    known->n += by;
}

void tally_add(struct tally *t, const struct record *r, int by) {
    t->is_dirty = true;
    t->by_code[r->code] += by;
    if (r->http_status == 0 || r->http_status >= SUMMARY_STATUSES)
        return;
    t->by_status[r->http_status] += by;
    t->by_time[summary_time(r->elapsed_ms)] += by;
    add_type(t, r->content_type, by);
}

/* --- the table ---------------------------------------------------------------------------- */

static enum err put(struct db *db, int64_t job, enum kind kind, struct db_value key, int64_t n) {
    if (n == 0)
        return ERR_OK;
    return DB_RUN(db,
                  "INSERT INTO tally(job,kind,key,n) VALUES(?1,?2,?3,?4)"
                  " ON CONFLICT(job,kind,key) DO UPDATE SET n=n+excluded.n",
                  db_int(job), db_int(kind), key, db_int(n));
}

static enum err put_numbers(struct db *db, int64_t job, enum kind kind, const int64_t *n,
                            size_t count) {
    enum err e = ERR_OK;

    for (size_t i = 0; i < count && e == ERR_OK; i++)
        e = put(db, job, kind, db_int((int64_t)i), n[i]);
    return e;
}

/* One that the job has, or has room for; the others are counted together. */
static enum err put_type(struct db *db, int64_t job, const struct summary_type *t, int64_t *other) {
    enum err e;

    if (t->n == 0)
        return ERR_OK;
    e = DB_RUN(db,
               "INSERT INTO tally(job,kind,key,n) SELECT ?1,?2,?3,?4"
               " WHERE EXISTS(SELECT 1 FROM tally WHERE job=?1 AND kind=?2 AND key=?3)"
               " OR (SELECT count(*) FROM tally WHERE job=?1 AND kind=?2)<?5"
               " ON CONFLICT(job,kind,key) DO UPDATE SET n=n+excluded.n",
               db_int(job), db_int(BY_TYPE), db_blob(str_of(t->type)), db_int(t->n),
               db_int(SUMMARY_TYPES - 1));
    if (e == ERR_OK && db_changes(db) == 0)
        *other += t->n;
    return e;
}

enum err tally_flush(struct tally *t, struct db *db, int64_t job) {
    enum err e;

    if (!t->is_dirty)
        return ERR_OK;
    e = put_numbers(db, job, BY_CODE, t->by_code, CODE_COUNT);
    if (e == ERR_OK)
        e = put_numbers(db, job, BY_STATUS, t->by_status, SUMMARY_STATUSES);
    if (e == ERR_OK)
        e = put_numbers(db, job, BY_TIME, t->by_time, SUMMARY_TIMES);
    for (size_t i = 0; i < t->n_types && e == ERR_OK; i++)
        e = put_type(db, job, &t->types[i], &t->other_types);
    if (e == ERR_OK)
        e = put(db, job, BY_TYPE, db_blob(STR("")), t->other_types);
    tally_clear(t);
    return e;
}

/* --- reading ------------------------------------------------------------------------------ */

static void take_number(uint64_t *counts, size_t n, sqlite3_stmt *row) {
    int64_t key = sqlite3_column_int64(row, 1);

    if (key >= 0 && (uint64_t)key < n)
        counts[key] = (uint64_t)sqlite3_column_int64(row, 2);
}

static void take_type(struct summary *s, sqlite3_stmt *row) {
    struct str type = db_column(row, 1);
    struct summary_type *t = &s->types[s->n_types];

    if (s->n_types == SUMMARY_TYPES || type.len > SUMMARY_TYPE_BYTES)
        return;
    if (type.len)
        memcpy(t->type, type.ptr, type.len);
    t->type[type.len] = '\0';
    t->n = sqlite3_column_int64(row, 2);
    s->n_types++;
}

/* Those that occur most first. */
enum err tally_read(struct db *db, int64_t job, struct summary *s) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT kind,key,n FROM tally WHERE job=?1 AND n>0"
                          " ORDER BY kind,n DESC,key",
                          db_int(job));

    while (e == ERR_OK && (e = db_step(db, st)) == ERR_OK) {
        switch ((enum kind)sqlite3_column_int64(st, 0)) {
        case BY_CODE:
            take_number(s->by_code, CODE_COUNT, st);
            break;
        case BY_STATUS:
            take_number(s->by_status, SUMMARY_STATUSES, st);
            break;
        case BY_TIME:
            take_number(s->by_time, SUMMARY_TIMES, st);
            break;
        case BY_TYPE:
            take_type(s, st);
            break;
        }
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
