/* The hosts of a job, as callers look at them. */
#include "tests/contract/store_rig.h"

struct seen {
    size_t n;
    struct {
        int64_t host;
        uint64_t total, left;
        int64_t ready_at;
        bool is_estimate, is_failing;
        char name[64];
    } rows[64];
    size_t stop_after;
};

static bool see(void *arg, const struct host_row *h) {
    struct seen *s = arg;

    s->rows[s->n].host = h->host;
    s->rows[s->n].total = h->total;
    s->rows[s->n].left = h->left;
    s->rows[s->n].ready_at = h->ready_at;
    s->rows[s->n].is_estimate = h->is_estimate;
    s->rows[s->n].is_failing = h->is_failing;
    (void)snprintf(s->rows[s->n].name, sizeof s->rows[0].name, "%.*s", (int)h->name.len,
                   h->name.ptr);
    s->n++;
    return s->n != s->stop_after;
}

/* All hosts, |rows| a read; false: a read failed, or did not move on. */
static bool look(struct rig *r, int64_t job, size_t rows, struct seen *s) {
    int64_t after = -1;
    bool more = true;

    *s = (struct seen){.n = 0};
    while (more) {
        size_t before = s->n;

        if (store_hosts_read(r->store, job, &after, rows, see, s, &more) != ERR_OK ||
            (more && s->n == before) || s->n > before + rows)
            return false;
        if (s->n && after != s->rows[s->n - 1].host)
            return false;
    }
    return true;
}

/* Of the host |key|; UINT64_MAX: it is not listed. */
static uint64_t left_at(const struct seen *s, const char *key) {
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->rows[i].name, key) == 0)
            return s->rows[i].left;
    return UINT64_MAX;
}

static uint64_t left_in_all(const struct seen *s) {
    uint64_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        n += s->rows[i].left;
    return n;
}

TEST(hosts_are_listed_by_pages_of_any_size) {
    OWNED(job) struct job *job = NULL;
    struct seen s;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 50, 7, &job));
    for (size_t rows = 1; rows < 100; rows *= 3) {
        CHECK(look(&r, job->no, rows, &s));
        CHECK_INT(s.n, 7);
        CHECK_INT(left_in_all(&s), 50);
        CHECK_INT(left_at(&s, "host0.example:443"), 8);
        CHECK_INT(left_at(&s, "host6.example:443"), 7);
        for (size_t i = 0; i < s.n; i++) {
            CHECK_INT(s.rows[i].host, rig_host(s.rows[i].name));
            CHECK(i == 0 || s.rows[i].host > s.rows[i - 1].host);
            CHECK_INT(s.rows[i].total, s.rows[i].left);
            CHECK(!s.rows[i].is_estimate && s.rows[i].ready_at == 0);
        }
    }
}

TEST(a_visitor_of_hosts_may_stop) {
    OWNED(job) struct job *job = NULL;
    struct seen s = {.stop_after = 2};
    int64_t after = -1;
    bool more = false;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 5, 5, &job));
    CHECK_OK(store_hosts_read(r.store, job->no, &after, 10, see, &s, &more));
    CHECK(more && s.n == 2 && after == s.rows[1].host);
    CHECK_OK(store_hosts_read(r.store, job->no, &after, 10, see, &s, &more));
    CHECK(!more && s.n == 5);
    CHECK_OK(store_hosts_read(r.store, job->no, &after, 10, see, &s, &more));
    CHECK(!more && s.n == 5);
    CHECK_ERR(store_hosts_read(r.store, job->no + 1, &after, 10, see, &s, &more), ERR_NOT_FOUND);
}

static void settle(struct rig *r, struct result *results, size_t n, struct job_host *drained) {
    struct store_batch b = {.results = results, .n_results = n};

    b.drained = drained;
    b.n_drained = drained ? 1 : 0;
    for (size_t i = 0; i < n; i++)
        CHECK_OK(rig_succeed(&results[i], 0));
    rig_commit(r, &b);
    CHECK_OK(b.result);
}

