#include "storage/sqlite_hosts.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "storage/sqlite_outbox.h"

/* --- marks -------------------------------------------------------------------------- */

enum err hosts_mark(struct db *db, const struct ledger *l, int64_t host,
                    struct host_mark *ret_mark) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e;

    *ret_mark = (struct host_mark){CODE_NONE, 0};
    if (!l->dead_hosts)
        return ERR_OK;
    e = DB_QUERY(db, &st, "SELECT settled_as,settled_below FROM work WHERE job=?1 AND host=?2",
                 db_int(l->job.no), db_int(host));
    if (e == ERR_OK)
        e = db_step(db, st);
    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    ret_mark->code = (enum code)sqlite3_column_int64(st, 0);
    ret_mark->below = sqlite3_column_int64(st, 1);
    return ret_mark->code < CODE_COUNT ? ERR_OK : ERR_CORRUPT;
}

int64_t hosts_settled_below(const struct ledger *l, struct host_mark mark) {
    return mark.below > l->ended_below ? mark.below : l->ended_below;
}

enum code hosts_code(const struct ledger *l, struct host_mark mark, int64_t seq) {
    if (seq < mark.below)
        return mark.code;
    return seq < l->ended_below ? CODE_DEADLINE : l->settled_as;
}

/* --- settling ------------------------------------------------------------------------ */

/* Tasks of the host with a seq of |from| or more, but less than |to|. */
static enum err count_tasks(struct db *db, int64_t job, int64_t host, int64_t from, int64_t to,
                            int64_t *ret_n) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(
        db, &st, "SELECT count(*) FROM task WHERE job=?1 AND host=?2 AND seq>=?3 AND seq<?4",
        db_int(job), db_int(host), db_int(from), db_int(to));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        *ret_n = sqlite3_column_int64(st, 0);
    return e;
}

static enum err put_mark(struct db *db, const struct ledger *l, int64_t host, struct host_mark mark,
                         int64_t n) {
    return DB_RUN(db,
                  "UPDATE work SET queued=0,ready_at=0,settled_as=?3,settled_below=?4,"
                  "settled_n=settled_n+?5 WHERE job=?1 AND host=?2",
                  db_int(l->job.no), db_int(host), db_int(mark.code), db_int(mark.below),
                  db_int(n));
}

static void count_settled(struct writer *w, struct ledger *l, enum code code, int64_t n) {
    l->job.counts.by_outcome[code_outcome(code)] += (uint64_t)n;
    l->job.version++;
    writer_count(w, -n, (uint64_t)n);
}

/* The job runs, |n| URLs of |host| are settled as |code|, and that may have been its last. */
static enum err move_on(struct writer *w, struct ledger *l, int64_t host, enum code code,
                        int64_t n) {
    int64_t now = clock_wall_ms();
    enum err e = ERR_OK;

    l->job.last_progress_at = now;
    if (l->job.state == JOB_QUEUED)
        e = ledger_move(w, l, JOB_RUNNING, STOP_NONE, now);
    if (e == ERR_OK)
        e = outbox_put_host(writer_db(w), l, host, code, n, now);
    return e == ERR_OK ? ledger_end_if_done(w, l, now) : e;
}

/* What a deadline had left of the host goes over to it: a mark has but one end. That
 * concerns jobs that were opened again only. */
static enum err take_ended(struct db *db, struct ledger *l, int64_t host, struct host_mark mark,
                           int64_t *ret_n) {
    int64_t n = 0;
    enum err e = ERR_OK;

    if (l->ended_n && mark.below < l->ended_below)
        e = count_tasks(db, l->job.no, host, mark.below, l->ended_below, &n);
    l->ended_n -= n;
    l->job.counts.by_outcome[OUTCOME_SKIPPED] -= (uint64_t)n;
    *ret_n = n;
    return e;
}

static enum err settle(struct writer *w, struct ledger *l, const struct unavailable *u) {
    struct db *db = writer_db(w);
    struct host_mark mark;
    int64_t n = 0, ended = 0;
    enum err e = hosts_mark(db, l, u->host, &mark);

    if (e == ERR_OK)
        e = count_tasks(db, l->job.no, u->host, hosts_settled_below(l, mark), l->next_seq, &n);
    if (e == ERR_OK && n)
        e = take_ended(db, l, u->host, mark, &ended);
    if (e != ERR_OK || !n)
        return e;
    l->dead_hosts += mark.code == CODE_NONE;
    mark = (struct host_mark){mark.code == CODE_NONE ? u->code : mark.code, l->next_seq};
    l->job.counts.by_outcome[code_outcome(mark.code)] += (uint64_t)ended;
    e = put_mark(db, l, u->host, mark, n + ended);
    if (e != ERR_OK)
        return e;
    count_settled(w, l, mark.code, n);
    e = move_on(w, l, u->host, mark.code, n + ended);
    return e == ERR_OK ? ledger_put(w, l) : e;
}

