/* What the store promises of calls that are carried out once. */
#include "tests/contract/store_rig.h"

/* Ahead of the real clock, by which the store sweeps. */
static const int64_t then = 4102444800000;

static struct sha256_sum print_of(const char *text) {
    OWNED(sha256) struct sha256 *h = sha256_new();

    sha256_put(h, str_of(text));
    return sha256_end(h);
}

static bool is_print_of(struct sha256_sum sum, const char *text) {
    struct sha256_sum wanted = print_of(text);

    return memcmp(&sum, &wanted, sizeof sum) == 0;
}

/* |urls| as a job, whose call came |at| with |key|. */
static enum err new_job(struct rig *r, const char *key, int64_t at, const char *urls,
                        struct job **ret_job) {
    OWNED(ingest) struct ingest *in = NULL;
    OWNED(once) struct once *o = NULL;
    struct job draft = rig_draft();
    struct submission sub = {0};
    struct once_done done;
    enum err e = store_once_begin(r->store, 0, str_of(key), at, &o, &done);

    if (e == ERR_OK)
        e = store_ingest_new(r->store, &in);
    if (e != ERR_OK)
        return e;
    once_set_print(o, print_of(urls));
    ingest_once(in, o);
    e = rig_add_all(in, urls);
    if (e == ERR_OK)
        e = ingest_commit(in, &draft, ret_job, &sub);
    submission_done(&sub);
    return e;
}

/* What a call with |key| is told that comes |at|, and goes away again. */
static enum err ask(struct rig *r, int64_t tenant, const char *key, int64_t at,
                    struct once_done *ret_done) {
    OWNED(once) struct once *o = NULL;

    return store_once_begin(r->store, tenant, str_of(key), at, &o, ret_done);
}

static bool is_job(const struct once_done *done, const struct job *j) {
    return memcmp(&done->job, &j->id, sizeof j->id) == 0;
}

TEST(a_call_is_known_by_its_key_from_the_commit_on) {
    RIG_OPEN(r);
    OWNED(job) struct job *j = NULL;
    OWNED(once) struct once *o = NULL;
    OWNED(ingest) struct ingest *in = NULL;
    struct job draft = rig_draft();
    struct submission sub = {0};
    struct once_done done;

    CHECK_OK(store_once_begin(r.store, 7, STR("a key"), then, &o, &done));
    once_set_print(o, print_of("the call"));
    CHECK_OK(store_ingest_new(r.store, &in));
    ingest_once(in, o);
    CHECK_OK(rig_add_all(in, "https://a.example/"));
    CHECK_OK(ingest_commit(in, &draft, &j, &sub));
    once_free(TAKE(o));
    CHECK_ERR(ask(&r, 7, "a key", then + 1, &done), ERR_CONFLICT);
    CHECK(is_job(&done, j) && is_print_of(done.print, "the call"));
    CHECK_OK(ask(&r, 7, "another key", then + 1, &done));
    CHECK_OK(ask(&r, 8, "a key", then + 1, &done));
    ingest_free(TAKE(in));
    store_free(TAKE(r.store));
    CHECK_OK(rig_open(&r));
    CHECK_ERR(ask(&r, 7, "a key", then + 1, &done), ERR_CONFLICT);
    CHECK(is_job(&done, j) && is_print_of(done.print, "the call"));
}

TEST(one_of_two_at_once_has_to_wait) {
    RIG_OPEN(r);
    OWNED(once) struct once *first = NULL, *others = NULL;
    struct once_done done;

    CHECK_OK(store_once_begin(r.store, 7, STR("k"), then, &first, &done));
    CHECK_ERR(ask(&r, 7, "k", then, &done), ERR_BUSY);
    CHECK_OK(store_once_begin(r.store, 8, STR("k"), then, &others, &done));
    CHECK_ERR(ask(&r, 8, "k", then, &done), ERR_BUSY);
    once_free(TAKE(first));
    CHECK_OK(ask(&r, 7, "k", then, &done));
    CHECK_OK(ask(&r, 7, "k", then, &done));
    CHECK_ERR(ask(&r, 8, "k", then, &done), ERR_BUSY);
}

