/* What the store promises of finished jobs whose time is over. */
#include "tests/contract/store_rig.h"

static const struct uuid *id_of(const struct job *job) {
    return &job->id;
}

static struct job draft_kept(uint32_t seconds) {
    struct job draft = rig_draft();

    draft.options.retention_seconds = seconds;
    return draft;
}

static enum err finished_job(struct rig *r, uint32_t kept_seconds, struct job **ret_job) {
    OWNED(job) struct job *job = NULL;
    struct job draft = draft_kept(kept_seconds);
    enum err e = rig_job_of(r, &draft, "https://a.example/1 https://a.example/2", &job);

    if (e == ERR_OK)
        e = rig_settle_all(r, job->no, 1);
    return e == ERR_OK ? store_job_get(r->store, id_of(job), ret_job) : e;
}

static bool is_there(struct rig *r, const struct job *job) {
    OWNED(job) struct job *now = NULL;

    return store_job_get(r->store, id_of(job), &now) == ERR_OK;
}

static bool leaves_soon(struct rig *r, const struct job *job) {
    for (int i = 0; i < 1000 && is_there(r, job); i++)
        (void)usleep(10000);
    return !is_there(r, job);
}

static uint64_t swept(struct rig *r) {
    struct store_stats stats;

    store_stats(r->store, &stats);
    return stats.sweep_rows;
}

static bool is_swept(struct rig *r, uint64_t rows) {
    for (int i = 0; i < 1000 && swept(r) < rows; i++)
        (void)usleep(10000);
    return swept(r) == rows;
}

TEST(a_finished_job_says_when_it_leaves) {
    struct job draft = draft_kept(3600);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *ended = NULL;
    OWNED(job) struct job *kept = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/1", &job));
    CHECK_INT(job->expires_at, 0);
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    CHECK_OK(store_job_get(r.store, id_of(job), &ended));
    CHECK_INT(ended->state, JOB_COMPLETED);
    CHECK_INT(ended->expires_at, ended->finished_at + 3600000);
    CHECK_OK(finished_job(&r, 0, &kept));
    CHECK_INT(kept->expires_at, 0);
}

TEST(one_that_runs_again_does_not_leave_and_counts_anew) {
    struct job draft = draft_kept(2);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *open = NULL;
    OWNED(job) struct job *later = NULL;
    OWNED(job) struct job *ended = NULL;
    uint64_t retried;

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/1", &job));
    CHECK_OK(rig_settle_as(&r, job->no, CODE_TIMEOUT));
    CHECK_OK(store_job_retry(r.store, id_of(job), 1ULL << CODE_TIMEOUT, NULL, &retried, &open));
    CHECK_INT(retried, 1);
    CHECK_INT(open->expires_at, 0);
    (void)usleep(3500000); /* beyond the time of its first end */
    CHECK_OK(store_job_get(r.store, id_of(job), &later));
    CHECK_INT(later->state, JOB_RUNNING);
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    CHECK_OK(store_job_get(r.store, id_of(job), &ended));
    CHECK_INT(ended->expires_at, ended->finished_at + 2000);
    CHECK(leaves_soon(&r, job));
}

TEST(what_is_over_leaves_and_nothing_else) {
    struct job unfinished_draft = draft_kept(1);
    OWNED(job) struct job *unfinished = NULL;
    OWNED(job) struct job *kept = NULL;
    OWNED(job) struct job *longer = NULL;
    OWNED(job) struct job *job = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &unfinished_draft, "https://b.example/1", &unfinished));
    CHECK_OK(finished_job(&r, 0, &kept));
    CHECK_OK(finished_job(&r, 3600, &longer));
    CHECK_OK(finished_job(&r, 1, &job));
    CHECK(leaves_soon(&r, job));
    CHECK(is_swept(&r, 2 + 1 + 4 + 4 + 1)); /* pages, work, events, tallies, the job */
    CHECK(is_there(&r, kept) && is_there(&r, longer) && is_there(&r, unfinished));
}

TEST(a_cancelled_job_leaves_too) {
    struct job draft = draft_kept(1);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *moved = NULL;
    OWNED(job) struct job *ended = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/1 https://a.example/2", &job));
    CHECK_OK(store_job_move(r.store, id_of(job), JOB_CANCELLING, &moved));
    store_free(r.store); /* whoever had its tasks is gone: the next start cancels it */
    CHECK_OK(rig_open(&r));
    CHECK_OK(store_job_get(r.store, id_of(job), &ended));
    CHECK_INT(ended->state, JOB_CANCELLED);
    CHECK_INT(ended->expires_at, ended->finished_at + 1000);
    CHECK(leaves_soon(&r, job));
}

TEST(what_was_over_while_nobody_ran_leaves_at_the_next_start) {
    OWNED(job) struct job *job = NULL;

    RIG_OPEN(r);
    CHECK_OK(finished_job(&r, 1, &job));
    store_free(r.store);
    (void)usleep(1100000);
    CHECK_OK(rig_open(&r));
    CHECK(leaves_soon(&r, job));
}

/* More than leave in one second, and than one piece of the sweep takes. */
TEST(many_small_jobs_leave) {
    enum { JOBS = 450 };
    struct job **jobs;
    size_t n;

    RIG_OPEN(r);
    for (int i = 0; i < JOBS; i++) {
        OWNED(job) struct job *job = NULL;

        CHECK_OK(finished_job(&r, 1, &job));
    }
    CHECK(is_swept(&r, JOBS * (2 + 1 + 4 + 4 + 1)));
    CHECK_OK(store_job_list(r.store, &(struct job_filter){.limit = 10}, &jobs, &n));
    CHECK_INT(n, 0);
    free(jobs);
}

/* --- disk space -------------------------------------------------------------------------- */

static int64_t file_bytes(const struct rig *r) {
    struct stat st;
    char path[128];

    (void)snprintf(path, sizeof path, "%s/test.db", r->folder);
    return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

static enum err put_long_urls(struct rig *r, const struct job *draft, int n, struct job **ret_job) {
    OWNED(ingest) struct ingest *in = NULL;
    struct submission sub = {0};
    char url[1024];
    enum err e = store_ingest_new(r->store, &in);

    for (int i = 0; i < n && e == ERR_OK; i++) {
        (void)snprintf(url, sizeof url, "https://a.example/%01000d", i);
        e = rig_add(in, url);
    }
    if (e == ERR_OK)
        e = ingest_commit(in, draft, ret_job, &sub);
    submission_done(&sub);
    return e;
}

TEST(the_file_shrinks) {
    enum { KEPT_BYTES = 10 << 20 }; /* 8 MB stay for what comes */
    struct job draft = draft_kept(1);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *moved = NULL;

    RIG_OPEN(r);
    CHECK_OK(put_long_urls(&r, &draft, 25000, &job));
    CHECK_OK(store_job_move(r.store, id_of(job), JOB_CANCELLING, &moved));
    store_free(r.store);
    CHECK(file_bytes(&r) > 2 * KEPT_BYTES);
    CHECK_OK(rig_open(&r));
    CHECK(leaves_soon(&r, job));
    for (int i = 0; i < 2000 && file_bytes(&r) > KEPT_BYTES; i++)
        (void)usleep(10000);
    CHECK(file_bytes(&r) <= KEPT_BYTES);
}

TEST_MAIN
