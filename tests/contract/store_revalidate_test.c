/* What the store promises of jobs that revalidate. */
#include "tests/contract/store_rig.h"

static const char a_url[] = "https://a.example/page";
#define ETAG STR("\"v1\"")
#define DATE STR("Wed, 25 Nov 2026 09:00:00 GMT")

static enum err new_job(struct rig *r, bool revalidates, struct job **ret_job) {
    struct job draft = rig_draft();

    draft.options.revalidate = revalidates;
    return rig_job_of(r, &draft, a_url, ret_job);
}

static enum err take(struct rig *r, const struct job *job, struct result *ret_result) {
    return rig_take(r, job->no, ret_result, 1) == 1 ? ERR_OK : ERR_NOT_FOUND;
}

static void commit(struct rig *r, struct result *result) {
    struct store_batch b = {.results = result, .n_results = 1};

    rig_commit(r, &b);
}

/* A job in which the URL was fetched as a whole, with |links| links and its validators. */
static enum err fetched(struct rig *r, bool revalidates, int links, struct job **ret_job) {
    struct result result;
    enum err e = new_job(r, revalidates, ret_job);

    if (e == ERR_OK)
        e = take(r, *ret_job, &result);
    if (e != ERR_OK)
        return e;
    e = rig_succeed(&result, links);
    result.record.etag = ETAG;
    result.record.last_modified = DATE;
    if (e == ERR_OK)
        commit(r, &result);
    e = e == ERR_OK ? result.answer : e;
    result_done(&result);
    return e;
}

/* |result| becomes an answer of 304, which repeats nothing. */
static enum err not_modified(struct result *result) {
    enum err e = rig_succeed(result, 0);

    result->record.http_status = 304;
    result->record.not_modified = true;
    return e;
}

struct seen {
    int links;
    uint32_t links_found;
    bool not_modified;
};

static bool see_links(void *arg, const struct links_part *p) {
    struct seen *s = arg;
    struct links_view v = p->links;
    struct str url;

    while (links_view_next_url(&v, &url) == ERR_OK)
        s->links += str_starts(url, STR("https://linked.example/"));
    return str_eq(p->source_url, str_of(a_url));
}

static bool see_record(void *arg, const struct record *r) {
    struct seen *s = arg;

    s->links_found = r->links_found;
    s->not_modified = r->not_modified;
    return true;
}

static enum err see(struct rig *r, int64_t job, struct seen *ret_seen) {
    const struct record_filter any = {0};
    struct links_cursor at = {0, 0};
    int64_t after = 0;
    bool more;
    enum err e;

    *ret_seen = (struct seen){0};
    e = store_links_read(r->store, job, &at, 1000, see_links, ret_seen, &more);
    return e == ERR_OK
               ? store_records_read(r->store, job, &any, &after, 9, see_record, ret_seen, &more)
               : e;
}

static void await_sweep(struct rig *r) {
    struct store_stats before, stats = {0};

    store_stats(r->store, &before);
    for (int i = 0; i < 100; i++) { /* until nothing more is swept */
        (void)usleep(100000);
        store_stats(r->store, &stats);
        if (stats.sweep_rows > 0 && stats.sweep_rows == before.sweep_rows)
            break;
        before = stats;
    }
}

TEST(what_has_not_changed_keeps_its_links) {
    enum { LINKS = 4000 }; /* some parts */
    OWNED(job) struct job *first = NULL;
    OWNED(job) struct job *second = NULL;
    OWNED(job) struct job *ended = NULL;
    struct result result;
    struct seen seen;

    RIG_OPEN(r);
    CHECK_OK(fetched(&r, true, LINKS, &first));
    CHECK_OK(new_job(&r, true, &second));
    CHECK_OK(take(&r, second, &result));
    CHECK_STR(task_etag(result.task), "\"v1\"");
    CHECK(str_eq(task_last_modified(result.task), DATE));
    CHECK(result.task->known_page > 0);
    CHECK_OK(not_modified(&result));
    commit(&r, &result);
    CHECK_OK(result.answer);
    CHECK_OK(store_job_get_no(r.store, second->no, &ended));
    CHECK(ended->state == JOB_COMPLETED && ended->counts.links_found == LINKS);
    CHECK_OK(see(&r, second->no, &seen));
    CHECK(seen.links == LINKS && seen.links_found == LINKS && seen.not_modified);
    result_done(&result);
}

