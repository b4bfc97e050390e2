/* store_rig - what the store's contract tests share: a store in a folder of its
 * own, lists of URLs put in, work taken out and settled.
 *
 * STORE_URL in the environment names another back end; by default each test has
 * an SQLite file of its own.
 */
#ifndef TESTS_STORE_RIG_H
#define TESTS_STORE_RIG_H

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "storage/store.h"
#include "tests/test.h"

#define RIG_UNUSED __attribute__((unused))

struct rig {
    char folder[64];
    char url[128];
    struct store *store;
    struct buf why;
    uint64_t max_queued, min_free, tenant_max_jobs, tenant_max_queued;
    uint32_t progress_ms;
};

RIG_UNUSED static enum err rig_open(struct rig *r) {
    const struct store_options o = {.url = str_of(r->url),
                                    .min_free_bytes = r->min_free,
                                    .max_queued_urls = r->max_queued,
                                    .tenant_max_jobs = r->tenant_max_jobs,
                                    .tenant_max_queued_urls = r->tenant_max_queued,
                                    .progress_ms = r->progress_ms};

    buf_clear(&r->why);
    return store_open(&o, &r->store, &r->why);
}

RIG_UNUSED static void rig_new_folder(struct rig *r) {
    *r = (struct rig){.why = BUF_INIT(4096), .max_queued = 10000000};
    (void)snprintf(r->folder, sizeof r->folder, "/tmp/crawld-store-XXXXXX");
    if (!mkdtemp(r->folder))
        abort();
    (void)snprintf(r->url, sizeof r->url, "sqlite:%s/test.db", r->folder);
}

RIG_UNUSED static void rig_remove_folder(const char *folder) {
    DIR *d = opendir(folder);
    struct dirent *entry;
    char path[512];

    while (d && (entry = readdir(d))) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            (void)unlink(path);
    }
    if (d)
        (void)closedir(d);
    (void)rmdir(folder);
}

RIG_UNUSED static void rig_done(struct rig *r) {
    store_free(r->store);
    buf_done(&r->why);
    rig_remove_folder(r->folder);
}
#define RIG __attribute__((cleanup(rig_done))) struct rig

/* A rig with an open store, or an ended test. */
#define RIG_OPEN(r)                                                                                \
    RIG r;                                                                                         \
    rig_new_folder(&r);                                                                            \
    CHECK_OK(rig_open(&r))

/* --- faults ------------------------------------------------------------------------ */

RIG_UNUSED static enum err rig_copy_file(const char *from_folder, const char *to_folder,
                                         const char *name) {
    OWNED_FD int from = -1;
    OWNED_FD int to = -1;
    char path[256], bytes[65536];
    ssize_t n;

    (void)snprintf(path, sizeof path, "%s/%s", from_folder, name);
    from = open(path, O_RDONLY | O_CLOEXEC);
    (void)snprintf(path, sizeof path, "%s/%s", to_folder, name);
    to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while ((n = read(from, bytes, sizeof bytes)) > 0)
        if (write(to, bytes, (size_t)n) != n)
            return ERR_IO;
    return n == 0 ? ERR_OK : ERR_IO;
}

/* What a kill -9 at this moment would leave, as an open store. */
RIG_UNUSED static enum err rig_open_as_after_a_kill(const struct rig *live, struct rig *after) {
    enum err e;

    rig_new_folder(after);
    e = rig_copy_file(live->folder, after->folder, "test.db");
    if (e == ERR_OK)
        e = rig_copy_file(live->folder, after->folder, "test.db-wal");
    return e == ERR_OK ? rig_open(after) : e;
}

/* No file may become longer: a disk that is full. */
RIG_UNUSED static void rig_limit_files(rlim_t bytes) {
    struct rlimit limit;

    (void)signal(SIGXFSZ, SIG_IGN);
    (void)getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    (void)setrlimit(RLIMIT_FSIZE, &limit);
}

RIG_UNUSED static bool rig_becomes(struct rig *r, enum store_health wanted) {
    for (int i = 0; i < 800; i++) {
        if (store_health(r->store) == wanted)
            return true;
        (void)usleep(10000);
    }
    return false;
}

/* --- lists ------------------------------------------------------------------------ */

/* Spread over all buckets: a stand-in for that of the registrable domain. */
RIG_UNUSED static uint32_t rig_bucket(const char *key) {
    return (uint32_t)(host_id(str_of(key), 0) % HOST_BUCKETS);
}

RIG_UNUSED static int64_t rig_host(const char *key) {
    return host_id(str_of(key), rig_bucket(key));
}

/* The host key of "https://NAME/..." is "NAME:443"; what does not begin so is
 * rejected. Good enough for a store, which does not look. */
