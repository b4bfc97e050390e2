/* What the store promises of a job's states: pausing, deadlines, retrying. */
#include <stdatomic.h>

#include "tests/contract/store_rig.h"

static enum job_state state_of(struct rig *r, int64_t no) {
    OWNED(job) struct job *j = NULL;

    return store_job_get_no(r->store, no, &j) == ERR_OK ? j->state : JOB_DELETED;
}

static void wake_nobody(void *arg) {
    (void)arg;
}

static bool see_event(void *arg, const struct job_event *e) {
    struct buf *states = arg;

    return buf_printf(states, "%s ", job_state_text(e->state)) == ERR_OK;
}

static bool count_settled(void *arg, const struct record *r) {
    int *n = arg;

    *n += r->code == CODE_DEADLINE && r->outcome == OUTCOME_SKIPPED;
    return true;
}

/* --- pausing ------------------------------------------------------------------------ */

TEST(a_paused_job_rests_and_goes_on_as_what_it_was) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *paused = NULL;
    OWNED(job) struct job *again = NULL;
    OWNED(job) struct job *queued = NULL;
    OWNED(job) struct job *same = NULL;
    OWNED(job) struct job *running = NULL;
    struct result results[4];

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 4, 2, &job));
    CHECK_OK(store_job_move(r.store, &job->id, JOB_PAUSED, &paused));
    CHECK_INT(paused->state, JOB_PAUSED);
    CHECK_OK(store_job_move(r.store, &job->id, JOB_PAUSED, &again));
    CHECK_INT(again->version, paused->version);
    CHECK_INT(rig_take(&r, job->no, results, 4), 0);
    CHECK_INT(state_of(&r, job->no), JOB_PAUSED);
    CHECK_OK(store_job_move(r.store, &job->id, JOB_RUNNING, &queued));
    CHECK_INT(queued->state, JOB_QUEUED); /* it never started */
    CHECK_OK(store_job_move(r.store, &job->id, JOB_RUNNING, &same));
    CHECK_INT(same->version, queued->version);
    CHECK_INT(rig_take(&r, job->no, results, 4), 4);
    job_free(TAKE(paused));
    CHECK_OK(store_job_move(r.store, &job->id, JOB_PAUSED, &paused));
    CHECK_OK(store_job_move(r.store, &job->id, JOB_QUEUED, &running));
    CHECK_INT(running->state, JOB_RUNNING);
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    rig_free_results(results, 4);
}

TEST(results_of_a_paused_job_are_taken_and_the_last_completes_it) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *paused = NULL;
    struct result results[2];
    struct store_batch b = {.results = results, .n_results = 1};

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 2, 1, &job));
    CHECK_INT(rig_take(&r, job->no, results, 2), 2);
    CHECK_OK(store_job_move(r.store, &job->id, JOB_PAUSED, &paused));
    CHECK_OK(rig_succeed(&results[0], 0));
    CHECK_OK(rig_succeed(&results[1], 0));
    rig_commit(&r, &b);
    CHECK_OK(results[0].answer);
    CHECK_INT(state_of(&r, job->no), JOB_PAUSED);
    b.results = results + 1;
    rig_commit(&r, &b);
    CHECK_OK(results[1].answer);
    CHECK_INT(state_of(&r, job->no), JOB_COMPLETED);
    rig_free_results(results, 2);
}

TEST(a_finished_job_is_neither_paused_nor_resumed) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *refused = NULL;
    OWNED(job) struct job *refused_too = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &job));
    CHECK_OK(rig_settle_all(&r, job->no, 0));
    CHECK_ERR(store_job_move(r.store, &job->id, JOB_PAUSED, &refused), ERR_CONFLICT);
    CHECK_ERR(store_job_move(r.store, &job->id, JOB_RUNNING, &refused_too), ERR_CONFLICT);
    CHECK_INT(refused_too->state, JOB_COMPLETED);
}

TEST(a_paused_job_can_be_cancelled) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *moved = NULL;
    OWNED(job) struct job *refused = NULL;
    struct store_batch let_go = {.n_released = 1};

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 3, 1, &job));
    CHECK_OK(store_job_move(r.store, &job->id, JOB_PAUSED, &moved));
    job_free(TAKE(moved));
    CHECK_OK(store_job_move(r.store, &job->id, JOB_CANCELLING, &moved));
    CHECK_ERR(store_job_move(r.store, &job->id, JOB_PAUSED, &refused), ERR_CONFLICT);
    let_go.released = &job->no;
    rig_commit(&r, &let_go);
    CHECK_INT(state_of(&r, job->no), JOB_CANCELLED);
}

