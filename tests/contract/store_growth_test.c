/* What the store promises of jobs that grow: by the links of their pages. */
#include "tests/contract/store_rig.h"

static struct job growing_draft(uint64_t max_pages) {
    struct job draft = rig_draft();

    draft.options.max_depth = 3;
    draft.options.max_pages = max_pages;
    return draft;
}

/* Settles all tasks there are; each page names |urls|, separated by spaces. */
static enum err crawl(struct rig *r, int64_t job, const char *urls) {
    enum { MOST = 100 };
    struct result results[MOST];
    struct store_batch b = {.results = results, .n_results = rig_take(r, job, results, MOST)};
    enum err e = ERR_OK;

    for (size_t i = 0; i < b.n_results && e == ERR_OK; i++) {
        struct str rest = str_of(urls);

        e = rig_succeed(&results[i], 0);
        while (rest.len && e == ERR_OK) {
            OWNED_CHARS char *url = mem_chars(str_cut(&rest, ' '));

            e = rig_follow(&results[i], url);
        }
    }
    if (e == ERR_OK)
        rig_commit(r, &b);
    rig_free_results(results, b.n_results);
    return e == ERR_OK ? b.result : e;
}

static bool see_url(void *arg, const struct record *r) {
    return buf_printf(arg, "%.*s %" PRId64 " %" PRId64 " %u; ", (int)r->url.len - 18,
                      r->url.ptr + 18, r->index, r->referrer, r->depth) == ERR_OK;
}

/* "PATH INDEX REFERRER DEPTH; " of each record, where the hosts are "a.example". */
static enum err see_urls(struct rig *r, int64_t job, struct buf *text) {
    const struct record_filter any = {0};
    int64_t after = 0;
    bool more;

    return store_records_read(r->store, job, &any, &after, 1000, see_url, text, &more);
}

TEST(what_pages_name_is_crawled_once) {
    const struct job draft = growing_draft(0);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *grown = NULL;
    OWNED(job) struct job *ended = NULL;
    struct buf urls OWNED_BUF = BUF_INIT(1024);
    struct result results[9];
    struct store_stats stats;
    size_t n;

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/0 https://b.example/1", &job));
    CHECK_OK(crawl(&r, job->no,
                   "https://a.example/0 https://a.example/x https://b.example/1 "
                   "https://a.example/x https://c.example/y"));
    CHECK_OK(store_job_get_no(r.store, job->no, &grown));
    CHECK_INT(grown->state, JOB_RUNNING);
    CHECK_INT(grown->counts.total, 4);
    CHECK_INT(job_unfinished(grown), 2);
    store_stats(r.store, &stats);
    CHECK_INT(stats.queued_urls, 2);
    n = rig_take(&r, job->no, results, 9);
    CHECK_INT(n, 2);
    for (size_t i = 0; i < n; i++) {
        CHECK(results[i].task->depth == 1 && results[i].task->prefix_len == 17);
        CHECK(results[i].task->seq >= 2 && results[i].task->place == results[i].task->seq);
        CHECK(results[i].task->referrer == 0 || results[i].task->referrer == 1);
    }
    rig_free_results(results, n);
    CHECK_OK(crawl(&r, job->no, "https://a.example/x https://c.example/y https://a.example/0"));
    CHECK_OK(store_job_get_no(r.store, job->no, &ended));
    CHECK(ended->state == JOB_COMPLETED && ended->stop_reason == STOP_NO_MORE_URLS);
    CHECK_INT(ended->counts.by_outcome[OUTCOME_SUCCEEDED], 4);
    CHECK(rig_adds_up(&r, job->no));
    CHECK_OK(see_urls(&r, job->no, &urls));
    CHECK(str_find_str(buf_str(&urls), STR("0 0 -1 0; ")) != STR_END);
    CHECK(str_find_str(buf_str(&urls), STR("1 1 -1 0; ")) != STR_END);
    CHECK(str_find_str(buf_str(&urls), STR("x -1 ")) != STR_END);
}

