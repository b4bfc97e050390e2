#include "crawler/sched.h"

#include "base/hash.h"
#include "base/mem.h"
#include "tests/test.h"

enum { WINDOW = 1 << 20 };

static struct sched *sched_at(int64_t asked_before) {
    const struct sched_options o = {.window_bytes = WINDOW, .asked_before = asked_before};

    return sched_new(&o);
}

static void add(struct sched *s, int64_t job, uint32_t delay_ms, uint32_t connections) {
    const struct sched_job_options o = {
        .host_delay_ms = delay_ms, .host_connections = connections, .priority = 5};

    sched_job_add(s, job, &o);
}

static struct task *task_at(int64_t job, struct str key, int64_t seq) {
    struct task *t = task_new(STR("http://example.com/"), STR_NONE);

    t->job = job;
    t->host = hash_i63(key);
    t->seq = seq;
    return t;
}

static void put(struct sched *s, int64_t job, struct str key, int64_t seq) {
    sched_put(s, task_at(job, key, seq), hash_i63(key), false);
}

/* Answers the next refill that is asked for: one more host, with tasks |seq| and on. */
static void fill(struct sched *s, struct str key, int64_t seq, int n) {
    struct refill_host host = {.host = hash_i63(key)};
    struct refill r = {.hosts = &host, .n_new = 1};
    struct sched_want want;

    CHECK(sched_wants(s, &want));
    CHECK_INT(want.n_hosts, 0);
    r.job = want.job;
    r.tag = want.tag;
    r.max_new = want.max_new;
    list_init(&host.tasks);
    for (int i = 0; i < n; i++)
        list_push_back(&host.tasks, &task_at(want.job, key, seq + i)->link);
    sched_refilled(s, &r, 0);
}

/* The seq of the next task, or -1 minus the time to wait. */
static int64_t next(struct sched *s, int64_t now, struct sched_host **ret_host) {
    int64_t wait_ms, seq;
    struct task *t = sched_next(s, now, ret_host, &wait_ms);

    if (!t)
        return wait_ms == INT64_MAX ? INT64_MIN : -1 - wait_ms;
    seq = t->seq;
    free(t);
    return seq;
}

#define A STR("a.example:80")
#define B STR("b.example:80")

TEST(waits_for_ever_when_empty) {
    OWNED(sched) struct sched *s = sched_at(0);
    struct sched_host *h;

    CHECK_INT(next(s, 5, &h), INT64_MIN);
    add(s, 1, 1000, 2);
    CHECK_INT(next(s, 5, &h), INT64_MIN);
}

TEST(counts_the_delay_from_the_sending) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    add(s, 1, 1000, 2);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    CHECK_INT(next(s, 0, &h), 1);
    CHECK_INT(next(s, 4000, &h), INT64_MIN); /* not sent yet */
    sched_sent(s, h, 4100);
    CHECK_INT(next(s, 4200, &h), -1 - 900);
    CHECK_INT(next(s, 5099, &h), -1 - 1);
    CHECK_INT(next(s, 5100, &h), 2); /* the first still runs: two connections */
}

TEST(keeps_the_delay_of_a_job_that_pauses_before_its_request_is_sent) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h, *other;

    add(s, 1, 1000, 4);
    add(s, 2, 10, 4);
    fill(s, A, 1, 1);
    put(s, 2, A, 2);
    CHECK_INT(next(s, 0, &h), 1);
    sched_job_pause(s, 1);
    CHECK_INT(next(s, 5, &other), INT64_MIN); /* not sent yet */
    sched_sent(s, h, 10);
    CHECK_INT(next(s, 20, &other), -1 - 990);
}

TEST(lets_a_host_wait_its_delay_after_the_start) {
    OWNED(sched) struct sched *s = sched_at(100);
    struct sched_host *h;

    add(s, 1, 1000, 2);
    put(s, 1, A, 1);
    CHECK_INT(next(s, 100, &h), -1 - 1000);
    CHECK_INT(next(s, 1100, &h), 1);
}

TEST(counts_no_delay_for_what_was_never_sent) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    add(s, 1, 1000, 1);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    CHECK_INT(next(s, 0, &h), 1);
    sched_finished(s, h, 1, false, 3);
    CHECK_INT(next(s, 3, &h), 2);
}

