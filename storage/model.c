#include "storage/model.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

static const char *const state_texts[] = {
#define X(name, text) text,
    JOB_STATE_TABLE(X)
#undef X
};
static const char *const stop_reason_texts[] = {
#define X(name, text) text,
    STOP_REASON_TABLE(X)
#undef X
};
static const char *const outcome_texts[] = {
#define X(name, text) text,
    OUTCOME_TABLE(X)
#undef X
};
static const struct {
    const char *text;
    enum outcome outcome;
    bool transient;
} codes[] = {
#define X(name, text, outcome, transient) {text, OUTCOME_##outcome, transient},
    CODE_TABLE(X)
#undef X
};
static const char *const tag_texts[] = {
#define X(name, text) text,
    TAG_TABLE(X)
#undef X
};
static const char *const attr_texts[] = {
#define X(name, text) text,
    ATTR_TABLE(X)
#undef X
};
static const char *const webhook_event_texts[] = {
#define X(name, text) text,
    WEBHOOK_EVENT_TABLE(X)
#undef X
};
static const char *const delivery_state_texts[] = {
#define X(name, text) text,
    DELIVERY_STATE_TABLE(X)
#undef X
};

const char *job_state_text(enum job_state s) {
    return state_texts[s];
}

const char *stop_reason_text(enum stop_reason r) {
    return stop_reason_texts[r];
}

const char *outcome_text(enum outcome o) {
    return outcome_texts[o];
}

const char *code_text(enum code c) {
    return codes[c].text;
}

const char *tag_text(enum tag t) {
    return tag_texts[t];
}

const char *attr_text(enum attr a) {
    return attr_texts[a];
}

const char *webhook_event_text(enum webhook_event e) {
    return webhook_event_texts[e];
}

const char *delivery_state_text(enum delivery_state s) {
    return delivery_state_texts[s];
}

/* The place of |text| in |texts|, or -1. Empty words are no words. */
static int index_of(struct str text, const char *const *texts, int n) {
    for (int i = 0; i < n; i++)
        if (text.len && str_eq(text, str_of(texts[i])))
            return i;
    return -1;
}

enum err job_state_of(struct str text, enum job_state *ret_state) {
    int at = index_of(text, state_texts, JOB_STATE_COUNT);

    if (at < 0 || !job_state_is_shown((enum job_state)at))
        return ERR_INVALID;
    *ret_state = (enum job_state)at;
    return ERR_OK;
}

enum err outcome_of(struct str text, enum outcome *ret_outcome) {
    int at = index_of(text, outcome_texts, OUTCOME_COUNT);

    if (at < 0)
        return ERR_INVALID;
    *ret_outcome = (enum outcome)at;
    return ERR_OK;
}

enum err code_of(struct str text, enum code *ret_code) {
    for (int c = CODE_NONE + 1; c < CODE_COUNT; c++)
        if (str_eq(text, str_of(codes[c].text))) {
            *ret_code = (enum code)c;
            return ERR_OK;
        }
    return ERR_INVALID;
}

enum err tag_of(struct str text, enum tag *ret_tag) {
    int at = index_of(text, tag_texts, TAG_COUNT);

    if (at < 0)
        return ERR_INVALID;
    *ret_tag = (enum tag)at;
    return ERR_OK;
}

enum err webhook_event_of(struct str text, enum webhook_event *ret_event) {
    int at = index_of(text, webhook_event_texts, WEBHOOK_EVENT_COUNT);

    if (at < 0)
        return ERR_INVALID;
    *ret_event = (enum webhook_event)at;
    return ERR_OK;
}

enum outcome code_outcome(enum code c) {
    return codes[c].outcome;
}

bool code_is_transient(enum code c) {
    return codes[c].transient;
}

bool job_state_is_finished(enum job_state s) {
    return s == JOB_COMPLETED || s == JOB_CANCELLED || s == JOB_FAILED;
}

bool job_state_is_shown(enum job_state s) {
    return s != JOB_RECEIVING && s != JOB_DELETED;
}