TEST(a_job_may_begin_paused_and_empty) {
    struct job draft = rig_draft();
    OWNED(job) struct job *full = NULL;
    OWNED(job) struct job *empty = NULL;
    OWNED(job) struct job *refused = NULL;
    OWNED(job) struct job *ended = NULL;

    RIG_OPEN(r);
    CHECK_ERR(rig_job_of(&r, &draft, "", &refused), ERR_INVALID);
    draft.state = JOB_PAUSED;
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/", &full));
    CHECK_INT(full->state, JOB_PAUSED);
    CHECK_OK(rig_job_of(&r, &draft, "", &empty));
    CHECK_INT(empty->state, JOB_PAUSED);
    CHECK_INT(empty->counts.total, 0);
    CHECK_ERR(rig_job_of(&r, &draft, "bad", &refused), ERR_INVALID);
    CHECK_OK(store_job_move(r.store, &empty->id, JOB_RUNNING, &ended));
    CHECK_INT(ended->state, JOB_COMPLETED);
    CHECK_INT(ended->stop_reason, STOP_NO_MORE_URLS);
}

TEST(a_feed_tells_of_pauses) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *moved = NULL;
    struct store_feed *f;
    struct job_change c;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 1, 1, &job));
    CHECK_OK(store_job_move(r.store, &job->id, JOB_PAUSED, &moved));
    CHECK_OK(store_feed_new(r.store, wake_nobody, NULL, &f));
    CHECK(!store_feed_take(f, &c)); /* it is not active */
    job_free(TAKE(moved));
    CHECK_OK(store_job_move(r.store, &job->id, JOB_RUNNING, &moved));
    CHECK(store_feed_take(f, &c) && c.job == job->no && c.state == JOB_QUEUED);
    job_free(TAKE(moved));
    CHECK_OK(store_job_move(r.store, &job->id, JOB_PAUSED, &moved));
    CHECK(store_feed_take(f, &c) && c.job == job->no && c.state == JOB_PAUSED);
    store_feed_free(f);
}

/* --- deadlines ---------------------------------------------------------------------- */

static struct job overdue_draft(void) {
    struct job draft = rig_draft();

    draft.options.deadline_seconds = 1; /* created long ago */
    return draft;
}

static bool is_completed_soon(struct rig *r, int64_t no) {
    for (int i = 0; i < 500 && state_of(r, no) != JOB_COMPLETED; i++)
        (void)usleep(10000);
    return state_of(r, no) == JOB_COMPLETED;
}

TEST(a_deadline_settles_what_is_left) {
    struct job draft = overdue_draft();
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *ended = NULL;
    struct task_cursor at = {-1, -1};
    struct buf states OWNED_BUF = BUF_INIT(128);
    struct result result;
    struct store_batch b = {.results = &result, .n_results = 1};
    struct store_stats stats;
    bool more;
    int n = 0;

    RIG_OPEN(r);
    draft.created_at = clock_wall_ms();
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/1 https://a.example/2 bad", &job));
    CHECK_INT(job->deadline_at, draft.created_at + 1000);
    CHECK_INT(rig_take(&r, job->no, &result, 1), 1);
    CHECK_OK(rig_succeed(&result, 1));
    CHECK(is_completed_soon(&r, job->no));
    CHECK_OK(store_job_get(r.store, &job->id, &ended));
    CHECK_INT(ended->stop_reason, STOP_DEADLINE);
    CHECK_INT(ended->counts.by_outcome[OUTCOME_SKIPPED], 2);
    CHECK_INT(ended->counts.by_outcome[OUTCOME_FAILED], 1);
    CHECK(rig_adds_up(&r, job->no));
    rig_commit(&r, &b); /* comes too late */
    CHECK_ERR(result.answer, ERR_CONFLICT);
    CHECK_OK(store_tasks_read(r.store, job->no, TASKS_SETTLED, &at, 10, count_settled, &n, &more));
    CHECK_INT(n, 2);
    CHECK_OK(store_events_read(r.store, job->no, 0, see_event, &states));
    CHECK_STR(buf_str(&states), "queued running completed ");
    store_stats(r.store, &stats);
    CHECK_INT(stats.queued_urls, 0);
    result_done(&result);
}

