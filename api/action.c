#include "api/action.h"

#define IN(state) (1U << JOB_##state)

static const struct {
    const char *name, *done;
    enum job_state goal;
    unsigned states; /* in which it does something */
} actions[ACTION_COUNT] = {
    [ACTION_PAUSE] = {"pause", "paused", JOB_PAUSED, IN(QUEUED) | IN(RUNNING)},
    [ACTION_RESUME] = {"resume", "resumed", JOB_RUNNING, IN(PAUSED)},
    [ACTION_CANCEL] = {"cancel", "cancelled", JOB_CANCELLING,
                       IN(QUEUED) | IN(RUNNING) | IN(PAUSED)},
    [ACTION_RETRY] = {"retry", "retried", JOB_RUNNING, IN(COMPLETED)},
};

const char *action_name(enum action a) {
    return actions[a].name;
}

const char *action_done(enum action a) {
    return actions[a].done;
}

enum job_state action_goal(enum action a) {
    return actions[a].goal;
}

bool action_takes_urls(enum job_state s) {
    return (IN(QUEUED) | IN(RUNNING) | IN(PAUSED) | IN(COMPLETED)) >> s & 1;
}

static bool has_failed(const struct job *j) {
    const uint64_t *n = j->counts.by_outcome;

    return n[OUTCOME_FAILED] + n[OUTCOME_DISALLOWED] + n[OUTCOME_SKIPPED] > 0;
}

bool action_is_open(enum action a, const struct job *j) {
    if (a == ACTION_RETRY && !has_failed(j))
        return false;
    return actions[a].states >> j->state & 1;
}
