/* store - the door of the cellar: all that crawld keeps, behind one struct.
 *
 * Which back end it is follows from the URL ("sqlite:FILE"). No word of SQL
 * leaves this floor.
 *
 * Threads. Any thread may call anything here unless a call says otherwise. One
 * writer thread of the store's own makes all changes, in group commits. Calls
 * that change something wait for it, and are durable when they return ERR_OK
 * ("durable": survives power loss; a result of the crawl, handed over by
 * store_commit, survives kill -9 at once and power loss from the next durable
 * change or checkpoint on). Reads are short, and take a connection of their own.
 *
 * Errors that any call may return: ERR_FULL (no space; nothing was changed; the
 * store is degraded and tries again by itself), ERR_IO, ERR_CORRUPT,
 * ERR_STOPPED (store_stop was called), ERR_NO_MEMORY.
 */
#ifndef STORAGE_STORE_H
#define STORAGE_STORE_H

#include "base/sha256.h"
#include "storage/model.h"
#include "storage/summary.h"

struct store;

struct store_options {
    struct str url;           /* "sqlite:crawld.db" */
    uint64_t min_free_bytes;  /* on the volume; below it the store says so (store_health) */
    uint64_t max_queued_urls; /* unfinished URLs over all jobs; see ingest_add */
    /* Of one tenant, unfinished; 0: no limit. See ingest_commit. */
    uint64_t tenant_max_jobs, tenant_max_queued_urls;
    uint32_t progress_ms; /* least time between two WEBHOOK_JOB_PROGRESS of a job */
};

/* Opens or creates, migrates, takes the lock file, settles what a crash left
 * (uploads half received are swept, jobs being cancelled become cancelled) and
 * starts the writer. On an error |why| (may be NULL) gets one line for people.
 * ERR_BUSY: another process has it. ERR_UNSUPPORTED: a newer schema, or a URL
 * of an unknown kind. */
MUST_USE enum err store_open(const struct store_options *options, struct store **ret_store,
                             struct buf *why);
/* Commits what was handed over, answers all waiting, ends the writer. The
 * calls fail with ERR_STOPPED from then on; feeds and reads go on. */
void store_stop(struct store *s);
void store_free(struct store *s); /* stops it where that was not done; NULL is fine */
DEFINE_OWNED(store)

/* Copies the database at |url|, which a service may be using, to |file|, which must not be
 * there yet: all of one moment, synced to disk. What the service does goes on, but its WAL
 * keeps what it writes meanwhile. On an error |why| gets one line. ERR_UNSUPPORTED: not a
 * database of ours. */
MUST_USE enum err store_backup(struct str url, const char *file, struct buf *why);

/* --- state of health -------------------------------------------------------- */

#define STORE_HEALTH_TABLE(X)                                                                      \
    X(OK, "ok")                                                                                    \
    X(LOW_SPACE, "low_space") /* below min_free_bytes: take no jobs, start no fetches */           \
    X(DEGRADED, "degraded")   /* writes fail; retried with back-off; reads go on */                \
    X(DAMAGED, "damaged")     /* the database is corrupt: no more writes */

enum store_health {
#define X(name, text) STORE_##name,
    STORE_HEALTH_TABLE(X)
#undef X
};
enum store_health store_health(const struct store *s); /* cheap: no I/O */
const char *store_health_text(enum store_health h);

struct store_stats {
    uint64_t queued_urls; /* unfinished, over all jobs */
    uint64_t commits, commit_us, results, wal_bytes, sweep_rows;
};
void store_stats(const struct store *s, struct store_stats *ret_stats); /* cheap */

/* Fencing: each store_open has an epoch of its own; a batch of another epoch is
 * refused. With one node nobody else raises it; with several a lost lease does. */
uint64_t store_epoch(const struct store *s);

/* --- tenants ----------------------------------------------------------------- */

/* The number of the tenant of that name, greater than 0 and the same for ever; durable. */
MUST_USE enum err store_tenant(struct store *s, struct str name, int64_t *ret_no);

/* What it has that is unfinished. One short read, however much is finished. */
struct tenant_load {
    uint64_t jobs, urls;
};
MUST_USE enum err store_tenant_load(struct store *s, int64_t tenant, struct tenant_load *ret_load);
/* May it have a job more, and |urls| URLs? ERR_QUOTA_JOBS, ERR_QUOTA_URLS. Only a look: what
 * counts is the commit. No read where there are no limits. */
