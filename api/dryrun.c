#include "api/dryrun.h"

#include "api/jobjson.h"
#include "api/receive.h"

/* From the start of the first request to that of the last, at the host with the most: the
 * delay is between the starts of two, however many connections there are. */
static uint64_t least_ms(const struct survey *v, const struct job_options *o) {
    return v->n_top ? (v->top[0].n_urls - 1) * o->host_delay_ms : 0;
}

static void write_hosts(struct writer *w, const struct survey *v) {
    writer_number(w, "host_count", v->n_hosts);
    writer_key(w, "hosts");
    writer_open(w, '[');
    for (size_t i = 0; i < v->n_top; i++) {
        writer_open(w, '{');
        writer_text(w, "host", str_of(v->top[i].name));
        writer_number(w, "urls", v->top[i].n_urls);
        writer_close(w, '}');
    }
    writer_close(w, ']');
}

void dryrun_answer(struct api_call *c) {
    struct writer w = writer_on(&c->response.body);
    const struct job_options *options;
    struct submission sub = {0};
    struct survey v = {0};

    if (!receive_survey(c->receive, c, &v, &sub, &options))
        return;
    writer_open(&w, '{');
    jobjson_write_submission(&w, &sub);
    write_hosts(&w, &v);
    writer_decimal(&w, "least_seconds", least_ms(&v, options));
    writer_close(&w, '}');
    call_answer_body(c, 200, STR("application/json"), w.err);
    submission_done(&sub);
    survey_done(&v);
}
