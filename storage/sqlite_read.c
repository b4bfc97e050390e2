/* Reading results: each call one short read of one moment, on a connection of the
 * pool. Any thread. */
#include "storage/sqlite.h"

#include "base/mem.h"

static struct pool *pool_of(struct backend *b) {
    return sqlite_of(b)->pool;
}

/* Lends a reader for a job that callers may see; the ledger is of the same moment. */
static enum err lend_reader(struct backend *b, int64_t job, struct reader **ret_reader,
                            struct ledger *ret_ledger) {
    struct reader *reader;
    struct ledger l;
    enum err e = pool_get(pool_of(b), &reader);

    if (e != ERR_OK)
        return e;
    e = ledger_get(reader->db, job, &l);
    if (e == ERR_OK && !job_state_is_shown(l.job.state))
        e = ERR_NOT_FOUND;
    if (e != ERR_OK) {
        pool_put(pool_of(b), reader);
        return e;
    }
    *ret_reader = reader;
    *ret_ledger = l;
    return ERR_OK;
}

/* Cursors come from callers: one that lies must not lead into another job's pages. */
static struct db_value page_at(int64_t job, int64_t seq) {
    if (seq < 0)
        seq = 0;
    return db_int(page_id(job, seq > SEQ_MAX ? SEQ_MAX : seq));
}

static struct db_value last_page(int64_t job) {
    return db_int(page_id(job, SEQ_MAX));
}

/* --- records ------------------------------------------------------------------------- */

/* The host name in a canonical URL: behind "//" and credentials, without the port. */
static struct str host_name(struct str url) {
    size_t slashes = str_find_str(url, STR("//"));
    struct str rest = slashes == STR_END ? STR_NONE : str_from(url, slashes + 2);
    size_t end = 0, at;

    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
        end++;
    rest = str_upto(rest, end);
    at = str_find(rest, '@');
    if (at != STR_END)
        rest = str_from(rest, at + 1);
    if (str_starts(rest, STR("[")))
        return str_upto(rest, str_find(rest, ']') + 1);
    return str_upto(rest, str_find(rest, ':'));
}

static bool matches(const struct record_filter *f, const struct record *r) {
    return (f->outcome == OUTCOME_PENDING || f->outcome == r->outcome) &&
           (f->code == CODE_NONE || f->code == r->code) &&
           (!f->url.ptr || str_eq(f->url, r->url)) &&
           (!f->host_name.ptr || str_eq_ascii(f->host_name, host_name(r->url)));
}

struct records_read {
    const struct record_filter *filter;
    int64_t after_seq;
    size_t max_rows;
    record_visit *visit;
    void *arg;
    bool more;
};

static enum err read_records(struct db *db, int64_t job, struct records_read *rr) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    bool stops = false;
    enum err e = DB_QUERY(db, &st, "SELECT id,record FROM page WHERE id>?1 AND id<=?2 ORDER BY id",
                          page_at(job, rr->after_seq), last_page(job));

    for (size_t n = 0; e == ERR_OK && (e = db_step(db, st)) == ERR_OK; n++) {
        struct record r;

        if (stops || n == rr->max_rows) {
            rr->more = true;
            break;
        }
        e = record_decode(db_column(st, 1), &r);
        if (e != ERR_OK)
            break;
        r.seq = page_seq(sqlite3_column_int64(st, 0));
        rr->after_seq = r.seq;
        stops = matches(rr->filter, &r) && !rr->visit(rr->arg, &r);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err sqlite_records_read(struct backend *b, int64_t job, const struct record_filter *f,
                             int64_t *after_seq, size_t max_rows, record_visit *visit, void *arg,
                             bool *ret_more) {
    struct records_read rr = {f, *after_seq, max_rows, visit, arg, false};
    struct reader *reader;
    struct ledger l;
    enum err e = lend_reader(b, job, &reader, &l);

    if (e != ERR_OK)
        return e;
    e = read_records(reader->db, job, &rr);
    pool_put(pool_of(b), reader);
    if (e != ERR_OK)
        return e;
    *after_seq = rr.after_seq;
    *ret_more = rr.more;
    return ERR_OK;
}

/* --- tasks --------------------------------------------------------------------------- */

struct tasks_read {
    const struct ledger *ledger;
    enum tasks_which which;
    struct task_cursor *after;
    size_t rows_left; /* that may be looked at */
    record_visit *visit;
    void *arg;
    bool more, is_over;
    /* of the host that the last row was of */
    int64_t host;
    struct host_mark mark;
};

/* What a task shows while it has no record of its own. */
static struct record of_task(const struct taskrow *t, enum code code) {
    return (struct record){
        .place = t->place,
        .host = t->host,
        .index = t->referrer < 0 ? t->place : -1,
        .depth = t->depth,
        .attempts = t->tries,
        .referrer = t->referrer,
        .url = t->url,
        .input = t->input,
        .final_url = STR_NONE,
        .code = code,
        .outcome = code == CODE_NONE ? OUTCOME_PENDING : code_outcome(code),
    };
}

static enum err enter_host(struct db *db, struct tasks_read *tr, int64_t host) {
    if (host == tr->host)
        return ERR_OK;
    tr->host = host;
    return hosts_mark(db, tr->ledger, host, &tr->mark);
}

/* The next host beyond |host| that was settled as a whole; ERR_NOT_FOUND. */
static enum err next_dead_host(struct db *db, int64_t job, int64_t host, int64_t *ret_host) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT host FROM work INDEXED BY work_settled"
                          " WHERE job=?1 AND host>?2 AND settled_as>0 ORDER BY host LIMIT 1",
                          db_int(job), db_int(host));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        *ret_host = sqlite3_column_int64(st, 0);
    return e;
}

