/* What the store promises of lists that are added to a job. */
#include <stdatomic.h>

#include "tests/contract/store_rig.h"

/* Adds the URLs in |urls|, separated by spaces. */
static enum err add(struct rig *r, const struct job *job, const char *urls, struct job **ret_job,
                    struct submission *ret_submission) {
    OWNED(ingest) struct ingest *in = NULL;
    enum err e = store_ingest_new(r->store, &in);

    job_free(TAKE(*ret_job));
    submission_done(ret_submission);
    if (e == ERR_OK)
        e = rig_add_all(in, urls);
    return e == ERR_OK ? ingest_commit_into(in, &job->id, ret_job, ret_submission) : e;
}

/* |n| URLs at |hosts| hosts, from number |from| on. */
static enum err add_many(struct rig *r, const struct job *job, int from, int n, int hosts,
                         struct job **ret_job, struct submission *ret_submission) {
    OWNED(ingest) struct ingest *in = NULL;
    char url[128];
    enum err e = store_ingest_new(r->store, &in);

    job_free(TAKE(*ret_job));
    for (int i = from; i < from + n && e == ERR_OK; i++) {
        (void)snprintf(url, sizeof url, "https://host%d.example/page/%d", i % hosts, i);
        e = rig_add(in, url);
    }
    return e == ERR_OK ? ingest_commit_into(in, &job->id, ret_job, ret_submission) : e;
}

static bool see_record(void *arg, const struct record *r) {
    return buf_printf(arg, "%" PRId64 " %s; ", r->index, r->code ? code_text(r->code) : "ok") ==
           ERR_OK;
}

static enum err see_records(struct rig *r, int64_t job, struct buf *text) {
    const struct record_filter any = {0};
    int64_t after = 0;
    bool more;

    return store_records_read(r->store, job, &any, &after, 1000, see_record, text, &more);
}

TEST(what_the_job_has_already_is_a_duplicate) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *open = NULL;
    OWNED(job) struct job *ended = NULL;
    struct buf records OWNED_BUF = BUF_INIT(1024);
    struct submission sub = {0};
    struct result results[2];
    struct store_batch b = {.results = results, .n_results = 1};
    struct store_stats stats;

    RIG_OPEN(r);
    CHECK_OK(rig_job(&r, "https://a.example/0 https://a.example/1", &job, &sub));
    CHECK_INT(rig_take(&r, job->no, results, 2), 2);
    CHECK_OK(rig_succeed(&results[0], 0));
    rig_commit(&r, &b); /* one has a record, the other is a task */
    CHECK_OK(add(&r, job,
                 "https://a.example/1 https://b.example/3 https://a.example/0 bad "
                 "https://b.example/3 https://a.example/6",
                 &open, &sub));
    CHECK_INT(sub.received, 6);
    CHECK_INT(sub.accepted, 2);
    CHECK_INT(sub.duplicates, 3);
    CHECK_INT(sub.rejected, 1);
    CHECK_INT(sub.rejects[0].index, 3);
    CHECK_INT(open->counts.total, 5);
    CHECK_INT(open->counts.duplicates, 3);
    CHECK_INT(open->counts.by_outcome[OUTCOME_FAILED], 1);
    CHECK_INT(job_unfinished(open), 3);
    store_stats(r.store, &stats);
    CHECK_INT(stats.queued_urls, 3);
    CHECK_OK(add(&r, job, "https://b.example/3 https://a.example/6", &open, &sub));
    CHECK_INT(sub.accepted, 0);
    CHECK_INT(sub.duplicates, 2);
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    CHECK_OK(store_job_get_no(r.store, job->no, &ended));
    CHECK(ended->state == JOB_COMPLETED && ended->counts.total == 5);
    CHECK(rig_adds_up(&r, job->no));
    CHECK_OK(see_records(&r, job->no, &records));
    for (int i = 0; i < 3; i++) { /* places go on behind those of the first list */
        const char *const wanted[] = {"5 invalid_url; ", "3 ok; ", "7 ok; "};

        CHECK(str_find_str(buf_str(&records), str_of(wanted[i])) != STR_END);
    }
    rig_free_results(results, 2);
    submission_done(&sub);
}