TEST(what_was_refused_frees_the_key) {
    RIG_OPEN(r);
    OWNED(job) struct job *refused = NULL, *j = NULL;
    struct once_done done;

    CHECK_ERR(new_job(&r, "k", then, "nonsense", &refused), ERR_INVALID);
    CHECK_OK(ask(&r, 0, "k", then, &done));
    CHECK_OK(new_job(&r, "k", then, "https://a.example/", &j));
    CHECK_ERR(ask(&r, 0, "k", then, &done), ERR_CONFLICT);
    CHECK(is_job(&done, j));
}

TEST(a_key_holds_for_a_day) {
    RIG_OPEN(r);
    OWNED(job) struct job *first = NULL, *second = NULL;
    int64_t later = then + ONCE_KEPT_MS;
    struct once_done done;

    CHECK_INT(ONCE_KEPT_MS, 86400000);
    CHECK_OK(new_job(&r, "k", then, "https://a.example/1", &first));
    CHECK_ERR(ask(&r, 0, "k", later - 1, &done), ERR_CONFLICT);
    CHECK_OK(ask(&r, 0, "k", later, &done));
    CHECK_OK(new_job(&r, "k", later, "https://a.example/2", &second));
    CHECK_ERR(ask(&r, 0, "k", later, &done), ERR_CONFLICT);
    CHECK(is_job(&done, second) && is_print_of(done.print, "https://a.example/2"));
}

TEST(old_keys_leave_by_themselves) {
    RIG_OPEN(r);
    OWNED(job) struct job *old = NULL, *fresh = NULL;
    int64_t now = clock_wall_ms(), yesterday = now - ONCE_KEPT_MS - 1000;
    struct once_done done;
    enum err e = ERR_CONFLICT;

    CHECK_OK(new_job(&r, "fresh", now, "https://a.example/1", &fresh));
    CHECK_OK(new_job(&r, "old", yesterday, "https://a.example/2", &old));
    for (int i = 0; i < 800 && e == ERR_CONFLICT; i++) {
        e = ask(&r, 0, "old", yesterday, &done); /* as if it came when the key still held */
        (void)usleep(10000);
    }
    CHECK_ERR(e, ERR_OK);
    CHECK_ERR(ask(&r, 0, "fresh", now, &done), ERR_CONFLICT);
}

TEST(additions_are_kept_with_their_last_step) {
    RIG_OPEN(r);
    OWNED(job) struct job *j = NULL, *more = NULL;
    OWNED(ingest) struct ingest *in = NULL, *bad = NULL;
    OWNED(once) struct once *o = NULL;
    struct submission sub = {0};
    struct once_done done;

    CHECK_OK(rig_job(&r, "https://a.example/1", &j, &sub));
    CHECK_OK(store_once_begin(r.store, 0, STR("k"), then, &o, &done));
    CHECK_OK(store_ingest_new(r.store, &bad));
    ingest_once(bad, o);
    CHECK_OK(rig_add_all(bad, "nonsense"));
    CHECK_ERR(ingest_commit_into(bad, &j->id, &more, &sub), ERR_INVALID);
    submission_done(&sub);
    once_free(TAKE(o));
    CHECK_OK(store_once_begin(r.store, 0, STR("k"), then, &o, &done));
    CHECK_OK(store_ingest_new(r.store, &in));
    once_set_print(o, print_of("more"));
    ingest_once(in, o);
    CHECK_OK(rig_add_all(in, "https://a.example/1 https://a.example/2"));
    CHECK_OK(ingest_commit_into(in, &j->id, &more, &sub));
    CHECK_INT(sub.accepted, 1);
    once_free(TAKE(o));
    CHECK_ERR(ask(&r, 0, "k", then, &done), ERR_CONFLICT);
    CHECK(is_job(&done, j) && is_print_of(done.print, "more"));
}