TEST(keeps_to_the_connections) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    add(s, 1, 0, 2);
    for (int64_t seq = 1; seq <= 3; seq++)
        put(s, 1, A, seq);
    CHECK_INT(next(s, 0, &h), 1);
    CHECK_INT(next(s, 0, &h), 2); /* no delay: need not be sent first */
    CHECK_INT(next(s, 0, &h), INT64_MIN);
    sched_sent(s, h, 1);
    sched_finished(s, h, 1, true, 1);
    CHECK_INT(next(s, 1, &h), 3);
}

TEST(applies_the_strictest_of_the_jobs_with_work) {
    OWNED(sched) struct sched *s = sched_at(-50000);
    struct sched_host *h;

    add(s, 1, 100, 4);
    add(s, 2, 1000, 1);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    put(s, 2, A, 3);
    CHECK_INT(next(s, 0, &h), 1);
    sched_sent(s, h, 0);
    CHECK_INT(next(s, 1000, &h), INT64_MIN); /* one connection */
    sched_finished(s, h, 1, true, 1000);
    CHECK_INT(next(s, 1000, &h), 3); /* and the other job's turn */
    sched_sent(s, h, 1000);
    sched_finished(s, h, 2, true, 1001);    /* job 2 has no more work here, */
    CHECK_INT(next(s, 1100, &h), -1 - 900); /* but its request was promised a second */
    CHECK_INT(next(s, 2000, &h), 2);
    sched_sent(s, h, 2000);
    put(s, 1, A, 4);
    CHECK_INT(next(s, 2100, &h), 4); /* job 1 alone: 100 ms, another connection */
}

TEST(remembers_an_idle_host_until_its_delay_is_over) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    add(s, 1, 500, 1);
    add(s, 2, 100, 1);
    put(s, 1, A, 1);
    CHECK_INT(next(s, 0, &h), 1);
    sched_sent(s, h, 0);
    sched_finished(s, h, 1, true, 10);
    CHECK_INT(sched_stats(s).hosts, 1);
    put(s, 2, A, 2);
    CHECK_INT(next(s, 10, &h), -1 - 490);
    CHECK_INT(next(s, 500, &h), 2);
    sched_finished(s, h, 2, false, 501);
    CHECK_INT(sched_stats(s).hosts, 0);
    CHECK_INT(sched_stats(s).bytes, 0);
}

TEST(lets_jobs_take_turns_on_a_host) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;
    int64_t turns[2] = {0, 0};

    add(s, 0, 10, 1);
    add(s, 1, 10, 1);
    for (int64_t i = 0; i < 40; i++)
        put(s, 0, A, 0);
    for (int64_t i = 0; i < 10; i++)
        put(s, 1, A, 1);
    for (int64_t now = 0; now < 200; now += 10) {
        int64_t job = next(s, now, &h);

        CHECK(job >= 0);
        turns[job]++;
        sched_sent(s, h, now);
        sched_finished(s, h, job, true, now + 1);
    }
    CHECK_INT(turns[0], 10);
    CHECK_INT(turns[1], 10);
}

TEST(lets_jobs_take_turns_by_their_weight) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    const struct sched_job_options high = {10, 1, 8, false}, low = {10, 1, 2, false};
    struct sched_host *h;
    int64_t turns[2] = {0, 0};

    sched_job_add(s, 0, &high);
    sched_job_add(s, 1, &low);
    for (int64_t i = 0; i < 100; i++) {
        put(s, 0, A, 0);
        put(s, 1, A, 1);
    }
    for (int64_t now = 0; now < 400; now += 10) {
        int64_t job = next(s, now, &h);

        CHECK(job >= 0);
        turns[job]++;
        sched_sent(s, h, now);
        sched_finished(s, h, job, true, now + 1);
    }
    CHECK_INT(turns[0], 30); /* 9 to 3 */
    CHECK_INT(turns[1], 10);
}

TEST(lets_a_late_small_job_pass_a_large_one) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;
    char name[32];

    add(s, 1, 0, 1);
    add(s, 2, 0, 1);
    for (int64_t seq = 0; seq < 1000; seq++) {
        (void)snprintf(name, sizeof name, "h%d.example:80", (int)seq);
        put(s, 1, str_of(name), seq);
    }
    for (int i = 0; i < 10; i++)
        CHECK(next(s, 0, &h) < 1000);
    put(s, 2, A, 5000);
    put(s, 2, B, 5001);
    CHECK_INT(next(s, 1, &h), 5000); /* it has fewer under way than its share */
    CHECK_INT(next(s, 1, &h), 5001);
    CHECK(next(s, 1, &h) < 1000);
}

