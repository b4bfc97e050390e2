/* Loading settled seeds as a job: rows in the order of their keys, in pieces so
 * small that the crawl's commits never wait long. Until the last piece, which is
 * durable, the job is RECEIVING: nobody sees it, and a crash leaves it to the sweep. */
#include "storage/sqlite.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "storage/sqlite_bulk.h"

enum {
    PIECE_ROWS = 5000,
    PIECE_BYTES = 2 << 20, /* of text, or one longer row */
};

/* Of a piece's rows, which stand one behind the other as in the spool:
 *   a code             - a reject, to become a record
 *   no code, host_key  - a host; seq is the number of its tasks, which came before
 *   no code, no key    - a task */
struct piece {
    struct request request;
    struct sqlite *sqlite;
    const struct job *draft;
    struct buf rows;
    size_t n;
    int64_t no; /* of the job; 0 until the first piece is stored */
    int64_t next_page;
    int64_t stored_no, stored_next_page; /* the same, once this piece is committed */
    bool is_last;
    int64_t *hashes; /* of the piece's URLs, where the job is to grow; else NULL */
    int64_t salt;
    struct seeds_counts counts; /* for the last one, as once is */
    const struct once *once;
    struct job *job; /* answered by the last one */
};

/* --- on the writer's thread -------------------------------------------------------- */

enum err sqlite_put_reject(struct sqlite *s, int64_t page, const struct seedrow *row) {
    struct buf *b = &s->scratch.record;
    const struct record r = {.place = row->seq,
                             .host = -1,
                             .url = row->url,
                             .input = row->input,
                             .final_url = STR_NONE,
                             .outcome = code_outcome(row->code),
                             .code = row->code,
                             .referrer = -1};
    enum err e;

    buf_clear(b);
    e = record_encode(b, &r);
    if (e != ERR_OK)
        return e;
    tally_add(&s->scratch.tally, &r, 1);
    return DB_RUN(s->db, "INSERT INTO page(id,record) VALUES(?1,?2)", db_int(page),
                  db_blob(buf_str(b)));
}

/* OR FAIL, because for OR ABORT SQLite would keep a journal of the statement's own. */
static struct bulk bulk_of_tasks(int64_t no) {
    return BULK_INIT("INSERT OR FAIL INTO task(job,host,seq,url,input) VALUES", "(?1,?,?,?,?)", 4,
                     no);
}

/* OR IGNORE: two names of one hash are crawled as one host. */
static struct bulk bulk_of_hosts(int64_t no) {
    return BULK_INIT("INSERT OR IGNORE INTO work(job,host,name,total,queued) VALUES",
                     "(?1,?,?,?,?)", 4, no);
}

static enum err add_task(struct bulk *b, struct db *db, const struct seedrow *row) {
    const struct db_value values[] = {db_int(row->host), db_int(row->seq), db_blob(row->url),
                                      db_blob(row->input.len ? row->input : STR_NONE)};

    return bulk_add(b, db, values);
}

static enum err add_host(struct bulk *b, struct db *db, const struct seedrow *row) {
    const struct db_value values[] = {db_int(row->host), db_blob(row->host_key), db_int(row->seq),
                                      db_int(row->seq)};

    return bulk_add(b, db, values);
}

static enum err store_rows(struct piece *p, int64_t no, int64_t *next_page) {
    struct bulk tasks = bulk_of_tasks(no), hosts = bulk_of_hosts(no);
    struct db *db = p->sqlite->db;
    struct str rest = buf_str(&p->rows);
    struct seedrow row;
    size_t len, n_hashes = 0;
    enum err e = ERR_OK;

    tally_clear(&p->sqlite->scratch.tally);
    while (e == ERR_OK && seedrow_get(rest, &row, &len) == ERR_OK) {
        if (row.code != CODE_NONE)
            e = sqlite_put_reject(p->sqlite, page_id(no, (*next_page)++), &row);
        else if (row.host_key.len)
            e = add_host(&hosts, db, &row);
        else
            e = add_task(&tasks, db, &row);
        if (p->hashes && row.code == CODE_NONE && !row.host_key.len)
            p->hashes[n_hashes++] = seen_hash(p->salt, row.url);
        rest = str_from(rest, len);
    }
    if (e == ERR_OK)
        e = bulk_flush(&tasks, db);
    if (e == ERR_OK)
        e = bulk_flush(&hosts, db);
    if (e == ERR_OK)
        e = tally_flush(&p->sqlite->scratch.tally, db, no);
    return e == ERR_OK ? seen_put(db, no, p->hashes, n_hashes) : e;
}

/* The moment in which the job begins to exist. */
static enum err flip(struct writer *w, struct piece *p, int64_t no, int64_t next_page) {
    struct ledger l;
    int64_t now = clock_wall_ms();
    enum err e = tenants_admit(w, p->draft->tenant, 1, p->counts.accepted);

