#include "api/jobview.h"

#include <stdio.h>

#include "base/clock.h"
#include "crawler/crew.h"

enum {
    HOSTS_LOOKED_AT = 64,
    RECOUNT_MS = 1000, /* a count of some hosts takes 10 ms, and a busy job moves all the time */
};

static uint64_t running_of(const struct api *a, const struct job *j) {
    struct crew *crew = a->options.crew;

    return crew ? crew_running(crew, j->no) : 0;
}

/* --- how it goes ---------------------------------------------------------------------- */

struct clocked {
    struct job_clock clock;
    uint64_t version; /* of the job: what came later is not of it */
};

static bool take_event(void *arg, const struct job_event *e) {
    struct clocked *c = arg;

    if (e->version > c->version)
        return false;
    job_clock_take(&c->clock, e);
    return true;
}

static int64_t ran_ms(const struct api *a, const struct job *j, int64_t now_ms) {
    struct clocked c = {.version = j->version};

    if (!j->started_at || store_events_read(a->options.store, j->no, 0, take_event, &c) != ERR_OK)
        return 0; /* it is gone meanwhile, or the store fails: no pace then */
    return job_clock_read(&c.clock, now_ms);
}

static bool take_longest(void *arg, const struct host_row *h) {
    uint64_t *longest = arg;

    if (h->left > *longest)
        *longest = h->left;
    return true;
}

/* Of the job's first hosts: most jobs have no more. */
static int64_t count_hosts_ms(const struct api *a, const struct job *j) {
    int64_t after = -1;
    uint64_t longest = 0;
    bool more;

    if (store_hosts_read(a->options.store, j->no, &after, HOSTS_LOOKED_AT, take_longest, &longest,
                         &more) != ERR_OK)
        return 0;
    return (int64_t)longest * j->options.host_delay_ms;
}

/* What is known of it will do. Else whoever asks is to count, and others need not meanwhile. */
static bool recall(struct api *a, const struct job *j, int64_t now, int64_t *ret_ms) {
    struct hosts_memo *m = &a->memos[j->no % HOSTS_MEMOS];
    bool will_do;

    pthread_mutex_lock(&a->memo_lock);
    if (m->job != j->no)
        *m = (struct hosts_memo){.job = j->no};
    will_do = m->is_known && (m->version == j->version || now < m->recount_at);
    if (!will_do)
        m->recount_at = now + RECOUNT_MS;
    *ret_ms = m->ms;
    pthread_mutex_unlock(&a->memo_lock);
    return will_do;
}

static void remember(struct api *a, const struct job *j, int64_t now, int64_t ms) {
    pthread_mutex_lock(&a->memo_lock);
    a->memos[j->no % HOSTS_MEMOS] = (struct hosts_memo){.job = j->no,
                                                        .version = j->version,
                                                        .ms = ms,
                                                        .recount_at = now + RECOUNT_MS,
                                                        .is_known = true};
    pthread_mutex_unlock(&a->memo_lock);
}

static int64_t hosts_ms(struct api *a, const struct job *j) {
    int64_t now = clock_mono_ms(), ms;

    if (j->state != JOB_QUEUED && j->state != JOB_RUNNING)
        return 0;
    if (recall(a, j, now, &ms))
        return ms;
    ms = count_hosts_ms(a, j);
    remember(a, j, now, ms);
    return ms;
}

struct job_view jobview_of(struct api *a, const struct job *j, int64_t now_ms) {
    return (struct job_view){.base_path = a->options.base_path,
                             .running = running_of(a, j),
                             .ran_ms = ran_ms(a, j, now_ms),
                             .hosts_ms = hosts_ms(a, j)};
}

struct job_view jobview_then(const struct api *a, const struct job *j, int64_t at_ms) {
    return (struct job_view){.base_path = a->options.base_path, .ran_ms = ran_ms(a, j, at_ms)};
}

void jobview_write(const struct api_call *c, struct writer *w, const struct job *j) {
    struct job_view view = jobview_of(c->api, j, c->now_ms);

    jobjson_write(w, j, &view);
}

void jobview_write_listed(const struct api_call *c, struct writer *w, const struct job *j) {
    const struct job_view view = {.base_path = c->api->options.base_path,
                                  .running = running_of(c->api, j),
                                  .ran_ms = ran_ms(c->api, j, c->now_ms)};

    jobjson_write(w, j, &view);
}

/* --- answers ---------------------------------------------------------------------------- */

void jobview_add_etag(struct api_call *c, uint64_t version) {
    char etag[32];

    (void)snprintf(etag, sizeof etag, "W/\"%llu\"", (unsigned long long)version);
    call_add_header_of_body(c, "ETag", str_of(etag));
}

void jobview_answer(struct api_call *c, unsigned status, const struct job *j) {
    struct writer w = writer_on(&c->response.body);

    writer_open(&w, '{');
    jobview_write(c, &w, j);
    writer_close(&w, '}');
    call_answer_body(c, status, STR("application/json"), w.err);
    jobview_add_etag(c, j->version);
}

void jobview_add_location(struct api_call *c, const struct job *j) {
    char id[UUID_TEXT_LEN + 1], location[API_MAX_BASE_PATH + 64];
    struct str base = c->api->options.base_path;

    c->job_id = j->id;
    uuid_text(&j->id, id);
    (void)snprintf(location, sizeof location, "%.*s/v1/jobs/%s", (int)base.len, base.ptr, id);
    call_add_header_of_body(c, "Location", str_of(location));
}

/* RFC 9110 section 13.1.2, weak comparison */
bool jobview_is_known(const struct api_call *c, uint64_t version) {
    char wanted[32];
    struct str list;

    if (!call_header(c, STR("If-None-Match"), &list))
        return false;
    (void)snprintf(wanted, sizeof wanted, "\"%llu\"", (unsigned long long)version);
    while (list.len) {
        struct str tag = str_trim(str_cut(&list, ','));

        if (str_starts(tag, STR("W/")))
            tag = str_from(tag, 2);
        if (str_eq(tag, STR("*")) || str_eq(tag, str_of(wanted)))
            return true;
    }
    return false;
}

void jobview_answer_unchanged(struct api_call *c, uint64_t version) {
    call_answer(c, 304, STR_NONE);
    jobview_add_etag(c, version);
}

void jobview_refuse(struct api_call *c, const struct job *j, enum action a) {
    char detail[80];

    (void)snprintf(detail, sizeof detail, "a job that is %s cannot be %s", job_state_text(j->state),
                   action_done(a));
    call_refuse(c, PROBLEM_CONFLICT, detail);
}
