/* What the store promises of the frontier: whose hosts they are, when they are due, what
 * is remembered of them. */
#include "tests/contract/store_rig.h"

/* --- ranges ------------------------------------------------------------------------- */

TEST(a_refill_opens_hosts_of_its_range_only) {
    enum { HOSTS = 64, PARTS = 4 };
    OWNED(job) struct job *job = NULL;
    size_t n = 0;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, HOSTS, HOSTS, &job));
    for (uint32_t part = 0; part < PARTS; part++) {
        OWNED(refill) struct refill *f = refill_new(job->no, 0, HOSTS);

        f->host_from = host_id_first(part * HOST_BUCKETS / PARTS);
        f->host_to = host_id_first((part + 1) * HOST_BUCKETS / PARTS);
        f->after_host = f->host_from - 1;
        f->tasks_per_host = 5;
        rig_refill(&r, f);
        CHECK_OK(f->result);
        CHECK(f->n_new > 0 && f->n_new < HOSTS && !f->more_hosts);
        for (size_t h = 0; h < f->n_new; h++) {
            CHECK(f->hosts[h].host >= f->host_from && f->hosts[h].host < f->host_to);
            CHECK_INT(f->hosts[h].host, rig_host(f->hosts[h].name));
        }
        n += f->n_new;
    }
    CHECK_INT(n, HOSTS);
}

TEST(a_refill_tells_how_far_it_looked) {
    OWNED(job) struct job *job = NULL;
    OWNED(refill) struct refill *first = NULL;
    OWNED(refill) struct refill *rest = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 10, 10, &job));
    first = refill_new(job->no, 0, 4);
    first->tasks_per_host = 1;
    rig_refill(&r, first);
    CHECK_INT(first->n_new, 4);
    CHECK_INT(first->after_host, first->hosts[3].host);
    rest = refill_new(job->no, 0, 10);
    rest->tasks_per_host = 1;
    rest->after_host = first->after_host;
    rig_refill(&r, rest);
    CHECK_INT(rest->n_new, 6);
    CHECK(!rest->more_hosts);
}

/* --- deferring ----------------------------------------------------------------------- */

/* What a refill of |job| from its start opens: |max| hosts at most. */
static struct refill *open_hosts(struct rig *r, int64_t job, size_t max) {
    struct refill *f = refill_new(job, 0, max);

    f->tasks_per_host = 100;
    rig_refill(r, f);
    return f;
}

static void defer(struct rig *r, int64_t job, int64_t host, int64_t ready_at) {
    struct deferred d = {job, host, ready_at};
    struct store_batch b = {.deferred = &d, .n_deferred = 1};

    rig_commit(r, &b);
}

TEST(a_deferred_host_comes_back_when_it_is_due) {
    OWNED(job) struct job *job = NULL;
    OWNED(refill) struct refill *all = NULL;
    OWNED(refill) struct refill *others = NULL;
    OWNED(refill) struct refill *again = NULL;
    int64_t later = clock_wall_ms() + 3600000, host;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 12, 4, &job));
    all = open_hosts(&r, job->no, 10);
    CHECK_INT(all->n_new, 4);
    CHECK_INT(all->next_due_at, 0);
    host = all->hosts[2].host;
    defer(&r, job->no, host, later);
    others = open_hosts(&r, job->no, 10);
    CHECK_INT(others->n_new, 3);
    CHECK_INT(others->next_due_at, later);
    for (size_t i = 0; i < others->n_new; i++)
        CHECK(others->hosts[i].host != host);
    defer(&r, job->no, host, clock_wall_ms() - 1);
    again = refill_new(job->no, 0, 10);
    again->tasks_per_host = 100;
    again->after_host = INT64_MAX; /* no fresh ones */
    rig_refill(&r, again);
    CHECK_INT(again->n_new, 1);
    CHECK_INT(again->hosts[0].host, host);
    CHECK_INT(again->next_due_at, 0);
    CHECK_OK(rig_settle_all(&r, job->no, 0));
}

