/* How the URLs of a job ended, counted. */
#include "storage/summary.h"

#include "api/jobview.h"
#include "api/routes.h"
#include "api/writer.h"

static void write_codes(struct writer *w, const struct summary *s) {
    writer_key(w, "outcomes");
    writer_open(w, '[');
    for (int code = 0; code < CODE_COUNT; code++) {
        if (!s->by_code[code])
            continue;
        writer_open(w, '{');
        writer_text(w, "outcome", str_of(outcome_text(code_outcome((enum code)code))));
        writer_text_or_null(w, "code", str_of(code_text((enum code)code)));
        writer_number(w, "urls", s->by_code[code]);
        writer_close(w, '}');
    }
    writer_close(w, ']');
}

static void write_statuses(struct writer *w, const struct summary *s) {
    writer_key(w, "http_statuses");
    writer_open(w, '[');
    for (uint64_t status = 0; status < SUMMARY_STATUSES; status++) {
        if (!s->by_status[status])
            continue;
        writer_open(w, '{');
        writer_number(w, "http_status", status);
        writer_number(w, "urls", s->by_status[status]);
        writer_close(w, '}');
    }
    writer_close(w, ']');
}

static void write_types(struct writer *w, const struct summary *s) {
    writer_key(w, "content_types");
    writer_open(w, '[');
    for (size_t i = 0; i < s->n_types; i++) {
        writer_open(w, '{');
        writer_text_or_null(w, "content_type", str_of(s->types[i].type));
        writer_number(w, "urls", (uint64_t)s->types[i].n);
        writer_close(w, '}');
    }
    writer_close(w, ']');
}

static void write_hosts(struct writer *w, const struct summary *s) {
    writer_number(w, "host_count", s->host_count);
    writer_key(w, "hosts");
    writer_open(w, '[');
    for (size_t i = 0; i < s->n_hosts; i++) {
        writer_open(w, '{');
        writer_text(w, "host", str_of(s->hosts[i].name));
        writer_number(w, "urls", s->hosts[i].n);
        writer_close(w, '}');
    }
    writer_close(w, ']');
}

static void write_times(struct writer *w, const struct summary *s) {
    static const struct {
        const char *name;
        unsigned permille;
    } quantiles[] = {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"max", 1000}};

    writer_key(w, "elapsed_ms");
    writer_open(w, '{');
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        int64_t ms = summary_quantile(s->by_time, quantiles[i].permille);

        if (ms < 0)
            writer_null(w, quantiles[i].name);
        else
            writer_number(w, quantiles[i].name, (uint64_t)ms);
    }
    writer_close(w, '}');
}

static void answer(struct api_call *c, const struct summary *s) {
    struct writer w = writer_on(&c->response.body);

    writer_open(&w, '{');
    writer_number(&w, "version", s->version);
    writer_number(&w, "total", s->counts.total);
    write_codes(&w, s);
    write_statuses(&w, s);
    write_types(&w, s);
    write_hosts(&w, s);
    write_times(&w, s);
    writer_close(&w, '}');
    call_answer_body(c, 200, STR("application/json"), w.err);
    jobview_add_etag(c, s->version);
}

void route_job_summary(struct api_call *c) {
    OWNED(job) struct job *j = NULL;
    OWNED(summary) struct summary *s = NULL;
    enum err e;

    if (!call_job(c, &j))
        return;
    if (jobview_is_known(c, j->version)) {
        jobview_answer_unchanged(c, j->version);
        return;
    }
    e = store_summary(c->api->options.store, j->no, &s);
    if (e == ERR_OK)
        answer(c, s);
    else
        call_store_error(c, e);
}