MUST_USE enum err store_tenant_may(struct store *s, int64_t tenant, uint64_t jobs, uint64_t urls);

/* --- calls that are carried out once ------------------------------------------ */

enum { ONCE_MAX_KEY_BYTES = 255, ONCE_KEPT_MS = 24 * 3600 * 1000 };

/* A call to which its sender gave a key, while it is under way. What commits such a call
 * (ingest_once, store_job_retry) keeps the key in the same transaction. */
struct once;
struct once_done {
    struct sha256_sum print; /* what tells whether it was the same call; the caller's own */
    struct uuid job;         /* that it made or changed */
};
/* |key|: of the tenant. ERR_BUSY: a call with it is under way, and will be until its
 * once_free. ERR_CONFLICT: one was carried out which came less than ONCE_KEPT_MS before
 * |now_ms| (wall): *ret_done is written. ERR_OK: this is the first; what is kept of it counts
 * from |now_ms|. One short read. */
MUST_USE enum err store_once_begin(struct store *s, int64_t tenant, struct str key, int64_t now_ms,
                                   struct once **ret_once, struct once_done *ret_done);
void once_set_print(struct once *o, struct sha256_sum print); /* before it is committed */
/* It is over; if nothing was committed, the key is free again. NULL is fine. */
void once_free(struct once *o);
DEFINE_OWNED(once)

/* --- jobs -------------------------------------------------------------------- */

/* Whose job it is, which never changes: no call below asks who calls. Mostly known without
 * a read of the store. ERR_NOT_FOUND as for store_job_get. */
MUST_USE enum err store_job_tenant(struct store *s, const struct uuid *id, int64_t *ret_tenant);

/* ERR_NOT_FOUND also for jobs still being received and for deleted ones. */
MUST_USE enum err store_job_get(struct store *s, const struct uuid *id, struct job **ret_job);
MUST_USE enum err store_job_get_no(struct store *s, int64_t no, struct job **ret_job);

/* The version of a job as the last commit left it, where it is known without a read of the
 * store: because it was read before. False: read it. */
bool store_job_version(struct store *s, const struct uuid *id, uint64_t *ret_version);

/* Waits for a job to change, without a thread. */
struct store_watch;
struct store_watch *store_watch_new(struct store *s, int64_t job);
/* After it nothing is woken any more, as after store_watch_disarm. NULL is fine. */
void store_watch_free(struct store_watch *w);
DEFINE_OWNED(store_watch)
/* Calls |wake| once: when a commit has moved the job past version |seen| or, |for_end|, has
 * finished it; in any case where it was deleted. That may be at once, on this thread (also
 * where nothing is known of the job: a read tells), or later, on the writer's. |wake| must
 * neither block nor call in here. An earlier arming is forgotten. */
void store_watch_arm(struct store_watch *w, uint64_t seen, bool for_end, void (*wake)(void *arg),
                     void *arg);
void store_watch_disarm(struct store_watch *w);

struct job_filter {
    int64_t tenant;
    enum job_state state; /* JOB_RECEIVING: any */
    struct str name;      /* ptr NULL: any */
    int64_t before_no;    /* 0: from the newest */
    size_t limit;
};
/* Newest first; *ret_jobs is an array of *ret_n owned jobs (free each, then it). */
MUST_USE enum err store_job_list(struct store *s, const struct job_filter *f,
                                 struct job ***ret_jobs, size_t *ret_n);

/* Moves to |to|. Durable. Idempotent: a job that is there, or past it by the same way,
 * is returned as it is. ERR_CONFLICT where that is no legal move (*ret_job is written
 * then too).
 *   PAUSED           of a QUEUED or RUNNING job: refills of it give nothing; results of
 *                    what is under way are taken, and the last one completes it.
 *   RUNNING, QUEUED  the same: a PAUSED job goes on, as QUEUED if it never started. One
 *                    without anything to do is COMPLETED at once.
 *   CANCELLING       of any that is not finished. It becomes CANCELLED, and all its tasks
 *                    settled as job_cancelled, when the engine has let it go
 *                    (store_batch.released).
 *
 * Deadlines (job.deadline_at) are met by the store itself, within a second or two, by
 * QUEUED, RUNNING and PAUSED jobs: such a job is COMPLETED with STOP_DEADLINE, what it has
 * left is settled as CODE_DEADLINE, and results that come later get ERR_CONFLICT.
 *
 * So are retentions: a finished job with options.retention_seconds is deleted, as by
 * store_job_delete, once its expires_at has come, unless a call is at work on it. */
