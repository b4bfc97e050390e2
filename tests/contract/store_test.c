/* The store's contract, case by case: what store.h promises of any back end. */
#include <stdatomic.h>

#include "tests/contract/store_rig.h"

/* --- ingest ----------------------------------------------------------------------- */

TEST(a_list_becomes_a_queued_job) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *again = NULL;
    struct submission sub = {0};

    RIG_OPEN(r);
    CHECK_OK(rig_job(&r, "https://a.example/ https://b.example/", &job, &sub));
    CHECK_INT(job->state, JOB_QUEUED);
    CHECK_INT(job->counts.total, 2);
    CHECK_INT(job_unfinished(job), 2);
    CHECK_INT(job->version, 1);
    CHECK_INT(job->options.host_delay_ms, 250);
    CHECK_INT(sub.accepted, 2);
    CHECK_OK(store_job_get(r.store, &job->id, &again));
    CHECK_INT(again->no, job->no);
    CHECK_INT(again->created_at, 1700000000000);
    submission_done(&sub);
}

TEST(the_first_of_equal_urls_stays) {
    OWNED(job) struct job *job = NULL;
    struct submission sub = {0};
    struct result results[4];

    RIG_OPEN(r);
    CHECK_OK(rig_job(&r,
                     "https://a.example/1 https://b.example/ https://a.example/1 "
                     "https://a.example/2 https://a.example/1",
                     &job, &sub));
    CHECK_INT(sub.received, 5);
    CHECK_INT(sub.accepted, 3);
    CHECK_INT(sub.duplicates, 2);
    CHECK_INT(job->counts.duplicates, 2);
    CHECK_INT(job->counts.total, 3);
    CHECK_INT(rig_take(&r, job->no, results, 4), 3);
    for (int i = 0; i < 3; i++)
        CHECK(results[i].task->seq == 0 || results[i].task->seq == 1 || results[i].task->seq == 3);
    for (int i = 0; i < 3; i++)
        free(results[i].task);
    submission_done(&sub);
}

static bool count_failed(void *arg, const struct record *r) {
    int *n = arg;

    if (r->code == CODE_INVALID_URL && r->outcome == OUTCOME_FAILED && str_eq(r->input, STR("bad")))
        (*n)++;
    return true;
}

TEST(rejects_are_urls_with_an_outcome) {
    OWNED(job) struct job *job = NULL;
    struct submission sub = {0};
    const struct record_filter any = {0};
    int64_t after = 0;
    int n = 0;
    bool more;

    RIG_OPEN(r);
    CHECK_OK(rig_job(&r, "bad https://a.example/ bad", &job, &sub));
    CHECK_INT(sub.rejected, 2);
    CHECK_INT(sub.n_rejects, 2);
    CHECK_INT(sub.rejects[1].index, 2);
    CHECK_STR(str_of(sub.rejects[1].input), "bad");
    CHECK_INT(job->counts.total, 3);
    CHECK_INT(job->counts.by_outcome[OUTCOME_FAILED], 2);
    CHECK_OK(store_records_read(r.store, job->no, &any, &after, 10, count_failed, &n, &more));
    CHECK_INT(n, 2);
    CHECK_INT(after, 2);
    CHECK(!more);
    submission_done(&sub);
}

TEST(a_list_without_a_valid_url_is_no_job) {
    OWNED(job) struct job *job = NULL;
    struct submission sub = {0};
    struct job **jobs;
    size_t n;

    RIG_OPEN(r);
    CHECK_ERR(rig_job(&r, "bad worse", &job, &sub), ERR_INVALID);
    CHECK_INT(sub.rejected, 2);
    CHECK_OK(store_job_list(r.store, &(struct job_filter){.limit = 10}, &jobs, &n));
    CHECK_INT(n, 0);
    free(jobs);
    submission_done(&sub);
}