TEST(only_jobs_that_revalidate_know_and_are_known) {
    OWNED(job) struct job *plain = NULL;
    OWNED(job) struct job *second = NULL;
    OWNED(job) struct job *third = NULL;
    struct result result;

    RIG_OPEN(r);
    CHECK_OK(fetched(&r, false, 1, &plain));
    CHECK_OK(new_job(&r, true, &second));
    CHECK_OK(take(&r, second, &result));
    CHECK(result.task->known_page == 0 && task_etag(result.task).len == 0);
    result_done(&result);
    job_free(TAKE(second));
    CHECK_OK(fetched(&r, true, 1, &second));
    CHECK_OK(new_job(&r, false, &third));
    CHECK_OK(take(&r, third, &result));
    CHECK_INT(result.task->known_page, 0);
    result_done(&result);
}

TEST(what_a_deleted_job_knew_is_forgotten) {
    OWNED(job) struct job *first = NULL;
    OWNED(job) struct job *second = NULL;
    struct result result;

    RIG_OPEN(r);
    CHECK_OK(fetched(&r, true, 1, &first));
    CHECK_OK(store_job_delete(r.store, &first->id));
    CHECK_OK(new_job(&r, true, &second));
    CHECK_OK(take(&r, second, &result));
    CHECK_INT(result.task->known_page, 0);
    result_done(&result);
}

TEST(a_page_that_goes_meanwhile_is_told) {
    OWNED(job) struct job *first = NULL;
    OWNED(job) struct job *second = NULL;
    OWNED(job) struct job *same = NULL;
    struct result result, again;

    RIG_OPEN(r);
    CHECK_OK(fetched(&r, true, 1, &first));
    CHECK_OK(new_job(&r, true, &second));
    CHECK_OK(take(&r, second, &result));
    CHECK_OK(store_job_delete(r.store, &first->id));
    await_sweep(&r);
    CHECK_OK(not_modified(&result));
    commit(&r, &result);
    CHECK_ERR(result.answer, ERR_NOT_FOUND);
    CHECK_OK(store_job_get_no(r.store, second->no, &same));
    CHECK(same->state == JOB_RUNNING && job_unfinished(same) == 1);
    CHECK_OK(take(&r, second, &again));
    CHECK_INT(again.task->known_page, 0);
    CHECK_OK(rig_succeed(&again, 1));
    commit(&r, &again);
    CHECK_OK(again.answer);
    commit(&r, &result);
    CHECK_ERR(result.answer, ERR_CONFLICT);
    result_done(&result);
    result_done(&again);
}

TEST(a_copy_outlives_what_it_was_made_from) {
    OWNED(job) struct job *first = NULL;
    OWNED(job) struct job *second = NULL;
    OWNED(job) struct job *third = NULL;
    struct result result;
    struct seen seen;

    RIG_OPEN(r);
    CHECK_OK(fetched(&r, true, 5, &first));
    CHECK_OK(new_job(&r, true, &second));
    CHECK_OK(take(&r, second, &result));
    CHECK_OK(not_modified(&result));
    commit(&r, &result);
    CHECK_OK(result.answer);
    result_done(&result);
    CHECK_OK(store_job_delete(r.store, &first->id));
    await_sweep(&r);
    CHECK_OK(new_job(&r, true, &third));
    CHECK_OK(take(&r, third, &result));
    CHECK_STR(task_etag(result.task), "\"v1\""); /* though the 304 did not repeat it */
    CHECK_OK(not_modified(&result));
    commit(&r, &result);
    CHECK_OK(result.answer);
    CHECK_OK(see(&r, third->no, &seen));
    CHECK_INT(seen.links, 5);
    result_done(&result);
}

TEST(validators_are_those_of_the_url_itself) {
    OWNED(job) struct job *first = NULL;
    OWNED(job) struct job *redirected = NULL;
    OWNED(job) struct job *third = NULL;
    struct result result;

    RIG_OPEN(r);
    CHECK_OK(fetched(&r, true, 1, &first));
    CHECK_OK(new_job(&r, true, &redirected));
    CHECK_OK(take(&r, redirected, &result));
    CHECK_OK(rig_succeed(&result, 0));
    result.record.etag = ETAG;
    result.record.final_url = STR("https://elsewhere.example/");
    commit(&r, &result);
    CHECK_OK(result.answer);
    result_done(&result);
    CHECK_OK(new_job(&r, true, &third));
    CHECK_OK(take(&r, third, &result));
    CHECK_INT(result.task->known_page, 0);
    result_done(&result);
}

TEST_MAIN
