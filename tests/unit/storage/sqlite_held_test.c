/* A job that somebody works on in several transactions stays, also once it has expired. */
#include "storage/sqlite_held.h"

#include "base/mem.h"
#include "storage/sqlite.h"
#include "tests/contract/store_rig.h"

struct hold {
    struct request request;
    int64_t job;
    bool lets_go;
};

static enum err run_hold(struct writer *w, struct request *r) {
    struct hold *h = CONTAINER_OF(r, struct hold, request);

    if (h->lets_go)
        writer_let_go(w, h->job);
    else
        assert(writer_hold(w, h->job));
    return ERR_OK;
}

static enum err hold(struct rig *r, int64_t job, bool lets_go) {
    struct hold h = {.request = {.run = run_hold}, .job = job, .lets_go = lets_go};

    return writer_call(sqlite_of(store_backend(r->store))->writer, &h.request);
}

static bool is_there(struct rig *r, const struct job *job) {
    OWNED(job) struct job *now = NULL;

    return store_job_get(r->store, &job->id, &now) == ERR_OK;
}

static bool leaves_soon(struct rig *r, const struct job *job) {
    for (int i = 0; i < 1000 && is_there(r, job); i++)
        (void)usleep(10000);
    return !is_there(r, job);
}

TEST(an_expired_job_stays_while_it_is_held) {
    struct job draft = rig_draft();
    OWNED(job) struct job *held = NULL;
    OWNED(job) struct job *other = NULL;

    draft.options.retention_seconds = 1;
    RIG_OPEN(r);
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/1", &held));
    CHECK_OK(rig_settle_all(&r, held->no, 0));
    CHECK_OK(hold(&r, held->no, false));
    CHECK_OK(rig_job_of(&r, &draft, "https://a.example/1", &other));
    CHECK_OK(rig_settle_all(&r, other->no, 0));
    CHECK(leaves_soon(&r, other)); /* which was finished later */
    CHECK(is_there(&r, held));
    CHECK_OK(hold(&r, held->no, true));
    CHECK(leaves_soon(&r, held));
}

TEST_MAIN
