/* What the store promises when something breaks: the process, the disk, the file. */
#include <signal.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "tests/contract/store_rig.h"

/* --- crashes ------------------------------------------------------------------------ */

TEST(what_was_acknowledged_survives_a_kill) {
    RIG_OPEN(r);
    RIG after;
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *kept = NULL;
    struct result results[20];
    struct store_batch b = {.results = results, .n_results = 10};
    struct store_stats stats;

    CHECK_OK(rig_many(&r, 20, 4, &job));
    CHECK_INT(rig_take(&r, job->no, results, 20), 20);
    for (int i = 0; i < 20; i++)
        CHECK_OK(rig_succeed(&results[i], 3));
    rig_commit(&r, &b);
    CHECK_OK(rig_open_as_after_a_kill(&r, &after));
    CHECK_OK(store_job_get(after.store, &job->id, &kept));
    CHECK_INT(kept->state, JOB_RUNNING);
    CHECK_INT(kept->counts.by_outcome[OUTCOME_SUCCEEDED], 10);
    CHECK(rig_adds_up(&after, kept->no));
    store_stats(after.store, &stats);
    CHECK_INT(stats.queued_urls, 10);
    CHECK(store_epoch(after.store) > store_epoch(r.store));
    CHECK_OK(rig_settle_all(&after, kept->no, 3)); /* what was under way is fetched again */
    job_free(TAKE(kept));
    CHECK_OK(store_job_get(after.store, &job->id, &kept));
    CHECK_INT(kept->state, JOB_COMPLETED);
    CHECK_INT(kept->counts.links_found, 60);
    rig_free_results(results, 20);
}

TEST(a_job_being_cancelled_is_cancelled_after_a_kill) {
    RIG_OPEN(r);
    RIG after;
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *moved = NULL;
    OWNED(job) struct job *kept = NULL;

    CHECK_OK(rig_many(&r, 7, 2, &job));
    CHECK_OK(store_job_move(r.store, &job->id, JOB_CANCELLING, &moved));
    CHECK_OK(rig_open_as_after_a_kill(&r, &after));
    CHECK_OK(store_job_get(after.store, &job->id, &kept));
    CHECK_INT(kept->state, JOB_CANCELLED);
    CHECK_INT(kept->counts.by_outcome[OUTCOME_CANCELLED], 7);
    CHECK(kept->finished_at);
}

TEST(what_was_put_off_or_given_up_is_so_after_a_kill) {
    RIG_OPEN(r);
    RIG after;
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *kept = NULL;
    OWNED(refill) struct refill *f = NULL;
    struct deferred d = {.ready_at = clock_wall_ms() + 3600000};
    struct unavailable u = {.code = CODE_HOST_UNAVAILABLE};
    struct store_batch b = {.deferred = &d, .n_deferred = 1, .unavailable = &u, .n_unavailable = 1};

    CHECK_OK(rig_many(&r, 9, 3, &job));
    d.job = u.job = job->no;
    d.host = rig_host("host0.example:443");
    u.host = rig_host("host1.example:443");
    rig_commit(&r, &b);
    CHECK_OK(rig_open_as_after_a_kill(&r, &after));
    CHECK_OK(store_job_get(after.store, &job->id, &kept));
    CHECK_INT(kept->counts.by_outcome[OUTCOME_FAILED], 3);
    f = refill_new(job->no, 0, 5);
    f->tasks_per_host = 5;
    rig_refill(&after, f);
    CHECK_INT(f->n_new, 1);
    CHECK_INT(f->next_due_at, d.ready_at);
}

/* Waits until a second job stands in the database, then kills |victim|. */
static void kill_at_second_job(struct rig *r, pid_t victim) {
    sqlite3 *db;
    sqlite3_stmt *st;

    (void)sqlite3_open_v2(strchr(r->url, ':') + 1, &db, SQLITE_OPEN_READWRITE, NULL);
    (void)sqlite3_prepare_v2(db, "SELECT count(*) FROM job", -1, &st, NULL);
    while (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int(st, 0) < 2)
        (void)sqlite3_reset(st);
    (void)kill(victim, SIGKILL);
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
}

