/* Adding a list to a job that is there: rows in the order of their keys, in pieces, each of
 * which leaves all in order. What the job has is known by the table seen, which is built
 * before, in pieces too, where the job did not keep it. */
#include "storage/sqlite.h"

#include "base/clock.h"
#include "base/mem.h"
#include "storage/sqlite_bulk.h"
#include "storage/sqlite_grown.h"
#include "storage/sqlite_held.h"

enum {
    PIECE_ROWS = 5000,
    PIECE_BYTES = 2 << 20, /* of text, or one longer row */
};

struct addition {
    struct request request;
    struct sqlite *sqlite;
    struct held held;
    struct seeds_counts counts; /* of the list; then what became of it */
    int64_t first_place;        /* of the list; the others follow as it does */
    int64_t salt;
    const struct once *once;
    bool is_whole;    /* all of the list was added */
    bool is_first;    /* the job had nothing: the list's own duplicates are all there are */
    uint64_t to_come; /* of the list's tasks, the piece included */

    /* building seen; after: as far as is committed */
    enum { BUILD_TASKS, BUILD_PAGES, BUILT } build, next_build;
    struct task_cursor task, next_task;
    int64_t page, next_page;

    /* a piece */
    struct buf rows;
    size_t n;
    uint64_t n_added; /* of the piece that ran */
};

/* A row of the piece. */
struct entry {
    struct seedrow row; /* borrowed from the piece */
    int64_t hash;
    uint32_t order;
    bool is_there;
};

/* --- building seen --------------------------------------------------------------------- */

static enum err hash_tasks(struct addition *a, struct db *db, int64_t *hashes, size_t *n) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT host,seq,url FROM task"
                          " WHERE job=?1 AND (host,seq)>(?2,?3) ORDER BY host,seq",
                          db_int(a->held.no), db_int(a->task.host), db_int(a->task.seq));

    while (e == ERR_OK && *n < PIECE_ROWS && (e = db_step(db, st)) == ERR_OK) {
        a->next_task =
            (struct task_cursor){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1)};
        hashes[(*n)++] = seen_hash(a->salt, db_column(st, 2));
    }
    if (e == ERR_NOT_FOUND)
        a->next_build = BUILD_PAGES;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Tasks that end meanwhile become pages behind those that are there, and are met again. */
static enum err hash_pages(struct addition *a, struct db *db, int64_t *hashes, size_t *n) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st, "SELECT id,record FROM page WHERE id>?1 AND id<=?2 ORDER BY id",
                          db_int(a->page), db_int(page_id(a->held.no, SEQ_MAX)));

    while (e == ERR_OK && *n < PIECE_ROWS && (e = db_step(db, st)) == ERR_OK) {
        struct record r;

        a->next_page = sqlite3_column_int64(st, 0);
        e = record_decode(db_column(st, 1), &r);
        if (e == ERR_OK)
            hashes[(*n)++] = seen_hash(a->salt, r.url);
    }
    if (e == ERR_NOT_FOUND)
        a->next_build = BUILT;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err build_piece(struct writer *w, struct addition *a, struct ledger *l,
                            int64_t *hashes) {
    size_t n = 0;
    enum err e = a->build == BUILD_TASKS ? hash_tasks(a, writer_db(w), hashes, &n)
                                         : hash_pages(a, writer_db(w), hashes, &n);

    if (e == ERR_OK)
        e = seen_put(writer_db(w), l->job.no, hashes, n);
    if (e != ERR_OK || a->next_build != BUILT)
        return e;
    l->keeps_seen = true;
    return ledger_put(w, l);
}

static enum err run_build(struct writer *w, struct request *request) {
    struct addition *a = CONTAINER_OF(request, struct addition, request);
    int64_t *hashes;
    struct ledger l;
    enum err e = held_get(w, &a->held, &l);

    if (e != ERR_OK)
        return e;
    a->next_build = a->build;
    a->next_task = a->task;
    a->next_page = a->page;
    hashes = NEW_N(int64_t, PIECE_ROWS);
    e = build_piece(w, a, &l, hashes);
    free(hashes);
    return e;
}

/* --- a piece of tasks -------------------------------------------------------------------- */

static struct entry *entries_of(const struct addition *a) {
    struct entry *all = NEW_N(struct entry, a->n);
    struct str rest = buf_str(&a->rows);
    size_t len;

    for (size_t i = 0; i < a->n; i++) {
        enum err e = seedrow_get(rest, &all[i].row, &len);

        assert(e == ERR_OK); /* we have put it there */
        all[i].hash = seen_hash(a->salt, all[i].row.url);
        all[i].order = (uint32_t)i;
        rest = str_from(rest, len);
    }
    return all;
}

static int by_hash(const void *pa, const void *pb) {
    const struct entry *a = pa, *b = pb;

    return a->hash < b->hash ? -1 : a->hash > b->hash;
}

static int by_order(const void *pa, const void *pb) {
    const struct entry *a = pa, *b = pb;

    return a->order < b->order ? -1 : a->order > b->order;
}