/* Past unwanted rows: settled ones are the first of a host, unended ones the rest. */
static enum err jump(struct db *db, struct tasks_read *tr) {
    const struct ledger *l = tr->ledger;
    enum err e = ERR_OK;

    if (tr->which == TASKS_UNENDED) {
        *tr->after = (struct task_cursor){tr->host, hosts_settled_below(l, tr->mark) - 1};
        tr->is_over = l->settled_as != CODE_NONE;
    } else if (l->ended_below > 0) {
        *tr->after = (struct task_cursor){tr->host, INT64_MAX};
    } else {
        e = next_dead_host(db, l->job.no, tr->host, &tr->after->host);
        tr->after->seq = -1;
        tr->is_over = e == ERR_NOT_FOUND;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* *ret_wanted: false where the row is to be jumped over. */
static enum err look_at_task(struct db *db, sqlite3_stmt *row, struct tasks_read *tr,
                             bool *ret_wanted) {
    struct taskrow t = taskrow_of(row);
    enum err e = enter_host(db, tr, t.host);
    enum code code = hosts_code(tr->ledger, tr->mark, t.seq);
    struct record r = of_task(&t, code);

    tr->rows_left--;
    *ret_wanted = (code != CODE_NONE) == (tr->which == TASKS_SETTLED);
    if (e != ERR_OK || !*ret_wanted)
        return e;
    *tr->after = (struct task_cursor){t.host, t.seq};
    if (!tr->visit(tr->arg, &r))
        tr->rows_left = 0;
    return ERR_OK;
}

/* Up to the end, or to a row that is not wanted. */
static enum err read_tasks(struct db *db, struct tasks_read *tr, bool *ret_jumps) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    bool is_wanted = true;
    enum err e =
        DB_QUERY(db, &st,
                 "SELECT " TASKROW_COLUMNS " FROM task"
                 " WHERE job=?1 AND (host,seq)>(?2,?3) ORDER BY host,seq",
                 db_int(tr->ledger->job.no), db_int(tr->after->host), db_int(tr->after->seq));

    while (e == ERR_OK && is_wanted && (e = db_step(db, st)) == ERR_OK) {
        if (!tr->rows_left) {
            tr->more = tr->is_over = true;
            return ERR_OK;
        }
        e = look_at_task(db, st, tr, &is_wanted);
    }
    tr->is_over = e == ERR_NOT_FOUND;
    *ret_jumps = e == ERR_OK;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err read_all_tasks(struct db *db, struct tasks_read *tr) {
    enum err e = ERR_OK;

    while (e == ERR_OK && !tr->is_over) {
        bool jumps = false;

        e = read_tasks(db, tr, &jumps);
        if (e == ERR_OK && jumps)
            e = jump(db, tr);
    }
    return e;
}

enum err sqlite_tasks_read(struct backend *b, int64_t job, enum tasks_which which,
                           struct task_cursor *after, size_t max_rows, record_visit *visit,
                           void *arg, bool *ret_more) {
    struct tasks_read tr = {.which = which,
                            .after = after,
                            .rows_left = max_rows,
                            .visit = visit,
                            .arg = arg,
                            .host = -1};
    struct reader *reader;
    struct ledger l;
    enum err e = lend_reader(b, job, &reader, &l);

    if (e != ERR_OK)
        return e;
    tr.ledger = &l;
    e = read_all_tasks(reader->db, &tr);
    pool_put(pool_of(b), reader);
    if (e != ERR_OK)
        return e;
    *ret_more = tr.more;
    return ERR_OK;
}

/* --- hosts --------------------------------------------------------------------------- */

enum { TASKS_COUNTED = 5 * HOST_ROW_EXACT }; /* by one read */

struct hosts_read {
    const struct ledger *ledger;
    int64_t after_host;
    size_t rows_left, tasks_left;
    host_visit *visit;
    void *arg;
    bool more;
};

/* Of the tasks with a seq of |from_seq| or more, up to HOST_ROW_EXACT. */
struct sample {
    int64_t n, first, last;
};

static enum err take_sample(struct db *db, int64_t job, int64_t host, int64_t from_seq,
                            struct sample *ret_sample) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT count(*),min(seq),max(seq) FROM (SELECT seq FROM task"
                          " WHERE job=?1 AND host=?2 AND seq>=?3 ORDER BY seq LIMIT ?4)",
                          db_int(job), db_int(host), db_int(from_seq), db_int(HOST_ROW_EXACT + 1));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        *ret_sample = (struct sample){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
                                      sqlite3_column_int64(st, 2)};
    return e;
}

static enum err last_seq(struct db *db, int64_t job, int64_t host, int64_t *ret_seq) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e =
        DB_QUERY(db, &st, "SELECT seq FROM task WHERE job=?1 AND host=?2 ORDER BY seq DESC LIMIT 1",
                 db_int(job), db_int(host));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        *ret_seq = sqlite3_column_int64(st, 0);
    return e;
}