TEST(an_addition_that_another_is_in_the_way_of_frees_the_key) {
    RIG_OPEN(r);
    OWNED(job) struct job *j = NULL, *cancelled = NULL, *seen = NULL;
    OWNED(ingest) struct ingest *in = NULL;
    OWNED(once) struct once *o = NULL;
    struct submission sub = {0};
    struct once_done done;
    uint64_t retried;

    CHECK_OK(rig_job(&r, "https://a.example/1", &j, &sub));
    CHECK_OK(store_job_move(r.store, &j->id, JOB_CANCELLING, &cancelled));
    CHECK_OK(store_once_begin(r.store, 0, STR("k"), then, &o, &done));
    CHECK_OK(store_ingest_new(r.store, &in));
    ingest_once(in, o);
    CHECK_OK(rig_add_all(in, "https://a.example/2"));
    CHECK_ERR(ingest_commit_into(in, &j->id, &seen, &sub), ERR_CONFLICT);
    job_free(TAKE(seen));
    CHECK_ERR(store_job_retry(r.store, &j->id, 1U << CODE_TIMEOUT, o, &retried, &seen),
              ERR_CONFLICT);
    once_free(TAKE(o));
    CHECK_OK(ask(&r, 0, "k", then, &done));
}

TEST(a_retry_is_kept_too) {
    RIG_OPEN(r);
    OWNED(job) struct job *j = NULL, *again = NULL;
    OWNED(once) struct once *o = NULL;
    struct submission sub = {0};
    struct once_done done;
    uint64_t retried;

    CHECK_OK(rig_job(&r, "https://a.example/1 https://a.example/2", &j, &sub));
    CHECK_OK(rig_settle_as(&r, j->no, CODE_TIMEOUT));
    CHECK_OK(store_once_begin(r.store, 0, STR("k"), then, &o, &done));
    once_set_print(o, print_of("retry"));
    CHECK_OK(store_job_retry(r.store, &j->id, 1U << CODE_TIMEOUT, o, &retried, &again));
    CHECK_INT(retried, 2);
    once_free(TAKE(o));
    CHECK_ERR(ask(&r, 0, "k", then, &done), ERR_CONFLICT);
    CHECK(is_job(&done, j) && is_print_of(done.print, "retry"));
}

/* Whatever was committed when the process is killed: the key and the job, or neither. */
TEST(a_kill_leaves_key_and_job_or_neither) {
    RIG_OPEN(r);
    OWNED(job) struct job *j = NULL;
    struct job **jobs;
    struct job_filter all = {.limit = 10};
    struct once_done done;
    size_t n;
    RIG before, after;

    CHECK_OK(rig_open_as_after_a_kill(&r, &before));
    CHECK_OK(ask(&before, 0, "k", then, &done));
    CHECK_OK(new_job(&r, "k", then, "https://a.example/1", &j));
    CHECK_OK(rig_open_as_after_a_kill(&r, &after));
    CHECK_ERR(ask(&after, 0, "k", then, &done), ERR_CONFLICT);
    CHECK(is_job(&done, j));
    CHECK_OK(store_job_list(after.store, &all, &jobs, &n));
    for (size_t i = 0; i < n; i++)
        job_free(jobs[i]);
    free(jobs);
    CHECK_INT(n, 1);
}

TEST(a_full_disk_frees_the_key) {
    RIG_OPEN(r);
    OWNED(job) struct job *none = NULL, *j = NULL;
    struct once_done done;

    rig_limit_files(1);
    CHECK_ERR(new_job(&r, "k", then, "https://a.example/1", &none), ERR_FULL);
    rig_limit_files(RLIM_INFINITY);
    CHECK(rig_becomes(&r, STORE_OK));
    CHECK_OK(ask(&r, 0, "k", then, &done));
    CHECK_OK(new_job(&r, "k", then, "https://a.example/1", &j));
}

TEST_MAIN
