#include "server/metrics.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

struct route_count {
    const char *route;
    unsigned status;
    uint64_t n;
};

struct metrics {
    struct store *store;
    struct crew *crew;
    struct dispatcher *dispatcher;
    double started_at; /* seconds since 1970 */
    atomic_uint_fast64_t connections, connections_cut;

    pthread_mutex_t lock; /* over what follows */
    struct route_count *counts;
    size_t n_counts;
    uint64_t requests, requests_us;
};

/* --- counting -------------------------------------------------------------------- */

struct metrics *metrics_new(struct store *store, struct crew *crew) {
    struct metrics *m = NEW(struct metrics);

    m->store = store;
    m->crew = crew;
    m->started_at = (double)clock_wall_ms() / 1000;
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void metrics_free(struct metrics *m) {
    if (!m)
        return;
    pthread_mutex_destroy(&m->lock);
    free(m->counts);
    free(m);
}

/* Routes are few and static, so the list stays short. */
static struct route_count *count_of(struct metrics *m, const char *route, unsigned status) {
    for (size_t i = 0; i < m->n_counts; i++)
        if (m->counts[i].status == status && strcmp(m->counts[i].route, route) == 0)
            return &m->counts[i];
    m->counts = mem_resize(m->counts, m->n_counts + 1, sizeof m->counts[0]);
    m->counts[m->n_counts] = (struct route_count){route, status, 0};
    return &m->counts[m->n_counts++];
}

void metrics_set_dispatcher(struct metrics *m, struct dispatcher *d) {
    m->dispatcher = d;
}

void metrics_request(struct metrics *m, const char *route, unsigned status, int64_t elapsed_us) {
    pthread_mutex_lock(&m->lock);
    count_of(m, route, status)->n++;
    m->requests++;
    m->requests_us += (uint64_t)elapsed_us;
    pthread_mutex_unlock(&m->lock);
}

void metrics_connected(struct metrics *m) {
    atomic_fetch_add(&m->connections, 1);
}

void metrics_disconnected(struct metrics *m) {
    atomic_fetch_sub(&m->connections, 1);
}

void metrics_cut(void *arg) {
    struct metrics *m = arg;

    atomic_fetch_add(&m->connections_cut, 1);
}

/* --- telling ----------------------------------------------------------------------- */

/* A failed put leaves a text without its end: |failed| says so once, at the end. */
struct page {
    struct buf *out;
    enum err failed;
};

static void put_head(struct page *p, const char *name, const char *type, const char *help) {
    if (p->failed == ERR_OK)
        p->failed = buf_printf(p->out, "# HELP crawld_%s %s\n# TYPE crawld_%s %s\n", name, help,
                               name, type);
}

static void put_labelled(struct page *p, const char *name, const char *label, const char *value,
                         uint64_t n) {
    if (p->failed == ERR_OK)
        p->failed = buf_printf(p->out, "crawld_%s{%s=\"%s\"} %llu\n", name, label, value,
                               (unsigned long long)n);
}

static void put_number(struct page *p, const char *name, const char *type, const char *help,
                       uint64_t n) {
    put_head(p, name, type, help);
    if (p->failed == ERR_OK)
        p->failed = buf_printf(p->out, "crawld_%s %llu\n", name, (unsigned long long)n);
}

static void put_count(struct page *p, const char *name, const char *help, uint64_t n) {
    put_number(p, name, "counter", help, n);
}

static void put_gauge(struct page *p, const char *name, const char *help, uint64_t n) {
    put_number(p, name, "gauge", help, n);
}

static void put_seconds(struct page *p, const char *name, const char *help, uint64_t us) {
    put_head(p, name, "counter", help);
    if (p->failed == ERR_OK)
        p->failed = buf_printf(p->out, "crawld_%s %.6f\n", name, (double)us / 1e6);
}

static void put_crew(struct page *p, struct crew *crew) {
    struct engine_stats s;

    crew_stats(crew, &s);
    put_head(p, "urls_total", "counter",
             "URLs that were crawled, by outcome and code; not those refused in a list.");
    for (enum code c = CODE_NONE; c < CODE_COUNT; c++)
        if (p->failed == ERR_OK)
            p->failed = buf_printf(p->out, "crawld_urls_total{outcome=\"%s\",code=\"%s\"} %llu\n",
                                   outcome_text(code_outcome(c)), code_text(c),
                                   (unsigned long long)s.by_code[c]);
    put_count(p, "fetches_total", "Requests begun, redirects and retries included.", s.started);
    put_count(p, "retries_total", "Attempts that will be repeated.", s.retries);
    put_count(p, "redirects_total", "Redirects followed.", s.redirects);
    put_count(p, "body_bytes_total", "Bytes of bodies, decoded.", s.body_bytes);
    put_count(p, "links_total", "Links found.", s.links);
    put_gauge(p, "transfers", "Transfers under way.", s.transfers);
    put_gauge(p, "hosts", "Hosts at hand: with tasks, or asked a moment ago.", s.hosts);
    put_gauge(p, "tasks", "Tasks at hand.", s.tasks);
    put_gauge(p, "window_bytes", "Memory of the tasks at hand.", s.window_bytes);
}

static void put_webhooks(struct page *p, struct dispatcher *dispatcher) {
    static const struct {
        enum attempt_verdict verdict;
        const char *text;
    } all[] = {{ATTEMPT_DELIVERED, "delivered"},
               {ATTEMPT_RETRY, "to_be_retried"},
               {ATTEMPT_FAILED, "failed"},
               {ATTEMPT_ENDS, "unwanted"}};
    struct dispatcher_stats s;

    dispatcher_stats(dispatcher, &s);
    put_head(p, "webhook_attempts_total", "counter", "Messages sent, by what came of it.");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        put_labelled(p, "webhook_attempts_total", "result", all[i].text,
                     s.by_verdict[all[i].verdict]);
    put_gauge(p, "webhooks_under_way", "Messages that are being sent.", s.under_way);
}

static void put_store(struct page *p, struct store *store) {
    struct store_stats s;
    enum store_health health = store_health(store);
    static const enum store_health all[] = {
#define X(name, text) STORE_##name,
        STORE_HEALTH_TABLE(X)
#undef X
    };

    store_stats(store, &s);
    put_gauge(p, "queued_urls", "URLs without an outcome, over all jobs.", s.queued_urls);
    put_count(p, "store_commits_total", "Commits.", s.commits);
    put_seconds(p, "store_commit_seconds_total", "Time spent in commits.", s.commit_us);
    put_count(p, "store_results_total", "Results of the crawl that were stored.", s.results);
    put_count(p, "store_swept_rows_total", "Rows of deleted jobs that were removed.", s.sweep_rows);
    put_gauge(p, "store_wal_bytes", "Size of the write-ahead log.", s.wal_bytes);
    put_head(p, "store_health", "gauge", "1 for the state that the store is in.");
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        put_labelled(p, "store_health", "state", store_health_text(all[i]), all[i] == health);
}

static void put_http(struct page *p, struct metrics *m) {
    put_head(p, "http_requests_total", "counter",
             "HTTP calls by route and status; status 0: cut off before the answer was out.");
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < m->n_counts && p->failed == ERR_OK; i++)
        p->failed =
            buf_printf(p->out, "crawld_http_requests_total{route=\"%s\",status=\"%u\"} %llu\n",
                       m->counts[i].route, m->counts[i].status, (unsigned long long)m->counts[i].n);
    put_head(p, "http_request_seconds", "summary", "Time from the head of a call to its end.");
    if (p->failed == ERR_OK)
        p->failed = buf_printf(
            p->out,
            "crawld_http_request_seconds_sum %.6f\ncrawld_http_request_seconds_count %llu\n",
            (double)m->requests_us / 1e6, (unsigned long long)m->requests);
    pthread_mutex_unlock(&m->lock);
    put_gauge(p, "http_connections", "Clients connected.", atomic_load(&m->connections));
    put_count(p, "http_connections_cut_total", "Clients cut off because they were too slow.",
              atomic_load(&m->connections_cut));
}