TEST(a_known_host_that_is_deferred_gives_nothing) {
    OWNED(job) struct job *job = NULL;
    OWNED(refill) struct refill *f = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 3, 1, &job));
    defer(&r, job->no, rig_host("host0.example:443"), clock_wall_ms() + 3600000);
    f = refill_new(job->no, 1, 0);
    f->hosts[0].host = rig_host("host0.example:443");
    f->hosts[0].limit = 9;
    rig_refill(&r, f);
    CHECK(f->hosts[0].name && list_empty(&f->hosts[0].tasks) && !f->hosts[0].more);
}

TEST(due_hosts_wait_for_room_and_keep_to_their_range) {
    enum { HOSTS = 40 };
    OWNED(job) struct job *job = NULL;
    OWNED(refill) struct refill *all = NULL;
    int64_t half = host_id_first(HOST_BUCKETS / 2);
    size_t n = 0;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, HOSTS, HOSTS, &job));
    all = open_hosts(&r, job->no, HOSTS);
    for (size_t i = 0; i < HOSTS; i++) {
        defer(&r, job->no, all->hosts[i].host, (int64_t)i + 1);
        n += all->hosts[i].host < half;
    }
    while (n > 0) {
        OWNED(refill) struct refill *f = refill_new(job->no, 0, 3);

        f->host_to = half;
        f->after_host = INT64_MAX; /* no fresh ones */
        f->tasks_per_host = 1;
        rig_refill(&r, f);
        CHECK(f->n_new == 3 || f->n_new == n);
        for (size_t i = 0; i < f->n_new; i++)
            CHECK(f->hosts[i].host < half);
        n -= f->n_new;
        CHECK((f->next_due_at != 0) == (n > 0));
    }
    refill_free(TAKE(all));
    all = refill_new(job->no, 0, HOSTS);
    all->host_from = half;
    all->after_host = half - 1;
    all->tasks_per_host = 1;
    rig_refill(&r, all);
    for (size_t i = 0; i < all->n_new; i++)
        CHECK(all->hosts[i].host >= half);
    CHECK(all->n_new > 0 && all->next_due_at == 0);
}

TEST(jobs_defer_a_host_each_for_itself) {
    OWNED(job) struct job *a = NULL;
    OWNED(job) struct job *b = NULL;
    OWNED(refill) struct refill *of_a = NULL;
    OWNED(refill) struct refill *of_b = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &a));
    CHECK_OK(rig_many(&r, 1, 1, &b));
    defer(&r, a->no, rig_host("host0.example:443"), clock_wall_ms() + 3600000);
    of_a = open_hosts(&r, a->no, 5);
    of_b = open_hosts(&r, b->no, 5);
    CHECK(of_a->n_new == 0 && of_b->n_new == 1);
}

TEST(an_attempt_that_waits_says_until_when) {
    OWNED(job) struct job *job = NULL;
    struct result result, again;
    struct store_batch b = {.results = &result, .n_results = 1};

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &job));
    CHECK_INT(rig_take(&r, job->no, &result, 1), 1);
    CHECK_INT(result.task->due_at, 0);
    result.again = true;
    result.due_at = 1800000000000;
    result.task->attempts = 1;
    rig_commit(&r, &b);
    CHECK_OK(result.answer);
    CHECK_INT(rig_take(&r, job->no, &again, 1), 1);
    CHECK_INT(again.task->due_at, 1800000000000);
    free(again.task);
    result_done(&result);
}

/* --- hosts that are given up ------------------------------------------------------------ */

static void give_up(struct rig *r, int64_t job, const char *key, enum code code) {
    struct unavailable u = {job, rig_host(key), code};
    struct store_batch b = {.unavailable = &u, .n_unavailable = 1};

    rig_commit(r, &b);
}

struct tally {
    int n;
    enum code code;
};

static bool count_code(void *arg, const struct record *r) {
    struct tally *t = arg;

    t->n += r->code == t->code && r->outcome == (t->code ? code_outcome(t->code) : OUTCOME_PENDING);
    return true;
}

/* How many of the job's tasks are settled as |code|, or unended for CODE_NONE; reading
 * |rows| at once. */
static int tally(struct rig *r, int64_t job, enum code code, size_t rows) {
    struct tally t = {.code = code};
    struct task_cursor at = {-1, -1};
    bool more = true;

    while (more)
        if (store_tasks_read(r->store, job, code ? TASKS_SETTLED : TASKS_UNENDED, &at, rows,
                             count_code, &t, &more) != ERR_OK)
            return -1;
    return t.n;
}