TEST(brings_back_a_retry_at_its_time_and_first) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    add(s, 1, 0, 1);
    fill(s, A, 1, 3);
    CHECK_INT(next(s, 0, &h), 1);
    sched_put_back(s, task_at(1, A, 1), 50);
    sched_finished(s, h, 1, false, 1);
    CHECK_INT(next(s, 50, &h), 1);
    sched_finished(s, h, 1, false, 50);
    CHECK_INT(next(s, 51, &h), 2);
    sched_finished(s, h, 1, false, 60);
    CHECK_INT(next(s, 60, &h), 3);
    sched_put_back(s, task_at(1, A, 3), 90);
    sched_finished(s, h, 1, false, 60);
    CHECK_INT(next(s, 60, &h), -1 - 30);
    CHECK_INT(next(s, 90, &h), 3);
}

TEST(keeps_a_retry_that_the_store_held_until_its_time) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;
    struct refill_host host = {.host = hash_i63(A)};
    struct refill r = {.job = 1, .hosts = &host, .n_new = 1};
    struct sched_want want;
    struct task *t = task_at(1, A, 7);

    add(s, 1, 0, 1);
    CHECK(sched_wants(s, &want));
    r.tag = want.tag;
    t->due_at = 300;
    list_init(&host.tasks);
    list_push_back(&host.tasks, &t->link);
    sched_refilled(s, &r, 0);
    CHECK_INT(next(s, 0, &h), -1 - 300);
    CHECK_INT(next(s, 300, &h), 7);
}

TEST(does_not_start_twice_what_is_away_while_its_job_pauses) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h, *other;

    add(s, 1, 0, 2);
    fill(s, A, 1, 2);
    CHECK_INT(next(s, 0, &h), 1);
    sched_job_pause(s, 1);
    CHECK_INT(next(s, 1, &other), INT64_MIN);
    CHECK_INT(sched_stats(s).tasks, 0);
    add(s, 1, 0, 2);
    fill(s, A, 1, 2); /* from the beginning: the first is not settled */
    CHECK_INT(next(s, 2, &other), 2);
    CHECK_INT(next(s, 2, &other), INT64_MIN);
    sched_finished(s, h, 1, false, 3);
    sched_settled(s, 1, hash_i63(A), 1);
    sched_job_pause(s, 1);
    add(s, 1, 0, 2);
    fill(s, A, 1, 1); /* as if it had come back */
    CHECK_INT(next(s, 4, &other), 1);
}

TEST(takes_no_answer_for_another) {
    OWNED(sched) struct sched *s = sched_at(0);
    struct sched_want want;
    struct refill r = {.job = 1};

    add(s, 1, 0, 1);
    CHECK(sched_wants(s, &want));
    r.tag = want.tag;
    sched_job_pause(s, 1);
    add(s, 1, 0, 1);
    CHECK(sched_wants(s, &want));
    CHECK(want.tag != r.tag);
    r.max_new = want.max_new; /* "no more hosts", said of the time before the pause */
    sched_refilled(s, &r, 0);
    r.tag = want.tag;
    r.more_hosts = true;
    sched_refilled(s, &r, 0);
    CHECK(sched_wants(s, &want));
}

TEST(closes_a_host_and_reports_it) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h, *b;
    struct sched_closed closed;

    add(s, 1, 0, 1);
    fill(s, A, 1, 3);
    CHECK_INT(next(s, 0, &h), 1);
    sched_put_back(s, task_at(1, A, 1), 70);
    sched_finished(s, h, 1, false, 1);
    put(s, 1, B, 9);
    sched_put(s, task_at(1, B, 9), hash_i63(A), false); /* a hop from B */
    sched_close(s, h, CLOSED_DEFERRED, 100);
    CHECK(sched_take_closed(s, &closed));
    CHECK_INT(closed.job, 1);
    CHECK_INT(closed.host, hash_i63(A));
    CHECK_INT(closed.why, CLOSED_DEFERRED);
    CHECK(!sched_take_closed(s, &closed));
    CHECK_INT(sched_stats(s).tasks, 2); /* the hop, and B's */
    CHECK_INT(next(s, 2, &h), 9);
    CHECK_INT(next(s, 2, &b), 9);
    CHECK_INT(next(s, 80, &b), -1 - 20); /* then the store is asked for it */
}