RIG_UNUSED static enum err rig_add(struct ingest *in, const char *url) {
    struct str text = str_of(url), rest = str_from(text, 8);
    char key[256];
    struct seed seed = {.url = text, .host_key = str_of(key)};

    if (!str_starts(text, STR("https://"))) {
        seed = (struct seed){.input = text, .code = CODE_INVALID_URL, .detail = STR("no scheme")};
        return ingest_add(in, &seed);
    }
    (void)snprintf(key, sizeof key, "%.*s:443", (int)str_cut(&rest, '/').len, url + 8);
    seed.host_key = str_of(key);
    seed.bucket = rig_bucket(key);
    return ingest_add(in, &seed);
}

RIG_UNUSED static struct job rig_draft(void) {
    return (struct job){
        .priority = 5, .created_at = 1700000000000, .options = {.host_delay_ms = 250}};
}

/* URLs separated by spaces. */
RIG_UNUSED static enum err rig_add_all(struct ingest *in, const char *urls) {
    struct str rest = str_of(urls);
    enum err e = ERR_OK;

    while (rest.len && e == ERR_OK) {
        OWNED_CHARS char *url = mem_chars(str_cut(&rest, ' '));

        e = rig_add(in, url);
    }
    return e;
}

/* One job of the URLs in |urls|. */
RIG_UNUSED static enum err rig_job(struct rig *r, const char *urls, struct job **ret_job,
                                   struct submission *ret_submission) {
    OWNED(ingest) struct ingest *in = NULL;
    struct job draft = rig_draft();
    enum err e = store_ingest_new(r->store, &in);

    if (e == ERR_OK)
        e = rig_add_all(in, urls);
    return e == ERR_OK ? ingest_commit(in, &draft, ret_job, ret_submission) : e;
}

/* Likewise, of a draft of one's own, without a word about the list. */
RIG_UNUSED static enum err rig_job_of(struct rig *r, const struct job *draft, const char *urls,
                                      struct job **ret_job) {
    OWNED(ingest) struct ingest *in = NULL;
    struct submission sub = {0};
    enum err e = store_ingest_new(r->store, &in);

    if (e == ERR_OK)
        e = rig_add_all(in, urls);
    if (e == ERR_OK)
        e = ingest_commit(in, draft, ret_job, &sub);
    submission_done(&sub);
    return e;
}

/* A job of |n| URLs on |hosts| hosts. */
RIG_UNUSED static enum err rig_many(struct rig *r, int n, int hosts, struct job **ret_job) {
    OWNED(ingest) struct ingest *in = NULL;
    struct job draft = rig_draft();
    struct submission sub = {0};
    char url[128];
    enum err e = store_ingest_new(r->store, &in);

    for (int i = 0; i < n && e == ERR_OK; i++) {
        (void)snprintf(url, sizeof url, "https://host%d.example/page/%d", i % hosts, i);
        e = rig_add(in, url);
    }
    if (e == ERR_OK)
        e = ingest_commit(in, &draft, ret_job, &sub);
    submission_done(&sub);
    return e;
}

/* --- the engine's side, waited for --------------------------------------------------- */

struct rig_signal {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
};
#define RIG_SIGNAL {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false}

RIG_UNUSED static void rig_signal(struct rig_signal *s) {
    pthread_mutex_lock(&s->lock);
    s->done = true;
    pthread_cond_broadcast(&s->cond);
    pthread_mutex_unlock(&s->lock);
}