enum err hosts_settle(struct writer *w, const struct unavailable *u) {
    struct ledger l;
    enum err e = ledger_get(writer_db(w), u->job, &l);

    assert(u->code != CODE_NONE);
    if (e == ERR_NOT_FOUND || (e == ERR_OK && !ledger_takes_results(&l)))
        return ERR_OK;
    return e == ERR_OK ? settle(w, &l, u) : e;
}

/* --- deferring ------------------------------------------------------------------------ */

enum err hosts_defer(struct db *db, const struct deferred *d) {
    return DB_RUN(db, "UPDATE work SET ready_at=?3 WHERE job=?1 AND host=?2", db_int(d->job),
                  db_int(d->host), db_int(d->ready_at > 0 ? d->ready_at : 1));
}

enum err hosts_undefer(struct db *db, int64_t job, int64_t host) {
    return DB_RUN(db, "UPDATE work SET ready_at=0 WHERE job=?1 AND host=?2", db_int(job),
                  db_int(host));
}

/* Its failures stay: one request goes first, alone. */
enum err hosts_ask_again(struct db *db, int64_t host) {
    return DB_RUN(db, "UPDATE host SET blocked_until=0 WHERE id=?1 AND fails>0", db_int(host));
}

/* --- memos ------------------------------------------------------------------------------ */

static enum err forget(struct db *db, const struct host_memo *m) {
    return DB_RUN(db, "DELETE FROM host WHERE id=?1 AND name=?2", db_int(m->id),
                  db_blob(str_of(m->name)));
}

enum err hosts_remember(struct db *db, const struct host_memo *m) {
    struct str robots = m->robots_kind == ROBOTS_FILE ? str_at(m->robots, m->robots_len) : STR_NONE;
    bool keeps_robots = m->robots_kind == ROBOTS_FILE && !m->robots;

    if (host_memo_is_empty(m))
        return forget(db, m);
    return DB_RUN(db,
                  "INSERT OR REPLACE INTO host(id,name,blocked_until,fails,delay_ms,robots_kind,"
                  "robots_at,robots_until,noted_at,robots) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?11,"
                  "iif(?10,(SELECT robots FROM host WHERE id=?1 AND name=?2),?9))",
                  db_int(m->id), db_blob(str_of(m->name)), db_int(m->blocked_until),
                  db_int(m->fails), db_int(m->delay_ms), db_int(m->robots_kind),
                  db_int(m->robots_at), db_int(m->robots_until), db_blob(robots),
                  db_int(keeps_robots), db_int(clock_wall_ms()));
}

static char *copy_bytes(struct str s) {
    char *bytes = s.len ? mem_new(s.len, 1) : NULL;

    if (bytes)
        memcpy(bytes, s.ptr, s.len);
    return bytes;
}

static enum err read_memo(sqlite3_stmt *row, int64_t id, struct str name,
                          struct host_memo **ret_memo) {
    struct str robots = db_column(row, 7);
    int64_t kind = sqlite3_column_int64(row, 4);

    if (!str_eq(db_column(row, 0), name)) /* another one of the same id */
        return ERR_OK;
    if (kind < ROBOTS_NONE || kind > ROBOTS_UNREACHABLE)
        return ERR_CORRUPT;
    *ret_memo = NEW(struct host_memo);
    **ret_memo = (struct host_memo){
        .id = id,
        .name = mem_chars(name),
        .blocked_until = sqlite3_column_int64(row, 1),
        .fails = (uint32_t)sqlite3_column_int64(row, 2),
        .delay_ms = (uint32_t)sqlite3_column_int64(row, 3),
        .robots_kind = (enum robots_kind)kind,
        .robots_at = sqlite3_column_int64(row, 5),
        .robots_until = sqlite3_column_int64(row, 6),
        .robots = copy_bytes(robots),
        .robots_len = robots.len,
    };
    return ERR_OK;
}

enum err hosts_recall(struct db *db, int64_t id, struct str name, struct host_memo **ret_memo) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT name,blocked_until,fails,delay_ms,robots_kind,robots_at,"
                          "robots_until,robots FROM host WHERE id=?1",
                          db_int(id));

    *ret_memo = NULL;
    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        e = read_memo(st, id, name, ret_memo);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