TEST(a_long_list_goes_through_the_spool) {
    enum { N = 120000, HOSTS = 300 };
    OWNED(job) struct job *job = NULL;
    OWNED(refill) struct refill *f = NULL;
    struct store_stats stats;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, N, HOSTS, &job));
    CHECK_INT(job->counts.total, N);
    store_stats(r.store, &stats);
    CHECK_INT(stats.queued_urls, N);
    f = refill_new(job->no, 0, HOSTS);
    f->tasks_per_host = 1000;
    rig_refill(&r, f);
    CHECK_OK(f->result);
    CHECK_INT(f->n_new, HOSTS);
    for (size_t h = 0; h < f->n_new; h++) {
        int64_t last = -1;
        int n = 0;

        for (struct list *l = f->hosts[h].tasks.next; l != &f->hosts[h].tasks; l = l->next) {
            struct task *t = CONTAINER_OF(l, struct task, link);

            CHECK(t->seq > last);
            last = t->seq;
            n++;
        }
        CHECK_INT(n, N / HOSTS);
    }
}

TEST(no_more_urls_are_taken_than_max_queued) {
    RIG r;
    OWNED(job) struct job *job = NULL;
    OWNED(ingest) struct ingest *in = NULL; /* freed before the store */

    rig_new_folder(&r);
    r.max_queued = 5;
    CHECK_OK(rig_open(&r));
    CHECK_ERR(rig_many(&r, 6, 1, &job), ERR_QUOTA);
    CHECK_OK(rig_many(&r, 5, 1, &job)); /* what was refused has given its place back */
    CHECK_ERR(store_ingest_new(r.store, &in), ERR_QUOTA);
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    CHECK_OK(store_ingest_new(r.store, &in));
}

TEST(rejects_take_no_place_among_the_queued) {
    RIG r;
    OWNED(job) struct job *job = NULL;
    struct submission sub = {0};
    struct store_stats stats;

    rig_new_folder(&r);
    r.max_queued = 2;
    CHECK_OK(rig_open(&r));
    CHECK_OK(rig_job(&r, "a https://a.example/1 b https://a.example/2 c d", &job, &sub));
    CHECK_INT(sub.rejected, 4);
    submission_done(&sub);
    store_stats(r.store, &stats);
    CHECK_INT(stats.queued_urls, 2);
}

/* --- refill -------------------------------------------------------------------------- */

TEST(refill_goes_in_key_order_and_says_what_is_left) {
    OWNED(job) struct job *job = NULL;
    OWNED(refill) struct refill *f = NULL;
    OWNED(refill) struct refill *next = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 50, 5, &job));
    f = refill_new(job->no, 0, 3);
    f->tasks_per_host = 4;
    rig_refill(&r, f);
    CHECK_OK(f->result);
    CHECK_INT(f->state, JOB_RUNNING);
    CHECK_INT(f->n_new, 3);
    CHECK(f->more_hosts);
    for (size_t h = 0; h < 3; h++) {
        CHECK(f->hosts[h].more);
        CHECK(str_starts(str_of(f->hosts[h].name), STR("host")));
        CHECK(h == 0 || f->hosts[h].host > f->hosts[h - 1].host);
    }
    next = refill_new(job->no, 1, 10);
    next->hosts[0].host = f->hosts[0].host;
    next->hosts[0].after_seq = CONTAINER_OF(f->hosts[0].tasks.prev, struct task, link)->seq;
    next->hosts[0].limit = 100;
    next->after_host = f->hosts[2].host;
    next->tasks_per_host = 10;
    rig_refill(&r, next);
    CHECK_OK(next->result);
    CHECK_INT(next->n_new, 2);
    CHECK(!next->more_hosts && !next->hosts[0].more);
    CHECK(CONTAINER_OF(next->hosts[0].tasks.next, struct task, link)->seq >
          next->hosts[0].after_seq);
}

TEST(refill_stops_at_its_bytes_and_says_so) {
    OWNED(job) struct job *job = NULL;
    OWNED(refill) struct refill *f = NULL;
    OWNED(refill) struct refill *next = NULL;
    struct task *last;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 50, 5, &job));
    f = refill_new(job->no, 0, 5);
    f->tasks_per_host = 100;
    f->max_bytes = 1; /* of which one task comes in any case */
    rig_refill(&r, f);
    CHECK_OK(f->result);
    CHECK_INT(f->n_new, 1);
    CHECK(f->more_hosts && f->hosts[0].more);
    last = CONTAINER_OF(f->hosts[0].tasks.next, struct task, link);
    CHECK(last->link.next == &f->hosts[0].tasks);
    CHECK_INT(f->bytes, task_size(last));
    next = refill_new(job->no, 2, 5);
    next->hosts[0] = next->hosts[1] =
        (struct refill_host){.host = f->hosts[0].host, .after_seq = last->seq, .limit = 100};
    for (int i = 0; i < 2; i++)
        list_init(&next->hosts[i].tasks);
    next->tasks_per_host = 100;
    next->max_bytes = 10 * task_size(last);
    rig_refill(&r, next);
    CHECK_OK(next->result);
    CHECK(!list_empty(&next->hosts[0].tasks) && !next->hosts[0].more);
    CHECK(!list_empty(&next->hosts[1].tasks) && next->hosts[1].more);
    CHECK_INT(next->n_new, 0);
    CHECK(next->more_hosts);
}

