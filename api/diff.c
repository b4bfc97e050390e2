/* How the links of two jobs of a tenant differ. */
#include <stdatomic.h>

#include "api/results.h"
#include "api/routes.h"

enum { DIFFS_AT_ONCE = 4 }; /* each takes some memory, and the disk's time */

/* False: the call is answered. */
static bool find_other(struct api_call *c, struct job **ret_other) {
    struct uuid id;

    if (uuid_parse(c->other, &id) == ERR_OK)
        return call_job_of(c, &id, ret_other);
    call_refuse(c, PROBLEM_JOB_NOT_FOUND, NULL);
    return false;
}

static bool are_finished(struct api_call *c, const struct job *a, const struct job *b) {
    if (job_state_is_finished(a->state) && job_state_is_finished(b->state))
        return true;
    call_refuse(c, PROBLEM_CONFLICT, "both jobs have to be finished");
    return false;
}

static bool is_room(struct api_call *c) {
    if (atomic_fetch_add(&c->api->diffs, 1) < DIFFS_AT_ONCE)
        return true;
    atomic_fetch_sub(&c->api->diffs, 1);
    call_refuse(c, PROBLEM_UNAVAILABLE, "as many jobs are being compared as may be at once");
    return false;
}

void route_diff_jobs(struct api_call *c) {
    OWNED(job) struct job *j = NULL;
    OWNED(job) struct job *other = NULL;
    struct export_diff o = {.store = c->api->options.store, .running = &c->api->diffs};
    struct results_request q;

    o.columns = format_default_change_columns();
    if (!results_read(c, RESULTS_STREAMED, CURSOR_DIFF, CURSOR_DIFF, &q) ||
        !results_columns(c, q.format, format_change_columns_of,
                         "change, source_url, parsed_url, tag, attr, rel, text", &o.columns) ||
        !call_job(c, &j) || !find_other(c, &other) || !are_finished(c, j, other))
        return;
    if (!q.has_names && q.from.numbers[2] != (uint64_t)other->no) {
        call_refuse_cursor(c, "after");
        return;
    }
    o.job_id = j->id;
    o.job = j->no;
    o.other = other->no;
    o.format = q.format;
    o.has_names = q.has_names;
    o.from = q.from;
    if (is_room(c))
        results_answer(c, &q, export_diff_new(&o), "diff");
}
