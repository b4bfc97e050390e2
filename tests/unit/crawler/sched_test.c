#include "crawler/sched.h"

#include "base/hash.h"
#include "base/mem.h"
#include "tests/test.h"

enum { WINDOW = 1 << 20 };

static struct sched *sched_at(int64_t asked_before) {
    const struct sched_options o = {.window_bytes = WINDOW, .asked_before = asked_before};

    return sched_new(&o);
}

static struct task *task_at(int64_t job, struct str key, int64_t seq) {
    struct task *t = task_new(STR("http://example.com/"), STR_NONE);

    t->job = job;
    t->host = host_id(key, 0);
    t->seq = seq;
    return t;
}

static void put(struct sched *s, int64_t job, struct str key, int64_t seq) {
    sched_put(s, task_at(job, key, seq), key, 0, false);
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
    sched_job_add(s, 1, 1000, 2);
    CHECK_INT(next(s, 5, &h), INT64_MIN);
}

TEST(counts_the_delay_from_the_sending) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    sched_job_add(s, 1, 1000, 2);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    CHECK_INT(next(s, 0, &h), 1);
    CHECK_INT(next(s, 4000, &h), INT64_MIN); /* not sent yet */
    sched_sent(s, h, 4100);
    CHECK_INT(next(s, 4200, &h), -1 - 900);
    CHECK_INT(next(s, 5099, &h), -1 - 1);
    CHECK_INT(next(s, 5100, &h), 2); /* the first still runs: two connections */
}

TEST(lets_a_host_wait_its_delay_after_the_start) {
    OWNED(sched) struct sched *s = sched_at(100);
    struct sched_host *h;

    sched_job_add(s, 1, 1000, 2);
    put(s, 1, A, 1);
    CHECK_INT(next(s, 100, &h), -1 - 1000);
    CHECK_INT(next(s, 1100, &h), 1);
}

TEST(counts_no_delay_for_what_was_never_sent) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    sched_job_add(s, 1, 1000, 1);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    CHECK_INT(next(s, 0, &h), 1);
    sched_finished(s, h, 1, false, 3);
    CHECK_INT(next(s, 3, &h), 2);
}

TEST(keeps_to_the_connections) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    sched_job_add(s, 1, 0, 2);
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

    sched_job_add(s, 1, 100, 4);
    sched_job_add(s, 2, 1000, 1);
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

    sched_job_add(s, 1, 500, 1);
    sched_job_add(s, 2, 100, 1);
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

    sched_job_add(s, 0, 10, 1);
    sched_job_add(s, 1, 10, 1);
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

TEST(brings_back_a_retry_at_its_time_and_first) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    sched_job_add(s, 1, 0, 1);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    sched_put(s, task_at(1, A, 9), A, 50, true);
    CHECK_INT(next(s, 0, &h), 1);
    sched_finished(s, h, 1, false, 1);
    CHECK_INT(next(s, 50, &h), 9);
    sched_finished(s, h, 1, false, 50);
    CHECK_INT(next(s, 51, &h), 2);
    sched_put(s, task_at(1, A, 9), A, 90, true);
    sched_finished(s, h, 1, false, 60);
    CHECK_INT(next(s, 60, &h), -1 - 30);
    CHECK_INT(next(s, 90, &h), 9);
}

TEST(holds_a_host_that_asked_for_it) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h, *other;

    sched_job_add(s, 1, 0, 2);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    put(s, 1, B, 3);
    CHECK_INT(next(s, 0, &h), 1);
    sched_sent(s, h, 0);
    sched_hold(s, h, 700);
    sched_finished(s, h, 1, true, 1);
    CHECK_INT(next(s, 1, &other), 3);
    CHECK_INT(next(s, 1, &other), -1 - 699);
    CHECK_INT(next(s, 700, &other), 2);
}