MUST_USE enum err store_job_move(struct store *s, const struct uuid *id, enum job_state to,
                                 struct job **ret_job);
/* Puts back the URLs whose code is in |codes| (bits 1 << CODE_x), however they were settled,
 * but for rejects of a list: they count as unfinished again, with a fresh budget of attempts,
 * and get a new record in the end. A completed job runs again, and its deadline, if it has
 * one, counts from now. ERR_CONFLICT in other states than QUEUED, RUNNING, PAUSED and
 * COMPLETED, ERR_BUSY while such a call or an addition is at work on the job.
 * In many small steps, durable when it returns; on another error what was put back before
 * stays so. |once| may be NULL; it is kept with the last step. *ret_retried: how many. */
MUST_USE enum err store_job_retry(struct store *s, const struct uuid *id, uint64_t codes,
                                  const struct once *once, uint64_t *ret_retried,
                                  struct job **ret_job);
/* Durable: not found from then on; rows leave in small batches later. */
MUST_USE enum err store_job_delete(struct store *s, const struct uuid *id);

/* --- ingest: a list of any length, in constant memory ------------------------ */

struct ingest;

enum { URL_MAX_BYTES = 8192, INPUT_SHOWN_CHARS = 200, REJECTS_SHOWN = 100, SURVEY_TOP = 100 };

struct seed {
    struct str url;      /* canonical, without fragment; for a reject empty or what could be made */
    struct str input;    /* as given, valid UTF-8 (mended); STR_NONE where equal to url */
    struct str host_key; /* "example.com:443"; empty for a reject */
    uint32_t bucket;     /* of its host: see host_id */
    enum code code;      /* CODE_NONE, or why it is rejected */
    struct str detail;   /* of a reject, one phrase; borrowed for the call */
};

struct reject {
    int64_t index;
    char *input; /* cut at INPUT_SHOWN_CHARS characters, valid UTF-8 */
    enum code code;
    char *detail;
};

struct submission {
    uint64_t received, accepted, duplicates, rejected;
    size_t n_rejects; /* at most REJECTS_SHOWN, the first ones */
    struct reject rejects[REJECTS_SHOWN];
};
void submission_done(struct submission *sub);

/* One thread at a time per ingest. Seeds are spooled to unnamed files beside the
 * database once they are more than fit a small buffer. ERR_FULL also while
 * store_health is not STORE_OK. ERR_QUOTA where max_queued_urls would be passed:
 * rejects do not count, duplicates do until ingest_commit knows them. */
MUST_USE enum err store_ingest_new(struct store *s, struct ingest **ret_ingest);
MUST_USE enum err ingest_add(struct ingest *in, const struct seed *seed);
/* The commit carries |o| out, which is borrowed until then: it is kept with the (last) step. */
void ingest_once(struct ingest *in, const struct once *o);
/* How many ingest_add took so far. */
uint64_t ingest_received(const struct ingest *in);
/* Settles duplicates (the first occurrence stays), stores the tasks in key order
 * and makes the job visible in one durable commit. |draft|: tenant, name, metadata,
 * priority, options, created_at, and state: JOB_PAUSED for a job that begins so, anything
 * else for a QUEUED one; borrowed. Its deadline counts from created_at. Takes about a second
 * per million URLs. ERR_INVALID where no seed was valid, but for a paused job of no seeds at
 * all: nothing is stored, |ret_submission| is written nevertheless. ERR_QUOTA_JOBS or
 * ERR_QUOTA_URLS where the tenant would have more than it may. Use |in| no more but to
 * free it. */
MUST_USE enum err ingest_commit(struct ingest *in, const struct job *draft, struct job **ret_job,
                                struct submission *ret_submission);