/* Marks what the job has, and adds the rest to it. */
static enum err compare_with_seen(struct db *db, int64_t job, struct entry *all, size_t n) {
    int64_t *fresh = NEW_N(int64_t, n);
    size_t n_fresh = 0;
    enum err e = ERR_OK;

    qsort(all, n, sizeof *all, by_hash);
    for (size_t i = 0; i < n && e == ERR_OK; i++) {
        e = seen_has(db, job, all[i].hash, &all[i].is_there);
        if (e == ERR_OK && !all[i].is_there)
            fresh[n_fresh++] = all[i].hash;
    }
    qsort(all, n, sizeof *all, by_order);
    if (e == ERR_OK)
        e = seen_put(db, job, fresh, n_fresh);
    free(fresh);
    return e;
}

static enum err put_host(struct db *db, int64_t job, const struct seedrow *row, int64_t n) {
    return DB_RUN(db,
                  "INSERT INTO work(job,host,name,total,queued) VALUES(?1,?2,?3,?4,?4)"
                  " ON CONFLICT(job,host) DO UPDATE SET total=total+excluded.total,"
                  " queued=queued+excluded.queued",
                  db_int(job), db_int(row->host), db_blob(row->host_key), db_int(n));
}

/* The entries from |*at| on that are of one host, which moves past them. */
static enum err put_tasks_of_host(struct addition *a, struct bulk *b, struct ledger *l,
                                  const struct entry *all, size_t *at, struct grown *grown) {
    const struct seedrow *first = &all[*at].row;
    int64_t n = 0;
    enum err e = ERR_OK;

    for (; *at < a->n && all[*at].row.host == first->host && e == ERR_OK; (*at)++) {
        const struct seedrow *row = &all[*at].row;
        const struct db_value values[] = {
            db_int(row->host),
            db_int(l->next_seq),
            db_int(a->first_place + row->seq + 1),
            db_blob(row->url),
            db_blob(row->input.len ? row->input : STR_NONE),
        };

        if (all[*at].is_there)
            continue;
        l->next_seq++;
        n++;
        e = bulk_add(b, a->sqlite->db, values);
    }
    if (e != ERR_OK || !n)
        return e;
    grown_add(grown, first->host);
    a->n_added += (uint64_t)n;
    return put_host(a->sqlite->db, l->job.no, first, n);
}

static enum err put_tasks(struct addition *a, struct ledger *l, const struct entry *all,
                          struct grown *grown) {
    struct bulk b = BULK_INIT("INSERT INTO task(job,host,seq,place,url,input) VALUES",
                              "(?1,?,?,?,?,?)", 5, l->job.no);
    enum err e = ERR_OK;

    for (size_t at = 0; at < a->n && e == ERR_OK;)
        e = put_tasks_of_host(a, &b, l, all, &at, grown);
    return e == ERR_OK ? bulk_flush(&b, a->sqlite->db) : e;
}

/* |n| URLs more, of which |n_rejected| have their outcome. */
static enum err close_ledger(struct writer *w, struct ledger *l, uint64_t n, uint64_t n_rejected) {
    int64_t now = clock_wall_ms();
    enum err e = ERR_OK;

    l->job.counts.total += n;
    l->job.counts.by_outcome[OUTCOME_FAILED] += n_rejected;
    l->job.version++;
    l->job.last_progress_at = now;
    writer_count(w, (int64_t)(n - n_rejected), 0);
    if (l->job.state == JOB_COMPLETED && n > n_rejected)
        e = jobs_reopen(w, l, now);
    return e == ERR_OK ? ledger_put(w, l) : e;
}

static enum err add_tasks(struct writer *w, struct addition *a, struct ledger *l,
                          struct entry *all) {
    struct grown grown = {.n = 0};
    enum err e = ERR_OK;

    if (!a->is_first || l->keeps_seen)
        e = compare_with_seen(writer_db(w), l->job.no, all, a->n);
    if (e == ERR_OK)
        e = put_tasks(a, l, all, &grown);
    l->job.counts.duplicates += a->n - a->n_added;
    if (e == ERR_OK)
        e = close_ledger(w, l, a->n_added, 0);
    grown_tell(&grown, w, l);
    return e;
}

static enum err run_tasks(struct writer *w, struct request *request) {
    struct addition *a = CONTAINER_OF(request, struct addition, request);
    struct entry *all;
    struct ledger l;
    enum err e = held_get(w, &a->held, &l);

    a->n_added = 0;
    if (e != ERR_OK || !a->n)
        return e;
    writer_promise(w, l.job.no, l.job.tenant, (struct tenant_load){.urls = a->to_come - a->n});
    all = entries_of(a);
    e = add_tasks(w, a, &l, all);
    free(all);
    return e;
}

/* --- a piece of rejects -------------------------------------------------------------------- */

static enum err run_rejects(struct writer *w, struct request *request) {
    struct addition *a = CONTAINER_OF(request, struct addition, request);
    struct str rest = buf_str(&a->rows);
    struct seedrow row;
    struct ledger l;
    size_t len;
    enum err e = held_get(w, &a->held, &l);

