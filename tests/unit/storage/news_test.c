#include "storage/news.h"

#include "tests/test.h"

static int n_woken;

static void wake(void *arg) {
    n_woken++;
    CHECK(arg == &n_woken);
}

static struct job job_of(int64_t no, uint64_t version) {
    struct job j = {.no = no, .version = version, .state = JOB_RUNNING};

    j.id.bytes[15] = (unsigned char)no;
    j.id.bytes[8] = (unsigned char)(no >> 8);
    return j;
}

static void tell(struct news *n, int64_t job, uint64_t version, enum job_state state) {
    const struct news_item item = {.job = job, .version = version, .state = state};

    news_tell(n, &item, 1);
}

static void arm(struct store_watch *w, uint64_t seen, bool for_end) {
    n_woken = 0;
    store_watch_arm(w, seen, for_end, wake, &n_woken);
}

static uint64_t version_of(struct news *n, int64_t no) {
    const struct job j = job_of(no, 0);
    uint64_t version = UINT64_MAX;

    return news_version(n, &j.id, &version) ? version : UINT64_MAX;
}

TEST(knows_what_was_read_and_what_was_told) {
    struct news n;
    struct job j = job_of(1, 5);

    news_init(&n);
    CHECK(version_of(&n, 1) == UINT64_MAX);
    news_learn(&n, news_ticket(&n), &j);
    CHECK_INT(version_of(&n, 1), 5);
    tell(&n, 1, 6, JOB_RUNNING);
    tell(&n, 2, 9, JOB_RUNNING); /* nobody has read it */
    CHECK_INT(version_of(&n, 1), 6);
    CHECK(version_of(&n, 2) == UINT64_MAX);
    tell(&n, 1, 7, JOB_DELETED);
    CHECK(version_of(&n, 1) == UINT64_MAX);
    news_done(&n);
}

TEST(a_read_from_before_a_commit_is_not_believed) {
    struct news n;
    struct job j = job_of(1, 5);
    uint64_t ticket;

    news_init(&n);
    ticket = news_ticket(&n);
    tell(&n, 1, 6, JOB_RUNNING);
    news_learn(&n, ticket, &j);
    CHECK(version_of(&n, 1) == UINT64_MAX);
    news_done(&n);
}

TEST(wakes_once_when_the_version_has_passed) {
    struct news n;
    struct job j = job_of(1, 5);
    struct store_watch *w;

    news_init(&n);
    news_learn(&n, news_ticket(&n), &j);
    w = news_watch(&n, 1);
    arm(w, 5, false);
    tell(&n, 2, 9, JOB_RUNNING);
    CHECK_INT(n_woken, 0);
    tell(&n, 1, 6, JOB_RUNNING);
    tell(&n, 1, 7, JOB_RUNNING);
    CHECK_INT(n_woken, 1);
    arm(w, 6, false); /* it has passed already */
    CHECK_INT(n_woken, 1);
    arm(w, 7, false);
    store_watch_disarm(w);
    tell(&n, 1, 8, JOB_RUNNING);
    CHECK_INT(n_woken, 0);
    store_watch_free(w);
    news_done(&n);
}

TEST(wakes_at_the_end_only) {
    struct news n;
    struct job j = job_of(1, 5);
    struct store_watch *w;

    news_init(&n);
    news_learn(&n, news_ticket(&n), &j);
    w = news_watch(&n, 1);
    arm(w, 5, true);
    tell(&n, 1, 6, JOB_PAUSED);
    CHECK_INT(n_woken, 0);
    tell(&n, 1, 7, JOB_COMPLETED);
    CHECK_INT(n_woken, 1);
    store_watch_free(w);
    news_done(&n);
}

TEST(what_is_not_known_may_have_changed) {
    struct news n;
    struct store_watch *w;

    news_init(&n);
    w = news_watch(&n, 1);
    arm(w, 1000, false);
    CHECK_INT(n_woken, 1);
    tell(&n, 1, 1001, JOB_DELETED);
    arm(w, 2000, false);
    CHECK_INT(n_woken, 1);
    store_watch_free(w);
    news_done(&n);
}

TEST(forgets_what_nobody_watches_when_it_has_many) {
    struct news n;
    struct store_watch *w;
    struct job j;

    news_init(&n);
    j = job_of(1, 5);
    news_learn(&n, news_ticket(&n), &j);
    w = news_watch(&n, 1);
    for (int64_t no = 2; no <= NEWS_MOST_JOBS + 1; no++) {
        j = job_of(no, 1);
        news_learn(&n, news_ticket(&n), &j);
    }
    CHECK_INT(n.by_no.n, 2); /* the watched one and the last */
    CHECK_INT(version_of(&n, 1), 5);
    arm(w, 5, false);
    tell(&n, 1, 6, JOB_RUNNING);
    CHECK_INT(n_woken, 1);
    store_watch_free(w);
    news_done(&n);
}

TEST_MAIN