TEST(what_is_left_of_a_host_follows_its_results) {
    OWNED(job) struct job *job = NULL;
    struct result results[12];
    struct job_host drained;
    struct deferred put_off;
    struct unavailable dead = {.code = CODE_HOST_UNAVAILABLE};
    struct store_batch b = {
        .deferred = &put_off, .n_deferred = 1, .unavailable = &dead, .n_unavailable = 1};
    struct seen s;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 12, 3, &job));
    CHECK_INT(rig_take(&r, job->no, results, 12), 12); /* four of each host in a row */
    drained = (struct job_host){job->no, results[0].task->host};
    settle(&r, results, 4, &drained);
    settle(&r, results + 4, 1, NULL);
    put_off = (struct deferred){job->no, results[4].task->host, 1700000009999};
    dead.job = job->no;
    dead.host = results[8].task->host;
    rig_commit(&r, &b);
    CHECK(look(&r, job->no, 10, &s));
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(s.rows[i].total, 4);
        CHECK_INT(s.rows[i].host, results[4 * i].task->host);
    }
    CHECK_INT(s.rows[0].left, 0);
    CHECK_INT(s.rows[1].left, 3);
    CHECK_INT(s.rows[1].ready_at, 1700000009999);
    CHECK_INT(s.rows[2].left, 0);
    rig_free_results(results, 12);
}

TEST(a_deferred_host_tells_whether_it_fails) {
    static const char *const keys[] = {"host0.example:443", "host1.example:443",
                                       "host2.example:443", "host3.example:443"};
    OWNED(job) struct job *job = NULL;
    struct host_memo memos[4] = {{.fails = 5}, {.fails = 0}, {.fails = 5}, {.fails = 5}};
    struct deferred put_off[4];
    struct store_batch b = {.deferred = put_off, .n_deferred = 3, .memos = memos, .n_memos = 4};
    struct seen s;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 4, 4, &job));
    for (int i = 0; i < 4; i++) {
        put_off[i] = (struct deferred){job->no, rig_host(keys[i]), 1700000009999};
        memos[i].id = rig_host(keys[i]);
        memos[i].name = mem_chars(str_of(i == 2 ? "another.example:443" : keys[i]));
        memos[i].blocked_until = 1700000009999;
    }
    rig_commit(&r, &b);
    CHECK_OK(b.result);
    CHECK(look(&r, job->no, 10, &s));
    for (size_t i = 0; i < s.n; i++) {
        CHECK_INT(s.rows[i].is_failing, strcmp(s.rows[i].name, keys[0]) == 0);
        CHECK_INT(s.rows[i].ready_at != 0, strcmp(s.rows[i].name, keys[3]) != 0);
    }
    for (int i = 0; i < 4; i++)
        host_memo_done(&memos[i]);
}

TEST(what_pages_name_counts_at_its_host) {
    OWNED(job) struct job *job = NULL;
    struct job draft = rig_draft();
    struct result result;
    struct store_batch b = {.results = &result, .n_results = 1};
    struct seen s;

    RIG_OPEN(r);
    draft.options.max_depth = 1;
    CHECK_OK(rig_job_of(&r, &draft, "https://a/0", &job));
    CHECK_INT(rig_take(&r, job->no, &result, 1), 1);
    CHECK_OK(rig_succeed(&result, 0));
    CHECK_OK(rig_follow(&result, "https://a/1"));
    CHECK_OK(rig_follow(&result, "https://b/0"));
    rig_commit(&r, &b);
    CHECK(look(&r, job->no, 10, &s));
    CHECK_INT(s.n, 2);
    CHECK_INT(s.rows[0].total + s.rows[1].total, 3);
    CHECK_INT(left_at(&s, "a:443"), 1);
    CHECK_INT(left_at(&s, "b:443"), 1);
    rig_free_results(&result, 1);
}

