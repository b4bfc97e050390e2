/* What became of the URLs of a job. */
#include "api/recordline.h"
#include "api/results.h"
#include "api/routes.h"

static const char *outcome_word(unsigned i) {
    return outcome_text((enum outcome)i);
}

static const char *code_word(unsigned i) {
    return code_text((enum code)i);
}

/* False: the call is answered. */
static bool read_outcome(struct api_call *c, struct export_records *o) {
    const struct str *outcome = query_get(&c->query, "outcome");
    const struct str *code = query_get(&c->query, "code");

    if (outcome && outcome_of(*outcome, &o->outcome) != ERR_OK) {
        call_refuse_word(c, "outcome", outcome_word, 0, OUTCOME_COUNT);
        return false;
    }
    if (code && code_of(*code, &o->code) != ERR_OK) {
        call_refuse_word(c, "code", code_word, CODE_NONE + 1, CODE_COUNT - 1);
        return false;
    }
    o->wants_pending = outcome && o->outcome == OUTCOME_PENDING;
    return true;
}

/* Tasks without a record are unended, or were settled as a whole. The unended are seen
 * by who asks for them. The settled ones belong to the list of a job that is over; while
 * it goes on they would stand in the way of a cursor, and are seen by who asks for an
 * outcome or a code, and at the end by who follows. */
static void choose_rows(struct export_records *o, const struct job *j, bool follows) {
    bool is_asked_for = follows || o->outcome != OUTCOME_PENDING || o->code != CODE_NONE;

    o->wants_records = !o->wants_pending;
    o->wants_tasks = o->wants_pending || ((job_state_is_finished(j->state) || is_asked_for) &&
                                          o->outcome != OUTCOME_SUCCEEDED);
}

void route_list_urls(struct api_call *c) {
    OWNED(job) struct job *j = NULL;
    OWNED_BUF struct buf url = BUF_INIT(64 << 10);
    struct export_records o = {.store = c->api->options.store};
    struct results_request q;

    o.columns = recordline_default_columns();
    if (!results_read(c, RESULTS_ALL, CURSOR_RECORDS, CURSOR_TASKS, &q) ||
        !results_columns(c, q.format, recordline_columns_of, "the columns of the whole table",
                         &o.columns) ||
        !read_outcome(c, &o) || !results_url(c, "url", &url) || !call_text(c, "host", &o.host) ||
        !call_job(c, &j))
        return;
    if (q.follows && o.wants_pending) {
        call_refuse_parameter(c, "follow",
                              "is for URLs that end, and those that are pending did not");
        return;
    }
    choose_rows(&o, j, q.follows);
    o.job_id = j->id;
    o.job = j->no;
    o.format = q.format;
    o.has_names = q.has_names;
    o.from = q.from;
    o.url = buf_str(&url);
    results_answer(c, &q, export_records_new(&o), "urls");
}