TEST(refill_of_a_job_that_is_gone) {
    OWNED(refill) struct refill *f = refill_new(77, 0, 3);

    RIG_OPEN(r);
    rig_refill(&r, f);
    CHECK_ERR(f->result, ERR_NOT_FOUND);
    CHECK_INT(f->state, JOB_DELETED);
}

TEST(a_drained_host_is_passed_over_but_not_one_with_tasks) {
    OWNED(job) struct job *job = NULL;
    struct result results[2];
    struct job_host drained[2];
    struct store_batch b = {.drained = drained, .n_drained = 2};
    OWNED(refill) struct refill *f = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 2, 2, &job));
    CHECK_INT(rig_take(&r, job->no, results, 2), 2);
    CHECK_OK(rig_succeed(&results[0], 0));
    b.results = results;
    b.n_results = 1;
    for (int i = 0; i < 2; i++)
        drained[i] = (struct job_host){job->no, results[i].task->host};
    rig_commit(&r, &b);
    CHECK_OK(b.result);
    f = refill_new(job->no, 0, 5);
    f->tasks_per_host = 5;
    rig_refill(&r, f);
    CHECK_INT(f->n_new, 1);
    CHECK_INT(f->hosts[0].host, results[1].task->host);
    rig_free_results(results, 2);
}

/* --- commit -------------------------------------------------------------------------- */

TEST(results_count_and_the_last_one_completes_the_job) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *half = NULL;
    OWNED(job) struct job *all = NULL;
    struct result results[3];
    struct store_batch b = {.results = results, .n_results = 2};

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 3, 3, &job));
    CHECK_INT(rig_take(&r, job->no, results, 3), 3);
    CHECK_OK(rig_succeed(&results[0], 5));
    rig_fail(&results[1], CODE_TIMEOUT);
    CHECK_OK(rig_succeed(&results[2], 1));
    rig_commit(&r, &b);
    CHECK_OK(b.result);
    CHECK_OK(store_job_get_no(r.store, job->no, &half));
    CHECK_INT(half->state, JOB_RUNNING);
    CHECK_INT(half->counts.by_outcome[OUTCOME_SUCCEEDED], 1);
    CHECK_INT(half->counts.by_outcome[OUTCOME_FAILED], 1);
    CHECK_INT(half->counts.links_found, 5);
    CHECK(half->version > job->version && half->started_at && half->last_progress_at);
    b = (struct store_batch){.results = results + 2, .n_results = 1};
    rig_commit(&r, &b);
    CHECK_OK(store_job_get_no(r.store, job->no, &all));
    CHECK_INT(all->state, JOB_COMPLETED);
    CHECK_INT(all->stop_reason, STOP_NO_MORE_URLS);
    CHECK(all->finished_at && rig_adds_up(&r, job->no));
    rig_free_results(results, 3);
}

TEST(no_url_has_two_outcomes) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *after = NULL;
    struct result results[2];
    struct store_batch b = {.results = results, .n_results = 1};

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 2, 1, &job));
    CHECK_INT(rig_take(&r, job->no, results, 2), 2);
    CHECK_OK(rig_succeed(&results[0], 2));
    rig_fail(&results[1], CODE_TIMEOUT);
    rig_commit(&r, &b);
    CHECK_OK(results[0].answer);
    b.n_results = 2;
    rig_commit(&r, &b);
    CHECK_OK(b.result);
    CHECK_ERR(results[0].answer, ERR_CONFLICT);
    CHECK_OK(results[1].answer);
    rig_commit(&r, &b); /* the job has ended by now */
    CHECK_ERR(results[1].answer, ERR_CONFLICT);
    CHECK_OK(store_job_get_no(r.store, job->no, &after));
    CHECK_INT(after->counts.links_found, 2);
    CHECK_INT(after->counts.by_outcome[OUTCOME_SUCCEEDED], 1);
    CHECK_INT(after->counts.by_outcome[OUTCOME_FAILED], 1);
    rig_free_results(results, 2);
}