TEST(a_host_that_is_given_up_settles_its_tasks) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *half = NULL;
    OWNED(job) struct job *all = NULL;
    OWNED(refill) struct refill *f = NULL;
    struct result results[40];
    struct store_batch b = {.results = results, .n_results = 40};
    struct store_stats stats;
    size_t late = 0;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 40, 4, &job));
    CHECK_INT(rig_take(&r, job->no, results, 40), 40);
    give_up(&r, job->no, "host1.example:443", CODE_HOST_UNAVAILABLE);
    give_up(&r, job->no, "host1.example:443", CODE_HOST_UNAVAILABLE); /* once is enough */
    give_up(&r, job->no, "host3.example:443", CODE_ROBOTS_UNREACHABLE);
    CHECK_OK(store_job_get_no(r.store, job->no, &half));
    CHECK_INT(half->counts.by_outcome[OUTCOME_FAILED], 10);
    CHECK_INT(half->counts.by_outcome[OUTCOME_DISALLOWED], 10);
    CHECK(half->version > job->version && half->state == JOB_RUNNING);
    for (size_t rows = 1; rows < 100; rows *= 3) {
        CHECK_INT(tally(&r, job->no, CODE_HOST_UNAVAILABLE, rows), 10);
        CHECK_INT(tally(&r, job->no, CODE_ROBOTS_UNREACHABLE, rows), 10);
        CHECK_INT(tally(&r, job->no, CODE_NONE, rows), 20);
    }
    f = open_hosts(&r, job->no, 9);
    CHECK_INT(f->n_new, 2);
    store_stats(r.store, &stats);
    CHECK_INT(stats.queued_urls, 20);
    for (int i = 0; i < 40; i++)
        CHECK_OK(rig_succeed(&results[i], 0));
    rig_commit(&r, &b);
    for (int i = 0; i < 40; i++)
        late += results[i].answer == ERR_CONFLICT;
    CHECK_INT(late, 20);
    CHECK_OK(store_job_get_no(r.store, job->no, &all));
    CHECK_INT(all->state, JOB_COMPLETED);
    CHECK_INT(all->counts.by_outcome[OUTCOME_SUCCEEDED], 20);
    CHECK(rig_adds_up(&r, job->no));
    rig_free_results(results, 40);
}

TEST(the_last_host_given_up_completes_the_job) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *all = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 5, 1, &job));
    give_up(&r, job->no, "host0.example:443", CODE_HOST_UNAVAILABLE);
    give_up(&r, 99, "host0.example:443", CODE_HOST_UNAVAILABLE);     /* no such job */
    give_up(&r, job->no, "host0.example:80", CODE_HOST_UNAVAILABLE); /* no such host */
    CHECK_OK(store_job_get_no(r.store, job->no, &all));
    CHECK_INT(all->state, JOB_COMPLETED);
    CHECK_INT(all->stop_reason, STOP_NO_MORE_URLS);
    CHECK_INT(all->counts.by_outcome[OUTCOME_FAILED], 5);
}

TEST(a_cancel_leaves_hosts_that_were_given_up_as_they_are) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *moved = NULL;
    OWNED(job) struct job *all = NULL;
    struct store_batch let_go = {.n_released = 1};

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 6, 2, &job));
    give_up(&r, job->no, "host0.example:443", CODE_HOST_UNAVAILABLE);
    CHECK_OK(store_job_move(r.store, &job->id, JOB_CANCELLING, &moved));
    let_go.released = &job->no;
    rig_commit(&r, &let_go);
    CHECK_OK(store_job_get_no(r.store, job->no, &all));
    CHECK_INT(all->counts.by_outcome[OUTCOME_FAILED], 3);
    CHECK_INT(all->counts.by_outcome[OUTCOME_CANCELLED], 3);
    CHECK_INT(tally(&r, job->no, CODE_HOST_UNAVAILABLE, 100), 3);
    CHECK_INT(tally(&r, job->no, CODE_JOB_CANCELLED, 100), 3);
    CHECK_INT(tally(&r, job->no, CODE_NONE, 100), 0);
}

/* --- memory of hosts ----------------------------------------------------------------------- */

static const char a_key[] = "host0.example:443";

static void remember(struct rig *r, const struct host_memo *m) {
    struct host_memo copy = *m;
    struct store_batch b = {.memos = &copy, .n_memos = 1};

    rig_commit(r, &b);
}