/* A process that is killed in the middle of a long list, some pieces of which are
 * stored already. False: it was not. */
static bool die_while_loading(struct rig *r) {
    OWNED(job) struct job *job = NULL;
    int ready[2], status;
    pid_t child;

    if (pipe(ready) != 0 || (child = fork()) < 0)
        return false;
    if (child == 0) {
        if (rig_open(r) != ERR_OK || rig_many(r, 3, 1, &job) != ERR_OK ||
            write(ready[1], "!", 1) != 1)
            _exit(1);
        (void)rig_many(r, 300000, 1000, &job);
        _exit(2);
    }
    (void)close(ready[1]);
    if (read(ready[0], &status, 1) == 1)
        kill_at_second_job(r, child);
    (void)close(ready[0]);
    (void)waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

TEST(half_an_upload_is_gone_after_a_kill) {
    RIG r;
    struct job **jobs;
    struct store_stats stats = {0};
    size_t n;

    rig_new_folder(&r);
    CHECK(die_while_loading(&r));
    CHECK_OK(rig_open(&r));
    CHECK_OK(store_job_list(r.store, &(struct job_filter){.limit = 10}, &jobs, &n));
    CHECK_INT(n, 1);
    CHECK_INT(jobs[0]->counts.total, 3);
    job_free(jobs[0]);
    free(jobs);
    for (int i = 0; i < 500 && stats.sweep_rows < 5000; i++) {
        (void)usleep(10000);
        store_stats(r.store, &stats);
    }
    CHECK(stats.sweep_rows >= 5000);
    CHECK_INT(stats.queued_urls, 3);
}

/* --- opening --------------------------------------------------------------------------- */

TEST(a_second_process_is_refused) {
    RIG_OPEN(r);
    struct rig second = r;

    second.store = NULL;
    second.why = BUF_INIT(4096);
    CHECK_ERR(rig_open(&second), ERR_BUSY);
    CHECK(str_find_str(buf_str(&second.why), STR("another process")) != STR_END);
    buf_done(&second.why);
}

TEST(a_second_process_by_another_name_is_refused) {
    RIG_OPEN(r);
    struct rig second = r;

    second.store = NULL;
    second.why = BUF_INIT(4096);
    (void)snprintf(second.url, sizeof second.url, "sqlite:%s/link.db", r.folder);
    CHECK_INT(symlink(strchr(r.url, ':') + 1, strchr(second.url, ':') + 1), 0);
    CHECK_ERR(rig_open(&second), ERR_BUSY);
    buf_done(&second.why);
}

static void run_sql(struct rig *r, const char *sql) {
    sqlite3 *db;

    (void)sqlite3_open(strchr(r->url, ':') + 1, &db);
    (void)sqlite3_exec(db, sql, NULL, NULL, NULL);
    (void)sqlite3_close(db);
}

TEST(what_has_passed_of_a_host_is_forgotten_in_the_end) {
    struct host_memo memos[] = {
        {.id = rig_host("a.example:443"), .name = (char *)"a.example:443", .fails = 1},
        {.id = rig_host("b.example:443"), .name = (char *)"b.example:443", .fails = 1},
    };
    struct store_batch b = {.memos = memos, .n_memos = 2};
    OWNED(host_memo) struct host_memo *kept = NULL;
    struct host_memo *old = NULL;

    RIG_OPEN(r);
    rig_commit(&r, &b);
    store_free(TAKE(r.store));
    run_sql(&r,
            "UPDATE host SET noted_at=noted_at-90000000 WHERE name=CAST('a.example:443' AS BLOB)");
    CHECK_OK(rig_open(&r));
    for (int i = 0; i < 300 && (old = rig_recall(&r, "a.example:443")); i++) {
        host_memo_free(old);
        (void)usleep(10000);
    }
    CHECK(!old);
    kept = rig_recall(&r, "b.example:443");
    CHECK(kept);
}

TEST(a_newer_schema_is_refused) {
    RIG_OPEN(r);

    store_free(TAKE(r.store));
    run_sql(&r, "PRAGMA user_version=1000");
    CHECK_ERR(rig_open(&r), ERR_UNSUPPORTED);
    CHECK(str_find_str(buf_str(&r.why), STR("newer")) != STR_END);
}

/* Takes off again what the migrations added, the last one first. */
static const char *const undo[] = {
    "DROP TABLE backlink; ALTER TABLE job DROP COLUMN indexes_links; PRAGMA user_version=4",
    "DROP TABLE tally; PRAGMA user_version=3",
    "ALTER TABLE task DROP COLUMN entitled; PRAGMA user_version=2",
    "DROP TABLE delivery;"
    "ALTER TABLE job DROP COLUMN webhook;"
    "ALTER TABLE job DROP COLUMN webhook_ended;"
    "ALTER TABLE job DROP COLUMN receiver;"
    "ALTER TABLE job DROP COLUMN next_delivery;"
    "ALTER TABLE job DROP COLUMN progress_told_at; PRAGMA user_version=1",
};
enum { N_UNDO = sizeof undo / sizeof *undo };

/* A database with a job of two URLs, as the version |n| before this one left it; closed. */
static void make_old(struct rig *r, size_t n, struct job **ret_job) {
    struct submission sub = {0};

    CHECK_OK(rig_open(r));
    CHECK_OK(rig_job(r, "https://a.example/1 https://b.example/2", ret_job, &sub));
    submission_done(&sub);
    store_free(TAKE(r->store));
    for (size_t i = 0; i < n; i++)
        run_sql(r, undo[i]);
}

static void check_brought_on(struct rig *r, const struct job *j) {
    OWNED(job) struct job *after = NULL;
    uint64_t told = 0;
    bool more;

    CHECK_OK(rig_open(r));
    CHECK_OK(rig_settle_all(r, j->no, 1));
    CHECK_OK(store_job_get(r->store, &j->id, &after));
    CHECK_INT(after->state, JOB_COMPLETED);
    CHECK_OK(store_deliveries_read(r->store, j->no, &told, 1, NULL, NULL, &more));
    CHECK(!more && !told);
}

TEST(a_database_of_any_schema_is_brought_on) {
    for (size_t n = 0; n <= N_UNDO; n++) {
        OWNED(job) struct job *j = NULL;
        RIG r;

        rig_new_folder(&r);
        make_old(&r, n, &j);
        check_brought_on(&r, j);
    }
}

/* Opens it in a process of its own, which is killed after so long. */
static void open_and_die(struct rig *r, int64_t after_us) {
    pid_t child = fork();

    if (child == 0) {
        _exit(rig_open(r) == ERR_OK ? 0 : 1);
    }
    CHECK(child > 0);
    (void)usleep((useconds_t)after_us);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
}

static int version_of(const struct rig *r) {
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    int version;

    (void)sqlite3_open(strchr(r->url, ':') + 1, &db);
    (void)sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL);
    version = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int(st, 0) : -1;
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    return version;
}