TEST(what_is_added_counts_at_its_host) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *more = NULL;
    OWNED(ingest) struct ingest *in = NULL;
    struct submission sub = {0};
    struct seen s;

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &(struct job){.created_at = 1}, "https://a/0 https://a/1", &job));
    CHECK_OK(store_ingest_new(r.store, &in));
    CHECK_OK(rig_add_all(in, "https://a/1 https://a/2 https://b/0"));
    CHECK_OK(ingest_commit_into(in, &job->id, &more, &sub));
    ingest_free(TAKE(in)); /* before the store */
    CHECK(look(&r, job->no, 10, &s));
    CHECK_INT(s.n, 2);
    CHECK_INT(s.rows[0].total + s.rows[1].total, 4);
    CHECK_INT(left_at(&s, "a:443"), 3);
    CHECK_INT(left_at(&s, "b:443"), 1);
    submission_done(&sub);
}

TEST(what_is_put_back_is_left_again) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *again = NULL;
    struct result results[2];
    struct store_batch b = {.results = results, .n_results = 2};
    uint64_t retried;
    struct seen s;

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &(struct job){.created_at = 1}, "https://a/0 https://a/1", &job));
    CHECK_INT(rig_take(&r, job->no, results, 2), 2);
    rig_fail(&results[0], CODE_TIMEOUT);
    rig_fail(&results[1], CODE_HTTP_4XX);
    rig_commit(&r, &b);
    CHECK(look(&r, job->no, 10, &s));
    CHECK_INT(left_in_all(&s), 0);
    CHECK_OK(store_job_retry(r.store, &job->id, 1U << CODE_TIMEOUT, NULL, &retried, &again));
    CHECK(look(&r, job->no, 10, &s));
    CHECK_INT(s.rows[0].total, 2);
    CHECK_INT(s.rows[0].left, 1);
    rig_free_results(results, 2);
}

TEST(nothing_is_left_of_a_cancelled_job) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *moved = NULL;
    struct store_batch let_go = {.n_released = 1};
    struct seen s;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 6, 2, &job));
    CHECK_OK(store_job_move(r.store, &job->id, JOB_CANCELLING, &moved));
    let_go.released = &job->no;
    rig_commit(&r, &let_go);
    CHECK(look(&r, job->no, 10, &s));
    CHECK_INT(s.n, 2);
    CHECK_INT(s.rows[0].total + s.rows[1].total, 6);
    CHECK_INT(left_in_all(&s), 0);
}

TEST(a_deadline_leaves_nothing_of_a_host) {
    OWNED(job) struct job *job = NULL;
    struct job draft = rig_draft();
    struct seen s;

    RIG_OPEN(r);
    draft.created_at = clock_wall_ms() - 10000;
    draft.options.deadline_seconds = 10;
    CHECK_OK(rig_job_of(&r, &draft, "https://a/1 https://a/2 https://b/1", &job));
    for (int i = 0; i < 100 && job->state != JOB_COMPLETED; i++) {
        (void)usleep(50000);
        job_free(TAKE(job));
        CHECK_OK(store_job_get_no(r.store, 1, &job));
    }
    CHECK(look(&r, job->no, 10, &s));
    CHECK_INT(s.n, 2);
    CHECK_INT(left_in_all(&s), 0);
}

/* To count all would take too long: the densely listed are extrapolated. */
TEST(long_queues_of_hosts_are_estimated) {
    enum { MANY = 4 * HOST_ROW_EXACT };
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *sixty = NULL;
    struct seen s;
    bool more;
    int64_t after = -1;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, MANY, 1, &job));
    CHECK(look(&r, job->no, 10, &s));
    CHECK(s.rows[0].is_estimate);
    CHECK_INT(s.rows[0].left, MANY);
    CHECK_OK(rig_many(&r, 60 * 2000, 60, &sixty));
    s = (struct seen){.n = 0};
    CHECK_OK(store_hosts_read(r.store, sixty->no, &after, 60, see, &s, &more));
    CHECK(more && s.n >= 20 && s.n < 60); /* a short read */
    CHECK(look(&r, sixty->no, 60, &s));
    CHECK_INT(s.n, 60);
    CHECK_INT(left_in_all(&s), 60 * 2000);
}

TEST_MAIN