TEST(no_more_than_max_pages_are_let_in) {
    const struct job draft = growing_draft(3);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *full = NULL;
    OWNED(job) struct job *ended = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/0", &job));
    CHECK_OK(crawl(&r, job->no,
                   "https://a.example/1 https://a.example/2 https://a.example/3 "
                   "https://a.example/4 https://a.example/1"));
    CHECK_OK(store_job_get_no(r.store, job->no, &full));
    CHECK_INT(full->counts.total, 3);
    CHECK_INT(full->counts.not_followed.page_limit, 2);
    CHECK_OK(crawl(&r, job->no, "https://a.example/1 https://a.example/4"));
    CHECK_OK(store_job_get_no(r.store, job->no, &ended));
    CHECK(ended->state == JOB_COMPLETED && ended->stop_reason == STOP_PAGE_LIMIT);
    CHECK_INT(ended->counts.total, 3);
    CHECK_INT(ended->counts.not_followed.page_limit, 3);
}

TEST(links_that_are_not_followed_are_counted) {
    const struct job draft = growing_draft(0);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *ended = NULL;
    struct result result;
    struct store_batch b = {.results = &result, .n_results = 1};

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/0", &job));
    CHECK_INT(rig_take(&r, job->no, &result, 1), 1);
    CHECK_OK(rig_succeed(&result, 0));
    result.follow.out_of_scope = 5;
    result.follow.depth_limit = 7;
    rig_commit(&r, &b);
    CHECK_OK(store_job_get_no(r.store, job->no, &ended));
    CHECK_INT(ended->state, JOB_COMPLETED);
    CHECK_INT(ended->counts.not_followed.out_of_scope, 5);
    CHECK_INT(ended->counts.not_followed.depth_limit, 7);
    result_done(&result);
}

TEST(a_job_that_is_a_list_does_not_grow) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *ended = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &job));
    CHECK_OK(crawl(&r, job->no, "https://a.example/1"));
    CHECK_OK(store_job_get_no(r.store, job->no, &ended));
    CHECK(ended->state == JOB_COMPLETED && ended->counts.total == 1);
}

TEST(a_job_being_cancelled_does_not_grow) {
    const struct job draft = growing_draft(0);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *moved = NULL;
    OWNED(job) struct job *after = NULL;
    struct result result;
    struct store_batch b = {.results = &result, .n_results = 1};

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/0", &job));
    CHECK_INT(rig_take(&r, job->no, &result, 1), 1);
    CHECK_OK(store_job_move(r.store, &job->id, JOB_CANCELLING, &moved));
    CHECK_OK(rig_succeed(&result, 0));
    CHECK_OK(rig_follow(&result, "https://a.example/1"));
    rig_commit(&r, &b);
    CHECK_OK(result.answer);
    CHECK_OK(store_job_get_no(r.store, job->no, &after));
    CHECK_INT(after->counts.total, 1);
    result_done(&result);
}

TEST(what_was_settled_before_names_nothing) {
    const struct job draft = growing_draft(0);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *after = NULL;
    struct result result;
    struct store_batch b = {.results = &result, .n_results = 1};

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/0 https://a.example/1", &job));
    CHECK_INT(rig_take(&r, job->no, &result, 1), 1);
    CHECK_OK(rig_succeed(&result, 0));
    rig_commit(&r, &b);
    CHECK_OK(rig_follow(&result, "https://a.example/2"));
    rig_commit(&r, &b);
    CHECK_ERR(result.answer, ERR_CONFLICT);
    CHECK_OK(store_job_get_no(r.store, job->no, &after));
    CHECK_INT(after->counts.total, 2);
    result_done(&result);
}

static void wake_nobody(void *arg) {
    (void)arg;
}

TEST(a_feed_tells_where_a_job_has_grown) {
    const struct job draft = growing_draft(0);
    OWNED(job) struct job *job = NULL;
    struct store_feed *f;
    struct job_change c;

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/0", &job));
    CHECK_OK(store_feed_new(r.store, wake_nobody, NULL, &f));
    CHECK(store_feed_take(f, &c) && c.state == JOB_QUEUED);
    CHECK_OK(crawl(&r, job->no, "https://b.example/1 https://b.example/2"));
    CHECK(store_feed_take(f, &c) && c.state == JOB_RUNNING && !c.has_grown);
    CHECK(store_feed_take(f, &c) && c.has_grown && c.host == rig_host("b.example:443"));
    CHECK(!store_feed_take(f, &c));
    store_feed_free(f);
}

/* A page that names |n| others at |hosts| hosts. */
static enum err name_many(struct result *r, int n, int hosts) {
    char url[128];
    enum err e = rig_succeed(r, 0);

    for (int i = 0; i < n && e == ERR_OK; i++) {
        (void)snprintf(url, sizeof url, "https://grown%d.example/page/%d", i % hosts, i);
        e = rig_follow(r, url);
    }
    return e;
}

