#include "api/eventstream.h"

#include <stdlib.h>
#include <string.h>

#include "api/jobview.h"
#include "api/recordline.h"
#include "api/tail.h"
#include "base/mem.h"

enum {
    MAX_BYTES = 64 << 20, /* no event is larger */
    ENOUGH_BYTES = 64 << 10,
    RECORDS_A_READ = 256,
};

struct eventstream {
    struct api *api;
    int64_t job;
    unsigned types;
    struct event_place told;
    struct tail *tail;
    struct buf out;
    size_t taken; /* of |out| */
    int64_t progress_at;
    bool owes_progress; /* as soon as it is time for the next */
    bool is_at_end;
    struct columns columns;
};

enum err event_place_parse(struct str id, struct event_place *ret_place) {
    struct str version = str_cut(&id, '-');
    struct event_place p;
    uint64_t seq;

    if (str_to_u64(version, INT64_MAX, &p.version) != ERR_OK ||
        str_to_u64(id, INT64_MAX, &seq) != ERR_OK)
        return ERR_INVALID;
    p.seq = (int64_t)seq;
    *ret_place = p;
    return ERR_OK;
}

/* --- events --------------------------------------------------------------------------- */

static bool wants(const struct eventstream *s, enum event_type type) {
    return s->types >> type & 1;
}

static enum err start_event(struct eventstream *s, enum event_type type) {
    static const char *const names[] = {
#define X(name, text) text,
        EVENT_TYPE_TABLE(X)
#undef X
    };

    return buf_printf(&s->out,
                      "id: %llu-%lld\nevent: %s\ndata: ", (unsigned long long)s->told.version,
                      (long long)s->told.seq, names[type]);
}

static enum err end_event(struct eventstream *s) {
    return buf_put(&s->out, STR("\n\n"));
}

/* Of progress, or the last one. */
static enum err put_job(struct eventstream *s, enum event_type type) {
    const struct job *j = tail_job(s->tail);
    struct job_view view = jobview_of(s->api, j, tail_now(s->tail));
    struct writer w = writer_on(&s->out);
    enum err e = start_event(s, type);

    writer_open(&w, '{');
    jobjson_write_progress(&w, j, &view);
    writer_close(&w, '}');
    if (e == ERR_OK)
        e = w.err;
    return e == ERR_OK ? end_event(s) : e;
}

static enum err put_state(struct eventstream *s, const struct job_event *event) {
    struct writer w = writer_on(&s->out);
    enum err e = start_event(s, EVENT_STATE);

    writer_open(&w, '{');
    writer_number(&w, "version", event->version);
    writer_time(&w, "at", event->at);
    writer_text(&w, "state", str_of(job_state_text(event->state)));
    writer_text_or_null(&w, "stop_reason", str_of(stop_reason_text(event->stop_reason)));
    writer_close(&w, '}');
    if (e == ERR_OK)
        e = w.err;
    return e == ERR_OK ? end_event(s) : e;
}

static enum err put_url(struct eventstream *s, const struct record *r) {
    enum err e = start_event(s, EVENT_URL);

    if (e == ERR_OK)
        e = recordline_put(&s->out, FORMAT_JSON, &s->columns, r, STR_NONE);
    return e == ERR_OK ? end_event(s) : e;
}

/* --- reading ---------------------------------------------------------------------------- */

struct visit {
    struct eventstream *s;
    enum err err;
    bool has_stopped; /* there is more */
};

static bool is_full(const struct eventstream *s) {
    return s->out.len >= ENOUGH_BYTES;
}

static bool visit_record(void *arg, const struct record *r) {
    struct visit *v = arg;

    v->has_stopped = is_full(v->s);
    if (v->has_stopped)
        return false;
    v->s->told.seq = r->seq;
    v->err = put_url(v->s, r);
    return v->err == ERR_OK;
}

static enum err read_urls(struct eventstream *s, bool *ret_more) {
    struct record_filter all = {.outcome = OUTCOME_PENDING};
    struct visit v = {.s = s};
    int64_t after = s->told.seq;
    enum err e = store_records_read(s->api->options.store, s->job, &all, &after, RECORDS_A_READ,
                                    visit_record, &v, ret_more);

    *ret_more |= v.has_stopped;
    return e == ERR_OK ? v.err : e;
}