TEST(a_retry_only_counts_the_attempt) {
    OWNED(job) struct job *job = NULL;
    struct result result, again;
    struct store_batch b = {.results = &result, .n_results = 1};

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &job));
    CHECK_INT(rig_take(&r, job->no, &result, 1), 1);
    rig_fail(&result, CODE_TIMEOUT);
    result.again = true;
    result.task->attempts = 2;
    rig_commit(&r, &b);
    CHECK_OK(result.answer);
    CHECK_INT(rig_take(&r, job->no, &again, 1), 1);
    CHECK_INT(again.task->attempts, 2);
    CHECK(rig_adds_up(&r, job->no));
    free(again.task);
    result_done(&result);
}

TEST(a_batch_of_another_epoch_is_refused) {
    OWNED(job) struct job *job = NULL;
    struct result result;
    struct rig_signal s = RIG_SIGNAL;
    struct store_batch b = {.results = &result, .n_results = 1, .owner = &s, .done = rig_committed};

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &job));
    CHECK_INT(rig_take(&r, job->no, &result, 1), 1);
    CHECK_OK(rig_succeed(&result, 0));
    b.epoch = store_epoch(r.store) - 1;
    store_commit(r.store, &b);
    rig_wait(&s);
    CHECK_ERR(b.result, ERR_CONFLICT);
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    result_done(&result);
}

TEST(a_record_of_absurd_length_is_stored_nevertheless) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *after = NULL;
    struct result result;
    struct store_batch b = {.results = &result, .n_results = 1};
    OWNED_CHARS char *redirects = mem_new(RECORD_MAX_BYTES, 1);

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &job));
    CHECK_INT(rig_take(&r, job->no, &result, 1), 1);
    CHECK_OK(rig_succeed(&result, 0));
    memset(redirects, 'x', RECORD_MAX_BYTES);
    result.record.redirects = str_at(redirects, RECORD_MAX_BYTES);
    rig_commit(&r, &b);
    CHECK_OK(b.result);
    CHECK_OK(store_job_get_no(r.store, job->no, &after));
    CHECK_INT(after->state, JOB_COMPLETED);
    result_done(&result);
}

/* --- cancel and delete ------------------------------------------------------------------ */

static bool count_cancelled(void *arg, const struct record *r) {
    int *n = arg;

    *n += r->outcome == OUTCOME_CANCELLED && r->code == CODE_JOB_CANCELLED;
    return true;
}

TEST(a_cancelled_job_settles_what_is_left) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *cancelling = NULL;
    OWNED(job) struct job *again = NULL;
    OWNED(job) struct job *after = NULL;
    struct result result;
    struct store_batch b = {.results = &result, .n_results = 1};
    struct store_batch let_go = {.n_released = 1};
    struct task_cursor at = {-1, -1};
    struct store_stats stats;
    int n = 0;
    bool more;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 10, 2, &job));
    CHECK_INT(rig_take(&r, job->no, &result, 1), 1);
    CHECK_OK(store_job_move(r.store, &job->id, JOB_CANCELLING, &cancelling));
    CHECK_INT(cancelling->state, JOB_CANCELLING);
    CHECK_OK(rig_succeed(&result, 1));
    rig_commit(&r, &b); /* what was under way may still end */
    CHECK_OK(result.answer);
    let_go.released = &job->no;
    rig_commit(&r, &let_go);
    CHECK_OK(store_job_get_no(r.store, job->no, &after));
    CHECK_INT(after->state, JOB_CANCELLED);
    CHECK_INT(after->stop_reason, STOP_CANCELLED_BY_USER);
    CHECK_INT(after->counts.by_outcome[OUTCOME_CANCELLED], 9);
    CHECK(rig_adds_up(&r, job->no));
    CHECK_OK(
        store_tasks_read(r.store, job->no, TASKS_SETTLED, &at, 100, count_cancelled, &n, &more));
    CHECK_INT(n, 9);
    store_stats(r.store, &stats);
    CHECK_INT(stats.queued_urls, 0);
    CHECK_OK(store_job_move(r.store, &job->id, JOB_CANCELLING, &again));
    CHECK_INT(again->state, JOB_CANCELLED);
    result_done(&result);
}