TEST(a_page_may_name_many) {
    enum { N = 20000, HOSTS = 500 };
    const struct job draft = growing_draft(0);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *after = NULL;
    OWNED(refill) struct refill *f = NULL;
    struct result results[2];
    struct store_batch b = {.results = results, .n_results = 1};
    size_t n = 0;

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/0 https://a.example/1", &job));
    CHECK_INT(rig_take(&r, job->no, results, 2), 2);
    for (int i = 0; i < 2; i++)
        CHECK_OK(name_many(&results[i], N, HOSTS));
    rig_commit(&r, &b);
    b.results++;
    rig_commit(&r, &b);
    CHECK_OK(store_job_get_no(r.store, job->no, &after));
    CHECK_INT(after->counts.total, N + 2);
    f = refill_new(job->no, 0, HOSTS + 1);
    f->tasks_per_host = N;
    rig_refill(&r, f);
    CHECK_INT(f->n_new, HOSTS);
    for (size_t h = 0; h < f->n_new; h++)
        for (struct list *l = f->hosts[h].tasks.next; l != &f->hosts[h].tasks; l = l->next)
            n++;
    CHECK_INT(n, N);
    rig_free_results(results, 2);
}

TEST(what_is_named_of_a_host_that_was_given_up_is_tried) {
    const struct job draft = growing_draft(0);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *ended = NULL;
    struct unavailable u = {.host = rig_host("b.example:443"), .code = CODE_HOST_UNAVAILABLE};
    struct store_batch b = {.unavailable = &u, .n_unavailable = 1};

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/0 https://b.example/1", &job));
    u.job = job->no;
    rig_commit(&r, &b);
    CHECK_OK(crawl(&r, job->no, "https://b.example/2 https://b.example/1"));
    u.code = CODE_ROBOTS_UNREACHABLE; /* the host keeps its first code */
    rig_commit(&r, &b);
    CHECK_OK(store_job_get_no(r.store, job->no, &ended));
    CHECK_INT(ended->state, JOB_COMPLETED);
    CHECK_INT(ended->counts.total, 3);
    CHECK_INT(ended->counts.by_outcome[OUTCOME_FAILED], 2);
    CHECK(rig_adds_up(&r, job->no));
}

TEST(what_was_named_survives_a_kill_and_is_known_after) {
    const struct job draft = growing_draft(0);
    RIG_OPEN(r);
    RIG after;
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *kept = NULL;
    OWNED(job) struct job *ended = NULL;

    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/0", &job));
    CHECK_OK(crawl(&r, job->no, "https://a.example/1 https://b.example/2"));
    CHECK_OK(rig_open_as_after_a_kill(&r, &after));
    CHECK_OK(store_job_get_no(after.store, job->no, &kept));
    CHECK(kept->counts.total == 3 && job_unfinished(kept) == 2);
    CHECK_OK(crawl(&after, job->no, "https://a.example/0 https://a.example/1 https://b.example/2"));
    CHECK_OK(store_job_get_no(after.store, job->no, &ended));
    CHECK(ended->state == JOB_COMPLETED && ended->counts.total == 3);
}

TEST(a_full_disk_loses_nothing_that_was_named) {
    enum { N = 8000 };
    const struct job draft = growing_draft(0);
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *grown = NULL;
    OWNED(job) struct job *same = NULL;
    struct rig_signal s = RIG_SIGNAL;
    struct result results[2];
    struct store_batch b = {.results = results, .n_results = 1, .owner = &s, .done = rig_committed};

    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/0 https://a.example/1", &job));
    CHECK_INT(rig_take(&r, job->no, results, 2), 2);
    for (int i = 0; i < 2; i++)
        CHECK_OK(name_many(&results[i], N, 10));
    b.epoch = store_epoch(r.store);
    rig_limit_files(400000);
    store_commit(r.store, &b);
    CHECK(rig_becomes(&r, STORE_DEGRADED));
    CHECK(!s.done);
    rig_limit_files(RLIM_INFINITY);
    rig_wait(&s);
    CHECK_OK(b.result);
    CHECK_OK(store_job_get_no(r.store, job->no, &grown));
    CHECK_INT(grown->counts.total, N + 2);
    b.results++;
    rig_commit(&r, &b);
    CHECK_OK(store_job_get_no(r.store, job->no, &same));
    CHECK_INT(same->counts.total, N + 2);
    rig_free_results(results, 2);
}

TEST_MAIN
