/* A simulated crawl: a store in arrays, sites that answer after a while, and a clock
 * that jumps from event to event. Whatever sched does is checked against its rules
 * at each step: no delay undercut, no task lost or run twice at once, fair shares.
 *
 * CRAWLD_SIM_SEEDS (3) fresh seeds are run besides the fixed one; a failure names its
 * seed, and CRAWLD_SIM_SEED runs it instead of the fixed one. CRAWLD_SIM_HOSTS makes the long crawl
 * longer: 1000000 for a day of crawling.
 */
#include <stdio.h>

#include "base/hash.h"
#include "base/heap.h"
#include "base/mem.h"
#include "base/random.h"
#include "crawler/sched.h"
#include "tests/test.h"

enum { JOBS = 4, MAX_TRANSFERS = 64 };

enum task_state { IN_STORE, GIVEN, SETTLED };

struct sim_task {
    int64_t seq, due_at;
    enum task_state state;
};

/* A host of a job: its row in the store. */
struct sim_work {
    struct sim_task *tasks; /* by seq */
    int n, cap, n_settled;
    int64_t ready_at; /* deferred until then; 0: not */
    bool is_deferred;
};

struct sim_host {
    int64_t id;
    struct sim_work of_job[JOBS];
    int64_t due_at; /* by the rules: no start before */
    int running, own_running[JOBS];
};

struct sim_request {
    struct heap_node node; /* by its next event */
    struct task *task;
    struct sched_host *host;
    struct sim_host *at;
    int64_t ends_at;
    bool was_sent;
};

struct sim_job {
    uint32_t delay_ms, connections, priority;
    bool is_paused;
    int64_t next_seq, n_tasks, n_settled, started_at, ended_at;
};

struct sim {
    struct sched *s;
    struct sim_host *hosts; /* by id */
    int n_hosts;
    struct sim_job jobs[JOBS];
    struct heap events;
    int64_t now;
    size_t most_bytes, n_requests, max_transfers;
    uint64_t random;
    uint32_t troubles; /* of 1000 events: retries, hops, pauses, closed hosts, new tasks */
    uint32_t latency_ms;
    bool failed;
};

#define SIM_FAIL(sim, ...)                                                                         \
    do {                                                                                           \
        (sim)->failed = true;                                                                      \
        TEST_FAIL(__VA_ARGS__);                                                                    \
    } while (0)

static uint32_t roll(struct sim *sim, uint32_t sides) {
    sim->random = sim->random * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(sim->random >> 33) % sides;
}

static bool happens(struct sim *sim) {
    return roll(sim, 1000) < sim->troubles;
}

/* --- the store --------------------------------------------------------------------------- */

static void work_add(struct sim *sim, int job, struct sim_host *h) {
    struct sim_work *w = &h->of_job[job];

    if (w->n == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 2;
        w->tasks = mem_resize(w->tasks, (size_t)w->cap, sizeof *w->tasks);
    }
    w->tasks[w->n++] = (struct sim_task){.seq = sim->jobs[job].next_seq++};
    sim->jobs[job].n_tasks++;
}

static struct sim_task *work_find(struct sim_work *w, int64_t seq) {
    int low = 0, high = w->n;