static uint64_t resident_bytes(void) {
    FILE *f = fopen("/proc/self/statm", "re"); /* pages: in all, resident, ... */
    char line[128] = "";
    struct str fields;
    uint64_t pages = 0;

    if (!f)
        return 0;
    if (!fgets(line, sizeof line, f))
        line[0] = '\0';
    (void)fclose(f);
    fields = str_of(line);
    (void)str_cut(&fields, ' ');
    if (str_to_u64(str_cut(&fields, ' '), UINT32_MAX, &pages) != ERR_OK)
        return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t open_files(void) {
    DIR *dir = opendir("/proc/self/fd");
    uint64_t n = 0;

    if (!dir)
        return 0;
    while (readdir(dir))
        n++;
    (void)closedir(dir);
    return n > 3 ? n - 3 : 0; /* ".", ".." and the folder itself */
}

/* By the names that Prometheus client libraries give them, so without our prefix. */
static void put_process(struct page *p, const struct metrics *m) {
    struct rusage use = {0};
    double cpu_s;

    (void)getrusage(RUSAGE_SELF, &use);
    cpu_s = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
            (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
    if (p->failed == ERR_OK)
        p->failed = buf_printf(
            p->out,
            "# HELP process_cpu_seconds_total CPU time, user and system.\n"
            "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.6f\n"
            "# HELP process_resident_memory_bytes Memory in use.\n"
            "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %llu\n"
            "# HELP process_open_fds Open file descriptors.\n"
            "# TYPE process_open_fds gauge\nprocess_open_fds %llu\n"
            "# HELP process_start_time_seconds When the service started.\n"
            "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %.3f\n",
            cpu_s, (unsigned long long)resident_bytes(), (unsigned long long)open_files(),
            m->started_at);
}

enum err metrics_put(void *arg, struct buf *out) {
    struct metrics *m = arg;
    struct page p = {out, ERR_OK};

    put_head(&p, "build_info", "gauge", "1, with the version.");
    put_labelled(&p, "build_info", "version", CRAWLD_VERSION, 1);
    put_crew(&p, m->crew);
    put_webhooks(&p, m->dispatcher);
    put_store(&p, m->store);
    put_http(&p, m);
    put_process(&p, m);
    return p.failed;
}