TEST(a_finished_job_cannot_be_cancelled) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *refused = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &job));
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    CHECK_ERR(store_job_move(r.store, &job->id, JOB_CANCELLING, &refused), ERR_CONFLICT);
    CHECK_INT(refused->state, JOB_COMPLETED);
}

TEST(a_deleted_job_is_gone_at_once_and_swept_later) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *gone = NULL;
    const struct record_filter any = {0};
    struct store_stats stats = {0};
    int64_t after = 0;
    bool more;
    int n = 0;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 5000, 50, &job));
    CHECK_OK(store_job_delete(r.store, &job->id));
    CHECK_ERR(store_job_get(r.store, &job->id, &gone), ERR_NOT_FOUND);
    CHECK_ERR(store_job_delete(r.store, &job->id), ERR_NOT_FOUND);
    CHECK_ERR(store_records_read(r.store, job->no, &any, &after, 1, count_failed, &n, &more),
              ERR_NOT_FOUND);
    for (int i = 0; i < 500 && stats.sweep_rows < 5053; i++) {
        (void)usleep(10000);
        store_stats(r.store, &stats);
    }
    CHECK_INT(stats.sweep_rows, 5000 + 50 + 2 + 1);
    CHECK_INT(stats.queued_urls, 0);
}

/* --- reading ---------------------------------------------------------------------------- */

TEST(jobs_are_listed_newest_first) {
    OWNED(job) struct job *a = NULL;
    OWNED(job) struct job *b = NULL;
    OWNED(job) struct job *c = NULL;
    struct job **jobs;
    size_t n;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &a));
    CHECK_OK(rig_many(&r, 1, 1, &b));
    CHECK_OK(rig_many(&r, 1, 1, &c));
    CHECK_OK(rig_settle_all(&r, b->no, 0));
    CHECK_OK(store_job_list(r.store, &(struct job_filter){.limit = 2}, &jobs, &n));
    CHECK_INT(n, 2);
    CHECK(jobs[0]->no == c->no && jobs[1]->no == b->no);
    job_free(jobs[0]);
    job_free(jobs[1]);
    free(jobs);
    CHECK_OK(store_job_list(
        r.store, &(struct job_filter){.state = JOB_QUEUED, .before_no = c->no, .limit = 9}, &jobs,
        &n));
    CHECK_INT(n, 1);
    CHECK_INT(jobs[0]->no, a->no);
    job_free(jobs[0]);
    free(jobs);
}

struct seen {
    int64_t last_seq;
    int records, links, parts;
    bool in_order;
    int stop_after; /* records; 0: never */
};

static bool see_record(void *arg, const struct record *r) {
    struct seen *s = arg;

    s->in_order = s->in_order && r->seq == s->last_seq + 1;
    s->last_seq = r->seq;
    return ++s->records != s->stop_after;
}

TEST(a_cursor_neither_skips_nor_repeats) {
    OWNED(job) struct job *job = NULL;
    const struct record_filter any = {0};
    struct seen seen = {.in_order = true, .stop_after = 10};
    int64_t after = 0;
    bool more;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 25, 5, &job));
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    CHECK_OK(store_records_read(r.store, job->no, &any, &after, 100, see_record, &seen, &more));
    CHECK(more && seen.records == 10 && after == 10);
    CHECK_OK(store_records_read(r.store, job->no, &any, &after, 5, see_record, &seen, &more));
    CHECK(more && seen.records == 15 && after == 15);
    CHECK_OK(store_records_read(r.store, job->no, &any, &after, 10, see_record, &seen, &more));
    CHECK(!more && seen.records == 25 && seen.in_order);
}

