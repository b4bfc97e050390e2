/* The names of tenants and their numbers, which jobs go by; and how much they have. */
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

/* The states as in the index, which only so is used. */
enum err tenants_load(struct db *db, int64_t tenant, struct tenant_load *ret_load) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT count(*),sum(total-succeeded-failed-disallowed-skipped-cancelled)"
                          " FROM job INDEXED BY job_unfinished"
                          " WHERE tenant=?1 AND state IN (1,2,3,4)",
                          db_int(tenant));
    _Static_assert(JOB_QUEUED == 1 && JOB_CANCELLING == 4, "the numbers in the statement");

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        *ret_load = (struct tenant_load){.jobs = (uint64_t)sqlite3_column_int64(st, 0),
                                         .urls = (uint64_t)sqlite3_column_int64(st, 1)};
    return e;
}

enum err tenants_admit(struct writer *w, int64_t tenant, uint64_t jobs, uint64_t urls) {
    const struct backend *b = writer_backend(w);
    struct tenant_load load, promised;
    enum err e;

    if (!b->tenant_max_jobs && !b->tenant_max_queued_urls)
        return ERR_OK;
    e = tenants_load(writer_db(w), tenant, &load);
    promised = writer_promised(w, tenant);
    load.jobs += promised.jobs;
    load.urls += promised.urls;
    return e == ERR_OK ? backend_admits(b, load, jobs, urls) : e;
}

enum err tenants_admit_to(struct writer *w, const struct job *held, struct tenant_load more) {
    enum err e;

    writer_promise(w, held->no, held->tenant, (struct tenant_load){0}); /* a run rolled back */
    e = tenants_admit(w, held->tenant, more.jobs, more.urls);
    if (e == ERR_OK)
        writer_promise(w, held->no, held->tenant, more);
    return e;
}