TEST(a_migration_may_be_killed_anywhere) {
    int found[N_UNDO + 2] = {0};

    for (int64_t after_us = 0; after_us < 20000; after_us += 500) {
        OWNED(job) struct job *j = NULL;
        RIG r;

        rig_new_folder(&r);
        make_old(&r, N_UNDO, &j);
        open_and_die(&r, after_us);
        found[version_of(&r)]++;
        check_brought_on(&r, j);
    }
    printf("# killed at the versions");
    for (int v = 1; v <= N_UNDO + 1; v++)
        printf(" %d: %d", v, found[v]);
    printf("\n");
}

TEST(another_programs_database_is_refused_and_left_alone) {
    RIG r;
    sqlite3 *db;
    sqlite3_stmt *st;

    rig_new_folder(&r);
    run_sql(&r, "CREATE TABLE theirs(x)");
    CHECK_ERR(rig_open(&r), ERR_UNSUPPORTED);
    CHECK(str_find_str(buf_str(&r.why), STR("another program")) != STR_END);
    (void)sqlite3_open(strchr(r.url, ':') + 1, &db);
    (void)sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &st, NULL);
    CHECK_INT(sqlite3_step(st), SQLITE_ROW);
    CHECK_STR(str_of((const char *)sqlite3_column_text(st, 0)), "delete");
    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
}

