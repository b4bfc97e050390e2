#include "storage/sqlite_jobs.h"

#include <string.h>

#include "base/mem.h"
#include "storage/options.h"
#include "storage/sqlite_outbox.h"

/* --- reading -------------------------------------------------------------------- */

#define JOB_COLUMNS LEDGER_JOB_COLUMNS ",id,priority,created_at,name,metadata,options"

static char *chars_or_null(struct str s) {
    return s.ptr ? mem_chars(s) : NULL;
}

static enum err read_job(sqlite3_stmt *st, struct job **ret_job) {
    OWNED(job) struct job *j = NEW(struct job);
    struct str id = db_column(st, LEDGER_JOB_WIDTH);
    enum err e = ledger_read_job(st, j);

    if (e != ERR_OK)
        return e;
    if (id.len != sizeof j->id.bytes)
        return ERR_CORRUPT;
    memcpy(j->id.bytes, id.ptr, id.len);
    j->priority = (uint32_t)sqlite3_column_int64(st, LEDGER_JOB_WIDTH + 1);
    j->created_at = sqlite3_column_int64(st, LEDGER_JOB_WIDTH + 2);
    j->name = chars_or_null(db_column(st, LEDGER_JOB_WIDTH + 3));
    j->metadata = chars_or_null(db_column(st, LEDGER_JOB_WIDTH + 4));
    e = options_decode(db_column(st, LEDGER_JOB_WIDTH + 5), &j->options);
    if (e == ERR_OK)
        *ret_job = TAKE(j);
    return e;
}

static struct str uuid_str(const struct uuid *id) {
    return str_at((const char *)id->bytes, sizeof id->bytes);
}

enum err jobs_get(struct db *db, const struct uuid *id, int64_t no, struct job **ret_job) {
    OWNED(job) struct job *j = NULL;
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e;

    if (id)
        e = DB_QUERY(db, &st, "SELECT " JOB_COLUMNS " FROM job WHERE id=?1", db_blob(uuid_str(id)));
    else
        e = DB_QUERY(db, &st, "SELECT " JOB_COLUMNS " FROM job WHERE no=?1", db_int(no));
    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        e = read_job(st, &j);
    if (e != ERR_OK)
        return e;
    if (!job_state_is_shown(j->state))
        return ERR_NOT_FOUND;
    *ret_job = TAKE(j);
    return ERR_OK;
}

static enum err query_list(struct db *db, const struct job_filter *f, sqlite3_stmt **ret_st) {
    int64_t before = f->before_no ? f->before_no : INT64_MAX;
    struct db_value limit = db_int((int64_t)f->limit);

    if (f->state == JOB_RECEIVING)
        return DB_QUERY(db, ret_st,
                        "SELECT " JOB_COLUMNS " FROM job WHERE no<?1 AND state NOT IN (?2,?3)"
                        " AND (?4 IS NULL OR name=?4) AND tenant=?6 ORDER BY no DESC LIMIT ?5",
                        db_int(before), db_int(JOB_RECEIVING), db_int(JOB_DELETED),
                        db_blob(f->name), limit, db_int(f->tenant));
    return DB_QUERY(db, ret_st,
                    "SELECT " JOB_COLUMNS " FROM job WHERE no<?1 AND state=?2"
                    " AND (?3 IS NULL OR name=?3) AND tenant=?5 ORDER BY no DESC LIMIT ?4",
                    db_int(before), db_int(f->state), db_blob(f->name), limit, db_int(f->tenant));
}

static void free_jobs(struct job **jobs, size_t n) {
    for (size_t i = 0; i < n; i++)
        job_free(jobs[i]);
    free(jobs);
}

enum err jobs_list(struct db *db, const struct job_filter *f, struct job ***ret_jobs,
                   size_t *ret_n) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct job **jobs = NULL;
    size_t n = 0, cap = 0;
    enum err e = query_list(db, f, &st);

    while (e == ERR_OK && (e = db_step(db, st)) == ERR_OK) {
        if (n == cap) {
            cap = cap ? cap * 2 : 16;
            jobs = mem_resize(jobs, cap, sizeof *jobs);
        }
        e = read_job(st, &jobs[n]);
        n += e == ERR_OK;
    }
    if (e != ERR_NOT_FOUND) {
        free_jobs(jobs, n);
        return e;
    }
    *ret_jobs = jobs;
    *ret_n = n;
    return ERR_OK;
}

/* --- making one, opening one again ---------------------------------------------------- */

static int64_t deadline_of(const struct job_options *o, int64_t from) {
    return o->deadline_seconds ? from + (int64_t)o->deadline_seconds * 1000 : 0;
}

static enum err read_deadline(struct db *db, int64_t no, int64_t from, int64_t *ret_at) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct job_options o;
    enum err e = DB_QUERY(db, &st, "SELECT options FROM job WHERE no=?1", db_int(no));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        e = options_decode(db_column(st, 0), &o);
    if (e != ERR_OK)
        return e;
    *ret_at = deadline_of(&o, from);
    job_options_done(&o);
    return ERR_OK;
}

enum err jobs_reopen(struct writer *w, struct ledger *l, int64_t now) {
    enum err e = ERR_OK;

    assert(l->job.state == JOB_COMPLETED);
    if (l->job.deadline_at)
        e = read_deadline(writer_db(w), l->job.no, now, &l->job.deadline_at);
    l->job.stop_reason = STOP_NONE;
    l->job.finished_at = 0;
    l->job.expires_at = 0; /* counts anew from its next end */
    return e == ERR_OK ? ledger_move(w, l, JOB_RUNNING, STOP_NONE, now) : e;
}

enum err jobs_put_receiving(struct db *db, const struct job *draft, int64_t salt, int64_t *ret_no) {
    enum { OPTIONS_MAX_BYTES = 1 << 20 };
    struct buf options OWNED_BUF = BUF_INIT(OPTIONS_MAX_BYTES);
    int64_t variant = 0;
    enum err e = options_encode(&options, &draft->options);

    if (e == ERR_OK && draft->options.revalidate)
        e = options_variant(&draft->options, &variant);
    if (e == ERR_OK)
        e = DB_RUN(
            db,
            "INSERT INTO job(id,state,priority,version,next_page,created_at,retention_ms,"
            "deadline_at,max_pages,keeps_seen,salt,name,metadata,options,revalidates,tenant,"
            "webhook,receiver,indexes_links)"
            " VALUES(?1,?2,?3,0,1,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)",
            db_blob(uuid_str(&draft->id)), db_int(JOB_RECEIVING), db_int(draft->priority),
            db_int(draft->created_at), db_int((int64_t)draft->options.retention_seconds * 1000),
            db_int(deadline_of(&draft->options, draft->created_at)),
            db_int((int64_t)draft->options.max_pages), db_int(job_options_grow(&draft->options)),
            db_int(salt), db_blob(str_of(draft->name)), db_blob(str_of(draft->metadata)),
            db_blob(buf_str(&options)), db_int(variant), db_int(draft->tenant),
            db_int(draft->options.webhook_url ? draft->options.webhook_events : 0),
            db_int(outbox_receiver(draft->options.webhook_url)),
            db_int(draft->options.index_links));
    if (e == ERR_OK)
        *ret_no = sqlite3_last_insert_rowid(db->handle);
    return e;
}
