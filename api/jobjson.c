#include "api/jobjson.h"

#include "api/action.h"
#include "api/option.h"

enum { POLL_LEAST_MS = 500, POLL_USUAL_MS = 1000, POLL_MOST_MS = 10000 };

static void write_counts(struct writer *w, const struct job *j, uint64_t running) {
    uint64_t unfinished = job_unfinished(j);

    if (running > unfinished)
        running = unfinished;
    writer_key(w, "counts");
    writer_open(w, '{');
    writer_number(w, "total", j->counts.total);
    writer_number(w, "queued", unfinished - running);
    writer_number(w, "running", running);
    for (int o = OUTCOME_SUCCEEDED; o < OUTCOME_COUNT; o++)
        writer_number(w, outcome_text((enum outcome)o), j->counts.by_outcome[o]);
    writer_close(w, '}');
}

static void write_not_followed(struct writer *w, const struct not_followed *n) {
    writer_key(w, "not_followed");
    writer_open(w, '{');
    writer_number(w, "out_of_scope", n->out_of_scope);
    writer_number(w, "depth_limit", n->depth_limit);
    writer_number(w, "page_limit", n->page_limit);
    writer_close(w, '}');
}

void job_clock_take(struct job_clock *c, const struct job_event *e) {
    bool runs = e->state == JOB_RUNNING || e->state == JOB_CANCELLING;

    if (c->since && !runs) {
        c->ran_ms += e->at > c->since ? e->at - c->since : 0;
        c->since = 0;
    } else if (!c->since && runs) {
        c->since = e->at;
    }
}

int64_t job_clock_read(const struct job_clock *c, int64_t now_ms) {
    return c->ran_ms + (c->since && now_ms > c->since ? now_ms - c->since : 0);
}

static uint64_t clamp(uint64_t n, uint64_t least, uint64_t most) {
    return n < least ? least : n > most ? most : n;
}

/* In thousandths. */
static uint64_t progress_of(const struct job *j) {
    uint64_t ended = j->counts.total - job_unfinished(j);

    if (j->counts.total == 0)
        return job_state_is_finished(j->state) ? 1000 : 0;
    return ended * 1000 / j->counts.total;
}

/* A second by the mean while it ran. What was settled in masses is no sign of speed. */
static double rate_of(const struct job *j, const struct job_view *v) {
    const uint64_t *n = j->counts.by_outcome;
    uint64_t asked = n[OUTCOME_SUCCEEDED] + n[OUTCOME_FAILED] + n[OUTCOME_DISALLOWED];

    return v->ran_ms > 0 ? (double)asked * 1000.0 / (double)v->ran_ms : 0.0;
}

/* By the mean, but a slow host takes its time however fast the others went; 0: not known. */
static uint64_t eta_of(const struct job *j, const struct job_view *v, double rate) {
    double ms = rate > 0.0 ? (double)job_unfinished(j) * 1000.0 / rate : 0.0;

    return ms > (double)v->hosts_ms ? (uint64_t)ms : (uint64_t)v->hosts_ms;
}

static void write_end(struct writer *w, const struct job *j, uint64_t eta_ms) {
    bool goes_on = j->state == JOB_QUEUED || j->state == JOB_RUNNING;

    if (job_state_is_finished(j->state)) {
        writer_number(w, "eta_seconds", 0);
        writer_null(w, "poll_after_ms");
        return;
    }
    if (goes_on && eta_ms)
        writer_number(w, "eta_seconds", (eta_ms + 999) / 1000);
    else
        writer_null(w, "eta_seconds");
    if (j->state == JOB_CANCELLING) /* the engine lets go at once, however much is left */
        writer_number(w, "poll_after_ms", POLL_LEAST_MS);
    else if (j->state == JOB_PAUSED)
        writer_number(w, "poll_after_ms", POLL_MOST_MS);
    else
        writer_number(w, "poll_after_ms",
                      eta_ms ? clamp(eta_ms, POLL_LEAST_MS, POLL_MOST_MS) : POLL_USUAL_MS);
}

/* How far, how fast, and until when. */
static void write_pace(struct writer *w, const struct job *j, const struct job_view *v) {
    double rate = rate_of(j, v);

    writer_decimal(w, "progress", progress_of(j));
    writer_decimal(w, "urls_per_second", (uint64_t)(rate * 1000.0));
    write_end(w, j, eta_of(j, v, rate));
}