TEST(what_is_no_database_is_refused) {
    RIG r;
    FILE *f;

    rig_new_folder(&r);
    f = fopen(strchr(r.url, ':') + 1, "wb");
    CHECK(f);
    for (int i = 0; i < 1000; i++)
        (void)fputs("this is no database, but a text that somebody wrote\n", f);
    (void)fclose(f);
    CHECK_ERR(rig_open(&r), ERR_CORRUPT);
    CHECK(str_find_str(buf_str(&r.why), STR("not a database")) != STR_END);
}

TEST(a_folder_that_is_not_there_is_told) {
    RIG r;

    rig_new_folder(&r);
    (void)snprintf(r.url, sizeof r.url, "sqlite:%s/nowhere/test.db", r.folder);
    CHECK_ERR(rig_open(&r), ERR_IO);
    CHECK(str_find_str(buf_str(&r.why), STR("nowhere")) != STR_END);
}

TEST(an_unknown_kind_of_url_is_told) {
    RIG r;

    rig_new_folder(&r);
    (void)snprintf(r.url, sizeof r.url, "mysql://localhost/");
    CHECK_ERR(rig_open(&r), ERR_UNSUPPORTED);
    CHECK(r.why.len > 0);
}

/* --- the disk is full ------------------------------------------------------------------- */

TEST(a_full_disk_refuses_jobs_and_mends_by_itself) {
    RIG_OPEN(r);
    OWNED(job) struct job *before = NULL;
    OWNED(job) struct job *refused = NULL;
    OWNED(job) struct job *after = NULL;
    OWNED(job) struct job *read = NULL;

    CHECK_OK(rig_many(&r, 10, 2, &before));
    rig_limit_files(300000);
    CHECK_ERR(rig_many(&r, 8000, 20, &refused), ERR_FULL);
    CHECK_INT(store_health(r.store), STORE_DEGRADED);
    CHECK_OK(store_job_get(r.store, &before->id, &read)); /* reading goes on */
    rig_limit_files(RLIM_INFINITY);
    CHECK(rig_becomes(&r, STORE_OK));
    CHECK_OK(rig_many(&r, 20000, 20, &after));
    CHECK_INT(after->counts.total, 20000);
}

TEST(results_wait_for_the_disk) {
    enum { N = 500 };
    RIG_OPEN(r);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *after = NULL;
    struct result *results = NEW_N(struct result, N);
    struct rig_signal s = RIG_SIGNAL;
    struct store_batch b = {.results = results, .owner = &s, .done = rig_committed};

    CHECK_OK(rig_many(&r, N, 2, &job));
    b.epoch = store_epoch(r.store);
    b.n_results = rig_take(&r, job->no, results, N);
    CHECK_INT(b.n_results, N);
    for (int i = 0; i < N; i++)
        CHECK_OK(rig_succeed(&results[i], 100));
    rig_limit_files(200000);
    store_commit(r.store, &b);
    CHECK(rig_becomes(&r, STORE_DEGRADED));
    CHECK(!s.done);
    rig_limit_files(RLIM_INFINITY);
    rig_wait(&s);
    CHECK_OK(b.result);
    CHECK(rig_becomes(&r, STORE_OK));
    CHECK_OK(store_job_get_no(r.store, job->no, &after));
    CHECK_INT(after->state, JOB_COMPLETED);
    CHECK_INT(after->counts.links_found, N * 100);
    rig_free_results(results, N);
    free(results);
}