TEST(drops_all_of_a_job) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    sched_job_add(s, 1, 0, 4);
    sched_job_add(s, 2, 0, 4);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    put(s, 2, A, 3);
    sched_put(s, task_at(1, B, 4), B, 70, true);
    sched_put(s, task_at(2, B, 5), B, 80, true);
    CHECK_INT(next(s, 0, &h), 1);
    CHECK_INT(sched_job_tasks(s, 1), 2);
    sched_job_remove(s, 1);
    CHECK_INT(sched_job_tasks(s, 1), 0);
    sched_finished(s, h, 1, false, 5);
    CHECK_INT(next(s, 6, &h), 3);
    CHECK_INT(next(s, 6, &h), -1 - 74);
    CHECK_INT(next(s, 80, &h), 5);
    CHECK_INT(next(s, 80, &h), INT64_MIN);
}

TEST(knows_whether_a_host_is_due) {
    OWNED(sched) struct sched *s = sched_at(-5000);
    struct sched_host *h;

    sched_job_add(s, 1, 6000, 2);
    put(s, 1, A, 1);
    put(s, 1, A, 2);
    CHECK_INT(next(s, 1000, &h), 1);
    sched_sent(s, h, 1000);
    CHECK(!sched_is_due(s, h, 1000, 5000));
    CHECK(sched_is_due(s, h, 2000, 5000));
}

/* --- the window: a store in a few arrays, and a simulated crawl ------------------ */

enum { SIM_JOBS = 3, SIM_HOSTS = 3000, SIM_MAX_TASKS = 12 };

struct sim_host {
    int64_t key;
    char name[24];
    int n_tasks[SIM_JOBS];
    /* what the crawl did */
    bool was_given[SIM_JOBS][SIM_MAX_TASKS], was_settled[SIM_JOBS][SIM_MAX_TASKS];
    bool was_drained[SIM_JOBS];
    int64_t due_at; /* by the jobs that had work here at the last sending */
    uint32_t running;
};

struct sim_request {
    struct task *task;
    struct sched_host *host;
    int at; /* of the simulated host */
    int64_t sends_at, ends_at;
    bool was_sent;
};

struct sim {
    struct sched *s;
    struct sim_host *hosts; /* by key */
    struct sim_request requests[64];
    size_t n_requests, n_settled, n_total, most_bytes;
    uint64_t random;
    int64_t now;
};

static uint32_t roll(struct sim *sim, uint32_t sides) {
    sim->random = sim->random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(sim->random >> 33) % sides;
}

static const uint32_t sim_delay_ms[SIM_JOBS] = {50, 0, 200};
static const uint32_t sim_connections[SIM_JOBS] = {2, 3, 1};