    while (low < high) {
        int mid = (low + high) / 2;

        if (w->tasks[mid].seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return &w->tasks[low];
}

static int first_host_beyond(const struct sim *sim, int64_t id) {
    int low = 0, high = sim->n_hosts;

    while (low < high) {
        int mid = (low + high) / 2;

        if (sim->hosts[mid].id <= id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct sim_host *host_of(const struct sim *sim, int64_t id) {
    return &sim->hosts[first_host_beyond(sim, id - 1)];
}

static struct task *task_of(int64_t job, const struct sim_host *h, const struct sim_task *st) {
    struct task *t = task_new(STR("http://host.example/some/page.html"), STR_NONE);

    t->job = job;
    t->host = h->id;
    t->seq = st->seq;
    t->due_at = st->due_at;
    return t;
}

static void answer_host(int64_t job, struct sim_host *h, struct refill_host *rh, int64_t after_seq,
                        uint32_t limit) {
    struct sim_work *w = &h->of_job[job];

    list_init(&rh->tasks);
    rh->host = h->id;
    for (int i = 0; i < w->n; i++) {
        if (w->tasks[i].state == SETTLED || w->tasks[i].seq <= after_seq)
            continue;
        if (limit-- == 0) {
            rh->more = true;
            return;
        }
        list_push_back(&rh->tasks, &task_of(job, h, &w->tasks[i])->link);
    }
}

static bool has_work(const struct sim_host *h, int64_t job) {
    return h->of_job[job].n > h->of_job[job].n_settled;
}

static void open_host(struct refill *r, struct sim_host *h, uint32_t limit) {
    h->of_job[r->job].is_deferred = false;
    answer_host(r->job, h, &r->hosts[r->n_hosts + r->n_new++], -1, limit);
}

/* Deferred hosts that are due, then fresh ones. Returns when the next one is due. */
static int64_t open_hosts(struct sim *sim, const struct sched_want *want, struct refill *r) {
    int64_t due_at = 0;
    int at = first_host_beyond(sim, want->after_host);

    for (int i = 0; sim->troubles && i < sim->n_hosts; i++) {
        struct sim_work *w = &sim->hosts[i].of_job[r->job];

        if (!w->is_deferred)
            continue;
        if (w->ready_at <= sim->now && r->n_new < r->max_new)
            open_host(r, &sim->hosts[i], want->tasks_per_host);
        else if (due_at == 0 || w->ready_at < due_at)
            due_at = w->ready_at;
    }
    for (; at < sim->n_hosts && r->n_new < r->max_new; at++)
        if (has_work(&sim->hosts[at], r->job) && !sim->hosts[at].of_job[r->job].is_deferred)
            open_host(r, &sim->hosts[at], want->tasks_per_host);
    r->after_host = at > 0 ? sim->hosts[at - 1].id : -1;
    r->more_hosts = at < sim->n_hosts;
    return due_at;
}

static void refill(struct sim *sim, const struct sched_want *want) {
    OWNED(refill) struct refill *r = refill_new(want->job, want->n_hosts, want->max_new);
    int64_t due_at;

    r->tag = want->tag;
    for (size_t i = 0; i < want->n_hosts; i++)
        answer_host(r->job, host_of(sim, want->hosts[i].host), &r->hosts[i],
                    want->hosts[i].after_seq, want->hosts[i].limit);
    due_at = open_hosts(sim, want, r);
    sched_refilled(sim->s, r, due_at);
}

/* --- sites ----------------------------------------------------------------------------- */

static void check_start(struct sim *sim, const struct task *t, const struct sim_host *h) {
    const struct sim_job *job = &sim->jobs[t->job];

    if (job->is_paused)
        SIM_FAIL(sim, "job %d is paused", (int)t->job);
    if (sim->now < h->due_at)
        SIM_FAIL(sim, "started %d ms early", (int)(h->due_at - sim->now));
    if (h->running > (int)job->connections)
        SIM_FAIL(sim, "%d at once", h->running);
}

/* A hop is a task at a host that is not its own, and goes on being given. */
static void note_given(struct sim *sim, const struct task *t, const struct sim_host *h) {
    struct sim_task *st = work_find(&host_of(sim, t->host)->of_job[t->job], t->seq);

    if (st->seq != t->seq || st->state == SETTLED || (st->state == GIVEN && t->host == h->id))
        SIM_FAIL(sim, "task %d of job %d is given twice", (int)t->seq, (int)t->job);
    if (st->due_at > sim->now)
        SIM_FAIL(sim, "a retry came early");
    st->state = GIVEN;
}

static void start(struct sim *sim, struct task *t, struct sched_host *host) {
    struct sim_request *r = NEW(struct sim_request);

    r->task = t;
    r->host = host;
    r->at = host_of(sim, sched_host_id(host));
    r->at->running++;
    check_start(sim, t, r->at);
    note_given(sim, t, r->at);
    r->ends_at = sim->now + 21 + roll(sim, 2 * sim->latency_ms);
    sim->n_requests++;
    heap_put(&sim->events, &r->node, sim->now + 1 + roll(sim, 20));
}

static void settle(struct sim *sim, struct task *t) {
    struct sim_job *job = &sim->jobs[t->job];
    struct sim_host *home = host_of(sim, t->host);
    struct sim_task *st = work_find(&home->of_job[t->job], t->seq);

    if (st->state != GIVEN)
        SIM_FAIL(sim, "settled twice");
    st->state = SETTLED;
    home->of_job[t->job].n_settled++;
    job->n_settled++;
    job->ended_at = sim->now;
    sched_settled(sim->s, t->job, t->host, t->seq);
    free(t);
}

static void retry(struct sim *sim, struct task *t) {
    struct sim_task *st = work_find(&host_of(sim, t->host)->of_job[t->job], t->seq);

    st->state = IN_STORE;
    st->due_at = sim->now + 1 + roll(sim, 3000);
    sched_put_back(sim->s, t, st->due_at);
}

static void hop(struct sim *sim, struct task *t) {
    struct sim_host *to = &sim->hosts[roll(sim, (uint32_t)sim->n_hosts)];

    if (sim->jobs[t->job].is_paused || to->id == t->host)
        settle(sim, t);
    else
        sched_put(sim->s, t, to->id, true);
}

static void grow(struct sim *sim, int64_t job) {
    struct sim_host *h = &sim->hosts[roll(sim, (uint32_t)sim->n_hosts)];

    work_add(sim, (int)job, h);
    if (h->of_job[job].is_deferred)
        return;
    sched_job_grew(sim->s, job, roll(sim, 4) ? h->id : -1);
}

static void end_request(struct sim *sim, struct sim_request *r) {
    struct task *t = r->task;
    int64_t job = t->job;

    r->at->running--;
    sched_finished(sim->s, r->host, job, true, sim->now);
    if (happens(sim))
        retry(sim, t);
    else if (happens(sim))
        hop(sim, t);
    else
        settle(sim, t);
    if (happens(sim) && sim->now < 200000)
        grow(sim, job);
    sim->n_requests--;
    free(r);
}

static void on_event(struct sim *sim, struct sim_request *r) {
    if (r->was_sent) {
        heap_remove(&sim->events, &r->node);
        end_request(sim, r);
        return;
    }
    r->was_sent = true;
    sched_sent(sim->s, r->host, sim->now);
    if (!sim->jobs[r->task->job].is_paused) {
        int64_t due_at = sim->now + sim->jobs[r->task->job].delay_ms;

        r->at->due_at = due_at > r->at->due_at ? due_at : r->at->due_at;
    }
    heap_put(&sim->events, &r->node, r->ends_at);
}

/* --- the engine -------------------------------------------------------------------------- */

static void job_add(struct sim *sim, int job) {
    const struct sim_job *j = &sim->jobs[job];
    const struct sched_job_options o = {
        .host_delay_ms = j->delay_ms, .host_connections = j->connections, .priority = j->priority};

    sched_job_add(sim->s, job, &o);
}

/* Hops of it that wait are dropped by sched, so they begin anew. */
static void pause_or_resume(struct sim *sim, int job) {
    sim->jobs[job].is_paused = !sim->jobs[job].is_paused;
    if (!sim->jobs[job].is_paused) {
        job_add(sim, job);
        return;
    }
    sched_job_pause(sim->s, job);
    for (int i = 0; i < sim->n_hosts; i++)
        for (int k = 0; k < sim->hosts[i].of_job[job].n; k++)
            if (sim->hosts[i].of_job[job].tasks[k].state == GIVEN)
                sim->hosts[i].of_job[job].tasks[k].state = IN_STORE;
    for (size_t i = 0; i < sim->events.n; i++) {
        struct task *t = CONTAINER_OF(sim->events.nodes[i], struct sim_request, node)->task;

        if (t->job == job)
            work_find(&host_of(sim, t->host)->of_job[job], t->seq)->state = GIVEN;
    }
}

static void defer(struct sim *sim, int64_t id) {
    struct sched_host *h = sched_find(sim->s, id);
    struct task *t;

    if (!h)
        return;
    while ((t = sched_take_hop(sim->s, h)))
        retry(sim, t);
    sched_hold(sim->s, h, sim->now + 500, BLOCK_BACKOFF);
    sched_close(sim->s, h, CLOSED_DEFERRED, sim->now + 500);
}

static void take_closed(struct sim *sim) {
    struct sched_closed c;

    while (sched_take_closed(sim->s, &c)) {
        struct sim_host *h = host_of(sim, c.host);
        struct sim_work *w = &h->of_job[c.job];

        if (c.why == CLOSED_DRAINED && w->n_settled < w->n)
            sched_job_grew(sim->s, c.job, c.host); /* the store says so */
        w->is_deferred = c.why == CLOSED_DEFERRED;
        w->ready_at = sim->now + 500;
    }
}

static void make_trouble(struct sim *sim) {
    if (happens(sim) && roll(sim, 10) == 0)
        pause_or_resume(sim, (int)roll(sim, JOBS));
    if (happens(sim))
        defer(sim, sim->hosts[roll(sim, (uint32_t)sim->n_hosts)].id);
}

static void resume_all(struct sim *sim) {
    for (int job = 0; job < JOBS; job++)
        if (sim->jobs[job].is_paused)
            pause_or_resume(sim, job);
}

static int64_t turn(struct sim *sim) {
    struct sched_want want;
    struct sched_host *host;
    struct task *t;
    int64_t wait_ms = INT64_MAX;

    while (sched_wants(sim->s, &want))
        refill(sim, &want);
    if (sched_stats(sim->s).bytes > sim->most_bytes)
        sim->most_bytes = sched_stats(sim->s).bytes;
    while (sim->n_requests < sim->max_transfers &&
           (t = sched_next(sim->s, sim->now, &host, &wait_ms)))
        start(sim, t, host);
    return wait_ms;
}

static bool is_done(const struct sim *sim) {
    for (int job = 0; job < JOBS; job++)
        if (sim->jobs[job].n_settled < sim->jobs[job].n_tasks)
            return false;
    return true;
}

static void run(struct sim *sim) {
    while (!is_done(sim) && !sim->failed) {
        int64_t wait_ms = turn(sim);
        struct heap_node *first = heap_first(&sim->events);

        if (!first && wait_ms == INT64_MAX) {
            bool was_paused = false;

            for (int job = 0; job < JOBS; job++)
                was_paused |= sim->jobs[job].is_paused;
            if (!was_paused) {
                SIM_FAIL(sim, "at %d ms: tasks are left, and nothing is due", (int)sim->now);
                return;
            }
            resume_all(sim);
            continue;
        }
        if (!first || (wait_ms < first->key - sim->now))
            sim->now += wait_ms;
        else
            sim->now = first->key > sim->now ? first->key : sim->now;
        while ((first = heap_first(&sim->events)) && first->key <= sim->now)
            on_event(sim, CONTAINER_OF(first, struct sim_request, node));
        if (sim->troubles)
            make_trouble(sim);
        take_closed(sim);
    }
}

/* --- setting up ---------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b) {
    const struct sim_host *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static void sim_init(struct sim *sim, int n_hosts, size_t window_bytes, uint64_t seed) {
    const struct sched_options o = {.window_bytes = window_bytes, .asked_before = -10000};

    *sim = (struct sim){.s = sched_new(&o),
                        .random = seed,
                        .n_hosts = n_hosts,
                        .max_transfers = MAX_TRANSFERS,
                        .latency_ms = 50};
    sim->hosts = NEW_N(struct sim_host, (size_t)n_hosts);
    for (int i = 0; i < n_hosts; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "h%d.example:80", i);
        sim->hosts[i].id = hash_i63(str_of(name));
        sim->hosts[i].due_at = -10000;
    }
    qsort(sim->hosts, (size_t)n_hosts, sizeof *sim->hosts, by_id);
}

static void sim_done(struct sim *sim) {
    for (int job = 0; job < JOBS; job++)
        sched_job_remove(sim->s, job);
    while (sim->events.n) {
        struct sim_request *r = CONTAINER_OF(sim->events.nodes[0], struct sim_request, node);

        heap_remove(&sim->events, &r->node);
        free(r->task);
        free(r);
    }
    for (int i = 0; i < sim->n_hosts; i++)
        for (int job = 0; job < JOBS; job++)
            free(sim->hosts[i].of_job[job].tasks);
    heap_done(&sim->events);
    sched_free(sim->s);
    free(sim->hosts);
}

static void fill(struct sim *sim, int job, uint32_t per_host) {
    for (int i = 0; i < sim->n_hosts; i++)
        for (uint32_t n = roll(sim, per_host + 1); n > 0; n--)
            work_add(sim, job, &sim->hosts[i]);
}

/* --- what is simulated ------------------------------------------------------------------------ */

static void crawl_with_troubles(uint64_t seed) {
    static const struct sim_job jobs[JOBS] = {
        {.delay_ms = 50, .connections = 2, .priority = 5},
        {.delay_ms = 0, .connections = 3, .priority = 0},
        {.delay_ms = 200, .connections = 1, .priority = 9},
        {.delay_ms = 10, .connections = 4, .priority = 5},
    };
    struct sim sim;

    sim_init(&sim, 60, 64 << 10, seed);
    sim.troubles = 30;
    memcpy(sim.jobs, jobs, sizeof jobs);
    for (int job = 0; job < JOBS; job++) {
        fill(&sim, job, 12);
        job_add(&sim, job);
    }
    run(&sim);
    if (sim.failed)
        printf("  seed %llu\n", (unsigned long long)seed);
    else if (sched_stats(sim.s).started || sched_stats(sim.s).tasks)
        TEST_FAIL("something is left; seed %llu", (unsigned long long)seed);
    sim_done(&sim);
}

/* What the environment asks for. */
static int number_of(const char *variable, int usual) {
    uint64_t n = (uint64_t)usual;

    if (str_to_u64(str_of(getenv(variable)), INT32_MAX, &n) != ERR_OK)
        return usual;
    return (int)n;
}

TEST(no_rule_is_broken_whatever_happens) {
    const char *again = getenv("CRAWLD_SIM_SEED");
    int n = number_of("CRAWLD_SIM_SEEDS", 3);

    crawl_with_troubles(again ? strtoull(again, NULL, 10) : 20261122);
    /* each found something once */
    crawl_with_troubles(6532191706427640310U); /* paused and resumed before it was sent */
    for (int i = 0; i < n && test_failures == 0; i++)
        crawl_with_troubles(random_u64());
}

TEST(crawls_many_hosts_within_its_window) {
    struct sim sim;

    sim_init(&sim, number_of("CRAWLD_SIM_HOSTS", 20000), 1 << 20, 1);
    sim.jobs[0] = (struct sim_job){.delay_ms = 1000, .connections = 2, .priority = 5};
    sim.jobs[1] = (struct sim_job){.delay_ms = 300, .connections = 1, .priority = 5};
    for (int job = 0; job < 2; job++) {
        fill(&sim, job, 2);
        job_add(&sim, job);
    }
    run(&sim);
    printf("  %d hosts, %d tasks: %d s simulated\n", sim.n_hosts,
           (int)(sim.jobs[0].n_tasks + sim.jobs[1].n_tasks), (int)(sim.now / 1000));
    CHECK(!sim.failed);
    CHECK(sim.most_bytes > (1 << 20) / 2); /* it was used */
    CHECK(sim.most_bytes < (1 << 20) * 3 / 2);
    sim_done(&sim);
}

/* How long a job of ten URLs takes: |n_small| of them, behind a large one or alone. */
static int64_t small_jobs_take(bool is_crowded) {
    struct sim sim;
    int64_t ms = 0;

    sim_init(&sim, 20000, 1 << 20, 7);
    for (int job = 0; job < JOBS; job++)
        sim.jobs[job] = (struct sim_job){.delay_ms = 1000, .connections = 2, .priority = 5};
    sim.latency_ms = 100;
    if (is_crowded) {
        for (int i = 0; i < sim.n_hosts; i++)
            work_add(&sim, 0, &sim.hosts[i]);
        job_add(&sim, 0);
        while (sim.now < 2000) { /* it has all the transfers */
            (void)turn(&sim);
            sim.now++;
            while (sim.events.n && sim.events.nodes[0]->key <= sim.now)
                on_event(&sim, CONTAINER_OF(sim.events.nodes[0], struct sim_request, node));
            take_closed(&sim);
        }
    }
    for (int job = 1; job < JOBS; job++) {
        for (int i = 0; i < 10; i++)
            work_add(&sim, job, &sim.hosts[1000 * job + 37 * (i / 2)]);
        sim.jobs[job].started_at = sim.now;
        job_add(&sim, job);
    }
    run(&sim);
    for (int job = 1; job < JOBS; job++)
        if (sim.jobs[job].ended_at - sim.jobs[job].started_at > ms)
            ms = sim.jobs[job].ended_at - sim.jobs[job].started_at;
    sim_done(&sim);
    return ms;
}

TEST(small_jobs_are_not_held_up_by_a_large_one) {
    int64_t alone = small_jobs_take(false), crowded = small_jobs_take(true);

    if (crowded > 3 * alone)
        TEST_FAIL("%d ms, but %d alone", (int)crowded, (int)alone);
}

TEST_MAIN
