#include "storage/sqlite_schema.h"

#include <stdio.h>

enum { APPLICATION_ID = 0x6372776c }; /* "crwl" */

/* Text from outside is kept as BLOB: SQLite does not check it, and its functions
 * for text stop at a NUL. Times are wall clock in ms, 0 for not yet. */
static const char *const migrations[] = {
    /* Number 0 is no row: the service without tokens. */
    "CREATE TABLE tenant(no INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE) STRICT;"
    /* AUTOINCREMENT: the number of a job that is gone never comes back, for what
     * was on its way to it may still arrive. */
    "CREATE TABLE job("
    "  no INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE,"
    "  state INTEGER NOT NULL, stop_reason INTEGER NOT NULL DEFAULT 0,"
    "  settled_as INTEGER NOT NULL DEFAULT 0," /* the code of tasks that are left */
    /* Tasks with a lesser seq were settled by a deadline, so many of them. */
    "  ended_below INTEGER NOT NULL DEFAULT 0, ended_n INTEGER NOT NULL DEFAULT 0,"
    "  dead_hosts INTEGER NOT NULL DEFAULT 0," /* rows of work with settled_as */
    "  next_seq INTEGER NOT NULL DEFAULT 0,"   /* of a task: those that come later have greater ones
                                                */
    "  priority INTEGER NOT NULL, version INTEGER NOT NULL, next_page INTEGER NOT NULL,"
    "  total INTEGER NOT NULL DEFAULT 0, succeeded INTEGER NOT NULL DEFAULT 0,"
    "  failed INTEGER NOT NULL DEFAULT 0, disallowed INTEGER NOT NULL DEFAULT 0,"
    "  skipped INTEGER NOT NULL DEFAULT 0, cancelled INTEGER NOT NULL DEFAULT 0,"
    "  duplicates INTEGER NOT NULL DEFAULT 0, links_found INTEGER NOT NULL DEFAULT 0,"
    "  bytes INTEGER NOT NULL DEFAULT 0, out_of_scope INTEGER NOT NULL DEFAULT 0,"
    "  depth_limit INTEGER NOT NULL DEFAULT 0, page_limit INTEGER NOT NULL DEFAULT 0,"
    "  max_pages INTEGER NOT NULL DEFAULT 0," /* of one that grows; 0: no limit */
    "  tenant INTEGER NOT NULL DEFAULT 0,"
    "  revalidates INTEGER NOT NULL DEFAULT 0,"  /* as what variant; see options_variant */
    "  retention_ms INTEGER NOT NULL DEFAULT 0," /* once it is finished; 0: for good */
    "  keeps_seen INTEGER NOT NULL DEFAULT 0, salt INTEGER NOT NULL," /* see seen */
    "  created_at INTEGER NOT NULL, started_at INTEGER NOT NULL DEFAULT 0,"
    "  finished_at INTEGER NOT NULL DEFAULT 0, expires_at INTEGER NOT NULL DEFAULT 0,"
    "  last_progress_at INTEGER NOT NULL DEFAULT 0, deadline_at INTEGER NOT NULL DEFAULT 0,"
    "  name BLOB, metadata BLOB, options BLOB NOT NULL) STRICT;"
    "CREATE INDEX job_by_state ON job(state, no);"
    "CREATE INDEX job_by_tenant ON job(tenant, no);"
    "CREATE INDEX job_unfinished ON job(tenant) WHERE state IN (1,2,3,4);" /* to cancelling */
    "CREATE INDEX job_by_deadline ON job(deadline_at)"
    "  WHERE deadline_at>0 AND state IN (1,2,3);" /* queued, running, paused */
    "CREATE INDEX job_by_expiry ON job(expires_at)"
    "  WHERE expires_at>0 AND state IN (5,6,7);" /* completed, cancelled, failed */
    /* A URL without an outcome. host: host_id of the host key. */
    "CREATE TABLE task("
    "  job INTEGER NOT NULL, host INTEGER NOT NULL, seq INTEGER NOT NULL,"
    "  depth INTEGER NOT NULL DEFAULT 0, prefix_len INTEGER NOT NULL DEFAULT 0,"
    "  tries INTEGER NOT NULL DEFAULT 0,"
    "  tries_before INTEGER NOT NULL DEFAULT 0," /* those that do not count any more */
    "  due_at INTEGER NOT NULL DEFAULT 0, referrer INTEGER NOT NULL DEFAULT -1,"
    "  place INTEGER NOT NULL DEFAULT 0," /* + 1; 0: the seq */
    "  url BLOB NOT NULL, input BLOB, PRIMARY KEY(job, host, seq)) STRICT, WITHOUT ROWID;"
    /* A host of a job. total: its URLs, whatever becomes of them; queued: its tasks when it
     * was loaded, 0 once it has none; ready_at: not to be opened before, 0 if at once;
     * settled_as: the code of its tasks with a seq less than settled_below, settled_n of
     * them. */
    "CREATE TABLE work("
    "  job INTEGER NOT NULL, host INTEGER NOT NULL, name BLOB NOT NULL,"
    "  total INTEGER NOT NULL, queued INTEGER NOT NULL, ready_at INTEGER NOT NULL DEFAULT 0,"
    "  settled_as INTEGER NOT NULL DEFAULT 0, settled_below INTEGER NOT NULL DEFAULT 0,"
    "  settled_n INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(job, host)) STRICT, WITHOUT ROWID;"
    /* By slices of hosts, so that who asks for a range need not look at the others'. */
    "CREATE INDEX work_due ON work(job, host>>57, ready_at) WHERE ready_at>0;"
    "CREATE INDEX work_settled ON work(job, host) WHERE settled_as>0;"
    /* What is remembered of a host over jobs; only where there is something. */
    "CREATE TABLE host("
    "  id INTEGER PRIMARY KEY, name BLOB NOT NULL, blocked_until INTEGER NOT NULL,"
    "  fails INTEGER NOT NULL, delay_ms INTEGER NOT NULL, robots_kind INTEGER NOT NULL,"
    "  robots_at INTEGER NOT NULL, robots_until INTEGER NOT NULL,"
    "  noted_at INTEGER NOT NULL, robots BLOB) STRICT;"
    /* The URLs of a job that keeps_seen, by hashes salted with its salt. */
    "CREATE TABLE seen("
    "  job INTEGER NOT NULL, hash INTEGER NOT NULL, PRIMARY KEY(job, hash)) STRICT, WITHOUT ROWID;"
    /* A URL with its outcome. id: job.no << 32 | seq, in order of ending. */
    "CREATE TABLE page(id INTEGER PRIMARY KEY, record BLOB NOT NULL, links BLOB) STRICT;"
    "CREATE TABLE page_more("
    "  page INTEGER NOT NULL, part INTEGER NOT NULL, links BLOB NOT NULL,"
    "  PRIMARY KEY(page, part)) STRICT, WITHOUT ROWID;"
    /* How a URL was known the last time, over all jobs of a tenant that revalidate as
     * one variant; see its page for which URL of whom it is. */
    "CREATE TABLE validator("
    "  hash INTEGER PRIMARY KEY, page INTEGER NOT NULL, etag BLOB, last_modified BLOB) STRICT;"
    "CREATE INDEX validator_by_page ON validator(page);"
    "CREATE TABLE event("
    "  job INTEGER NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL,"
    "  state INTEGER NOT NULL, stop_reason INTEGER NOT NULL,"
    "  PRIMARY KEY(job, version)) STRICT, WITHOUT ROWID;"
    /* Calls that were carried out, by the keys of their senders; job: its id. */
    "CREATE TABLE once("
    "  tenant INTEGER NOT NULL, key BLOB NOT NULL, at INTEGER NOT NULL,"
    "  print BLOB NOT NULL, job BLOB NOT NULL, PRIMARY KEY(tenant, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX once_by_age ON once(at);"
    /* Who may commit results: see store_epoch. */
    "CREATE TABLE node(id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;"
    "INSERT INTO node VALUES(1, 0);",
    /* Webhooks. Of a job: bits 1 << WEBHOOK_x, which count until its receiver wants no more. */
    "ALTER TABLE job ADD COLUMN webhook INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE job ADD COLUMN webhook_ended INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE job ADD COLUMN receiver INTEGER NOT NULL DEFAULT 0;" /* see delivery */
    "ALTER TABLE job ADD COLUMN next_delivery INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE job ADD COLUMN progress_told_at INTEGER NOT NULL DEFAULT 0;"
    /* What a webhook is told; facts: see facts_put_job; receiver: a hash of its origin. Of a
     * job's deliveries that were not tried yet only the first one has a next_at: that is
     * how they go in order. */
    "CREATE TABLE delivery("
    "  job INTEGER NOT NULL, seq INTEGER NOT NULL, event INTEGER NOT NULL, at INTEGER NOT NULL,"
    "  receiver INTEGER NOT NULL, next_at INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,"
    "  attempts INTEGER NOT NULL DEFAULT 0, tried_at INTEGER NOT NULL DEFAULT 0,"
    "  delivered_at INTEGER NOT NULL DEFAULT 0, http_status INTEGER NOT NULL DEFAULT 0,"
    "  code INTEGER NOT NULL DEFAULT 0, facts BLOB NOT NULL,"
    "  PRIMARY KEY(job, seq)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX delivery_due ON delivery(receiver, next_at) WHERE next_at>0;"
    "CREATE INDEX delivery_untried ON delivery(job, seq) WHERE state=0;" /* pending */
    "CREATE INDEX delivery_progress ON delivery(job, seq) WHERE event=1 AND state IN (0,1);",
    /* May its origin see the secret ones of the job's headers? Of what was discovered. */
    "ALTER TABLE task ADD COLUMN entitled INTEGER NOT NULL DEFAULT 0;",
    /* How many URLs ended how: see sqlite_tally.c for what the kinds are. */
    "CREATE TABLE tally("
    "  job INTEGER NOT NULL, kind INTEGER NOT NULL, key ANY NOT NULL, n INTEGER NOT NULL,"
    "  PRIMARY KEY(job, kind, key)) STRICT, WITHOUT ROWID;",
    /* Of jobs that index their links: the pages (of which see the id) that name a URL. */
    "ALTER TABLE job ADD COLUMN indexes_links INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE backlink("
    "  tenant INTEGER NOT NULL, hash INTEGER NOT NULL, page INTEGER NOT NULL,"
    "  PRIMARY KEY(tenant, hash, page)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX backlink_by_page ON backlink(page);",
};
enum { VERSION = sizeof migrations / sizeof *migrations };

