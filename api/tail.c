#include "api/tail.h"

#include "base/mem.h"

struct tail {
    struct store *store;
    int64_t no;
    struct job *job; /* NULL before the first look */
    struct store_watch *watch;
    int64_t now_ms, spoke_ms;
};

struct tail *tail_new(struct store *store, int64_t job, int64_t now_ms) {
    struct tail *t = NEW(struct tail);

    t->store = store;
    t->no = job;
    t->watch = store_watch_new(store, job);
    t->now_ms = t->spoke_ms = now_ms;
    return t;
}

void tail_free(struct tail *t) {
    if (!t)
        return;
    store_watch_free(t->watch);
    job_free(t->job);
    free(t);
}

enum err tail_look(struct tail *t) {
    struct job *job;
    enum err e = ERR_OK;

    if (t->job && tail_is_over(t))
        return ERR_OK;
    e = store_job_get_no(t->store, t->no, &job);
    if (e != ERR_OK)
        return e;
    job_free(t->job);
    t->job = job;
    return ERR_OK;
}

const struct job *tail_job(const struct tail *t) {
    return t->job;
}

bool tail_is_over(const struct tail *t) {
    return job_state_is_finished(t->job->state);
}

void tail_spoke(struct tail *t) {
    t->spoke_ms = t->now_ms;
}

bool tail_is_silent(const struct tail *t) {
    return t->now_ms - t->spoke_ms >= TAIL_SILENCE_MS;
}

struct api_wait tail_wait(const struct tail *t) {
    return (struct api_wait){
        .watch = t->watch, .seen = t->job->version, .until_ms = t->spoke_ms + TAIL_SILENCE_MS};
}

void tail_resume(struct tail *t, int64_t now_ms) {
    t->now_ms = now_ms;
}

int64_t tail_now(const struct tail *t) {
    return t->now_ms;
}
