/* Jobs: create, add to, list, look at, pause, resume, cancel, delete. */
#include <stdio.h>

#include "api/cursor.h"
#include "api/dryrun.h"
#include "api/hold.h"
#include "api/jobjson.h"
#include "api/jobview.h"
#include "api/keyed.h"
#include "api/receive.h"
#include "api/routes.h"

enum { LIST_USUAL = 50, LIST_MOST = 500 };

/* --- create, add to ------------------------------------------------------------------------- */

void route_create_job_begin(struct api_call *c) {
    c->receive = receive_new(c, false);
}

/* Before the body is read: most refusals can be told at once. */
void route_add_urls_begin(struct api_call *c) {
    OWNED(job) struct job *j = NULL;

    if (!call_job(c, &j))
        return;
    c->receive = receive_new(c, true);
    /* whatever became of the job, what was carried out stays so */
    if (c->receive && !keyed_is_repeat(c->keyed) && !action_takes_urls(j->state))
        receive_refuse_state(c, j);
}

static void answer_created(struct api_call *c, const struct job *j, const struct submission *sub) {
    struct writer w = writer_on(&c->response.body);

    writer_open(&w, '{');
    jobview_write(c, &w, j);
    jobjson_write_submission(&w, sub);
    writer_close(&w, '}');
    call_answer_body(c, 202, STR("application/json"), w.err);
    jobview_add_location(c, j);
}

/* Also of a job that was there. */
void route_create_job(struct api_call *c) {
    OWNED(job) struct job *j = NULL;
    struct submission sub = {0};

    if (receive_is_dry(c->receive)) {
        dryrun_answer(c);
        return;
    }
    if (!receive_finish(c->receive, c, &j, &sub))
        return;
    answer_created(c, j, &sub);
    submission_done(&sub);
}

/* --- list ----------------------------------------------------------------------------- */

static const char *state_word(unsigned i) {
    return job_state_text((enum job_state)i);
}

/* False: the call is answered. */
static bool read_filter(struct api_call *c, struct job_filter *f) {
    const struct str *state = query_get(&c->query, "state");
    const struct str *from = query_get(&c->query, "cursor");
    struct cursor cursor;
    uint64_t limit;

    if (!call_number(c, "limit", 1, LIST_MOST, LIST_USUAL, &limit))
        return false;
    f->limit = (size_t)limit + 1; /* one more, to see whether there is a next page */
    f->state = JOB_RECEIVING;
    if (state && job_state_of(*state, &f->state) != ERR_OK) {
        /* but for those that callers never see, the first and the last */
        call_refuse_word(c, "state", state_word, JOB_RECEIVING + 1, JOB_DELETED - 1);
        return false;
    }
    if (!call_text(c, "name", &f->name))
        return false;
    if (!from)
        return true;
    if (cursor_parse(*from, NULL, &cursor) != ERR_OK || cursor.kind != CURSOR_JOBS) {
        call_refuse_cursor(c, "cursor");
        return false;
    }
    f->before_no = (int64_t)cursor.numbers[0];
    return true;
}

static void answer_list(struct api_call *c, struct job **jobs, size_t n, size_t limit) {
    struct writer w = writer_on(&c->response.body);
    char text[CURSOR_MAX_TEXT];
    struct str next = STR_NONE;

    writer_open(&w, '{');
    writer_key(&w, "items");
    writer_open(&w, '[');
    for (size_t i = 0; i < n && i < limit; i++) {
        writer_open(&w, '{');
        jobview_write_listed(c, &w, jobs[i]);
        writer_close(&w, '}');
    }
    writer_close(&w, ']');
    if (n > limit) {
        struct cursor cursor = {CURSOR_JOBS, {(uint64_t)jobs[limit - 1]->no}};

        next = cursor_text(&cursor, NULL, text);
    }
    writer_text_or_null(&w, "next_cursor", next);
    writer_close(&w, '}');
    call_answer_body(c, 200, STR("application/json"), w.err);
    call_add_next(c, next);
}

void route_list_jobs(struct api_call *c) {
    struct job_filter f = {.tenant = c->tenant};
    struct job **jobs;
    size_t n;
    enum err e;

    if (!read_filter(c, &f))
        return;
    e = store_job_list(c->api->options.store, &f, &jobs, &n);
    if (e != ERR_OK) {
        call_store_error(c, e);
        return;
    }
    answer_list(c, jobs, n, f.limit - 1);
    for (size_t i = 0; i < n; i++)
        job_free(jobs[i]);
    free(jobs);
}

/* --- one job ---------------------------------------------------------------------------- */

/* Most polls find that nothing has changed: that is told without a read of the store. */
static bool answer_unread(struct api_call *c) {
    uint64_t version;

    if (c->hold || !store_job_version(c->api->options.store, &c->job_id, &version) ||
        !jobview_is_known(c, version))
        return false;
    jobview_answer_unchanged(c, version);
    return true;
}

/* Called again for each news while the answer is held. */
void route_get_job(struct api_call *c) {
    OWNED(job) struct job *j = NULL;

    if (!c->hold && !hold_read(c))
        return;
    if (answer_unread(c) || !call_job(c, &j) || hold_is_needed(c, j))
        return;
    if (jobview_is_known(c, j->version))
        jobview_answer_unchanged(c, j->version);
    else
        jobview_answer(c, 200, j);
    hold_add_headers(c);
}

static void act(struct api_call *c, enum action a) {
    OWNED(job) struct job *j = NULL;
    enum err e = store_job_move(c->api->options.store, &c->job_id, action_goal(a), &j);

    if (e == ERR_OK)
        jobview_answer(c, 200, j);
    else if (e == ERR_CONFLICT)
        jobview_refuse(c, j, a);
    else
        call_store_error(c, e);
}

void route_pause_job(struct api_call *c) {
    act(c, ACTION_PAUSE);
}

void route_resume_job(struct api_call *c) {
    act(c, ACTION_RESUME);
}

void route_cancel_job(struct api_call *c) {
    act(c, ACTION_CANCEL);
}

void route_delete_job(struct api_call *c) {
    enum err e = store_job_delete(c->api->options.store, &c->job_id);

    if (e == ERR_OK)
        call_answer(c, 204, STR_NONE);
    else
        call_store_error(c, e);
}