/* What came after the look is for the next time. */
static bool visit_event(void *arg, const struct job_event *event) {
    struct visit *v = arg;
    struct eventstream *s = v->s;

    if (event->version > tail_job(s->tail)->version)
        return false;
    v->has_stopped = is_full(s);
    if (v->has_stopped)
        return false;
    s->told.version = event->version;
    if (wants(s, EVENT_STATE))
        v->err = put_state(s, event);
    return v->err == ERR_OK;
}

static enum err read_states(struct eventstream *s, bool *ret_more) {
    struct visit v = {.s = s};
    enum err e = store_events_read(s->api->options.store, s->job, s->told.version, visit_event, &v);

    *ret_more = v.has_stopped;
    return e == ERR_OK ? v.err : e;
}

/* The counts of a version that was no move. */
static enum err tell_progress(struct eventstream *s) {
    int64_t now = tail_now(s->tail);
    bool is_new = tail_job(s->tail)->version > s->told.version;

    s->owes_progress =
        is_new && wants(s, EVENT_PROGRESS) && now < s->progress_at + EVENT_PROGRESS_MS;
    if (!is_new || s->owes_progress)
        return ERR_OK;
    s->told.version = tail_job(s->tail)->version;
    if (!wants(s, EVENT_PROGRESS))
        return ERR_OK;
    s->progress_at = now;
    return put_job(s, EVENT_PROGRESS);
}

static enum err tell_end(struct eventstream *s) {
    s->is_at_end = true;
    s->told.version = tail_job(s->tail)->version;
    return wants(s, EVENT_DONE) ? put_job(s, EVENT_DONE) : ERR_OK;
}

static enum err refill(struct eventstream *s) {
    bool more = false;
    enum err e = tail_look(s->tail);

    if (e == ERR_OK && wants(s, EVENT_URL))
        e = read_urls(s, &more);
    if (e == ERR_OK && !more)
        e = read_states(s, &more);
    if (e != ERR_OK || more)
        return e;
    return tail_is_over(s->tail) ? tell_end(s) : tell_progress(s);
}

/* --- the reader --------------------------------------------------------------------------- */

static ssize_t give_nothing(struct eventstream *s, char *dst) {
    static const char comment[] = ":\n\n";

    if (s->is_at_end)
        return 0;
    if (!tail_is_silent(s->tail))
        return API_LATER;
    tail_spoke(s->tail);
    memcpy(dst, comment, sizeof comment - 1); /* |max| is thousands */
    return sizeof comment - 1;
}

static ssize_t read_events(void *arg, char *dst, size_t max) {
    struct eventstream *s = arg;
    size_t n;

    if (s->taken == s->out.len) {
        buf_clear(&s->out);
        s->taken = 0;
        if (!s->is_at_end && refill(s) != ERR_OK)
            return API_BROKEN;
    }
    if (s->out.len == 0)
        return give_nothing(s, dst);
    tail_spoke(s->tail);
    n = s->out.len - s->taken;
    if (n > max)
        n = max;
    memcpy(dst, s->out.ptr + s->taken, n);
    s->taken += n;
    return (ssize_t)n;
}

static void wait_for_more(void *arg, struct api_wait *ret_wait) {
    const struct eventstream *s = arg;
    struct api_wait wait = tail_wait(s->tail);

    if (s->owes_progress) {
        wait.for_end = true;
        wait.until_ms = s->progress_at + EVENT_PROGRESS_MS;
    }
    *ret_wait = wait;
}

static void resume(void *arg, int64_t now_ms) {
    struct eventstream *s = arg;

    tail_resume(s->tail, now_ms);
}

static void free_events(void *arg) {
    struct eventstream *s = arg;

    tail_free(s->tail);
    buf_done(&s->out);
    free(s);
}

struct api_reader eventstream_new(const struct eventstream_options *o) {
    struct eventstream *s = NEW(struct eventstream);

    s->api = o->api;
    s->job = o->job;
    s->types = o->types;
    s->told = o->after;
    s->tail = tail_new(o->api->options.store, o->job, o->now_ms);
    s->out = BUF_INIT(MAX_BYTES);
    s->columns = recordline_default_columns();
    /* How soon to come back after a cut; it also brings the head of the answer on its way. */
    if (buf_put(&s->out, STR("retry: 1000\n\n")) != ERR_OK)
        buf_clear(&s->out);
    return (struct api_reader){read_events, free_events, s, wait_for_more, resume};
}