/* Holds A, which has three tasks, until |until|, and closes it at 0. */
static void put_off(struct sched *s, int64_t until) {
    struct sched_host *h;
    struct sched_closed closed;

    add(s, 1, 0, 1);
    fill(s, A, 1, 3);
    CHECK_INT(next(s, 0, &h), 1);
    sched_sent(s, h, 0);
    sched_hold(s, h, until, BLOCK_RETRY_AFTER);
    sched_close(s, h, CLOSED_DEFERRED, until);
    sched_finished(s, h, 1, true, 1);
    sched_settled(s, 1, hash_i63(A), 1);
    CHECK(sched_take_closed(s, &closed));
}

TEST(lets_a_host_leave_that_is_put_off) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    put_off(s, 3600000);
    CHECK_INT(next(s, 4999, &h), -1 - 3595001);
    CHECK_INT(sched_stats(s).hosts, 1); /* the store may not know of it yet */
    CHECK_INT(next(s, 5000, &h), -1 - 3595000);
    CHECK_INT(sched_stats(s).hosts, 0);
}

TEST(keeps_a_host_that_is_put_off_and_held_anew) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    put_off(s, 3600000);
    sched_hold(s, sched_find(s, hash_i63(A)), 3600001, BLOCK_BACKOFF); /* nobody was told of it */
    CHECK_INT(next(s, 3600000, &h), -1);
    CHECK_INT(sched_stats(s).hosts, 1);
}

TEST(lets_a_host_be_asked_whose_hold_is_lifted) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    put_off(s, 3600000);
    put(s, 1, A, 2);
    CHECK_INT(next(s, 10, &h), -1 - 3599990);
    sched_lift(s, sched_find(s, hash_i63(A)));
    CHECK_INT(next(s, 10, &h), 2);
}

TEST(gives_out_hops_before_a_host_is_closed) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct task *t;

    add(s, 1, 0, 1);
    sched_put(s, task_at(1, B, 9), hash_i63(A), true);
    put(s, 1, A, 1);
    t = sched_take_hop(s, sched_find(s, hash_i63(A)));
    CHECK(t && t->seq == 9);
    free(t);
    CHECK(!sched_take_hop(s, sched_find(s, hash_i63(A))));
}

TEST(asks_for_deferred_hosts_when_they_are_due) {
    OWNED(sched) struct sched *s = sched_at(0);
    struct sched_host *h;
    struct sched_want want;
    struct refill r = {.job = 1};

    add(s, 1, 0, 1);
    CHECK(sched_wants(s, &want));
    r.tag = want.tag;
    r.max_new = want.max_new;
    sched_refilled(s, &r, 5000);
    CHECK(!sched_wants(s, &want));
    CHECK_INT(next(s, 4999, &h), -1 - 1);
    CHECK(!sched_wants(s, &want));
    CHECK_INT(next(s, 5000, &h), -1); /* at once, after a refill */
    CHECK(sched_wants(s, &want));
}

TEST(lets_only_those_that_obey_wait_for_robots) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    const struct sched_job_options obeys = {0, 4, 5, true};
    struct sched_host *h;

    sched_job_add(s, 1, &obeys);
    add(s, 2, 0, 4);
    put(s, 1, A, 1);
    put(s, 2, A, 2);
    put(s, 2, A, 3);
    sched_await_robots(s, sched_find(s, hash_i63(A)), INT64_MAX);
    CHECK_INT(next(s, 0, &h), 2);
    CHECK_INT(next(s, 0, &h), 3);
    CHECK(next(s, 0, &h) < 0);
    sched_await_robots(s, h, 0);
    CHECK_INT(next(s, 0, &h), 1);
}

