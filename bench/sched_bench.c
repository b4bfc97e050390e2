/* sched_bench - nanoseconds to pick a task and end its request: with 10,000 active hosts
 * and more and more tasks, of one job and of a hundred. sched_bench
 *
 * The store is an array that never ends: each refill gives what it was asked for.
 */
#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "crawler/sched.h"

enum { HOSTS = 10000, PICKS = 2000000, IN_FLIGHT = 256 };

struct bench {
    struct sched *s;
    int64_t next_host[128], next_seq;
    size_t picks;
};

static int64_t cpu_ns(void) {
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void give(struct bench *b, int64_t job, struct refill_host *rh, uint32_t limit) {
    list_init(&rh->tasks);
    rh->more = true;
    while (limit-- > 0) {
        struct task *t = task_new(STR("http://www.example.com/a/page.html"), STR_NONE);

        t->job = job;
        t->host = rh->host;
        t->seq = b->next_seq++;
        list_push_back(&rh->tasks, &t->link);
    }
}

static void refill(struct bench *b, const struct sched_want *want, int n_jobs) {
    OWNED(refill) struct refill *r = refill_new(want->job, want->n_hosts, want->max_new);
    int64_t most = HOSTS / n_jobs, *next = &b->next_host[want->job];

    r->tag = want->tag;
    r->after_host = want->after_host;
    for (size_t i = 0; i < want->n_hosts; i++) {
        r->hosts[i].host = want->hosts[i].host;
        give(b, want->job, &r->hosts[i], want->hosts[i].limit);
    }
    for (; *next < most && r->n_new < r->max_new; ++*next) {
        struct refill_host *rh = &r->hosts[r->n_hosts + r->n_new++];

        rh->host = r->after_host = want->job * HOSTS + *next;
        give(b, want->job, rh, want->tasks_per_host);
    }
    r->more_hosts = *next < most;
    sched_refilled(b->s, r, 0);
}

static void ask(struct bench *b, int n_jobs) {
    struct sched_want want;

    while (sched_wants(b->s, &want))
        refill(b, &want, n_jobs);
}

/* One pick and its end, 256 under way; refills are not counted. */
static int64_t run(struct bench *b, int n_jobs, uint64_t picks) {
    struct sched_host *hosts[IN_FLIGHT] = {0};
    struct task *tasks[IN_FLIGHT] = {0};
    int64_t now = 0, ns = 0, wait_ms, start;

    for (b->picks = 0; b->picks < picks; now++) {
        ask(b, n_jobs);
        start = cpu_ns();
        for (size_t i = 0; i < IN_FLIGHT; i++) {
            if (tasks[i]) {
                sched_finished(b->s, hosts[i], tasks[i]->job, true, now);
                sched_settled(b->s, tasks[i]->job, tasks[i]->host, tasks[i]->seq);
                free(tasks[i]);
            }
            tasks[i] = sched_next(b->s, now, &hosts[i], &wait_ms);
            if (!tasks[i])
                continue;
            sched_sent(b->s, hosts[i], now);
            b->picks++;
        }
        ns += cpu_ns() - start;
    }
    for (size_t i = 0; i < IN_FLIGHT; i++)
        free(tasks[i]);
    return ns;
}

static void measure(int n_jobs, size_t window_mb, uint64_t picks) {
    const struct sched_options o = {.window_bytes = window_mb << 20, .asked_before = -100000};
    const struct sched_job_options jo = {.host_delay_ms = 1, .host_connections = 2, .priority = 5};
    struct bench b = {.s = sched_new(&o)};
    int64_t ns;

    for (int job = 0; job < n_jobs; job++)
        sched_job_add(b.s, job, &jo);
    ns = run(&b, n_jobs, picks);
    printf("%3d jobs, %5zu hosts and %7zu tasks at hand: %4.0f ns a pick and its end\n", n_jobs,
           sched_stats(b.s).hosts, sched_stats(b.s).tasks, (double)ns / (double)b.picks);
    sched_free(b.s);
}

/* [PICKS] */
int main(int argc, char **argv) {
    if (argc > 1) {
        measure(1, 12, strtoull(argv[1], NULL, 10));
        return 0;
    }
    measure(1, 12, PICKS);
    measure(1, 64, PICKS);
    measure(1, 512, PICKS);
    measure(100, 64, PICKS);
    return 0;
}