TEST(a_completed_job_opens_again) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *open = NULL;
    struct submission sub = {0};

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 2, 1, &job));
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    CHECK_OK(add(&r, job, "https://host0.example/page/0", &open, &sub));
    CHECK_INT(open->state, JOB_COMPLETED); /* nothing is new */
    CHECK_OK(add(&r, job, "https://new.example/", &open, &sub));
    CHECK(open->state == JOB_RUNNING && !open->finished_at && open->stop_reason == STOP_NONE);
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    CHECK_OK(add(&r, job, "https://new.example/", &open, &sub));
    CHECK(open->state == JOB_COMPLETED && open->counts.total == 3);
    submission_done(&sub);
}

TEST(a_job_that_began_empty_takes_its_list_later) {
    struct job draft = rig_draft();
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *full = NULL;
    OWNED(job) struct job *moved = NULL;
    OWNED(job) struct job *ended = NULL;
    struct submission sub = {0};

    RIG_OPEN(r);
    draft.state = JOB_PAUSED;
    CHECK_OK(rig_job_of(&r, &draft, "", &job));
    CHECK_OK(add_many(&r, job, 0, 12000, 7, &full, &sub));
    CHECK(full->state == JOB_PAUSED && full->counts.total == 12000 && sub.accepted == 12000);
    CHECK_OK(add_many(&r, job, 11000, 2000, 7, &full, &sub));
    CHECK(full->counts.total == 13000 && sub.accepted == 1000 && sub.duplicates == 1000);
    CHECK_OK(store_job_move(r.store, &job->id, JOB_RUNNING, &moved));
    CHECK_INT(moved->state, JOB_QUEUED);
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    CHECK_OK(store_job_get_no(r.store, job->no, &ended));
    CHECK(ended->state == JOB_COMPLETED && rig_adds_up(&r, job->no));
}

TEST(a_list_without_a_valid_url_is_not_added) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *same = NULL;
    OWNED(job) struct job *none = NULL;
    struct submission sub = {0};

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 2, 1, &job));
    CHECK_ERR(add(&r, job, "bad worse", &none, &sub), ERR_INVALID);
    CHECK_INT(sub.rejected, 2);
    CHECK_OK(store_job_get_no(r.store, job->no, &same));
    CHECK_INT(same->version, job->version);
    submission_done(&sub);
}

TEST(a_job_that_is_cancelled_or_gone_takes_nothing) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *moved = NULL;
    OWNED(job) struct job *refused = NULL;
    struct submission sub = {0};
    struct store_stats stats;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 2, 1, &job));
    CHECK_OK(store_job_move(r.store, &job->id, JOB_CANCELLING, &moved));
    CHECK_ERR(add(&r, job, "https://new.example/", &refused, &sub), ERR_CONFLICT);
    CHECK_INT(refused->state, JOB_CANCELLING);
    CHECK_OK(store_job_delete(r.store, &job->id));
    CHECK_ERR(add(&r, job, "https://new.example/", &refused, &sub), ERR_NOT_FOUND);
    store_stats(r.store, &stats);
    CHECK_INT(stats.queued_urls, 0);
}