static struct host_memo a_memo(char *robots, size_t len) {
    return (struct host_memo){.id = rig_host(a_key),
                              .name = (char *)a_key,
                              .blocked_until = 1800000000000,
                              .fails = 3,
                              .delay_ms = 7000,
                              .robots_kind = ROBOTS_FILE,
                              .robots_at = 1700000000000,
                              .robots_until = 1700086400000,
                              .robots = robots,
                              .robots_len = len};
}

static bool is_that(const struct host_memo *m, const struct host_memo *wanted) {
    return m && m->id == wanted->id && str_eq(str_of(m->name), str_of(wanted->name)) &&
           m->blocked_until == wanted->blocked_until && m->fails == wanted->fails &&
           m->delay_ms == wanted->delay_ms && m->robots_kind == wanted->robots_kind &&
           m->robots_at == wanted->robots_at && m->robots_until == wanted->robots_until &&
           str_eq(str_at(m->robots, m->robots_len), str_at(wanted->robots, wanted->robots_len));
}

TEST(a_host_is_remembered_over_restarts_and_told_by_refills) {
    enum { LONG = 500 << 10 };
    OWNED(job) struct job *job = NULL;
    OWNED(host_memo) struct host_memo *asked = NULL;
    OWNED(refill) struct refill *f = NULL;
    OWNED_CHARS char *robots = mem_new(LONG, 1); /* NULs are text like any other */
    struct host_memo memo = a_memo(robots, LONG);
    size_t told = 0;

    RIG_OPEN(r);
    robots[LONG - 1] = 'x';
    CHECK_OK(rig_many(&r, 2, 2, &job));
    CHECK(!rig_recall(&r, a_key));
    remember(&r, &memo);
    store_free(TAKE(r.store));
    CHECK_OK(rig_open(&r));
    asked = rig_recall(&r, a_key);
    CHECK(is_that(asked, &memo));
    f = open_hosts(&r, job->no, 5);
    CHECK_INT(f->n_new, 2);
    for (size_t i = 0; i < 2; i++)
        if (f->hosts[i].memo) {
            CHECK(is_that(f->hosts[i].memo, &memo));
            told++;
        }
    CHECK_INT(told, 1);
    CHECK(f->bytes > LONG);
}

TEST(a_memo_replaces_the_one_before_and_an_empty_one_forgets) {
    OWNED(host_memo) struct host_memo *second = NULL;
    char robots[] = "User-agent: *";
    struct host_memo memo = a_memo(robots, sizeof robots - 1);

    RIG_OPEN(r);
    remember(&r, &memo);
    memo.robots_kind = ROBOTS_ALLOW_ALL;
    memo.robots = NULL;
    memo.robots_len = 0;
    remember(&r, &memo);
    second = rig_recall(&r, a_key);
    CHECK(is_that(second, &memo));
    memo = (struct host_memo){.id = memo.id, .name = memo.name};
    remember(&r, &memo);
    CHECK(!rig_recall(&r, a_key));
}

TEST(a_memo_without_its_file_leaves_the_one_that_is_kept) {
    OWNED(host_memo) struct host_memo *kept = NULL;
    char robots[] = "User-agent: *";
    struct host_memo memo = a_memo(robots, sizeof robots - 1), later = a_memo(NULL, 0);

    RIG_OPEN(r);
    remember(&r, &memo);
    later.blocked_until += 5;
    remember(&r, &later);
    kept = rig_recall(&r, a_key);
    memo.blocked_until += 5;
    CHECK(is_that(kept, &memo));
}

TEST(a_host_of_the_same_id_but_another_name_is_unknown) {
    OWNED(host_memo) struct host_memo *other = NULL;
    char name[] = "other.example:443";
    struct host_memo memo = a_memo(NULL, 0);

    RIG_OPEN(r);
    remember(&r, &memo);
    memo.name = name;
    memo = (struct host_memo){.id = memo.id, .name = name};
    remember(&r, &memo); /* forgets another one, of whom nothing is known */
    other = rig_recall(&r, a_key);
    CHECK(other);
    memo.fails = 1;
    remember(&r, &memo);
    CHECK(!rig_recall(&r, a_key));
}

TEST_MAIN