TEST(a_lying_cursor_reads_no_other_job) {
    OWNED(job) struct job *a = NULL;
    OWNED(job) struct job *b = NULL;
    const struct record_filter any = {0};
    const int64_t lies[] = {INT64_MIN, -1, INT64_MAX, (int64_t)1 << 32};
    bool more;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 3, 1, &a));
    CHECK_OK(rig_many(&r, 3, 1, &b));
    CHECK_OK(rig_settle_all(&r, a->no, 1));
    CHECK_OK(rig_settle_all(&r, b->no, 1));
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct seen seen = {.in_order = true};
        int64_t after = lies[i];

        CHECK_OK(store_records_read(r.store, b->no, &any, &after, 9, see_record, &seen, &more));
        CHECK(seen.records == (lies[i] < 0 ? 3 : 0));
    }
}

TEST(records_can_be_filtered) {
    OWNED(job) struct job *job = NULL;
    struct record_filter f = {.host_name = STR("HOST1.example")};
    struct seen seen = {0};
    int64_t after = 0;
    bool more;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 20, 4, &job));
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    CHECK_OK(store_records_read(r.store, job->no, &f, &after, 99, see_record, &seen, &more));
    CHECK_INT(seen.records, 5);
    f = (struct record_filter){.url = STR("https://host3.example/page/7")};
    after = seen.records = 0;
    CHECK_OK(store_records_read(r.store, job->no, &f, &after, 99, see_record, &seen, &more));
    CHECK_INT(seen.records, 1);
    f = (struct record_filter){.outcome = OUTCOME_FAILED};
    after = seen.records = 0;
    CHECK_OK(store_records_read(r.store, job->no, &f, &after, 99, see_record, &seen, &more));
    CHECK_INT(seen.records, 0);
}

static bool see_links(void *arg, const struct links_part *p) {
    struct seen *s = arg;
    struct links_view v = p->links;
    struct link link;

    s->parts++;
    while (links_view_next(&v, &link) == ERR_OK) {
        s->links++;
        s->in_order = s->in_order && str_starts(link.url, STR("https://linked.example/")) &&
                      link.tag == TAG_A && str_eq(link.text, STR("text"));
    }
    return true;
}

TEST(links_come_in_parts_that_a_cursor_goes_through) {
    OWNED(job) struct job *job = NULL;
    struct seen seen = {.in_order = true};
    struct links_cursor at = {0, 0};
    bool more = true;
    int reads = 0;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 3, 1, &job));
    CHECK_OK(rig_settle_all(&r, job->no, 4000)); /* some parts each */
    while (more && reads++ < 100)
        CHECK_OK(store_links_read(r.store, job->no, &at, 1, see_links, &seen, &more));
    CHECK_INT(seen.links, 12000);
    CHECK(seen.in_order && seen.parts >= 6 && reads == seen.parts);
    seen = (struct seen){.in_order = true};
    at = (struct links_cursor){0, 0};
    CHECK_OK(store_links_read(r.store, job->no, &at, 1000, see_links, &seen, &more));
    CHECK_INT(seen.links, 12000);
    CHECK(!more);
}

static bool see_event(void *arg, const struct job_event *e) {
    struct buf *states = arg;

    return buf_printf(states, "%s ", job_state_text(e->state)) == ERR_OK;
}

TEST(events_tell_each_change_of_state) {
    OWNED(job) struct job *job = NULL;
    struct buf states OWNED_BUF = BUF_INIT(128);

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 3, 1, &job));
    CHECK_OK(rig_settle_all(&r, job->no, 1));
    CHECK_OK(store_events_read(r.store, job->no, 0, see_event, &states));
    CHECK_STR(buf_str(&states), "queued running completed ");
}

/* --- feeds and the end ------------------------------------------------------------------ */

static void wake_nobody(void *arg) {
    (void)arg;
}

