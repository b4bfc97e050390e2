/* What the store promises of what webhooks are to be told. */
#include "tests/contract/store_rig.h"

enum { ALL_EVENTS = (1 << WEBHOOK_EVENT_COUNT) - 1 };

static char url[] = "https://hooks.example/a";

static enum err hooked_job(struct rig *r, uint32_t events, const char *urls, struct job **ret_job) {
    struct job draft = rig_draft();

    draft.options.webhook_url = url;
    draft.options.webhook_events = events;
    return rig_job_of(r, &draft, urls, ret_job);
}

struct told {
    struct delivery all[64];
    size_t n;
    char text[256]; /* the events by their order */
};

static bool take(void *arg, const struct delivery *d) {
    struct told *t = arg;
    size_t len = strlen(t->text);

    t->all[t->n++] = *d;
    (void)snprintf(t->text + len, sizeof t->text - len, "%s%s", len ? " " : "",
                   webhook_event_text(d->event));
    return true;
}

static struct told told_of(struct rig *r, int64_t job) {
    struct told t = {.n = 0};
    uint64_t after = 0;
    bool more = false;

    if (store_deliveries_read(r->store, job, &after, 64, take, &t, &more) != ERR_OK || more)
        (void)strcpy(t.text, "?");
    return t;
}

TEST(a_job_from_its_start_to_its_end) {
    OWNED(job) struct job *j = NULL;
    RIG_OPEN(r);
    struct told t;

    CHECK_OK(hooked_job(&r, ALL_EVENTS & ~(1U << WEBHOOK_JOB_PROGRESS), "https://a.example/1", &j));
    CHECK_STR(str_of(told_of(&r, j->no).text), "");
    CHECK_OK(rig_settle_all(&r, j->no, 1));
    t = told_of(&r, j->no);
    CHECK_STR(str_of(t.text), "job.started job.completed");
    CHECK_INT(t.all[0].sequence, 1);
    CHECK_INT(t.all[1].sequence, 2);
    CHECK_INT(t.all[0].state, DELIVERY_PENDING);
    CHECK(t.all[0].next_at == t.all[0].at && t.all[0].at > 0); /* its turn */
    CHECK_INT(t.all[1].next_at, 0);                            /* not yet */
    CHECK(t.all[0].receiver && t.all[0].receiver == t.all[1].receiver);
}

TEST(only_what_is_wanted) {
    OWNED(job) struct job *without = NULL, *few = NULL;
    struct submission sub = {0};
    RIG_OPEN(r);

    CHECK_OK(rig_job(&r, "https://a.example/1", &without, &sub));
    submission_done(&sub);
    CHECK_OK(rig_settle_all(&r, without->no, 1));
    CHECK_STR(str_of(told_of(&r, without->no).text), "");
    CHECK_OK(hooked_job(&r, 1 << WEBHOOK_JOB_CANCELLED, "https://a.example/1", &few));
    CHECK_OK(rig_settle_all(&r, few->no, 1));
    CHECK_STR(str_of(told_of(&r, few->no).text), "");
}

TEST(what_is_told_survives_a_kill) {
    OWNED(job) struct job *j = NULL;
    RIG_OPEN(r);
    RIG after;

    CHECK_OK(hooked_job(&r, 1 << WEBHOOK_JOB_COMPLETED, "https://a.example/1", &j));
    CHECK_OK(rig_settle_all(&r, j->no, 1));
    CHECK_OK(rig_open_as_after_a_kill(&r, &after));
    CHECK_STR(str_of(told_of(&after, j->no).text), "job.completed");
}

TEST(a_cancel_that_a_kill_cut_short) {
    OWNED(job) struct job *j = NULL, *moved = NULL;
    RIG_OPEN(r);
    RIG after;

    CHECK_OK(hooked_job(&r, 1 << WEBHOOK_JOB_CANCELLED, "https://a.example/1", &j));
    CHECK_OK(store_job_move(r.store, &j->id, JOB_CANCELLING, &moved));
    CHECK_STR(str_of(told_of(&r, j->no).text), "");
    CHECK_OK(rig_open_as_after_a_kill(&r, &after));
    CHECK_STR(str_of(told_of(&after, j->no).text), "job.cancelled");
}