TEST(a_deadline_is_met_by_paused_jobs_and_told) {
    struct job draft = overdue_draft();
    OWNED(job) struct job *job = NULL;
    struct store_feed *f;
    struct job_change c;

    draft.state = JOB_PAUSED;
    RIG_OPEN(r);
    CHECK_OK(store_feed_new(r.store, wake_nobody, NULL, &f));
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/1", &job));
    CHECK(is_completed_soon(&r, job->no));
    CHECK(store_feed_take(f, &c) && c.state == JOB_PAUSED);
    CHECK(store_feed_take(f, &c) && c.job == job->no && c.state == JOB_COMPLETED);
    store_feed_free(f);
}

TEST(a_deadline_to_come_changes_nothing) {
    struct job draft = rig_draft();
    OWNED(job) struct job *job = NULL;

    draft.created_at = clock_wall_ms();
    draft.options.deadline_seconds = 3600;
    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/1", &job));
    (void)usleep(1200000);
    CHECK_INT(state_of(&r, job->no), JOB_QUEUED);
}

/* --- retrying ------------------------------------------------------------------------- */

#define BIT(code) (1ULL << CODE_##code)

/* Whatever has a record, in order of ending. */
static bool see_record(void *arg, const struct record *r) {
    struct buf *text = arg;

    return buf_printf(text, "%" PRId64 ":%" PRId64 " %s %u; ", r->seq, r->index,
                      r->code ? code_text(r->code) : "ok", r->attempts) == ERR_OK;
}

static enum err see_records(struct rig *r, int64_t job, struct buf *text) {
    const struct record_filter any = {0};
    int64_t after = 0;
    bool more;

    return store_records_read(r->store, job, &any, &after, 1000, see_record, text, &more);
}

TEST(a_retry_puts_urls_back_by_their_code) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *open = NULL;
    OWNED(job) struct job *again = NULL;
    OWNED(job) struct job *ended = NULL;
    struct buf states OWNED_BUF = BUF_INIT(128);
    struct buf records OWNED_BUF = BUF_INIT(1024);
    struct submission sub = {0};
    struct result results[4];
    struct store_batch b = {.results = results, .n_results = 3};
    uint64_t retried;

    RIG_OPEN(r);
    CHECK_OK(
        rig_job(&r, "bad https://a.example/1 https://a.example/2 https://a.example/3", &job, &sub));
    CHECK_INT(rig_take(&r, job->no, results, 4), 3);
    CHECK_OK(rig_succeed(&results[0], 0));
    rig_fail(&results[1], CODE_TIMEOUT);
    rig_fail(&results[2], CODE_HTTP_4XX);
    rig_commit(&r, &b);
    rig_free_results(results, 3);
    CHECK_INT(state_of(&r, job->no), JOB_COMPLETED);
    CHECK_OK(store_job_retry(r.store, &job->id, BIT(DNS_ERROR), NULL, &retried, &again));
    CHECK(retried == 0 && again->state == JOB_COMPLETED);
    CHECK_OK(
        store_job_retry(r.store, &job->id, BIT(TIMEOUT) | BIT(INVALID_URL), NULL, &retried, &open));
    CHECK_INT(retried, 1); /* what was no URL stays none */
    CHECK_INT(open->state, JOB_RUNNING);
    CHECK(open->finished_at == 0 && open->stop_reason == STOP_NONE);
    CHECK_INT(open->counts.by_outcome[OUTCOME_FAILED], 2);
    CHECK_INT(job_unfinished(open), 1);
    CHECK_INT(rig_take(&r, job->no, results, 4), 1);
    CHECK_STR(task_url(results[0].task), "https://a.example/2");
    CHECK(results[0].task->attempts == 3 && results[0].task->attempts_before == 3);
    CHECK(results[0].task->place == 2 && results[0].task->seq > 3);
    b.n_results = 1;
    CHECK_OK(rig_succeed(&results[0], 0));
    results[0].record.attempts = 4;
    rig_commit(&r, &b);
    CHECK_OK(results[0].answer);
    rig_free_results(results, 1);
    CHECK_OK(store_job_get(r.store, &job->id, &ended));
    CHECK(ended->state == JOB_COMPLETED && ended->stop_reason == STOP_NO_MORE_URLS);
    CHECK(ended->finished_at && rig_adds_up(&r, job->no));
    CHECK_OK(see_records(&r, job->no, &records));
    CHECK_STR(buf_str(&records), "1:0 invalid_url 0; 2:1 ok 1; 4:3 http_4xx 3; 5:2 ok 4; ");
    CHECK_OK(store_events_read(r.store, job->no, 0, see_event, &states));
    CHECK_STR(buf_str(&states), "queued running completed running completed ");
    submission_done(&sub);
}