/* Adds the list to a job that is there: what it has already, by its list or otherwise, is a
 * duplicate, the rest gets places behind those that are taken; a COMPLETED job runs again, as
 * store_job_retry says, a PAUSED one stays so. ERR_INVALID as above; ERR_NOT_FOUND;
 * ERR_CONFLICT in other states than QUEUED, RUNNING, PAUSED and COMPLETED (*ret_job is
 * written then); ERR_BUSY while such a call or a retry is at work on the job; ERR_QUOTA_JOBS and
 * ERR_QUOTA_URLS by what is there at the start, the list's duplicates in the job counted.
 * In many small steps, durable when it returns; on another error what was added before stays,
 * and adding the list again finds it there. The first addition to a job that did not keep
 * track of its URLs takes about 4 s more per million of them. Use |in| no more but to free it. */
MUST_USE enum err ingest_commit_into(struct ingest *in, const struct uuid *id, struct job **ret_job,
                                     struct submission *ret_submission);
/* What a list would be as a job: nothing is stored, nobody asked. *ret_submission as at a commit.
 * ERR_INVALID where it has seeds, but no valid one. Use |in| no more but to free it. */
struct survey {
    uint64_t n_hosts;
    struct survey_host {
        char *name; /* host key */
        uint64_t n_urls;
    } top[SURVEY_TOP]; /* the largest first, of equal ones by name */
    size_t n_top;
};
void survey_done(struct survey *v);
MUST_USE enum err ingest_survey(struct ingest *in, struct survey *ret_survey,
                                struct submission *ret_submission);
void ingest_free(struct ingest *in); /* uncommitted: nothing is left of it; NULL is fine */
DEFINE_OWNED(ingest)

/* --- the engine's side --------------------------------------------------------- */

/* What the engine has to know of jobs, in the order in which it happened: each
 * active job once at the start (QUEUED, RUNNING, CANCELLING), then each change of
 * a job's state (also PAUSED, COMPLETED, DELETED). */
struct store_feed;
struct job_change {
    int64_t job;
    enum job_state state;
    /* Not a change of state: the job got new tasks, at |host|, or at several where that is
     * -1. They have greater seqs than the host's tasks had before; its row of work may lie
     * before |after_host| of the last refill. */
    bool has_grown;
    int64_t host;
};
/* |wake| is called on any thread, after a change was added; it must not block. */
MUST_USE enum err store_feed_new(struct store *s, void (*wake)(void *arg), void *arg,
                                 struct store_feed **ret_feed);
bool store_feed_take(struct store_feed *f, struct job_change *ret_change); /* false: none left */
void store_feed_free(struct store_feed *f);

/* Refill: what to fetch next, read by the writer: known hosts, then deferred ones that are
 * due, then fresh ones in key order. Owned by the engine, lent to the store from store_refill
 * to |done|. A known host gives nothing while it is deferred. */
struct refill_host {
    int64_t host;
    int64_t after_seq; /* tasks with a greater seq only; -1 for a fresh host */
    uint32_t limit;    /* how many tasks at most */
    /* answered: */
    char *name;        /* host key; owned by the refill; NULL: the host has no work row */
    struct list tasks; /* of struct task, by seq; the engine takes them */
    bool more;         /* the store holds tasks beyond these */
    /* Of a new host: what is remembered of it, or NULL; owned by the refill until taken. */
    struct host_memo *memo;
};
struct refill {
    int64_t job;
    uint64_t tag; /* the asker's own */
    /* asked: known hosts that want more tasks, and how many new ones to open */
    struct refill_host *hosts; /* |n_hosts| known ones, then up to |max_new| answered ones */
    size_t n_hosts, max_new;
    int64_t host_from, host_to; /* new hosts of this range of ids only, the end excluded */
    /* New hosts beyond this id; from the start: host_from - 1. Answered: the last one that
     * was looked at, which may have had no tasks. */
    int64_t after_host;
    uint32_t tasks_per_host; /* limit for new hosts */
    /* No more tasks are read once they take so much (task_size), but one is in any case;
     * |more| and |more_hosts| then say what was left out. SIZE_MAX: no such limit. */
    size_t max_bytes;
    /* answered: */
    size_t n_new, bytes; /* bytes: of all tasks and memos */
    bool more_hosts;     /* the job has hosts beyond |after_host| */
    /* Wall ms: when the next of the job's deferred hosts in the range is due, which may be
     * at once (those that are due come first, but no more than |max_new|); 0: there is none. */
    int64_t next_due_at;
    enum job_state state; /* the job's; a QUEUED job becomes RUNNING by its first refill */
    /* ERR_OK, ERR_NOT_FOUND (state is DELETED then), ERR_STOPPED or ERR_CORRUPT. Tasks
     * are given only where |state| is RUNNING. Hosts that turn out to have none are
     * not opened. */
    enum err result;
    /* called on the writer's thread (after store_stop: on the asking one): hand over
     * and wake, nothing else */
    void (*done)(struct refill *r);
    void *owner;
};
/* A refill with room for the hosts, for all ids from the start, without a limit of bytes;
 * refill_free frees tasks that were not taken. */