TEST(a_retry_on_a_full_disk_leaves_all_in_order) {
    enum { N = 40000 };
    RIG_OPEN(r);
    RIG after;
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *open = NULL;
    OWNED(job) struct job *kept = NULL;
    struct unavailable u = {.code = CODE_HOST_UNAVAILABLE};
    struct store_batch b = {.unavailable = &u, .n_unavailable = 1};
    uint64_t retried = 0, before;

    CHECK_OK(rig_many(&r, N, 1, &job));
    u.job = job->no;
    u.host = rig_host("host0.example:443");
    rig_commit(&r, &b);
    rig_limit_files(4500000); /* of the WAL: some slices */
    CHECK_ERR(
        store_job_retry(r.store, &job->id, 1ULL << CODE_HOST_UNAVAILABLE, NULL, &retried, &open),
        ERR_FULL);
    rig_limit_files(RLIM_INFINITY);
    CHECK(rig_adds_up(&r, job->no));
    CHECK_OK(rig_open_as_after_a_kill(&r, &after));
    CHECK_OK(store_job_get(after.store, &job->id, &kept));
    CHECK(rig_adds_up(&after, job->no));
    before = job_unfinished(kept);
    CHECK_INT(kept->state, before ? JOB_RUNNING : JOB_COMPLETED);
    CHECK_OK(store_job_retry(after.store, &job->id, 1ULL << CODE_HOST_UNAVAILABLE, NULL, &retried,
                             &open));
    CHECK_INT(retried + before, N);
    CHECK_INT(job_unfinished(open), N);
    printf("# %d put back before the disk was full\n", (int)before);
}

TEST(a_stop_on_a_full_disk_ends) {
    RIG_OPEN(r);
    OWNED(job) struct job *job = NULL;
    struct result *results = NEW_N(struct result, 500);
    struct rig_signal s = RIG_SIGNAL;
    struct store_batch b = {.results = results, .owner = &s, .done = rig_committed};

    CHECK_OK(rig_many(&r, 500, 2, &job));
    b.epoch = store_epoch(r.store);
    b.n_results = rig_take(&r, job->no, results, 500);
    for (size_t i = 0; i < b.n_results; i++)
        CHECK_OK(rig_succeed(&results[i], 100));
    rig_limit_files(200000);
    store_commit(r.store, &b);
    store_stop(r.store);
    CHECK(s.done);
    CHECK(b.result == ERR_STOPPED || b.result == ERR_FULL);
    rig_limit_files(RLIM_INFINITY);
    rig_free_results(results, b.n_results);
    free(results);
}

TEST(little_free_space_is_told) {
    RIG r;
    OWNED(ingest) struct ingest *in = NULL;

    rig_new_folder(&r);
    r.min_free = UINT64_MAX;
    CHECK_OK(rig_open(&r));
    CHECK_INT(store_health(r.store), STORE_LOW_SPACE);
    CHECK_ERR(store_ingest_new(r.store, &in), ERR_FULL);
}

/* --- damage ------------------------------------------------------------------------------- */

TEST(a_damaged_database_takes_no_more_writes) {
    RIG_OPEN(r);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *more = NULL;
    OWNED_FD int fd = -1;
    struct stat empty;
    char junk[8192];

    store_free(TAKE(r.store));
    CHECK(stat(strchr(r.url, ':') + 1, &empty) == 0);
    CHECK_OK(rig_open(&r));
    CHECK_OK(rig_many(&r, 20000, 20, &job));
    store_free(TAKE(r.store));
    /* all but the first pages, which hold the schema and the job, become noise */
    memset(junk, 0x5a, sizeof junk);
    fd = open(strchr(r.url, ':') + 1, O_WRONLY | O_CLOEXEC);
    for (off_t page = 0; page < 200; page++)
        CHECK(pwrite(fd, junk, sizeof junk, empty.st_size + page * (off_t)sizeof junk) ==
              (ssize_t)sizeof junk);
    CHECK_OK(rig_open(&r));
    CHECK(rig_many(&r, 20000, 20, &more) == ERR_CORRUPT);
    CHECK_INT(store_health(r.store), STORE_DAMAGED);
    CHECK_ERR(store_job_delete(r.store, &job->id), ERR_CORRUPT);
}

TEST_MAIN