static void give_up(struct rig *r, int64_t job, const char *key, enum code code) {
    struct unavailable u = {job, rig_host(key), code};
    struct store_batch b = {.unavailable = &u, .n_unavailable = 1};

    rig_commit(r, &b);
}

TEST(a_retry_revives_hosts_that_were_given_up) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *open = NULL;
    struct result *results = NEW_N(struct result, 9);
    struct store_stats stats;
    uint64_t retried;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 9, 3, &job));
    give_up(&r, job->no, "host0.example:443", CODE_HOST_UNAVAILABLE);
    give_up(&r, job->no, "host1.example:443", CODE_ROBOTS_UNREACHABLE);
    CHECK_OK(rig_settle_as(&r, job->no, CODE_NONE));
    CHECK_INT(state_of(&r, job->no), JOB_COMPLETED);
    CHECK_OK(store_job_retry(r.store, &job->id, BIT(HOST_UNAVAILABLE), NULL, &retried, &open));
    CHECK_INT(retried, 3);
    CHECK_INT(open->counts.by_outcome[OUTCOME_FAILED], 0);
    CHECK_INT(open->counts.by_outcome[OUTCOME_DISALLOWED], 3);
    CHECK_INT(rig_take(&r, job->no, results, 9), 3);
    for (int i = 0; i < 3; i++)
        CHECK(results[i].task->host == rig_host("host0.example:443"));
    rig_free_results(results, 3);
    give_up(&r, job->no, "host0.example:443", CODE_HOST_UNAVAILABLE); /* dead again */
    CHECK_INT(state_of(&r, job->no), JOB_COMPLETED);
    CHECK(rig_adds_up(&r, job->no));
    store_stats(r.store, &stats);
    CHECK_INT(stats.queued_urls, 0);
    free(results);
}

TEST(a_retry_revives_what_a_deadline_left) {
    struct job draft = overdue_draft();
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *few = NULL;
    OWNED(job) struct job *all = NULL;
    OWNED(job) struct job *ended = NULL;
    struct task_cursor at = {-1, -1};
    uint64_t retried;
    bool more;
    int n = 0;

    RIG_OPEN(r);
    draft.state = JOB_PAUSED;
    draft.created_at = clock_wall_ms();
    CHECK_OK(rig_job_of(&r, &draft,
                        "https://a.example/1 https://b.example/2 https://c.example/3 "
                        "https://a.example/4",
                        &job));
    give_up(&r, job->no, "b.example:443", CODE_HOST_UNAVAILABLE);
    CHECK(is_completed_soon(&r, job->no));
    CHECK_OK(store_job_retry(r.store, &job->id, BIT(HOST_UNAVAILABLE), NULL, &retried, &few));
    CHECK(retried == 1 && few->state == JOB_RUNNING && few->deadline_at > clock_wall_ms());
    CHECK_INT(few->counts.by_outcome[OUTCOME_SKIPPED], 3);
    CHECK_OK(store_tasks_read(r.store, job->no, TASKS_SETTLED, &at, 10, count_settled, &n, &more));
    CHECK_INT(n, 3);
    CHECK_OK(store_job_retry(r.store, &job->id, BIT(DEADLINE), NULL, &retried, &all));
    CHECK_INT(retried, 3);
    CHECK_INT(job_unfinished(all), 4);
    CHECK_OK(rig_settle_as(&r, job->no, CODE_NONE));
    CHECK_OK(store_job_get(r.store, &job->id, &ended));
    CHECK_INT(ended->state, JOB_COMPLETED);
    CHECK_INT(ended->counts.by_outcome[OUTCOME_SUCCEEDED], 4);
    CHECK(rig_adds_up(&r, job->no));
}

TEST(a_host_given_up_later_takes_what_a_deadline_left_of_it) {
    struct job draft = overdue_draft();
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *open = NULL;
    OWNED(job) struct job *ended = NULL;
    struct result result;
    struct store_batch b = {.results = &result, .n_results = 1};
    uint64_t retried;

    RIG_OPEN(r);
    draft.created_at = clock_wall_ms();
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/1 https://a.example/2 https://c.example/3",
                        &job));
    CHECK_INT(rig_take(&r, job->no, &result, 1), 1);
    rig_fail(&result, CODE_TIMEOUT);
    rig_commit(&r, &b);
    CHECK_OK(result.answer);
    CHECK(is_completed_soon(&r, job->no));
    CHECK_OK(store_job_retry(r.store, &job->id, BIT(TIMEOUT), NULL, &retried, &open));
    CHECK_INT(retried, 1);
    for (int i = 0; i < 2; i++)
        give_up(&r, job->no, i ? "a.example:443" : "c.example:443", CODE_HOST_UNAVAILABLE);
    CHECK_OK(store_job_get(r.store, &job->id, &ended));
    CHECK_INT(ended->state, JOB_COMPLETED);
    CHECK_INT(ended->counts.by_outcome[OUTCOME_FAILED] + ended->counts.by_outcome[OUTCOME_SKIPPED],
              3);
    CHECK(rig_adds_up(&r, job->no));
    result_done(&result);
}