/* To count millions would be no short read. Tasks are settled about in the order of their
 * seqs: what is left lies as densely as the first of it. */
static enum err estimate_left(struct db *db, int64_t job, const struct sample *s,
                              struct host_row *row) {
    int64_t last;
    enum err e = last_seq(db, job, row->host, &last);
    double left;

    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
    left = (double)s->n * (double)(last - s->first + 1) / (double)(s->last - s->first + 1);
    row->is_estimate = true;
    row->left = left < (double)row->total ? (uint64_t)left : row->total;
    return ERR_OK;
}

static enum err count_left(struct db *db, struct hosts_read *hr, int64_t from_seq,
                           struct host_row *row) {
    int64_t job = hr->ledger->job.no;
    struct sample s;
    enum err e = take_sample(db, job, row->host, from_seq, &s);

    if (e != ERR_OK)
        return e;
    hr->tasks_left -= (size_t)s.n < hr->tasks_left ? (size_t)s.n : hr->tasks_left;
    row->left = (uint64_t)s.n;
    return s.n > HOST_ROW_EXACT ? estimate_left(db, job, &s, row) : ERR_OK;
}

static enum err visit_host(struct db *db, struct hosts_read *hr, sqlite3_stmt *st,
                           bool *ret_stops) {
    const struct ledger *l = hr->ledger;
    const struct host_mark mark = {.below = sqlite3_column_int64(st, 5)};
    struct host_row row = {
        .host = sqlite3_column_int64(st, 0),
        .name = db_column(st, 1),
        .total = (uint64_t)sqlite3_column_int64(st, 2),
        .ready_at = sqlite3_column_int64(st, 4),
        .is_failing = sqlite3_column_int(st, 6) != 0,
    };
    bool has_tasks = sqlite3_column_int64(st, 3) > 0 && l->settled_as == CODE_NONE;
    enum err e = has_tasks ? count_left(db, hr, hosts_settled_below(l, mark), &row) : ERR_OK;

    if (e != ERR_OK)
        return e;
    hr->rows_left--;
    hr->after_host = row.host;
    *ret_stops = !hr->visit(hr->arg, &row);
    return ERR_OK;
}