static int by_key(const void *a, const void *b) {
    const struct sim_host *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

static void sim_init(struct sim *sim, uint64_t seed) {
    const struct sched_options o = {.window_bytes = 256 << 10, .asked_before = -1000};

    *sim = (struct sim){.s = sched_new(&o), .random = seed};
    sim->hosts = NEW_N(struct sim_host, SIM_HOSTS);
    for (int i = 0; i < SIM_HOSTS; i++) {
        struct sim_host *h = &sim->hosts[i];

        (void)snprintf(h->name, sizeof h->name, "h%d.example:80", i);
        h->key = host_id(str_of(h->name), 0);
        h->due_at = -1000;
        for (int job = 0; job < SIM_JOBS; job++) {
            h->n_tasks[job] = roll(sim, 3) ? (int)roll(sim, SIM_MAX_TASKS + 1) : 0;
            sim->n_total += (size_t)h->n_tasks[job];
        }
    }
    qsort(sim->hosts, SIM_HOSTS, sizeof *sim->hosts, by_key);
    for (int job = 0; job < SIM_JOBS; job++)
        sched_job_add(sim->s, job, sim_delay_ms[job], sim_connections[job]);
}

static int sim_find(const struct sim *sim, int64_t key) {
    const struct sim_host wanted = {.key = key};
    const struct sim_host *h = bsearch(&wanted, sim->hosts, SIM_HOSTS, sizeof wanted, by_key);

    return h ? (int)(h - sim->hosts) : -1;
}

static void sim_answer_host(struct sim *sim, int64_t job, int at, struct refill_host *rh,
                            int64_t after_seq, uint32_t limit) {
    struct sim_host *h = &sim->hosts[at];
    int seq = (int)after_seq + 1;

    list_init(&rh->tasks);
    rh->host = h->key;
    rh->name = mem_chars(str_of(h->name));
    for (; seq < h->n_tasks[job] && limit > 0; seq++, limit--) {
        struct task *t = task_at(job, str_of(h->name), seq);

        list_push_back(&rh->tasks, &t->link);
        if (h->was_given[job][seq])
            TEST_FAIL("given twice: job %d seq %d", (int)job, seq);
        h->was_given[job][seq] = true;
    }
    rh->more = seq < h->n_tasks[job];
}

static void sim_free_refill(struct refill *r) {
    for (size_t i = 0; i < r->n_hosts + r->n_new; i++)
        free(r->hosts[i].name);
    free(r->hosts);
}

static void sim_refill(struct sim *sim, const struct sched_want *want) {
    struct refill r = {.job = want->job, .n_hosts = want->n_hosts, .max_new = want->max_new};
    int at = 0;

    r.hosts = NEW_N(struct refill_host, r.n_hosts + r.max_new);
    for (size_t i = 0; i < r.n_hosts; i++)
        sim_answer_host(sim, r.job, sim_find(sim, want->hosts[i].host), &r.hosts[i],
                        want->hosts[i].after_seq, want->hosts[i].limit);
    while (at < SIM_HOSTS && sim->hosts[at].key <= want->after_host)
        at++;
    for (; at < SIM_HOSTS && r.n_new < r.max_new; at++)
        if (sim->hosts[at].n_tasks[r.job] > 0)
            sim_answer_host(sim, r.job, at, &r.hosts[r.n_hosts + r.n_new++], -1,
                            want->tasks_per_host);
    r.more_hosts = at < SIM_HOSTS;
    sched_refilled(sim->s, &r);
    sim_free_refill(&r);
}

/* What the rules demand of a start now. */
static void sim_check_start(const struct sim *sim, const struct task *t, const struct sim_host *h) {
    if (sim->now < h->due_at)
        TEST_FAIL("started %d ms early", (int)(h->due_at - sim->now));
    if (h->running > sim_connections[t->job])
        TEST_FAIL("%u at once", h->running);
}

static void sim_sent(const struct sim *sim, struct sim_host *h) {
    for (int job = 0; job < SIM_JOBS; job++)
        if (h->was_given[job][0] && !h->was_drained[job] &&
            h->due_at < sim->now + sim_delay_ms[job])
            h->due_at = sim->now + sim_delay_ms[job];
}

static void sim_start(struct sim *sim, struct task *t, struct sched_host *host) {
    struct sim_request *r = &sim->requests[sim->n_requests++];
    int at = sim_find(sim, t->host);

    sim->hosts[at].running++;
    sim_check_start(sim, t, &sim->hosts[at]);
    *r = (struct sim_request){.task = t, .host = host, .at = at};
    r->sends_at = sim->now + roll(sim, 20);
    r->ends_at = r->sends_at + roll(sim, 100);
}

static void sim_end(struct sim *sim, struct sim_request *r) {
    struct sim_host *h = &sim->hosts[r->at];
    struct task *t = r->task;

    h->running--;
    sched_finished(sim->s, r->host, t->job, true, sim->now);
    if (roll(sim, 10) == 0) {
        sched_put(sim->s, t, str_of(h->name), sim->now + roll(sim, 300), true);
    } else {
        if (h->was_settled[t->job][t->seq])
            TEST_FAIL("settled twice");
        h->was_settled[t->job][t->seq] = true;
        sim->n_settled++;
        sched_settled(sim->s, t->job, t->host);
        free(t);
    }
    *r = sim->requests[--sim->n_requests];
}

static void sim_advance(struct sim *sim) {
    for (size_t i = 0; i < sim->n_requests;) {
        struct sim_request *r = &sim->requests[i];

        if (!r->was_sent && sim->now >= r->sends_at) {
            r->was_sent = true;
            sched_sent(sim->s, r->host, sim->now);
            sim_sent(sim, &sim->hosts[r->at]);
        }
        if (r->was_sent && sim->now >= r->ends_at)
            sim_end(sim, r);
        else
            i++;
    }
}

static void sim_take_drained(struct sim *sim) {
    int64_t job, host;

    while (sched_take_drained(sim->s, &job, &host)) {
        struct sim_host *h = &sim->hosts[sim_find(sim, host)];

        if (h->was_drained[job])
            TEST_FAIL("drained twice");
        h->was_drained[job] = true;
        for (int seq = 0; seq < h->n_tasks[job]; seq++)
            if (!h->was_settled[job][seq])
                TEST_FAIL("drained with work left");
    }
}

static void sim_run(struct sim *sim) {
    while (sim->n_settled < sim->n_total && sim->now < 3600000) {
        struct sched_want want;
        struct sched_host *host;
        struct task *t;
        int64_t wait_ms;

        while (sched_wants(sim->s, &want))
            sim_refill(sim, &want);
        if (sched_stats(sim->s).bytes > sim->most_bytes)
            sim->most_bytes = sched_stats(sim->s).bytes;
        while (sim->n_requests < 64 && (t = sched_next(sim->s, sim->now, &host, &wait_ms)))
            sim_start(sim, t, host);
        sim->now++;
        sim_advance(sim);
        sim_take_drained(sim);
    }
}

TEST(crawls_thousands_of_hosts_by_the_rules) {
    struct sim sim;
    size_t drained = 0, opened = 0;

    sim_init(&sim, 20261122);
    sim_run(&sim);
    for (int i = 0; i < SIM_HOSTS; i++)
        for (int job = 0; job < SIM_JOBS; job++) {
            opened += sim.hosts[i].n_tasks[job] > 0;
            drained += sim.hosts[i].was_drained[job];
        }
    CHECK_INT(sim.n_settled, sim.n_total);
    CHECK_INT(drained, opened);
    CHECK_INT(sched_stats(sim.s).tasks, 0);
    CHECK_INT(sched_stats(sim.s).started, 0);
    CHECK(sim.most_bytes > (256 << 10) * 3 / 4); /* it was used */
    CHECK(sim.most_bytes < (256 << 10) * 3 / 2);
    sched_free(sim.s);
    free(sim.hosts);
}

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
    sched_refilled(s, &r);
    free(r.hosts);
}