TEST(a_feed_tells_what_is_active_and_then_each_change) {
    OWNED(job) struct job *a = NULL;
    OWNED(job) struct job *b = NULL;
    OWNED(job) struct job *done = NULL;
    struct store_feed *f;
    struct job_change c;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &done));
    CHECK_OK(rig_settle_all(&r, done->no, 0));
    CHECK_OK(rig_many(&r, 1, 1, &a));
    CHECK_OK(store_feed_new(r.store, wake_nobody, NULL, &f));
    CHECK(store_feed_take(f, &c) && c.job == a->no && c.state == JOB_QUEUED);
    CHECK(!store_feed_take(f, &c));
    CHECK_OK(rig_many(&r, 1, 1, &b));
    CHECK(store_feed_take(f, &c) && c.job == b->no && c.state == JOB_QUEUED);
    CHECK_OK(store_job_delete(r.store, &a->id));
    CHECK(store_feed_take(f, &c) && c.job == a->no && c.state == JOB_DELETED);
    CHECK_OK(rig_settle_all(&r, b->no, 0));
    CHECK(store_feed_take(f, &c) && c.job == b->no && c.state == JOB_RUNNING);
    CHECK(store_feed_take(f, &c) && c.job == b->no && c.state == JOB_COMPLETED);
    CHECK(!store_feed_take(f, &c));
    store_feed_free(f);
}

TEST(after_a_stop_calls_fail_and_reads_go_on) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *read = NULL;
    OWNED(refill) struct refill *f = refill_new(1, 0, 1);
    struct store_batch b = {0};

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &job));
    store_stop(r.store);
    CHECK_ERR(store_job_delete(r.store, &job->id), ERR_STOPPED);
    rig_refill(&r, f);
    CHECK_ERR(f->result, ERR_STOPPED);
    rig_commit(&r, &b);
    CHECK_ERR(b.result, ERR_STOPPED);
    CHECK_OK(store_job_get(r.store, &job->id, &read));
}

/* --- all at once ---------------------------------------------------------------------- */

enum { WORKERS = 3, ROUNDS = 8 };

struct worker {
    struct rig *rig;
    pthread_t thread;
    bool is_bad;
    atomic_bool *stops;
};

/* Submits, crawls, cancels and deletes. */
static void *work(void *arg) {
    struct worker *w = arg;

    for (int i = 0; i < ROUNDS && !w->is_bad; i++) {
        OWNED(job) struct job *job = NULL;
        OWNED(job) struct job *moved = NULL;
        struct store_batch let_go = {.n_released = 1};

        w->is_bad = rig_many(w->rig, 300, 30, &job) != ERR_OK;
        if (w->is_bad)
            break;
        let_go.released = &job->no;
        if (i % 3 == 0)
            w->is_bad = store_job_move(w->rig->store, &job->id, JOB_CANCELLING, &moved) != ERR_OK;
        else if (i % 3 == 1)
            w->is_bad = store_job_delete(w->rig->store, &job->id) != ERR_OK;
        else
            w->is_bad = rig_settle_all(w->rig, job->no, 5) != ERR_OK;
        rig_commit(w->rig, &let_go);
    }
    return NULL;
}

static bool ignore_record(void *arg, const struct record *r) {
    (void)arg;
    (void)r;
    return true;
}

/* Reads what the others do. */
static void *watch(void *arg) {
    struct worker *w = arg;
    const struct record_filter any = {0};

    while (!*w->stops) {
        for (int64_t no = 1; no <= WORKERS * ROUNDS; no++) {
            OWNED(job) struct job *job = NULL;
            int64_t after = 0;
            bool more;

            if (store_job_get_no(w->rig->store, no, &job) != ERR_OK)
                continue;
            w->is_bad = w->is_bad || !rig_adds_up(w->rig, no);
            (void)!store_records_read(w->rig->store, no, &any, &after, 50, ignore_record, NULL,
                                      &more);
        }
        (void)store_health(w->rig->store);
    }
    return NULL;
}

TEST(many_threads_at_once) {
    RIG_OPEN(r);
    atomic_bool stops = false;
    struct worker workers[WORKERS + 1];
    struct store_stats stats;

    for (int i = 0; i <= WORKERS; i++) {
        workers[i] = (struct worker){.rig = &r, .stops = &stops};
        CHECK_INT(pthread_create(&workers[i].thread, NULL, i < WORKERS ? work : watch, &workers[i]),
                  0);
    }
    for (int i = 0; i < WORKERS; i++)
        (void)pthread_join(workers[i].thread, NULL);
    stops = true;
    (void)pthread_join(workers[WORKERS].thread, NULL);
    for (int i = 0; i <= WORKERS; i++)
        CHECK(!workers[i].is_bad);
    store_stats(r.store, &stats);
    CHECK_INT(stats.queued_urls, 0);
}

TEST_MAIN
