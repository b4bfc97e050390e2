#include "api/action.h"

#include "tests/test.h"

static bool may(enum job_state from, enum action a) {
    const struct job j = {.state = from};

    return action_is_open(a, &j);
}

/* What is offered is a legal move; a job that is over, or on its way there, is offered none. */
TEST(offers_legal_moves) {
    for (int s = 0; s < JOB_STATE_COUNT; s++) {
        for (int a = 0; a < ACTION_RETRY; a++) {
            if (!may((enum job_state)s, (enum action)a))
                continue;
            CHECK(job_state_is_shown((enum job_state)s));
            CHECK(!job_state_is_finished((enum job_state)s));
            CHECK(job_state_may_move((enum job_state)s, action_goal((enum action)a)));
        }
    }
    CHECK(may(JOB_QUEUED, ACTION_PAUSE) && may(JOB_RUNNING, ACTION_PAUSE));
    CHECK(!may(JOB_PAUSED, ACTION_PAUSE) && may(JOB_PAUSED, ACTION_RESUME));
    CHECK(!may(JOB_RUNNING, ACTION_RESUME) && may(JOB_PAUSED, ACTION_CANCEL));
    CHECK(!may(JOB_CANCELLING, ACTION_CANCEL));
}

TEST(a_job_takes_urls_until_it_is_given_up) {
    CHECK(action_takes_urls(JOB_QUEUED) && action_takes_urls(JOB_RUNNING));
    CHECK(action_takes_urls(JOB_PAUSED) && action_takes_urls(JOB_COMPLETED));
    CHECK(!action_takes_urls(JOB_CANCELLING) && !action_takes_urls(JOB_CANCELLED));
    CHECK(!action_takes_urls(JOB_FAILED) && !action_takes_urls(JOB_DELETED));
}

TEST(offers_a_retry_where_something_failed) {
    struct job j = {.state = JOB_COMPLETED, .counts = {.total = 3}};

    CHECK(!action_is_open(ACTION_RETRY, &j));
    j.counts.by_outcome[OUTCOME_SKIPPED] = 1;
    CHECK(action_is_open(ACTION_RETRY, &j));
    j.state = JOB_CANCELLED;
    CHECK(!action_is_open(ACTION_RETRY, &j));
}

TEST_MAIN