RIG_UNUSED static void rig_wait(struct rig_signal *s) {
    pthread_mutex_lock(&s->lock);
    while (!s->done)
        pthread_cond_wait(&s->cond, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

RIG_UNUSED static void rig_refilled(struct refill *r) {
    rig_signal(r->owner);
}

RIG_UNUSED static void rig_refill(struct rig *r, struct refill *f) {
    struct rig_signal s = RIG_SIGNAL;

    f->owner = &s;
    f->done = rig_refilled;
    store_refill(r->store, f);
    rig_wait(&s);
}

RIG_UNUSED static void rig_committed(struct store_batch *b) {
    rig_signal(b->owner);
}

RIG_UNUSED static void rig_commit(struct rig *r, struct store_batch *b) {
    struct rig_signal s = RIG_SIGNAL;

    b->owner = &s;
    b->done = rig_committed;
    b->epoch = store_epoch(r->store);
    store_commit(r->store, b);
    rig_wait(&s);
}

RIG_UNUSED static void rig_asked(struct host_ask *a) {
    rig_signal(a->owner);
}

/* What is remembered of the host |key|, or NULL; the caller owns it. */
RIG_UNUSED static struct host_memo *rig_recall(struct rig *r, const char *key) {
    struct rig_signal s = RIG_SIGNAL;
    struct host_ask a = {
        .host = rig_host(key), .name = str_of(key), .done = rig_asked, .owner = &s};

    store_host_ask(r->store, &a);
    rig_wait(&s);
    return a.memo;
}

/* All tasks of new hosts, at most |max|, as results to be filled in. */
RIG_UNUSED static size_t rig_take(struct rig *r, int64_t job, struct result *results, size_t max) {
    OWNED(refill) struct refill *f = refill_new(job, 0, 1000);
    size_t n = 0;

    f->tasks_per_host = 10000;
    rig_refill(r, f);
    for (size_t h = 0; h < f->n_new && f->result == ERR_OK; h++) {
        struct list *l;

        while (n < max && (l = list_pop_front(&f->hosts[h].tasks)))
            results[n++] = (struct result){.task = CONTAINER_OF(l, struct task, link)};
    }
    return n;
}

/* |r| becomes a success with |n_links| links to made-up pages. */
RIG_UNUSED static enum err rig_succeed(struct result *r, int n_links) {
    char url[128];
    enum err e = ERR_OK;

    r->record = (struct record){.index = task_index(r->task),
                                .url = task_url(r->task),
                                .final_url = task_url(r->task),
                                .outcome = OUTCOME_SUCCEEDED,
                                .http_status = 200,
                                .content_type = STR("text/html"),
                                .bytes = 100,
                                .links_found = (uint32_t)n_links,
                                .attempts = 1,
                                .referrer = r->task->referrer,
                                .depth = r->task->depth,
                                .started_at = 1700000000001,
                                .elapsed_ms = 7};
    links_init(&r->links);
    for (int i = 0; i < n_links && e == ERR_OK; i++) {
        (void)snprintf(url, sizeof url, "https://linked.example/%" PRId64 "/%d", r->task->seq, i);
        e = links_put(&r->links, str_of(url), TAG_A, ATTR_HREF, STR("nofollow"), STR("text"));
    }
    return e;
}

RIG_UNUSED static void rig_fail(struct result *r, enum code code) {
    r->record = (struct record){.index = task_index(r->task),
                                .url = task_url(r->task),
                                .final_url = task_url(r->task),
                                .outcome = code_outcome(code),
                                .code = code,
                                .attempts = 3,
                                .referrer = r->task->referrer,
                                .depth = r->task->depth};
    links_init(&r->links);
}

/* |r|, a success already, names |url|, one link further on. */
RIG_UNUSED static enum err rig_follow(struct result *r, const char *url) {
    struct str rest = str_from(str_of(url), 8);
    char key[256];
    struct follow_url u = {.url = str_of(url), .host_key = str_of(key)};

    if (!r->follow.rows.max)
        follow_init(&r->follow);
    (void)snprintf(key, sizeof key, "%.*s:443", (int)str_cut(&rest, '/').len, url + 8);
    u.host_key = str_of(key);
    u.bucket = rig_bucket(key);
    u.depth = (uint16_t)(r->task->depth + 1);
    u.prefix_len = 17;
    return follow_put(&r->follow, &u);
}

RIG_UNUSED static void rig_free_results(struct result *results, size_t n) {
    for (size_t i = 0; i < n; i++)
        result_done(&results[i]);
}

/* Takes and settles all that is left of the job, with |n_links| links each. */
RIG_UNUSED static enum err rig_settle_all(struct rig *r, int64_t job, int n_links) {
    enum { MOST = 1000 };
    struct result *results = NEW_N(struct result, MOST);
    enum err e = ERR_OK;
    size_t n;

    while (e == ERR_OK && (n = rig_take(r, job, results, MOST))) {
        struct store_batch b = {.results = results, .n_results = n};

        for (size_t i = 0; i < n && e == ERR_OK; i++)
            e = rig_succeed(&results[i], n_links);
        if (e == ERR_OK) {
            rig_commit(r, &b);
            e = b.result;
        }
        rig_free_results(results, n);
    }
    free(results);
    return e;
}

/* Settles all tasks of new hosts as |code|, which may be CODE_NONE. */
RIG_UNUSED static enum err rig_settle_as(struct rig *r, int64_t job, enum code code) {
    enum { MOST = 1000 };
    struct result *results = NEW_N(struct result, MOST);
    struct store_batch b = {.results = results, .n_results = rig_take(r, job, results, MOST)};
    enum err e = ERR_OK;

    for (size_t i = 0; i < b.n_results && e == ERR_OK; i++)
        if (code == CODE_NONE)
            e = rig_succeed(&results[i], 0);
        else
            rig_fail(&results[i], code);
    if (e == ERR_OK)
        rig_commit(r, &b);
    rig_free_results(results, b.n_results);
    free(results);
    return e == ERR_OK ? b.result : e;
}

/* The counts of all outcomes and what is unfinished are the total, while it is there. */
RIG_UNUSED static bool rig_adds_up(struct rig *r, int64_t job) {
    OWNED(job) struct job *j = NULL;
    uint64_t ended = 0;

    if (store_job_get_no(r->store, job, &j) != ERR_OK)
        return true;
    for (int o = OUTCOME_SUCCEEDED; o < OUTCOME_COUNT; o++)
        ended += j->counts.by_outcome[o];
    return ended + job_unfinished(j) == j->counts.total && ended <= j->counts.total;
}

#endif