TEST(holds_no_more_of_long_urls_than_of_short_ones) {
    OWNED(sched) struct sched *s = sched_at(0);
    struct sched_want want;
    int64_t key = 1;
    int refills = 0;

    for (int64_t job = 1; job <= 3; job++)
        sched_job_add(s, job, 0, 1);
    while (refills++ < 1000 && sched_wants(s, &want))
        answer_long(s, &want, &key);
    CHECK(refills < 1000);
    CHECK(sched_stats(s).bytes > WINDOW * 3 / 4);
    CHECK(sched_stats(s).bytes < WINDOW * 2);
}

TEST(asks_for_nothing_while_hops_fill_the_window) {
    OWNED(sched) struct sched *s = sched_at(0);
    struct sched_want want;

    sched_job_add(s, 1, 0, 1);
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

    sched_job_add(s, 1, 0, 1);
    CHECK(sched_wants(s, &want));
    CHECK_INT(want.after_host, -1);
    CHECK(want.max_new > 0);
    CHECK(!sched_wants(s, &want)); /* one at a time */
    r.max_new = want.max_new;
    sched_refilled(s, &r);
    CHECK(sched_wants(s, &want));
    r.result = ERR_OK; /* empty: that was all */
    sched_refilled(s, &r);
    CHECK(!sched_wants(s, &want));
}

TEST(reports_a_host_whose_tasks_were_settled_before) {
    OWNED(sched) struct sched *s = sched_at(0);
    struct sched_want want;
    struct refill_host host = {.host = host_id(A, 0)};
    struct refill r = {.job = 1, .hosts = &host, .n_new = 1};
    int64_t job, key;

    list_init(&host.tasks);
    sched_job_add(s, 1, 0, 1);
    CHECK(sched_wants(s, &want));
    r.max_new = want.max_new;
    sched_refilled(s, &r);
    CHECK(sched_take_drained(s, &job, &key));
    CHECK_INT(job, 1);
    CHECK_INT(key, host_id(A, 0));
    CHECK(!sched_take_drained(s, &job, &key));
}

TEST_MAIN