static enum err read_hosts(struct db *db, struct hosts_read *hr) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    bool stops = false;
    enum err e = DB_QUERY(db, &st,
                          "SELECT host,name,total,queued,ready_at,settled_below,"
                          "ready_at>0 AND EXISTS (SELECT 1 FROM host AS h"
                          " WHERE h.id=work.host AND h.name=work.name AND h.fails>0) FROM work"
                          " WHERE job=?1 AND host>?2 ORDER BY host",
                          db_int(hr->ledger->job.no), db_int(hr->after_host));

    while (e == ERR_OK && (e = db_step(db, st)) == ERR_OK) {
        if (stops || !hr->rows_left || !hr->tasks_left) {
            hr->more = true;
            break;
        }
        e = visit_host(db, hr, st, &stops);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err sqlite_hosts_read(struct backend *b, int64_t job, int64_t *after_host, size_t max_rows,
                           host_visit *visit, void *arg, bool *ret_more) {
    struct hosts_read hr = {.after_host = *after_host,
                            .rows_left = max_rows,
                            .tasks_left = TASKS_COUNTED,
                            .visit = visit,
                            .arg = arg};
    struct reader *reader;
    struct ledger l;
    enum err e = lend_reader(b, job, &reader, &l);

    if (e != ERR_OK)
        return e;
    hr.ledger = &l;
    e = read_hosts(reader->db, &hr);
    pool_put(pool_of(b), reader);
    if (e != ERR_OK)
        return e;
    *after_host = hr.after_host;
    *ret_more = hr.more;
    return ERR_OK;
}

/* --- links --------------------------------------------------------------------------- */

enum { PAGES_LOOKED_AT = 4096 }; /* in one read: most pages may have no links */

struct links_read {
    struct reader *reader;
    int64_t job;
    struct links_cursor at;
    size_t parts_left;
    links_visit *visit;
    void *arg;
    bool more; /* stopped before the end */
};

/* One part; the cursor moves past it once it was visited. */
static enum err visit_part(struct links_read *lr, struct str source_url, struct str row,
                           bool *ret_page_goes_on) {
    struct links_part part = {.seq = lr->at.seq, .part = lr->at.part, .source_url = source_url};
    bool goes_on;
    enum err e;

    *ret_page_goes_on = false;
    if (!lr->parts_left) {
        lr->more = true;
        return ERR_OK;
    }
    e = linkrow_decode(lr->reader->codec, row, &part.links, &goes_on);
    if (e != ERR_OK)
        return e;
    if (!lr->visit(lr->arg, &part)) {
        lr->more = true;
        return ERR_OK;
    }
    lr->parts_left--;
    *ret_page_goes_on = goes_on;
    lr->at = goes_on ? (struct links_cursor){lr->at.seq, lr->at.part + 1}
                     : (struct links_cursor){lr->at.seq + 1, 0};
    return ERR_OK;
}

/* The parts of the current page from lr->at.part (not 0) on. */
static enum err visit_more(struct links_read *lr, struct str source_url) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct db *db = lr->reader->db;
    bool goes_on = true;
    enum err e =
        DB_QUERY(db, &st, "SELECT links FROM page_more WHERE page=?1 AND part>=?2 ORDER BY part",
                 db_int(page_id(lr->job, lr->at.seq)), db_int(lr->at.part));

    while (e == ERR_OK && goes_on && (e = db_step(db, st)) == ERR_OK)
        e = visit_part(lr, source_url, db_column(st, 0), &goes_on);
    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e; /* the part before said that more follow */
}

static enum err visit_page(struct links_read *lr, sqlite3_stmt *st) {
    int64_t seq = page_seq(sqlite3_column_int64(st, 0));
    bool goes_on = seq == lr->at.seq && lr->at.part > 0;
    struct record r;
    enum err e = ERR_OK;

    if (seq != lr->at.seq)
        lr->at = (struct links_cursor){seq, 0};
    if (sqlite3_column_type(st, 2) == SQLITE_NULL) {
        lr->at = (struct links_cursor){seq + 1, 0};
        return ERR_OK;
    }
    e = record_decode(db_column(st, 1), &r);
    if (e == ERR_OK && !goes_on)
        e = visit_part(lr, r.url, db_column(st, 2), &goes_on);
    return e == ERR_OK && goes_on ? visit_more(lr, r.url) : e;
}