    if (e == ERR_OK)
        e = ledger_get(writer_db(w), no, &l);
    if (e != ERR_OK)
        return e;
    l.next_page = next_page;
    l.job.counts.total = p->counts.accepted + p->counts.rejected;
    l.job.counts.by_outcome[OUTCOME_FAILED] = p->counts.rejected;
    l.job.counts.duplicates = p->counts.duplicates;
    l.job.last_progress_at = now;
    l.next_seq = (int64_t)p->counts.received;
    e = ledger_move(w, &l, p->draft->state == JOB_PAUSED ? JOB_PAUSED : JOB_QUEUED, STOP_NONE, now);
    if (e == ERR_OK)
        e = ledger_put(w, &l);
    if (e == ERR_OK)
        e = once_put(writer_db(w), p->once, &p->draft->id);
    if (e != ERR_OK)
        return e;
    writer_count(w, (int64_t)p->counts.accepted, 0);
    job_free(TAKE(p->job)); /* of a run that was rolled back */
    return jobs_get(writer_db(w), NULL, no, &p->job);
}

static enum err run_piece(struct writer *w, struct request *r) {
    struct piece *p = CONTAINER_OF(r, struct piece, request);
    int64_t no = p->no, next_page = p->next_page;
    enum err e = ERR_OK;

    if (!no)
        e = jobs_put_receiving(writer_db(w), p->draft, p->salt, &no);
    if (e == ERR_OK)
        e = store_rows(p, no, &next_page);
    if (e == ERR_OK && p->is_last)
        e = flip(w, p, no, next_page);
    p->stored_no = no;
    p->stored_next_page = next_page;
    return e;
}

/* --- on the caller's ----------------------------------------------------------------- */

static enum err send_piece(struct piece *p) {
    enum err e = writer_call(p->sqlite->writer, &p->request);

    if (e != ERR_OK)
        return e;
    p->no = p->stored_no;
    p->next_page = p->stored_next_page;
    p->n = 0;
    buf_clear(&p->rows);
    return ERR_OK;
}

static enum err put_row(struct piece *p, const struct seedrow *row) {
    enum err e = ERR_OK;

    if (p->n == PIECE_ROWS || p->rows.len >= PIECE_BYTES)
        e = send_piece(p);
    if (e == ERR_OK)
        e = seedrow_put(&p->rows, row);
    p->n += e == ERR_OK;
    return e;
}

static enum err put_rejects(struct piece *p, struct seeds *seeds) {
    struct seedrow row;
    enum err e;

    while ((e = seeds_next_reject(seeds, &row)) == ERR_OK) {
        e = put_row(p, &row);
        if (e != ERR_OK)
            return e;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* The host whose tasks are being put. */
struct host {
    struct buf key;
    int64_t hash;
    int64_t tasks;
};

static enum err put_host(struct piece *p, struct host *h) {
    const struct seedrow row = {.host = h->hash, .seq = h->tasks, .host_key = buf_str(&h->key)};

    return h->tasks ? put_row(p, &row) : ERR_OK;
}

static enum err enter_host(struct piece *p, struct host *h, const struct seedrow *task) {
    enum err e = put_host(p, h);

    buf_clear(&h->key);
    h->hash = task->host;
    h->tasks = 0;
    return e == ERR_OK ? buf_put(&h->key, task->host_key) : e;
}

static enum err put_tasks(struct piece *p, struct seeds *seeds, struct host *h) {
    struct seedrow row;
    enum err e;

    while ((e = seeds_next_task(seeds, &row)) == ERR_OK) {
        if (!h->tasks || row.host != h->hash)
            e = enter_host(p, h, &row);
        row.host_key = STR_NONE;
        if (e == ERR_OK)
            e = put_row(p, &row);
        if (e != ERR_OK)
            return e;
        h->tasks++;
    }
    return e == ERR_NOT_FOUND ? put_host(p, h) : e;
}

static enum err put_all(struct piece *p, struct seeds *seeds) {
    struct host host = {.key = BUF_INIT(SEEDROW_MAX_BYTES)};
    enum err e = put_rejects(p, seeds);

    if (e == ERR_OK)
        e = put_tasks(p, seeds, &host);
    buf_done(&host.key);
    return e;
}

static enum err run_abandon(struct writer *w, struct request *r) {
    struct piece *p = CONTAINER_OF(r, struct piece, request);

    writer_sweep_soon(w);
    return DB_RUN(writer_db(w), "UPDATE job SET state=?2 WHERE no=?1", db_int(p->no),
                  db_int(JOB_DELETED));
}

/* Where this fails too, the next start does it. */
static void abandon(struct piece *p) {
    p->request = (struct request){.run = run_abandon};
    if (p->no && writer_call(p->sqlite->writer, &p->request) == ERR_OK)
        p->no = 0;
}

enum err sqlite_load(struct backend *b, struct seeds *seeds, const struct job *draft,
                     const struct once *once, struct job **ret_job) {
    struct piece p = {.request = {.run = run_piece},
                      .sqlite = sqlite_of(b),
                      .draft = draft,
                      .rows = BUF_INIT(PIECE_BYTES + SEEDROW_MAX_BYTES),
                      .next_page = 1,
                      .salt = (int64_t)random_u64(),
                      .hashes =
                          job_options_grow(&draft->options) ? NEW_N(int64_t, PIECE_ROWS) : NULL,
                      .counts = seeds_counts(seeds),
                      .once = once};
    enum err e = put_all(&p, seeds);

    p.is_last = p.request.durable = true;
    if (e == ERR_OK)
        e = send_piece(&p);
    if (e == ERR_OK)
        *ret_job = TAKE(p.job);
    else
        abandon(&p);
    job_free(p.job);
    free(p.hashes);
    buf_done(&p.rows);
    return e;
}