struct refill *refill_new(int64_t job, size_t n_hosts, size_t max_new);
void refill_free(struct refill *r);
DEFINE_OWNED(refill)
void store_refill(struct store *s, struct refill *r);

/* What is remembered of a host leaves by itself when all of it has passed (blocked_until,
 * robots_until) and nothing was noted for a day. */

/* What is remembered of one host, for one that no refill opened. Lent likewise. */
struct host_ask {
    int64_t host;
    struct str name;                  /* borrowed until |done| */
    struct host_memo *memo;           /* answered; NULL: nothing. Whoever asked owns it */
    enum err result;                  /* ERR_OK, ERR_STOPPED or ERR_CORRUPT */
    void (*done)(struct host_ask *a); /* as refill.done */
    void *owner;
};
void store_host_ask(struct store *s, struct host_ask *a);

/* A batch of results and what belongs to them: one transaction, one answer a result, in the
 * order of the members below. Lent likewise. */
struct result {
    struct task *task;    /* owned; the key of what is settled */
    struct record record; /* its text is in |text| */
    struct buf text;      /* owned */
    struct links links;   /* owned */
    /* Of a not_modified record the store takes the links, and their numbers, from
     * task->known_page: |links| are empty then. */
    /* Owned. What it names and the job does not have yet becomes a task, up to max_pages of
     * the job (beyond, it is counted in not_followed); nothing where the job was not to grow
     * (job_options_grow) or is being cancelled. */
    struct follow follow;
    /* Not settled: only task->attempts is counted, and a retry will follow, not before
     * |due_at| (wall ms; 0: at once), which is kept over restarts. */
    bool again;
    int64_t due_at;
    /* ERR_OK; ERR_CONFLICT: settled before, or its job is no more; ERR_NOT_FOUND: it is
     * not_modified, but task->known_page has gone: not settled, to be fetched without the
     * task's validators. */
    enum err answer;
};
/* A host of a job. */
struct job_host {
    int64_t job, host;
};
struct store_batch {
    uint64_t epoch;
    struct result *results; /* any order; the store sorts */
    size_t n_results;
    struct job_host *drained; /* those with no task left */
    size_t n_drained;
    /* Those of which the engine holds nothing any more and wants to hear when it is
     * |ready_at| (wall ms): a refill of the job opens them as new hosts then. */
    struct deferred {
        int64_t job, host, ready_at;
    } *deferred;
    size_t n_deferred;
    /* Those whose tasks are all settled, as |code|: at once, without touching them. What is
     * put into the job later for such a host is a task like any other. A host that was
     * settled in that job before keeps its first code. */
    struct unavailable {
        int64_t job, host;
        enum code code;
    } *unavailable;
    size_t n_unavailable;
    /* What is to be remembered from now on; an empty one forgets. Each owns its texts: the
     * owner of the batch frees them (host_memo_done). */
    struct host_memo *memos;
    size_t n_memos;
    int64_t *released; /* jobs in CANCELLING of which the engine holds nothing any more */
    size_t n_released;
    /* ERR_OK, ERR_CONFLICT (another epoch: nothing was done), ERR_STOPPED or
     * ERR_CORRUPT: full disks are waited out */
    enum err result;
    void (*done)(struct store_batch *b); /* as refill.done */
    void *owner;
};
void store_commit(struct store *s, struct store_batch *b);
void result_done(struct result *r); /* frees what it owns */