TEST(what_is_cancelled_is_not_retried) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *moved = NULL;
    OWNED(job) struct job *refused = NULL;
    OWNED(job) struct job *gone = NULL;
    uint64_t retried;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 2, 1, &job));
    CHECK_OK(store_job_move(r.store, &job->id, JOB_CANCELLING, &moved));
    CHECK_ERR(store_job_retry(r.store, &job->id, BIT(TIMEOUT), NULL, &retried, &refused),
              ERR_CONFLICT);
    CHECK_INT(refused->state, JOB_CANCELLING);
    CHECK_OK(store_job_delete(r.store, &job->id));
    CHECK_ERR(store_job_retry(r.store, &job->id, BIT(TIMEOUT), NULL, &retried, &gone),
              ERR_NOT_FOUND);
}

TEST(a_feed_tells_which_hosts_have_new_tasks) {
    OWNED(job) struct job *few = NULL;
    OWNED(job) struct job *many = NULL;
    OWNED(job) struct job *open = NULL;
    struct store_feed *f;
    struct job_change c;
    uint64_t retried;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 2, 1, &few));
    CHECK_OK(rig_settle_as(&r, few->no, CODE_TIMEOUT));
    CHECK_OK(rig_many(&r, 200, 200, &many));
    CHECK_OK(rig_settle_as(&r, many->no, CODE_TIMEOUT));
    CHECK_OK(store_feed_new(r.store, wake_nobody, NULL, &f));
    CHECK_OK(store_job_retry(r.store, &few->id, BIT(TIMEOUT), NULL, &retried, &open));
    CHECK(store_feed_take(f, &c) && c.state == JOB_RUNNING && !c.has_grown);
    CHECK(store_feed_take(f, &c) && c.has_grown && c.job == few->no);
    CHECK_INT(c.host, rig_host("host0.example:443"));
    CHECK(!store_feed_take(f, &c));
    job_free(TAKE(open));
    CHECK_OK(store_job_retry(r.store, &many->id, BIT(TIMEOUT), NULL, &retried, &open));
    CHECK(store_feed_take(f, &c) && c.state == JOB_RUNNING && !c.has_grown);
    CHECK(store_feed_take(f, &c) && c.has_grown && c.job == many->no && c.host == -1);
    CHECK(!store_feed_take(f, &c));
    store_feed_free(f);
}

struct crawler {
    struct rig *rig;
    int64_t job;
    atomic_bool stops;
};

static void *crawl(void *arg) {
    struct crawler *c = arg;

    while (!c->stops)
        if (rig_settle_as(c->rig, c->job, CODE_TIMEOUT) != ERR_OK)
            break;
    return NULL;
}

TEST(a_job_does_not_end_while_it_is_being_retried) {
    enum { N = 30000 };
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *open = NULL;
    struct buf states OWNED_BUF = BUF_INIT(256);
    struct crawler c = {0};
    pthread_t thread;
    uint64_t retried;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, N, 3, &job));
    for (int i = 0; i < 3; i++) {
        char key[32];

        (void)snprintf(key, sizeof key, "host%d.example:443", i);
        give_up(&r, job->no, key, CODE_HOST_UNAVAILABLE);
    }
    CHECK_INT(state_of(&r, job->no), JOB_COMPLETED);
    c.rig = &r;
    c.job = job->no;
    CHECK_INT(pthread_create(&thread, NULL, crawl, &c), 0);
    CHECK_OK(store_job_retry(r.store, &job->id, BIT(HOST_UNAVAILABLE), NULL, &retried, &open));
    CHECK(is_completed_soon(&r, job->no));
    c.stops = true;
    (void)pthread_join(thread, NULL);
    CHECK_INT(retried, N);
    CHECK(rig_adds_up(&r, job->no));
    CHECK_OK(store_events_read(r.store, job->no, 0, see_event, &states));
    CHECK_STR(buf_str(&states), "queued running completed running completed ");
}

TEST_MAIN
