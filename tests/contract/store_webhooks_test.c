/* What the store promises of what webhooks are to be told. */
#include <stdatomic.h>

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

/* --- sending -------------------------------------------------------------------------------- */

enum { NOW = 2000000000 };

static int64_t now_ms(void) {
    return (int64_t)NOW * 1000;
}

static struct told due(struct rig *r, size_t per_receiver, int64_t *next_at) {
    struct told t = {.n = 0};

    if (store_deliveries_due(r->store, now_ms(), per_receiver, take, &t, next_at) != ERR_OK)
        (void)strcpy(t.text, "?");
    return t;
}

static void put_done(struct attempt *a) {
    rig_signal(a->owner);
}

static enum err put_attempt(struct rig *r, const struct delivery *d, enum attempt_verdict verdict,
                            int64_t next_at) {
    struct rig_signal s = RIG_SIGNAL;
    struct attempt a = {.job = d->job,
                        .sequence = d->sequence,
                        .due_at = d->next_at,
                        .verdict = verdict,
                        .was_made = true,
                        .tried_at = now_ms(),
                        .next_at = next_at,
                        .http_status = verdict == ATTEMPT_DELIVERED ? 200 : 500,
                        .code = verdict == ATTEMPT_DELIVERED ? CODE_NONE : CODE_HTTP_5XX,
                        .done = put_done,
                        .owner = &s};

    store_attempt_put(r->store, &a);
    rig_wait(&s);
    return a.result;
}

enum { TWO_EVENTS = 1 << WEBHOOK_JOB_STARTED | 1 << WEBHOOK_JOB_COMPLETED };

TEST(the_first_attempts_are_due_one_after_the_other) {
    OWNED(job) struct job *j = NULL;
    int64_t next_at;
    struct told t;
    RIG_OPEN(r);

    CHECK_OK(hooked_job(&r, TWO_EVENTS, "https://a.example/1", &j));
    CHECK_OK(rig_settle_all(&r, j->no, 1));
    t = due(&r, 4, &next_at);
    CHECK_STR(str_of(t.text), "job.started");
    CHECK_INT(next_at, INT64_MAX);
    CHECK_OK(put_attempt(&r, &t.all[0], ATTEMPT_RETRY, now_ms() + 5000));
    t = due(&r, 4, &next_at);
    CHECK_STR(str_of(t.text), "job.completed");
    CHECK_INT(next_at, now_ms() + 5000);
    CHECK_OK(put_attempt(&r, &t.all[0], ATTEMPT_DELIVERED, 0));
    t = due(&r, 4, &next_at);
    CHECK_INT(t.n, 0);
    CHECK_INT(next_at, now_ms() + 5000);
    t = told_of(&r, j->no);
    CHECK_INT(t.all[0].state, DELIVERY_RETRYING);
    CHECK_INT(t.all[0].attempts, 1);
    CHECK_INT(t.all[0].code, CODE_HTTP_5XX);
    CHECK_INT(t.all[0].http_status, 500);
    CHECK_INT(t.all[0].delivered_at, 0);
    CHECK_INT(t.all[1].state, DELIVERY_DELIVERED);
    CHECK_INT(t.all[1].delivered_at, now_ms());
    CHECK_INT(t.all[1].next_at, 0);
}

TEST(the_turn_is_kept_over_a_kill) {
    OWNED(job) struct job *j = NULL;
    int64_t next_at;
    struct told t;
    RIG_OPEN(r);
    RIG after;

    CHECK_OK(hooked_job(&r, TWO_EVENTS, "https://a.example/1", &j));
    CHECK_OK(rig_settle_all(&r, j->no, 1));
    t = due(&r, 4, &next_at);
    CHECK_OK(put_attempt(&r, &t.all[0], ATTEMPT_DELIVERED, 0));
    CHECK_OK(rig_open_as_after_a_kill(&r, &after));
    t = due(&after, 4, &next_at);
    CHECK_STR(str_of(t.text), "job.completed");
}