TEST(a_job_that_runs_again) {
    OWNED(job) struct job *j = NULL, *again = NULL;
    uint64_t retried;
    RIG_OPEN(r);

    CHECK_OK(hooked_job(&r, ALL_EVENTS & ~(1U << WEBHOOK_JOB_PROGRESS | 1U << WEBHOOK_URLS_FAILED),
                        "https://a.example/1", &j));
    CHECK_OK(rig_settle_as(&r, j->no, CODE_TIMEOUT));
    CHECK_OK(store_job_retry(r.store, &j->id, (uint64_t)1 << CODE_TIMEOUT, NULL, &retried, &again));
    CHECK_INT(retried, 1);
    CHECK_OK(rig_settle_all(&r, j->no, 1));
    CHECK_STR(str_of(told_of(&r, j->no).text),
              "job.started job.completed job.started job.completed");
}

/* One at most in progress_ms; the one whose turn it is stays. */
TEST(progress_takes_the_place_of_progress) {
    OWNED(job) struct job *j = NULL;
    RIG_OPEN(r);
    struct told t;

    CHECK_OK(hooked_job(&r, ALL_EVENTS & ~(1U << WEBHOOK_URLS_FAILED),
                        "https://a.example/1 https://b.example/2 https://c.example/3 "
                        "https://d.example/4",
                        &j));
    for (int i = 0; i < 3; i++) {
        struct result result;
        struct store_batch b = {.results = &result, .n_results = 1};

        CHECK_INT(rig_take(&r, j->no, &result, 1), 1);
        CHECK_OK(rig_succeed(&result, 0));
        rig_commit(&r, &b);
        CHECK_OK(b.result);
        result_done(&result);
    }
    t = told_of(&r, j->no);
    CHECK_STR(str_of(t.text), "job.started job.progress");
    CHECK(t.all[1].sequence > 3);
    CHECK_OK(rig_settle_all(&r, j->no, 0));
    CHECK_STR(str_of(told_of(&r, j->no).text), "job.started job.progress job.completed");
}

TEST(progress_is_not_told_too_often) {
    OWNED(job) struct job *j = NULL;
    struct result result;
    struct store_batch b = {.results = &result, .n_results = 1};
    RIG r;

    rig_new_folder(&r);
    r.progress_ms = 3600 * 1000;
    CHECK_OK(rig_open(&r));
    CHECK_OK(
        hooked_job(&r, 1 << WEBHOOK_JOB_PROGRESS, "https://a.example/1 https://b.example/2", &j));
    CHECK_INT(rig_take(&r, j->no, &result, 1), 1);
    CHECK_OK(rig_succeed(&result, 0));
    rig_commit(&r, &b);
    result_done(&result);
    CHECK_STR(str_of(told_of(&r, j->no).text), "");
}

TEST(a_list_goes_on_where_it_was_left) {
    OWNED(job) struct job *j = NULL;
    struct told t = {.n = 0};
    uint64_t after = 0;
    bool more;
    RIG_OPEN(r);

    CHECK_OK(hooked_job(&r, 1 << WEBHOOK_JOB_STARTED | 1 << WEBHOOK_JOB_COMPLETED,
                        "https://a.example/1", &j));
    CHECK_OK(rig_settle_all(&r, j->no, 1));
    CHECK_OK(store_deliveries_read(r.store, j->no, &after, 1, take, &t, &more));
    CHECK(more && t.n == 1 && after == 1);
    CHECK_OK(store_deliveries_read(r.store, j->no, &after, 1, take, &t, &more));
    CHECK(!more && t.n == 2 && after == 2);
}

TEST(deliveries_leave_with_their_job) {
    OWNED(job) struct job *j = NULL;
    RIG_OPEN(r);

    CHECK_OK(hooked_job(&r, 1 << WEBHOOK_JOB_COMPLETED, "https://a.example/1", &j));
    CHECK_OK(rig_settle_all(&r, j->no, 1));
    CHECK_OK(store_job_delete(r.store, &j->id));
    for (int i = 0; i < 2000 && told_of(&r, j->no).n; i++)
        (void)usleep(5000);
    CHECK_INT(told_of(&r, j->no).n, 0);
}

TEST_MAIN