/* --- reading results ------------------------------------------------------------ */

/* A visitor returns true to go on. What it gets is borrowed for the call; it
 * must not call the store. */

struct record_filter {
    enum outcome outcome; /* OUTCOME_PENDING: any ended one */
    enum code code;       /* CODE_NONE: any */
    struct str url;       /* ptr NULL: any; compared with the canonical URL */
    struct str host_name; /* ptr NULL: any; host name without port */
};
typedef bool record_visit(void *arg, const struct record *r);
/* Ended URLs in order of ending, beyond |*after_seq| (0: from the start), which is
 * moved to the last row looked at. At most |max_rows| rows are looked at: one
 * short read. *ret_more: rows beyond were there. ERR_NOT_FOUND: the job is gone. */
MUST_USE enum err store_records_read(struct store *s, int64_t job, const struct record_filter *f,
                                     int64_t *after_seq, size_t max_rows, record_visit *visit,
                                     void *arg, bool *ret_more);
/* Tasks without a record: unended ones, or those settled as a whole (by a cancel, by a
 * deadline, with their host), which have that outcome. In key order; |after| is moved
 * likewise, to each row before it is visited, and *ret_more may be true though nothing
 * was visited. */
struct task_cursor {
    int64_t host, seq; /* -1, -1: from the start */
};
enum tasks_which { TASKS_UNENDED, TASKS_SETTLED };
MUST_USE enum err store_tasks_read(struct store *s, int64_t job, enum tasks_which which,
                                   struct task_cursor *after, size_t max_rows, record_visit *visit,
                                   void *arg, bool *ret_more);

/* A host of a job. */
struct host_row {
    int64_t host;
    struct str name;  /* host key */
    uint64_t total;   /* its URLs that were put into the job, without duplicates */
    uint64_t left;    /* without an outcome */
    bool is_estimate; /* |left| is: more than HOST_ROW_EXACT are left */
    int64_t ready_at; /* as store_batch.deferred has it; 0: at once */
    bool is_failing;  /* of a deferred one: failures led there (host_memo.fails) */
};
enum { HOST_ROW_EXACT = 10000 };
typedef bool host_visit(void *arg, const struct host_row *h);
/* --- backlinks: which pages name a URL ------------------------------------------------------ */

struct backlink { /* borrowed */
    struct uuid job_id;
    struct str source_url;
    struct link link;
};
typedef void backlink_visit(void *arg, const struct backlink *l);
/* Of the jobs of |tenant| that index their links: visits those to |url| of the next |max_pages|
 * pages after |*after_page| (at first 0), which moves on; of fewer where these have many links:
 * one short read. *ret_more: there are pages beyond. Jobs in the order in which they were made,
 * pages in that in which they ended. */
MUST_USE enum err store_backlinks_read(struct store *s, int64_t tenant, struct str url,
                                       int64_t *after_page, size_t max_pages, backlink_visit *visit,
                                       void *arg, bool *ret_more);

/* How the URLs of the job ended, at one moment. */
MUST_USE enum err store_summary(struct store *s, int64_t job, struct summary **ret_summary);

/* In the order of ids, beyond |*after_host| (-1: from the start), which is moved to the last
 * one visited. At most |max_rows|, and fewer where many tasks had to be counted: one short
 * read. *ret_more: there are hosts beyond. */
MUST_USE enum err store_hosts_read(struct store *s, int64_t job, int64_t *after_host,
                                   size_t max_rows, host_visit *visit, void *arg, bool *ret_more);

struct links_part {
    int64_t seq;   /* of the page's record */
    uint32_t part; /* of the page, 0-based */
    struct str source_url;
    struct links_view links;
};
typedef bool links_visit(void *arg, const struct links_part *p);
struct links_cursor {
    int64_t seq;
    uint32_t part; /* the next read starts with this part: {0, 0} from the start */
};
/* Parts (of at most 64 KiB of text each, one URL at least) from |*at| on, which is
 * moved past the last one visited (for which the visitor returned true) and past
 * pages without links: a read may visit nothing and still say *ret_more. */
MUST_USE enum err store_links_read(struct store *s, int64_t job, struct links_cursor *at,
                                   size_t max_parts, links_visit *visit, void *arg, bool *ret_more);