/* Each has its share, however much waits for another. */
TEST(receivers_do_not_crowd_each_other_out) {
    static char other[] = "http://other.example:8080/?x", same[] = "https://hooks.example/b";
    char *const urls[] = {url, same, url, other};
    struct job *jobs[4] = {NULL};
    int64_t next_at, of_other;
    struct told t;
    RIG_OPEN(r);

    for (int i = 0; i < 4; i++) {
        struct job draft = rig_draft();

        draft.options.webhook_url = urls[i];
        draft.options.webhook_events = 1 << WEBHOOK_JOB_COMPLETED;
        CHECK_OK(rig_job_of(&r, &draft, "https://a.example/1", &jobs[i]));
        CHECK_OK(rig_settle_all(&r, jobs[i]->no, 0));
    }
    t = due(&r, 2, &next_at);
    CHECK_INT(t.n, 3);
    of_other = told_of(&r, jobs[3]->no).all[0].receiver;
    CHECK(told_of(&r, jobs[0]->no).all[0].receiver == told_of(&r, jobs[1]->no).all[0].receiver);
    CHECK(of_other != told_of(&r, jobs[0]->no).all[0].receiver);
    CHECK((t.all[0].receiver == of_other) + (t.all[2].receiver == of_other) == 1);
    t = due(&r, 4, &next_at);
    CHECK_INT(t.n, 4);
    for (int i = 0; i < 4; i++)
        job_free(TAKE(jobs[i]));
}

TEST(a_message_tells_of_the_job_as_it_was) {
    OWNED(job) struct job *j = NULL;
    OWNED(message) struct message *started = NULL, *completed = NULL, *none = NULL;
    RIG_OPEN(r);

    CHECK_OK(hooked_job(&r, TWO_EVENTS, "https://a.example/1 https://a.example/2", &j));
    CHECK_OK(rig_settle_all(&r, j->no, 3));
    CHECK_OK(store_message_get(r.store, j->no, 1, &started));
    CHECK_INT(started->job->state, JOB_RUNNING);
    CHECK_INT(job_unfinished(started->job), 2);
    CHECK_INT(started->job->counts.links_found, 0);
    CHECK_STR(str_of(started->job->options.webhook_url), url);
    CHECK(!started->is_unwanted);
    CHECK_OK(store_message_get(r.store, j->no, 2, &completed));
    CHECK_INT(completed->job->state, JOB_COMPLETED);
    CHECK_INT(completed->job->counts.links_found, 6);
    CHECK_ERR(store_message_get(r.store, j->no, 3, &none), ERR_NOT_FOUND);
    CHECK_OK(store_job_delete(r.store, &j->id));
    CHECK_ERR(store_message_get(r.store, j->no, 1, &none), ERR_NOT_FOUND);
}

TEST(a_receiver_that_wants_no_more) {
    OWNED(job) struct job *j = NULL, *again = NULL;
    OWNED(message) struct message *m = NULL, *other = NULL;
    struct delivery d;
    int64_t next_at;
    uint64_t retried;
    struct told t;
    RIG_OPEN(r);

    CHECK_OK(hooked_job(&r, TWO_EVENTS, "https://a.example/1", &j));
    CHECK_OK(rig_settle_as(&r, j->no, CODE_TIMEOUT));
    t = due(&r, 4, &next_at);
    CHECK_OK(put_attempt(&r, &t.all[0], ATTEMPT_ENDS, 0));
    t = due(&r, 4, &next_at);
    CHECK_STR(str_of(t.text), "job.completed"); /* its turn, to be marked */
    CHECK_OK(store_message_get(r.store, j->no, 2, &m));
    CHECK(m->is_unwanted);
    CHECK_OK(store_job_retry(r.store, &j->id, (uint64_t)1 << CODE_TIMEOUT, NULL, &retried, &again));
    CHECK_OK(rig_settle_all(&r, j->no, 1));
    CHECK_STR(str_of(told_of(&r, j->no).text), "job.started job.completed");
    CHECK_OK(store_delivery_repeat(r.store, j->no, 1, &d));
    CHECK_INT(d.state, DELIVERY_RETRYING);
    CHECK_OK(store_message_get(r.store, j->no, 2, &other));
    CHECK(!other->is_unwanted);
}