static enum err read_links(struct links_read *lr) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct db *db = lr->reader->db;
    enum err e =
        DB_QUERY(db, &st, "SELECT id,record,links FROM page WHERE id>=?1 AND id<=?2 ORDER BY id",
                 page_at(lr->job, lr->at.seq), last_page(lr->job));

    for (size_t n = 0; e == ERR_OK && !lr->more && (e = db_step(db, st)) == ERR_OK; n++) {
        if (n == PAGES_LOOKED_AT)
            lr->more = true;
        else
            e = visit_page(lr, st);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err sqlite_links_read(struct backend *b, int64_t job, struct links_cursor *at,
                           size_t max_parts, links_visit *visit, void *arg, bool *ret_more) {
    struct links_read lr = {NULL, job, *at, max_parts, visit, arg, false};
    struct ledger l;
    enum err e = lend_reader(b, job, &lr.reader, &l);

    if (e != ERR_OK)
        return e;
    e = read_links(&lr);
    pool_put(pool_of(b), lr.reader);
    if (e != ERR_OK)
        return e;
    *at = lr.at;
    *ret_more = lr.more;
    return ERR_OK;
}

/* Those of one page alone. */
struct known_read {
    int64_t seq;
    links_visit *visit;
    void *arg;
    bool is_over;
};

static bool visit_known(void *arg, const struct links_part *part) {
    struct known_read *k = arg;

    k->is_over = part->seq != k->seq || !k->visit(k->arg, part);
    return !k->is_over;
}

enum err sqlite_known_links_read(struct backend *b, int64_t known_page, links_visit *visit,
                                 void *arg) {
    struct known_read k = {.seq = page_seq(known_page), .visit = visit, .arg = arg};
    struct links_cursor at = {k.seq, 0};
    bool more = true;
    enum err e = ERR_OK;

    while (e == ERR_OK && more && !k.is_over && at.seq == k.seq)
        e = sqlite_links_read(b, page_job(known_page), &at, 1, visit_known, &k, &more);
    return e;
}

/* --- events -------------------------------------------------------------------------- */

static enum err read_events(struct db *db, int64_t job, uint64_t after_version, event_visit *visit,
                            void *arg) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT version,at,state,stop_reason FROM event"
                          " WHERE job=?1 AND version>?2 ORDER BY version",
                          db_int(job), db_int((int64_t)after_version));

    while (e == ERR_OK && (e = db_step(db, st)) == ERR_OK) {
        const struct job_event event = {
            (uint64_t)sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
            (enum job_state)sqlite3_column_int(st, 2), (enum stop_reason)sqlite3_column_int(st, 3)};

        if (!visit(arg, &event))
            break;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err sqlite_events_read(struct backend *b, int64_t job, uint64_t after_version,
                            event_visit *visit, void *arg) {
    struct reader *reader;
    struct ledger l;
    enum err e = lend_reader(b, job, &reader, &l);

    if (e != ERR_OK)
        return e;
    e = read_events(reader->db, job, after_version, visit, arg);
    pool_put(pool_of(b), reader);
    return e;
}

/* --- summary ----------------------------------------------------------------------------- */

/* Tasks of hosts that were given up have no records. */
static enum err add_dead_hosts(struct db *db, int64_t job, struct summary *s) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT settled_as,sum(settled_n) FROM work INDEXED BY work_settled"
                          " WHERE job=?1 AND settled_as>0 GROUP BY settled_as",
                          db_int(job));

    while (e == ERR_OK && (e = db_step(db, st)) == ERR_OK) {
        int64_t code = sqlite3_column_int64(st, 0);

        if (code < 0 || code >= CODE_COUNT)
            return ERR_CORRUPT;
        s->by_code[code] += (uint64_t)sqlite3_column_int64(st, 1);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Nor have those that a deadline settled, or a cancel: these are all the others. */
static void add_unrecorded(const struct ledger *l, struct summary *s) {
    uint64_t cancelled = l->job.counts.by_outcome[OUTCOME_CANCELLED];

    s->by_code[CODE_DEADLINE] += (uint64_t)l->ended_n;
    if (cancelled > s->by_code[CODE_JOB_CANCELLED])
        s->by_code[CODE_JOB_CANCELLED] = cancelled;
}

static enum err read_top_hosts(struct db *db, int64_t job, struct summary *s) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT name,total,count(*) OVER () FROM work WHERE job=?1"
                          " ORDER BY total DESC,name LIMIT ?2",
                          db_int(job), db_int(SUMMARY_HOSTS));

    while (e == ERR_OK && (e = db_step(db, st)) == ERR_OK) {
        s->hosts[s->n_hosts++] = (struct summary_host){mem_chars(db_column(st, 0)),
                                                       (uint64_t)sqlite3_column_int64(st, 1)};
        s->host_count = (uint64_t)sqlite3_column_int64(st, 2);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err sqlite_summary(struct backend *b, int64_t job, struct summary **ret_summary) {
    OWNED(summary) struct summary *s = NEW(struct summary);
    struct reader *reader;
    struct ledger l;
    enum err e = lend_reader(b, job, &reader, &l);

    if (e != ERR_OK)
        return e;
    s->counts = l.job.counts;
    s->version = l.job.version;
    e = tally_read(reader->db, job, s);
    if (e == ERR_OK)
        e = add_dead_hosts(reader->db, job, s);
    if (e == ERR_OK)
        e = read_top_hosts(reader->db, job, s);
    pool_put(pool_of(b), reader);
    if (e != ERR_OK)
        return e;
    add_unrecorded(&l, s);
    *ret_summary = TAKE(s);
    return ERR_OK;
}