/* The links of the page that |t| is known by (task.known_page), part by part, until |visit|
 * returns false. ERR_NOT_FOUND: its job is gone. */
MUST_USE enum err store_known_links_read(struct store *s, const struct task *t, links_visit *visit,
                                         void *arg);

/* Events of a job: its changes of state, numbered by the version they made. */
struct job_event {
    uint64_t version;
    int64_t at; /* wall ms */
    enum job_state state;
    enum stop_reason stop_reason;
};
typedef bool event_visit(void *arg, const struct job_event *e);
MUST_USE enum err store_events_read(struct store *s, int64_t job, uint64_t after_version,
                                    event_visit *visit, void *arg);

/* --- webhooks ----------------------------------------------------------------------- */

/* What a job's webhook wants to hear (options.webhook_events) is written down as a delivery in
 * the transaction that makes it so. Of a job that was settled by a crash likewise, at the
 * start. Progress is written with the first results that come progress_ms after the last
 * one, and takes the place of an older one that waits or is to be tried again. */
typedef bool delivery_visit(void *arg, const struct delivery *d);
/* Those of a job by sequence, beyond |*after| (0: from the start), which is moved to the last
 * one visited; at most |max_rows|. *ret_more: there are some beyond. */
MUST_USE enum err store_deliveries_read(struct store *s, int64_t job, uint64_t *after,
                                        size_t max_rows, delivery_visit *visit, void *arg,
                                        bool *ret_more);

/* |wake| is called on any thread after a commit that may have made deliveries due; it must not
 * block. One listener; NULL: none any more. */
void store_post_listen(struct store *s, void (*wake)(void *arg), void *arg);
/* Those that are due at |now_ms| (wall): of each receiver the first |per_receiver|, in order
 * of next_at. Of a job's that were not tried yet only the first one may be due.
 * *ret_next_at: when the next one is due that is not yet; INT64_MAX: there is none. */
MUST_USE enum err store_deliveries_due(struct store *s, int64_t now_ms, size_t per_receiver,
                                       delivery_visit *visit, void *arg, int64_t *ret_next_at);

/* A delivery with all that it tells. */
struct message {
    struct delivery delivery;
    struct job *job;  /* owned; as it was then, for an event of the job */
    struct buf facts; /* owned; see facts_take_job */
    bool is_unwanted; /* the receiver has said that it wants no more of this job */
};
/* ERR_NOT_FOUND: the delivery is gone, or its job is. */
MUST_USE enum err store_message_get(struct store *s, int64_t job, uint64_t sequence,
                                    struct message **ret_message);
void message_free(struct message *m); /* NULL is fine */
DEFINE_OWNED(message)

/* What came of an attempt. Lent to the store from store_attempt_put to |done|. */
struct attempt {
    int64_t job;
    uint64_t sequence;
    int64_t due_at; /* delivery.next_at, when it was begun */
    enum attempt_verdict {
        ATTEMPT_DELIVERED,
        ATTEMPT_RETRY,  /* at next_at */
        ATTEMPT_FAILED, /* no other follows */
        ATTEMPT_ENDS,   /* likewise, and the job's webhook is told nothing more */
        ATTEMPT_DROP,   /* there is nothing to tell any more: the delivery leaves */
    } verdict;
    bool was_made;             /* else it is not counted */
    int64_t tried_at, next_at; /* wall ms */
    uint32_t http_status;      /* 0: there was no answer */
    enum code code;
    /* ERR_OK, ERR_STOPPED or ERR_CORRUPT: full disks are waited out. Of a delivery that is gone
     * nothing is kept, which is ERR_OK. */
    enum err result;
    void (*done)(struct attempt *a); /* as refill.done */
    void *owner;
};
/* After the first attempt at a delivery the next one of its job has its turn. */
void store_attempt_put(struct store *s, struct attempt *a);
/* A new attempt at once, whatever came of those before; and the receiver hears of the job
 * again, if it had wanted no more. One that has not been tried stays where it is in the line.
 * Durable. ERR_NOT_FOUND: the job or the delivery. */
MUST_USE enum err store_delivery_repeat(struct store *s, int64_t job, uint64_t sequence,
                                        struct delivery *ret_delivery);

#endif