TEST(once_more) {
    OWNED(job) struct job *j = NULL;
    struct delivery d;
    int64_t next_at;
    struct told t;
    RIG_OPEN(r);

    CHECK_OK(hooked_job(&r, TWO_EVENTS, "https://a.example/1", &j));
    CHECK_OK(rig_settle_all(&r, j->no, 1));
    CHECK_OK(store_delivery_repeat(r.store, j->no, 2, &d)); /* it is yet to come, in its turn */
    CHECK_INT(d.state, DELIVERY_PENDING);
    CHECK_INT(d.next_at, 0);
    t = due(&r, 4, &next_at);
    CHECK_STR(str_of(t.text), "job.started");
    CHECK_OK(put_attempt(&r, &t.all[0], ATTEMPT_DELIVERED, 0));
    CHECK_OK(store_delivery_repeat(r.store, j->no, 1, &d));
    CHECK(d.state == DELIVERY_RETRYING && d.next_at > 0 && d.attempts == 1 && d.delivered_at);
    /* asked for while one is under way: that one does not count for it */
    d.next_at--;
    CHECK_OK(put_attempt(&r, &d, ATTEMPT_DELIVERED, 0));
    d = told_of(&r, j->no).all[0];
    CHECK(d.state == DELIVERY_RETRYING && d.next_at > 0 && d.attempts == 2);
    CHECK_OK(put_attempt(&r, &d, ATTEMPT_FAILED, 0));
    d = told_of(&r, j->no).all[0];
    CHECK(d.state == DELIVERY_FAILED && !d.next_at && d.attempts == 3 && d.delivered_at);
    CHECK_ERR(store_delivery_repeat(r.store, j->no, 3, &d), ERR_NOT_FOUND);
    CHECK_ERR(store_delivery_repeat(r.store, j->no + 1, 1, &d), ERR_NOT_FOUND);
}

TEST(a_delivery_that_is_gone) {
    OWNED(job) struct job *j = NULL;
    struct delivery nothing = {.job = 1, .sequence = 77};
    int64_t next_at;
    struct told t;
    RIG_OPEN(r);

    CHECK_OK(hooked_job(&r, TWO_EVENTS, "https://a.example/1", &j));
    CHECK_OK(rig_settle_all(&r, j->no, 1));
    CHECK_OK(put_attempt(&r, &nothing, ATTEMPT_DELIVERED, 0));
    t = due(&r, 4, &next_at);
    CHECK_OK(put_attempt(&r, &t.all[0], ATTEMPT_DROP, 0));
    CHECK_STR(str_of(told_of(&r, j->no).text), "job.completed");
}

static atomic_int woken;

static void wake(void *arg) {
    (void)arg;
    woken++;
}

TEST(who_sends_is_woken) {
    OWNED(job) struct job *with = NULL, *without = NULL;
    struct submission sub = {0};
    RIG_OPEN(r);

    store_post_listen(r.store, wake, NULL);
    CHECK_OK(rig_job(&r, "https://a.example/1", &without, &sub));
    submission_done(&sub);
    CHECK_OK(rig_settle_all(&r, without->no, 1));
    CHECK_INT(woken, 0);
    CHECK_OK(hooked_job(&r, TWO_EVENTS, "https://a.example/1", &with));
    CHECK_OK(rig_settle_all(&r, with->no, 1));
    CHECK(woken > 0);
    woken = 0;
    store_post_listen(r.store, NULL, NULL);
    CHECK_OK(store_job_delete(r.store, &with->id));
    CHECK_INT(woken, 0);
}