static void write_actions(struct writer *w, const struct job *j) {
    writer_key(w, "actions");
    writer_open(w, '[');
    for (int a = 0; a < ACTION_COUNT; a++)
        if (action_is_open((enum action)a, j))
            writer_text(w, NULL, str_of(action_name((enum action)a)));
    writer_close(w, ']');
}

static void write_href(struct writer *w, const char *key, const struct job *j, struct str base,
                       const char *below) {
    char id[UUID_TEXT_LEN + 1];

    uuid_text(&j->id, id);
    writer_key(w, key);
    writer_raw(w, STR("\""));
    writer_raw(w, base);
    writer_raw(w, STR("/v1/jobs/"));
    writer_raw(w, str_of(id));
    writer_raw(w, str_of(below));
    writer_raw(w, STR("\""));
}

static void write_hrefs(struct writer *w, const struct job *j, struct str base) {
    writer_key(w, "hrefs");
    writer_open(w, '{');
    write_href(w, "self", j, base, "");
    write_href(w, "urls", j, base, "/urls");
    write_href(w, "links", j, base, "/links");
    write_href(w, "hosts", j, base, "/hosts");
    write_href(w, "summary", j, base, "/summary");
    write_href(w, "events", j, base, "/events");
    write_href(w, "webhooks", j, base, "/webhooks");
    writer_close(w, '}');
}

static void write_state(struct writer *w, const struct job *j) {
    char id[UUID_TEXT_LEN + 1];

    uuid_text(&j->id, id);
    writer_text(w, "id", str_of(id));
    writer_text_or_null(w, "name", str_of(j->name));
    writer_text(w, "state", str_of(job_state_text(j->state)));
    writer_text_or_null(w, "stop_reason", str_of(stop_reason_text(j->stop_reason)));
    writer_bool(w, "is_finished", job_state_is_finished(j->state));
    writer_number(w, "priority", j->priority);
    writer_time(w, "created_at", j->created_at);
    writer_time(w, "started_at", j->started_at);
    writer_time(w, "finished_at", j->finished_at);
    writer_time(w, "expires_at", j->expires_at);
    writer_time(w, "last_progress_at", j->last_progress_at);
}

void jobjson_write(struct writer *w, const struct job *j, const struct job_view *v) {
    write_state(w, j);
    write_counts(w, j, v->running);
    write_not_followed(w, &j->counts.not_followed);
    writer_number(w, "duplicates", j->counts.duplicates);
    writer_number(w, "links_found", j->counts.links_found);
    writer_number(w, "bytes", j->counts.bytes);
    write_pace(w, j, v);
    writer_number(w, "version", j->version);
    writer_json(w, "metadata", j->metadata ? str_of(j->metadata) : STR("{}"));
    writer_key(w, "options");
    writer_open(w, '{');
    option_write_given(w, &j->options);
    writer_close(w, '}');
    write_actions(w, j);
    write_hrefs(w, j, v->base_path);
}

void jobjson_write_progress(struct writer *w, const struct job *j, const struct job_view *v) {
    writer_number(w, "version", j->version);
    writer_text(w, "state", str_of(job_state_text(j->state)));
    writer_text_or_null(w, "stop_reason", str_of(stop_reason_text(j->stop_reason)));
    write_counts(w, j, v->running);
    writer_number(w, "links_found", j->counts.links_found);
    writer_number(w, "bytes", j->counts.bytes);
    write_pace(w, j, v);
}

void jobjson_write_submission(struct writer *w, const struct submission *sub) {
    writer_key(w, "submission");
    writer_open(w, '{');
    writer_number(w, "received", sub->received);
    writer_number(w, "accepted", sub->accepted);
    writer_number(w, "duplicates", sub->duplicates);
    writer_number(w, "rejected", sub->rejected);
    writer_key(w, "rejects");
    writer_open(w, '[');
    for (size_t i = 0; i < sub->n_rejects; i++) {
        const struct reject *r = &sub->rejects[i];

        writer_open(w, '{');
        writer_number(w, "index", (uint64_t)r->index);
        writer_text(w, "input", str_of(r->input));
        writer_text(w, "code", str_of(code_text(r->code)));
        writer_text(w, "detail", str_of(r->detail));
        writer_close(w, '}');
    }
    writer_close(w, ']');
    writer_close(w, '}');
}