TEST(a_growing_job_knows_what_was_added) {
    struct job draft = rig_draft();
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *open = NULL;
    OWNED(job) struct job *after = NULL;
    struct submission sub = {0};
    struct result results[3];
    struct store_batch b = {.results = results, .n_results = 1};

    RIG_OPEN(r);
    draft.options.max_depth = 1;
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/0", &job));
    CHECK_INT(rig_take(&r, job->no, results, 3), 1);
    CHECK_OK(rig_succeed(&results[0], 0));
    CHECK_OK(rig_follow(&results[0], "https://a.example/1"));
    rig_commit(&r, &b);
    rig_free_results(results, 1);
    CHECK_OK(add(&r, job, "https://a.example/1 https://a.example/2", &open, &sub));
    CHECK(sub.accepted == 1 && sub.duplicates == 1);
    b.n_results = rig_take(&r, job->no, results, 3);
    CHECK_INT(b.n_results, 2);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(rig_succeed(&results[i], 0));
        CHECK_OK(rig_follow(&results[i], "https://a.example/2"));
    }
    rig_commit(&r, &b);
    CHECK_OK(store_job_get_no(r.store, job->no, &after));
    CHECK(after->state == JOB_COMPLETED && after->counts.total == 3);
    rig_free_results(results, 2);
}

struct crawler {
    struct rig *rig;
    int64_t job;
    atomic_bool stops;
};

static void *crawl(void *arg) {
    struct crawler *c = arg;

    while (!c->stops)
        if (rig_settle_as(c->rig, c->job, CODE_NONE) != ERR_OK)
            break;
    return NULL;
}

static bool see_event(void *arg, const struct job_event *e) {
    return buf_printf(arg, "%s ", job_state_text(e->state)) == ERR_OK;
}

/* The table of hashes is built and the list is added while URLs end. */
TEST(a_crawl_goes_on_meanwhile) {
    enum { FIRST = 20000, MORE = 20000, BOTH = 5000 };
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *open = NULL;
    OWNED(job) struct job *ended = NULL;
    struct buf states OWNED_BUF = BUF_INIT(256);
    struct submission sub = {0};
    struct crawler c = {0};
    pthread_t thread;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, FIRST, 10, &job));
    c.rig = &r;
    c.job = job->no;
    CHECK_INT(pthread_create(&thread, NULL, crawl, &c), 0);
    CHECK_OK(add_many(&r, job, FIRST - BOTH, MORE + BOTH, 10, &open, &sub));
    CHECK_INT(sub.accepted, MORE);
    CHECK_INT(sub.duplicates, BOTH);
    for (int i = 0; i < 1000; i++) {
        job_free(TAKE(ended));
        CHECK_OK(store_job_get_no(r.store, job->no, &ended));
        if (ended->state == JOB_COMPLETED)
            break;
        (void)usleep(10000);
    }
    c.stops = true;
    (void)pthread_join(thread, NULL);
    CHECK_INT(ended->counts.by_outcome[OUTCOME_SUCCEEDED], FIRST + MORE);
    CHECK(rig_adds_up(&r, job->no));
    CHECK_OK(store_events_read(r.store, job->no, 0, see_event, &states));
    CHECK(str_starts(buf_str(&states), STR("queued running completed ")));
}

TEST(a_full_disk_leaves_a_part_that_is_known_the_next_time) {
    enum { N = 30000 };
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *none = NULL;
    OWNED(job) struct job *part = NULL;
    OWNED(job) struct job *open = NULL;
    struct submission sub = {0};
    uint64_t added;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &job));
    rig_limit_files(3000000);
    CHECK_ERR(add_many(&r, job, 1, N, 5, &none, &sub), ERR_FULL);
    rig_limit_files(RLIM_INFINITY);
    CHECK(rig_becomes(&r, STORE_OK));
    CHECK_OK(store_job_get_no(r.store, job->no, &part));
    CHECK(rig_adds_up(&r, job->no));
    added = part->counts.total - 1;
    CHECK(added < N);
    CHECK_OK(add_many(&r, job, 1, N, 5, &open, &sub));
    CHECK_INT(sub.accepted + added, N);
    CHECK_INT(sub.duplicates, added);
    CHECK_INT(open->counts.total, N + 1);
    printf("# %d added before the disk was full\n", (int)added);
}

TEST_MAIN