/* --- URLs that failed ------------------------------------------------------------------------ */

static size_t failures_of(struct rig *r, int64_t job, uint64_t sequence, struct failure *ret_last) {
    OWNED(message) struct message *m = NULL;
    struct str facts;
    size_t n = 0;

    if (store_message_get(r->store, job, sequence, &m) != ERR_OK)
        return 0;
    facts = buf_str(&m->facts);
    while (facts_next(&facts, ret_last) == ERR_OK)
        n++;
    ret_last->record.url = ret_last->host = STR_NONE; /* they go with the message */
    return n;
}

TEST(urls_that_failed_are_told_by_the_hundred) {
    OWNED_BUF struct buf urls = BUF_INIT(100000);
    OWNED(job) struct job *j = NULL;
    struct failure f;
    RIG_OPEN(r);

    for (int i = 0; i < 250; i++)
        CHECK_OK(buf_printf(&urls, "%shttps://a.example/%d", i ? " " : "", i));
    CHECK_OK(buf_put_char(&urls, '\0'));
    CHECK_OK(hooked_job(&r, TWO_EVENTS | 1 << WEBHOOK_URLS_FAILED, urls.ptr, &j));
    CHECK_OK(rig_settle_as(&r, j->no, CODE_TIMEOUT));
    CHECK_STR(str_of(told_of(&r, j->no).text),
              "job.started urls.failed urls.failed urls.failed job.completed");
    CHECK_INT(failures_of(&r, j->no, 2, &f), 100);
    CHECK_INT(f.record.seq, 100);
    CHECK_INT(f.record.code, CODE_TIMEOUT);
    CHECK_INT(failures_of(&r, j->no, 3, &f), 100);
    CHECK_INT(failures_of(&r, j->no, 4, &f), 50);
    CHECK_INT(f.record.seq, 250);
}

TEST(what_did_not_fail_is_not_told) {
    OWNED(job) struct job *j = NULL;
    RIG_OPEN(r);

    CHECK_OK(hooked_job(&r, 1 << WEBHOOK_URLS_FAILED,
                        "https://a.example/1 https://b.example/2 nonsense", &j));
    CHECK_OK(rig_settle_as(&r, j->no, CODE_ROBOTS_DISALLOWED));
    CHECK_STR(str_of(told_of(&r, j->no).text), "");
}

static enum err give_up(struct rig *r, int64_t job, const char *key, enum code code) {
    struct unavailable u = {job, rig_host(key), code};
    struct store_batch b = {.unavailable = &u, .n_unavailable = 1};

    rig_commit(r, &b);
    return b.result;
}

TEST(a_host_that_is_given_up_is_told_as_one) {
    OWNED(job) struct job *j = NULL;
    OWNED(message) struct message *m = NULL;
    struct failure f;
    struct str facts;
    RIG_OPEN(r);

    CHECK_OK(hooked_job(&r, TWO_EVENTS | 1 << WEBHOOK_URLS_FAILED,
                        "https://a.example/1 https://a.example/2 https://b.example/3", &j));
    CHECK_OK(give_up(&r, j->no, "a.example:443", CODE_HOST_UNAVAILABLE));
    CHECK_OK(give_up(&r, j->no, "b.example:443", CODE_ROBOTS_UNREACHABLE)); /* is disallowed */
    CHECK_STR(str_of(told_of(&r, j->no).text), "job.started urls.failed job.completed");
    CHECK_OK(store_message_get(r.store, j->no, 2, &m));
    facts = buf_str(&m->facts);
    CHECK_OK(facts_next(&facts, &f));
    CHECK(f.is_host && f.n_urls == 2 && f.code == CODE_HOST_UNAVAILABLE);
    CHECK_STR(f.host, "a.example:443");
    CHECK_ERR(facts_next(&facts, &f), ERR_NOT_FOUND);
}

TEST_MAIN