TEST(keeps_to_the_pace_of_a_host) {
    OWNED(sched) struct sched *s = sched_at(-50000);
    struct sched_host *h;

    add(s, 1, 100, 4);
    for (int64_t seq = 1; seq <= 3; seq++)
        put(s, 1, A, seq);
    CHECK_INT(next(s, 0, &h), 1);
    sched_set_pace(s, h, 2000, true);
    sched_sent(s, h, 0);
    CHECK_INT(next(s, 5000, &h), INT64_MIN); /* one at a time */
    sched_finished(s, h, 1, true, 5000);
    CHECK_INT(next(s, 5000, &h), 2);
    sched_sent(s, h, 5000);
    sched_set_pace(s, h, 0, false);
    CHECK_INT(next(s, 6000, &h), -1 - 1000); /* promised at the last sending */
    sched_set_crawl_delay(s, h, 1, 4000);
    CHECK_INT(next(s, 7000, &h), -1 - 2000);
    CHECK_INT(next(s, 9000, &h), 3);
}

TEST(says_why_a_host_waits) {
    OWNED(sched) struct sched *s = sched_at(-50000);
    struct sched_view v;
    struct sched_host *h;

    add(s, 1, 1000, 1);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    CHECK_INT(next(s, 0, &h), 1);
    CHECK(sched_look(s, 1, hash_i63(A), &v));
    CHECK_INT(v.blocked_by, BLOCK_CONNECTIONS);
    CHECK_INT(v.queued, 1);
    CHECK_INT(v.started, 1);
    sched_sent(s, h, 10);
    sched_finished(s, h, 1, true, 20);
    CHECK(sched_look(s, 1, hash_i63(A), &v));
    CHECK_INT(v.blocked_by, BLOCK_DELAY);
    CHECK_INT(v.blocked_until, 1010);
    sched_hold(s, h, 7000, BLOCK_RETRY_AFTER);
    CHECK(sched_look(s, 1, hash_i63(A), &v));
    CHECK_INT(v.blocked_by, BLOCK_RETRY_AFTER);
    CHECK_INT(v.blocked_until, 7000);
    CHECK(!sched_look(s, 1, hash_i63(B), &v));
}

TEST(opens_hosts_that_grew) {
    OWNED(sched) struct sched *s = sched_at(0);
    struct sched_want want;
    struct refill r = {.job = 1};

    add(s, 1, 0, 1);
    CHECK(sched_wants(s, &want));
    r.tag = want.tag;
    r.max_new = want.max_new;
    sched_refilled(s, &r, 0);
    CHECK(!sched_wants(s, &want));
    sched_job_grew(s, 1, hash_i63(A));
    CHECK(sched_wants(s, &want));
    CHECK_INT(want.n_hosts, 1);
    CHECK_INT(want.hosts[0].host, hash_i63(A));
    CHECK_INT(want.hosts[0].after_seq, -1);
    sched_job_grew(s, 1, -1);
    r = (struct refill){.job = 1, .tag = want.tag, .hosts = want.hosts, .n_hosts = 1};
    list_init(&r.hosts[0].tasks);
    sched_refilled(s, &r, 0);
    CHECK(sched_wants(s, &want));
    CHECK_INT(want.after_host, -1);
    CHECK(want.max_new > 0);
}

TEST(holds_a_host_that_asked_for_it) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h, *other;

    add(s, 1, 0, 2);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    put(s, 1, B, 3);
    CHECK_INT(next(s, 0, &h), 1);
    sched_sent(s, h, 0);
    sched_hold(s, h, 700, BLOCK_RETRY_AFTER);
    sched_finished(s, h, 1, true, 1);
    CHECK_INT(next(s, 1, &other), 3);
    CHECK_INT(next(s, 1, &other), -1 - 699);
    CHECK_INT(next(s, 700, &other), 2);
}

TEST(drops_all_of_a_job) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    add(s, 1, 0, 4);
    add(s, 2, 0, 4);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    put(s, 2, A, 3);
    put(s, 1, B, 4);
    put(s, 2, B, 5);
    CHECK_INT(next(s, 0, &h), 1);
    CHECK_INT(sched_stats(s).tasks, 4);
    sched_job_remove(s, 1);
    CHECK_INT(sched_stats(s).tasks, 2);
    sched_finished(s, h, 1, false, 5);
    CHECK_INT(next(s, 6, &h) + next(s, 6, &h), 3 + 5);
    CHECK_INT(next(s, 80, &h), INT64_MIN);
}

