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

/* Links are followed by no job: the list is all there is. */
static void write_not_followed(struct writer *w) {
    writer_key(w, "not_followed");
    writer_open(w, '{');
    writer_number(w, "out_of_scope", 0);
    writer_number(w, "depth_limit", 0);
    writer_number(w, "page_limit", 0);
    writer_close(w, '}');
}

static int64_t elapsed_ms(const struct job *j, int64_t now_ms) {
    int64_t end = j->finished_at ? j->finished_at : now_ms;

    return j->started_at && end > j->started_at ? end - j->started_at : 0;
}

static uint64_t clamp(uint64_t n, uint64_t least, uint64_t most) {
    return n < least ? least : n > most ? most : n;
}

/* In thousandths. */
static uint64_t progress_of(const struct job *j, uint64_t ended) {
    if (j->counts.total == 0)
        return job_state_is_finished(j->state) ? 1000 : 0;
    return ended * 1000 / j->counts.total;
}

/* How far, how fast, and until when, by the mean since the start. */
static void write_pace(struct writer *w, const struct job *j, int64_t now_ms) {
    uint64_t unfinished = job_unfinished(j), ended = j->counts.total - unfinished;
    uint64_t ms = (uint64_t)elapsed_ms(j, now_ms);
    double rate = ms ? (double)ended * 1000.0 / (double)ms : 0.0;
    double eta_ms = rate > 0.0 ? (double)unfinished * 1000.0 / rate : 0.0;
    uint64_t poll_ms = POLL_USUAL_MS;

    writer_decimal(w, "progress", progress_of(j, ended));
    writer_decimal(w, "urls_per_second", (uint64_t)(rate * 1000.0));
    if (job_state_is_finished(j->state)) {
        writer_number(w, "eta_seconds", 0);
        writer_null(w, "poll_after_ms");
        return;
    }
    if (j->state == JOB_CANCELLING) { /* the engine lets go at once, however much is left */
        writer_null(w, "eta_seconds");
        poll_ms = POLL_LEAST_MS;
    } else if (rate > 0.0) {
        writer_number(w, "eta_seconds", (uint64_t)(eta_ms / 1000.0 + 0.999));
        poll_ms = clamp((uint64_t)eta_ms, POLL_LEAST_MS, POLL_MOST_MS);
    } else {
        writer_null(w, "eta_seconds");
    }
    writer_number(w, "poll_after_ms", poll_ms);
}

static void write_actions(struct writer *w, const struct job *j) {
    writer_key(w, "actions");
    writer_open(w, '[');
    for (int a = 0; a < ACTION_COUNT; a++)
        if (action_is_open((enum action)a, j))
            writer_text(w, NULL, str_of(action_name((enum action)a)));
    writer_close(w, ']');
}

static void write_href(struct writer *w, const char *key, const struct job *j, const char *below) {
    char id[UUID_TEXT_LEN + 1];

    uuid_text(&j->id, id);
    writer_key(w, key);
    writer_raw(w, STR("\"/v1/jobs/"));
    writer_raw(w, str_of(id));
    writer_raw(w, str_of(below));
    writer_raw(w, STR("\""));
}

static void write_hrefs(struct writer *w, const struct job *j) {
    writer_key(w, "hrefs");
    writer_open(w, '{');
    write_href(w, "self", j, "");
    write_href(w, "urls", j, "/urls");
    write_href(w, "links", j, "/links");
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

void jobjson_write(struct writer *w, const struct job *j, uint64_t running, int64_t now_ms) {
    write_state(w, j);
    write_counts(w, j, running);
    write_not_followed(w);
    writer_number(w, "duplicates", j->counts.duplicates);
    writer_number(w, "links_found", j->counts.links_found);
    writer_number(w, "bytes", j->counts.bytes);
    write_pace(w, j, now_ms);
    writer_number(w, "version", j->version);
    writer_json(w, "metadata", j->metadata ? str_of(j->metadata) : STR("{}"));
    writer_key(w, "options");
    writer_open(w, '{');
    option_write_given(w, &j->options);
    writer_close(w, '}');
    write_actions(w, j);
    write_hrefs(w, j);
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
