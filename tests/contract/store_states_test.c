/* What the store promises of a job's states: pausing, deadlines. */
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

TEST_MAIN