bool job_state_may_move(enum job_state from, enum job_state to) {
#define TO(state) (1u << JOB_##state)
    static const unsigned moves[JOB_STATE_COUNT] = {
        [JOB_RECEIVING] = TO(QUEUED) | TO(PAUSED) | TO(DELETED),
        /* completed: by its deadline, or because nothing was put into it */
        [JOB_QUEUED] =
            TO(RUNNING) | TO(PAUSED) | TO(CANCELLING) | TO(COMPLETED) | TO(FAILED) | TO(DELETED),
        [JOB_RUNNING] = TO(PAUSED) | TO(CANCELLING) | TO(COMPLETED) | TO(FAILED) | TO(DELETED),
        /* what was under way when it was paused may have been the last of it */
        [JOB_PAUSED] =
            TO(QUEUED) | TO(RUNNING) | TO(CANCELLING) | TO(COMPLETED) | TO(FAILED) | TO(DELETED),
        [JOB_CANCELLING] = TO(CANCELLED) | TO(FAILED) | TO(DELETED),
        [JOB_COMPLETED] = TO(RUNNING) | TO(DELETED), /* more URLs, or failed ones again */
        [JOB_CANCELLED] = TO(DELETED),
        [JOB_FAILED] = TO(DELETED),
    };
#undef TO
    return moves[from] & (1u << to);
}

enum { HOST_HASH_BITS = 63 - HOST_BUCKET_BITS };

int64_t host_id(struct str host_key, uint32_t bucket) {
    const uint64_t hash_mask = ((uint64_t)1 << HOST_HASH_BITS) - 1;

    assert(bucket < HOST_BUCKETS);
    return (int64_t)((uint64_t)bucket << HOST_HASH_BITS | (hash_u64(host_key) & hash_mask));
}

int64_t host_id_first(uint32_t bucket) {
    assert(bucket <= HOST_BUCKETS);
    return bucket == HOST_BUCKETS ? INT64_MAX : (int64_t)bucket << HOST_HASH_BITS;
}

void host_memo_done(struct host_memo *m) {
    free(m->name);
    free(m->robots);
    *m = (struct host_memo){0};
}

void host_memo_free(struct host_memo *m) {
    if (!m)
        return;
    host_memo_done(m);
    free(m);
}

bool host_memo_is_empty(const struct host_memo *m) {
    return !m->blocked_until && !m->fails && !m->delay_ms && m->robots_kind == ROBOTS_NONE;
}

static char *copy_chars(const char *chars) {
    return chars ? mem_chars(str_of(chars)) : NULL;
}

void job_options_done(struct job_options *o) {
    free(o->user_agent);
    free(o->schemes);
    free(o->include);
    free(o->exclude);
    free(o->webhook_url);
    free(o->webhook_headers);
    free(o->webhook_secret);
    free(o->headers);
    *o = (struct job_options){0};
}

void job_options_copy(struct job_options *dst, const struct job_options *src) {
    *dst = *src;
    dst->user_agent = copy_chars(src->user_agent);
    dst->schemes = copy_chars(src->schemes);
    dst->include = copy_chars(src->include);
    dst->exclude = copy_chars(src->exclude);
    dst->webhook_url = copy_chars(src->webhook_url);
    dst->webhook_headers = copy_chars(src->webhook_headers);
    dst->webhook_secret = copy_chars(src->webhook_secret);
    dst->headers = copy_chars(src->headers);
}

bool job_options_grow(const struct job_options *o) {
    return o->max_depth > 0 || o->sitemap != SITEMAP_SKIP;
}

void job_free(struct job *j) {
    if (!j)
        return;
    free(j->name);
    free(j->metadata);
    job_options_done(&j->options);
    free(j);
}

uint64_t job_unfinished(const struct job *j) {
    uint64_t ended = 0;

    for (int o = OUTCOME_PENDING + 1; o < OUTCOME_COUNT; o++)
        ended += j->counts.by_outcome[o];
    return j->counts.total - ended;
}

static char *append(char *at, struct str s) {
    if (s.len)
        memcpy(at, s.ptr, s.len);
    return at + s.len;
}

struct task *task_new_known(struct str url, struct str input, struct str etag,
                            struct str last_modified) {
    struct task *t = mem_new(1, sizeof *t + url.len + input.len + etag.len + last_modified.len);
    char *at = t->bytes;

    list_init(&t->link);
    t->referrer = -1;
    t->has_input = input.len > 0;
    t->url_len = (uint32_t)url.len;
    t->input_len = (uint32_t)input.len;
    t->etag_len = (uint32_t)etag.len;
    t->last_modified_len = (uint32_t)last_modified.len;
    at = append(at, url);
    at = append(at, input);
    at = append(at, etag);
    (void)append(at, last_modified);
    return t;
}

struct task *task_new(struct str url, struct str input) {
    return task_new_known(url, input, STR_NONE, STR_NONE);
}

struct task *task_copy(const struct task *t) {
    struct task *copy = mem_new(1, task_size(t));

    memcpy(copy, t, task_size(t));
    list_init(&copy->link);
    return copy;
}

size_t task_size(const struct task *t) {
    return sizeof *t + t->url_len + t->input_len + t->etag_len + t->last_modified_len;
}