static enum err refuse(struct buf *why, const char *text) {
    if (why && buf_put(why, str_of(text)) != ERR_OK)
        buf_clear(why);
    return ERR_UNSUPPORTED;
}

static enum err step(struct db *db, int version) {
    char marks[96];
    enum err e = db_exec(db, "BEGIN IMMEDIATE");

    if (e != ERR_OK)
        return e;
    (void)snprintf(marks, sizeof marks, "PRAGMA user_version=%d; PRAGMA application_id=%d",
                   version + 1, APPLICATION_ID);
    e = db_exec(db, migrations[version]);
    if (e == ERR_OK)
        e = db_exec(db, marks);
    if (e == ERR_OK)
        e = db_exec(db, "COMMIT");
    if (e != ERR_OK && !sqlite3_get_autocommit(db->handle) && db_exec(db, "ROLLBACK") != ERR_OK)
        return ERR_IO;
    return e;
}

static enum err check(int64_t version, int64_t application, int64_t tables, struct buf *why) {
    if (application != APPLICATION_ID && (application || version || tables))
        return refuse(why, "this is the database of another program");
    if (version > VERSION)
        return refuse(why, "the database was written by a newer version of crawld");
    return ERR_OK;
}

enum err sqlite_schema_admit(struct db *db, struct buf *why) {
    int64_t version = 0, application = 0, tables = 0;
    enum err e = db_number(db, "PRAGMA user_version", &version);

    if (e == ERR_OK)
        e = db_number(db, "PRAGMA application_id", &application);
    if (e == ERR_OK)
        e = db_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
    return e == ERR_OK ? check(version, application, tables, why) : e;
}

enum err sqlite_schema_migrate(struct db *db) {
    int64_t version = 0;
    enum err e = db_number(db, "PRAGMA user_version", &version);

    for (int v = (int)version; v < VERSION && e == ERR_OK; v++)
        e = step(db, v);
    return e;
}
