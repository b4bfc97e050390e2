/* Deleting what is left of deleted jobs, and giving the space back: in pieces that
 * nobody feels. A large DELETE would make a WAL of the database's size. */
#include "storage/sqlite.h"

#include "base/clock.h"

enum { FREE_PAGES_KEPT = 1024 }; /* 8 MB: they will be used again */

enum { PIECE_WEIGHT = 2000 };

/* The tables that have rows of a job, which leaves last. ?2: at most so many. weight: of
 * one row; those of pages are long. That of a job is for looking through all the tables:
 * small jobs leave many at a time, or they would pile up where many are submitted. */
static const struct {
    const char *sql;
    int64_t weight;
} tables[] = {
    {"DELETE FROM task WHERE (job,host,seq) IN"
     " (SELECT job,host,seq FROM task WHERE job=?1 LIMIT ?2)",
     1},
    {"DELETE FROM work WHERE (job,host) IN (SELECT job,host FROM work WHERE job=?1 LIMIT ?2)", 1},
    {"DELETE FROM seen WHERE (job,hash) IN (SELECT job,hash FROM seen WHERE job=?1 LIMIT ?2)", 1},
    {"DELETE FROM validator WHERE hash IN (SELECT hash FROM validator"
     " WHERE page>=?1<<32 AND page<(?1+1)<<32 LIMIT ?2)",
     1},
    {"DELETE FROM backlink WHERE (tenant,hash,page) IN (SELECT tenant,hash,page FROM backlink"
     " WHERE page>=?1<<32 AND page<(?1+1)<<32 LIMIT ?2)",
     1},
    {"DELETE FROM page_more WHERE (page,part) IN (SELECT page,part FROM page_more"
     " WHERE page>=?1<<32 AND page<(?1+1)<<32 LIMIT ?2)",
     10},
    {"DELETE FROM page WHERE id IN"
     " (SELECT id FROM page WHERE id>=?1<<32 AND id<(?1+1)<<32 LIMIT ?2)",
     2},
    {"DELETE FROM event WHERE (job,version) IN"
     " (SELECT job,version FROM event WHERE job=?1 LIMIT ?2)",
     1},
    {"DELETE FROM delivery WHERE (job,seq) IN (SELECT job,seq FROM delivery WHERE job=?1 LIMIT ?2)",
     10},
    {"DELETE FROM tally WHERE (job,kind,key) IN"
     " (SELECT job,kind,key FROM tally WHERE job=?1 LIMIT ?2)",
     1},
    {"DELETE FROM job WHERE no=?1 AND ?2>0", 40},
};
_Static_assert(SEQ_BITS == 32, "the shift in the statements");

struct sweep {
    int64_t rows;
    int64_t left; /* of the piece's weight */
    bool more;
};

/* Up to what is left of the piece, which may then be less than nothing. */
static enum err sweep_job(struct db *db, struct sweep *s, int64_t job) {
    enum err e = ERR_OK;

    for (size_t i = 0; i < sizeof tables / sizeof *tables && e == ERR_OK && s->left > 0; i++) {
        int64_t weight = tables[i].weight, rows = (s->left + weight - 1) / weight;

        e = DB_RUN(db, tables[i].sql, db_int(job), db_int(rows));
        s->rows += db_changes(db);
        s->left -= db_changes(db) * weight;
    }
    return e;
}

static enum err run_sweep(struct writer *w, void *arg) {
    struct sweep *s = arg;
    struct db *db = writer_db(w);
    enum err e = ERR_OK;

    while (e == ERR_OK && s->left > 0) {
        int64_t job;

        e = db_number(db, "SELECT no FROM job WHERE state=8 ORDER BY no LIMIT 1", &job);
        _Static_assert(JOB_DELETED == 8, "the number in the statement");
        if (e == ERR_OK)
            e = sweep_job(db, s, job);
    }
    s->more = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* The WAL may stay below what makes the writer look after it. Where a reader keeps it, the
 * file shrinks with a later checkpoint. */
static void cut_file(struct writer *w) {
    struct sqlite *s = sqlite_of(writer_backend(w));

    if (s->gave_back)
        writer_checkpoint(w);
    s->gave_back = false;
}

/* True where there is more to give back. */
static bool give_back(struct writer *w) {
    struct db *db = writer_db(w);
    int64_t free_pages = 0;

    if (db_number(db, "PRAGMA freelist_count", &free_pages) != ERR_OK)
        return false;
    if (free_pages <= FREE_PAGES_KEPT) {
        cut_file(w);
        return false;
    }
    sqlite_of(writer_backend(w))->gave_back = true;
    /* an error here is one of storage: the next write will meet it, and say so */
    return db_exec(db, "PRAGMA incremental_vacuum(256)") == ERR_OK;
}

/* --- memos of hosts that have expired ------------------------------------------------- */

enum {
    MEMOS_LOOKED_AT = 200,   /* once a second, round and round */
    MEMO_KEPT_MS = 86400000, /* after the last time that it holds */
};

/* The rows behind |from|: the last of them, and whether one of them may go. */
static enum err look_at_memos(struct db *db, int64_t from, int64_t before, int64_t *ret_last,
                              bool *ret_any) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT id,max(blocked_until,robots_until,noted_at)<?2 FROM host"
                          " WHERE id>?1 ORDER BY id LIMIT ?3",
                          db_int(from), db_int(before), db_int(MEMOS_LOOKED_AT));

    *ret_any = false;
    *ret_last = -1; /* at the end: from the start again */
    while (e == ERR_OK && (e = db_step(db, st)) == ERR_OK) {
        *ret_last = sqlite3_column_int64(st, 0);
        *ret_any = *ret_any || sqlite3_column_int64(st, 1);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

struct expiry {
    int64_t from, last, before;
};

static enum err run_expiry(struct writer *w, void *arg) {
    const struct expiry *x = arg;

    return DB_RUN(
        writer_db(w),
        "DELETE FROM host WHERE id>?1 AND id<=?2 AND max(blocked_until,robots_until,noted_at)<?3",
        db_int(x->from), db_int(x->last), db_int(x->before));
}

static void expire_memos(struct writer *w) {
    struct sqlite *s = sqlite_of(writer_backend(w));
    struct expiry x = {.from = s->expired_to, .before = clock_wall_ms() - MEMO_KEPT_MS};
    bool any;

    if (look_at_memos(writer_db(w), x.from, x.before, &x.last, &any) == ERR_OK &&
        (!any || writer_alone(w, run_expiry, &x)))
        s->expired_to = x.last;
}

void sqlite_tick(struct writer *w) {
    moves_tick(w);
    expire_memos(w);
    once_tick(w);
}

bool sqlite_sweep(struct writer *w) {
    struct sweep s = {.left = PIECE_WEIGHT};

    if (!writer_alone(w, run_sweep, &s))
        return true;
    writer_backend(w)->sweep_rows += (uint64_t)s.rows;
    return s.more || give_back(w);
}