TEST(knows_whether_a_host_is_due) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    add(s, 1, 6000, 2);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    CHECK_INT(next(s, 1000, &h), 1);
    sched_sent(s, h, 1000);
    CHECK(!sched_is_due(s, h, 1000, 5000));
    CHECK(sched_is_due(s, h, 2000, 5000));
}

/* --- the window ------------------------------------------------------------------- */

/* A store full of URLs of 8 KiB answers as it should: with a task too many, at most. */
static void answer_long(struct sched *s, const struct sched_want *want, int64_t *key) {
    static char url[8 << 10];
    struct refill r = {.job = want->job, .n_hosts = want->n_hosts, .max_new = want->max_new};

    (void)memset(url, 'x', sizeof url);
    r.more_hosts = true;
    r.hosts = NEW_N(struct refill_host, r.n_hosts + r.max_new);
    for (size_t i = 0; i < r.n_hosts + r.max_new; i++) {
        uint32_t limit = i < r.n_hosts ? want->hosts[i].limit : want->tasks_per_host;

        list_init(&r.hosts[i].tasks);
        r.hosts[i].more = true;
        r.hosts[i].host = i < r.n_hosts ? want->hosts[i].host : (*key)++;
        for (; limit > 0 && r.bytes < want->max_bytes; limit--) {
            struct task *t = task_new(str_at(url, sizeof url), STR_NONE);

            t->job = want->job;
            t->host = r.hosts[i].host;
            r.bytes += task_size(t);
            list_push_back(&r.hosts[i].tasks, &t->link);
        }
        r.n_new += i >= r.n_hosts && !list_empty(&r.hosts[i].tasks);
    }
    r.tag = want->tag;
    sched_refilled(s, &r, 0);
    free(r.hosts);
}

TEST(holds_no_more_of_long_urls_than_of_short_ones) {
    OWNED(sched) struct sched *s = sched_at(0);
    struct sched_want want;
    int64_t key = 1;
    int refills = 0;

    for (int64_t job = 1; job <= 3; job++)
        add(s, job, 0, 1);
    while (refills++ < 1000 && sched_wants(s, &want))
        answer_long(s, &want, &key);
    CHECK(refills < 1000);
    CHECK(sched_stats(s).bytes > WINDOW * 3 / 4);
    CHECK(sched_stats(s).bytes < WINDOW * 2);
}

TEST(asks_for_nothing_while_hops_fill_the_window) {
    OWNED(sched) struct sched *s = sched_at(0);
    struct sched_want want;

    add(s, 1, 0, 1);
    put(s, 1, A, 1);
    sched_charge(s, 2 * WINDOW);
    CHECK(!sched_wants(s, &want));
    sched_charge(s, -2 * WINDOW);
    CHECK(sched_wants(s, &want));
}

TEST(asks_again_after_a_refill_that_failed) {
    OWNED(sched) struct sched *s = sched_at(0);
    struct sched_want want;
    struct refill r = {.job = 1, .result = ERR_IO};

    add(s, 1, 0, 1);
    CHECK(sched_wants(s, &want));
    CHECK_INT(want.after_host, -1);
    CHECK(want.max_new > 0);
    CHECK(!sched_wants(s, &want)); /* one at a time */
    r.max_new = want.max_new;
    r.tag = want.tag;
    sched_refilled(s, &r, 0);
    CHECK(sched_wants(s, &want));
    r.result = ERR_OK; /* empty: that was all */
    r.tag = want.tag;
    sched_refilled(s, &r, 0);
    CHECK(!sched_wants(s, &want));
}

TEST(reports_a_host_whose_tasks_were_settled_before) {
    OWNED(sched) struct sched *s = sched_at(0);
    struct sched_want want;
    struct refill_host host = {.host = hash_i63(A)};
    struct refill r = {.job = 1, .hosts = &host, .n_new = 1};
    struct sched_closed closed;

    list_init(&host.tasks);
    add(s, 1, 0, 1);
    CHECK(sched_wants(s, &want));
    r.max_new = want.max_new;
    r.tag = want.tag;
    sched_refilled(s, &r, 0);
    CHECK(sched_take_closed(s, &closed));
    CHECK_INT(closed.job, 1);
    CHECK_INT(closed.host, hash_i63(A));
    CHECK_INT(closed.why, CLOSED_DRAINED);
    CHECK(!sched_take_closed(s, &closed));
}

TEST_MAIN