    if (e != ERR_OK || !a->n)
        return e;
    tally_clear(&a->sqlite->scratch.tally);
    while (e == ERR_OK && seedrow_get(rest, &row, &len) == ERR_OK) {
        row.seq += a->first_place;
        e = sqlite_put_reject(a->sqlite, page_id(l.job.no, l.next_page++), &row);
        rest = str_from(rest, len);
    }
    if (e == ERR_OK)
        e = tally_flush(&a->sqlite->scratch.tally, writer_db(w), l.job.no);
    return e == ERR_OK ? close_ledger(w, &l, a->n, a->n) : e;
}

/* --- on the caller's thread ------------------------------------------------------------------ */

static enum err call(struct addition *a, enum err (*run)(struct writer *w, struct request *r),
                     bool durable) {
    a->request = (struct request){.run = run, .durable = durable};
    return writer_call(a->sqlite->writer, &a->request);
}

static enum err build(struct addition *a) {
    enum err e = ERR_OK;

    while (e == ERR_OK && a->build != BUILT) {
        e = call(a, run_build, false);
        if (e != ERR_OK)
            break;
        a->build = a->next_build;
        a->task = a->next_task;
        a->page = a->next_page;
    }
    return e;
}

/* Hands the piece over. */
static enum err send(struct addition *a, enum err (*run)(struct writer *w, struct request *r)) {
    enum err e = call(a, run, false);

    if (e == ERR_OK && run == run_tasks) {
        a->counts.accepted += a->n_added;
        a->counts.duplicates += a->n - a->n_added;
        a->to_come -= a->n;
    }
    a->n = 0;
    buf_clear(&a->rows);
    return e;
}

static enum err send_all(struct addition *a, struct seeds *seeds,
                         enum err (*next)(struct seeds *s, struct seedrow *ret_row),
                         enum err (*run)(struct writer *w, struct request *r)) {
    struct seedrow row;
    enum err e;

    while ((e = next(seeds, &row)) == ERR_OK) {
        if (a->n == PIECE_ROWS || a->rows.len >= PIECE_BYTES)
            e = send(a, run);
        if (e == ERR_OK)
            e = seedrow_put(&a->rows, &row);
        if (e != ERR_OK)
            return e;
        a->n++;
    }
    return e == ERR_NOT_FOUND ? send(a, run) : e;
}

static enum err run_begin(struct writer *w, struct request *request) {
    struct addition *a = CONTAINER_OF(request, struct addition, request);
    struct tenant_load more = {.urls = a->counts.accepted};
    struct ledger l;
    enum err e = held_begin(w, &a->held, &l);

    if (e != ERR_OK || !a->held.holds)
        return e;
    more.jobs = l.job.state == JOB_COMPLETED;
    e = tenants_admit_to(w, &l.job, more);
    if (e != ERR_OK)
        return e;
    a->to_come = more.urls;
    a->salt = l.salt;
    a->is_first = l.job.counts.total == 0;
    a->build = l.keeps_seen || a->is_first ? BUILT : BUILD_TASKS;
    a->page = page_id(l.job.no, 0);
    a->first_place = l.next_seq;
    l.next_seq += (int64_t)a->counts.received;
    l.job.counts.duplicates += a->counts.duplicates; /* within the list */
    return ledger_put(w, &l);
}

static enum err run_end(struct writer *w, struct request *request) {
    struct addition *a = CONTAINER_OF(request, struct addition, request);
    enum err e = held_end(w, &a->held);

    return e == ERR_OK && a->is_whole ? once_put(writer_db(w), a->once, a->held.id) : e;
}

static enum err add_all(struct addition *a, struct seeds *seeds) {
    enum err e = build(a);

    a->counts.accepted = 0; /* from here on: of those that the job did not have */
    if (e == ERR_OK)
        e = send_all(a, seeds, seeds_next_task, run_tasks);
    return e == ERR_OK ? send_all(a, seeds, seeds_next_reject, run_rejects) : e;
}

enum err sqlite_add(struct backend *b, struct seeds *seeds, const struct uuid *id,
                    const struct once *once, struct job **ret_job,
                    struct seeds_counts *ret_counts) {
    struct addition a = {.sqlite = sqlite_of(b),
                         .held = {.id = id},
                         .counts = seeds_counts(seeds),
                         .once = once,
                         .task = {-1, -1},
                         .rows = BUF_INIT(PIECE_BYTES + SEEDROW_MAX_BYTES)};
    enum err e = call(&a, run_begin, false), ended;

    if (e == ERR_OK)
        e = a.held.holds ? add_all(&a, seeds) : ERR_BUSY;
    a.is_whole = e == ERR_OK;
    if (a.held.holds) {
        ended = call(&a, run_end, true);
        e = e == ERR_OK ? ended : e;
    }
    if (e == ERR_OK)
        *ret_counts = a.counts;
    if (e == ERR_OK || e == ERR_CONFLICT)
        *ret_job = TAKE(a.held.job);
    held_done(&a.held);
    buf_done(&a.rows);
    return e;
}
