/* settled - a job of many URLs in a store of its own, and its pages settled: for the
 * benchmarks of settling and of what is answered afterwards.
 */
#ifndef BENCH_SETTLED_H
#define BENCH_SETTLED_H

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/own.h"
#include "bench/measure.h"
#include "storage/store.h"

enum { BATCH = 10000, URL_ROOM = 160, TASKS_PER_HOST = 5 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool is_done;

static void signal_done(void) {
    pthread_mutex_lock(&lock);
    is_done = true;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&lock);
}

static void wait_done(void) {
    pthread_mutex_lock(&lock);
    while (!is_done)
        pthread_cond_wait(&cond, &lock);
    is_done = false;
    pthread_mutex_unlock(&lock);
}

static void refilled(struct refill *r) {
    (void)r;
    signal_done();
}

static void committed(struct store_batch *b) {
    (void)b;
    signal_done();
}

static struct job *make_job(struct store *s, long n, bool indexes) {
    OWNED(ingest) struct ingest *in = NULL;
    OWNED(job) struct job *job = NULL;
    struct submission sub = {0};
    const struct job draft = {.created_at = clock_wall_ms(), .options = {.index_links = indexes}};
    char url[URL_ROOM], key[URL_ROOM];

    check(store_ingest_new(s, &in), "store_ingest_new");
    for (long i = 0; i < n; i++) {
        long host = i / TASKS_PER_HOST;
        struct seed seed;

        (void)snprintf(url, sizeof url, "https://www.host%06ld.example/articles/2026/title-%ld",
                       host, i);
        (void)snprintf(key, sizeof key, "www.host%06ld.example:443", host);
        seed = (struct seed){.url = str_of(url), .host_key = str_of(key)};
        check(ingest_add(in, &seed), "ingest_add");
    }
    check(ingest_commit(in, &draft, &job, &sub), "ingest_commit");
    submission_done(&sub);
    return TAKE(job);
}

static void settle(struct result *r, int n_links) {
    OWNED_BUF struct buf url = BUF_INIT(256);

    r->record = (struct record){.index = task_index(r->task),
                                .url = task_url(r->task),
                                .final_url = task_url(r->task),
                                .outcome = OUTCOME_SUCCEEDED,
                                .http_status = 200,
                                .content_type = STR("text/html; charset=utf-8"),
                                .bytes = 2400,
                                .links_found = (uint32_t)n_links,
                                .attempts = 1,
                                .referrer = -1,
                                .started_at = 1700000000000,
                                .elapsed_ms = 120};
    links_init(&r->links);
    for (int i = 0; i < n_links; i++) {
        buf_clear(&url);
        check(buf_put(&url, STR("https://www.example.org/section-")), "buf_put");
        check(buf_put_u64(&url, (uint64_t)i % 7), "buf_put");
        check(buf_put(&url, STR("/article-")), "buf_put");
        check(buf_put_u64(&url, (uint64_t)r->task->seq), "buf_put");
        check(buf_put_char(&url, '-'), "buf_put");
        check(buf_put_u64(&url, (uint64_t)i), "buf_put");
        check(links_put(&r->links, buf_str(&url), TAG_A, ATTR_HREF, STR_NONE, STR_NONE),
              "links_put");
    }
}

/* The next batch: what |*after_host| has not passed. 0 at the end. */
static size_t take(struct store *s, int64_t job, int64_t *after_host, struct result *results) {
    OWNED(refill) struct refill *f = refill_new(job, 0, BATCH / TASKS_PER_HOST);
    size_t n = 0;

    f->after_host = *after_host;
    f->tasks_per_host = TASKS_PER_HOST;
    f->done = refilled;
    store_refill(s, f);
    wait_done();
    if (f->result != ERR_OK)
        return 0;
    for (size_t h = 0; h < f->n_new; h++) {
        struct list *l;

        while ((l = list_pop_front(&f->hosts[h].tasks)))
            results[n++] = (struct result){.task = CONTAINER_OF(l, struct task, link)};
        *after_host = f->hosts[h].host;
    }
    return n;
}

struct settled {
    double reading_us, committing_us; /* CPU of all */
};

static struct settled settle_all(struct store *s, int64_t job, int n_links) {
    struct result *results = NEW_N(struct result, BATCH);
    int64_t after_host = -1;
    struct settled took = {0};
    size_t got;

    for (;;) {
        double start = cpu_us(), made;
        struct store_batch b = {.epoch = store_epoch(s), .results = results, .done = committed};

        got = take(s, job, &after_host, results);
        took.reading_us += cpu_us() - start;
        if (!got)
            break;
        for (size_t i = 0; i < got; i++)
            settle(&results[i], n_links);
        made = cpu_us();
        b.n_results = got;
        store_commit(s, &b);
        wait_done();
        took.committing_us += cpu_us() - made;
        check(b.result, "store_commit");
        for (size_t i = 0; i < got; i++)
            result_done(&results[i]);
    }
    free(results);
    return took;
}

static struct store *open_store(const char *folder) {
    struct store *s = NULL;
    char url[256];
    struct store_options o = {.max_queued_urls = 100000000};

    (void)snprintf(url, sizeof url, "sqlite:%s/bench.db", folder);
    o.url = str_of(url);
    check(store_open(&o, &s, NULL), url);
    return s;
}

/* A new folder in |parent|. */
static void make_folder(const char *parent, char ret_made[200]) {
    (void)snprintf(ret_made, 200, "%s/crawld-bench-XXXXXX", parent);
    if (!mkdtemp(ret_made))
        check(ERR_IO, ret_made);
}

/* The store in it has been freed. */
static void remove_folder(const char *made) {
    char path[256];

    (void)snprintf(path, sizeof path, "%s/bench.db", made);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/bench.db.lock", made);
    (void)unlink(path);
    (void)rmdir(made);
}

#endif
