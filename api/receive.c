#include "api/receive.h"

#include <stdio.h>

#include "api/content.h"
#include "api/keyed.h"
#include "api/lines.h"
#include "api/submit.h"
#include "base/guard.h"
#include "base/inflate.h"
#include "base/mem.h"

enum {
    MAX_HELD_BODIES = 16, /* JSON bodies that may be held at once, of the largest size */
    /* What each byte of a packed body may become, and how much of that can be saved up.
     * Real lists pack 5- to 20-fold; a megabyte of packed blank lines would keep a network
     * thread busy for seconds. The latter also bounds what one turn of it can take. */
    MAX_RATIO = 100,
    MAX_CREDIT = 8 << 20,
};

struct receive {
    struct api *api;
    struct keyed *keyed; /* the call's; borrowed */
    bool adds;           /* to a job that is there */
    bool is_strict, is_dry;
    uint64_t n_decoded; /* bytes */
    bool is_json;
    struct inflate *inflate; /* NULL: the body comes as it is */
    uint64_t credit;         /* bytes that may still come out of it */
    struct buf json;
    struct lines lines;
    struct submit submit;
    struct job *draft;
    struct problem rejects; /* URLs that are refused: the answer where none is left, or may be */
    struct problem problem; /* what is wrong with the request itself ... */
    bool is_wrong;          /* ... and whether it is */
    bool is_bloated;        /* it unpacks to too much */
};

void receive_free(struct receive *r) {
    if (!r)
        return;
    inflate_free(r->inflate);
    r->api->held_bytes -= r->json.len;
    buf_done(&r->json);
    lines_done(&r->lines);
    submit_done(&r->submit);
    job_free(r->draft);
    problem_done(&r->problem);
    problem_done(&r->rejects);
    free(r);
}

/* --- the head ------------------------------------------------------------------------ */

static void refuse_size(struct api_call *c, bool is_json) {
    char detail[160];

    (void)snprintf(detail, sizeof detail,
                   is_json ? "JSON is held to %llu bytes; a list of any length can be sent as "
                             "text/plain, one URL a line"
                           : "with dry_run a list is held to %llu bytes",
                   (unsigned long long)c->api->options.max_request_bytes);
    call_refuse(c, PROBLEM_TOO_LARGE, detail);
}

static bool is_bounded(const struct receive *r) {
    return r->is_json || r->is_dry;
}

/* A gzip'd body is not larger than what it decodes to, but for a few bytes. */
static bool check_length(const struct receive *r, struct api_call *c) {
    uint64_t max = c->api->options.max_request_bytes + 4096, ignored;
    struct str length;

    if (!is_bounded(r) || !call_header(c, STR("Content-Length"), &length) ||
        str_to_u64(length, max, &ignored) == ERR_OK)
        return true;
    refuse_size(c, r->is_json);
    return false;
}

static struct job *new_draft(const struct api_call *c) {
    struct job *draft = NEW(struct job);

    draft->tenant = c->tenant;
    draft->priority = 5;
    draft->created_at = c->now_ms;
    job_options_copy(&draft->options, &c->api->options.defaults);
    draft->options.given = 0;
    return draft;
}

/* False: the call is answered. */
static bool read_flags(struct receive *r, struct api_call *c) {
    return call_flag(c, "strict", &r->is_strict) && call_flag(c, "dry_run", &r->is_dry);
}

/* Before a long list comes in for nothing. A job in JSON may be empty. */
static bool check_quota(const struct receive *r, struct api_call *c) {
    return r->is_dry || call_check_quota(c, r->adds ? 0 : 1, r->is_json && !r->adds ? 0 : 1);
}

/* Options of a text come in the query; with JSON they stand in the body. */
static bool read_query(struct receive *r, struct api_call *c) {
    problem_init(&r->problem, PROBLEM_INVALID_OPTION);
    if (r->adds) /* which takes no options */
        return true;
    codec_read_query(&c->query, &r->api->limits, !r->is_json, r->draft, &r->problem);
    if (r->problem.n_faults == 0)
        return true;
    call_problem(c, &r->problem);
    return false;
}

/* False: the call is answered. A dry run leaves nothing that could be done twice. */
static bool begin_key(struct receive *r, struct api_call *c) {
    struct str type = r->is_json ? STR("application/json") : STR("text/plain");

    if (!r->is_dry && !keyed_begin(c, type))
        return false;
    r->keyed = c->keyed;
    return true;
}

/* Likewise. Of a repeat nothing is wanted but its print. */
static bool begin_list(struct receive *r, struct api_call *c) {
    enum err e;

    if (keyed_is_repeat(r->keyed))
        return true;
    r->json = BUF_INIT((size_t)c->api->options.max_request_bytes);
    lines_init(&r->lines);
    r->draft = new_draft(c);
    if (!check_quota(r, c) || !read_query(r, c))
        return false;
    e = submit_init(&r->submit, c->api->options.store);
    if (e != ERR_OK)
        call_store_error(c, e);
    return e == ERR_OK;
}

struct receive *receive_new(struct api_call *c, bool adds) {
    OWNED(receive) struct receive *r = NULL;
    bool is_json, is_gzip;

    if (!content_type(c, &is_json) || !content_coding(c, &is_gzip))
        return NULL;
    r = NEW(struct receive);
    r->api = c->api;
    r->adds = adds;
    r->is_json = is_json;
    r->inflate = is_gzip ? inflate_new(INFLATE_GZIP_STRICT) : NULL;
    r->credit = MAX_CREDIT / 2;
    if (is_gzip && !r->inflate)
        call_store_error(c, ERR_NO_MEMORY);
    else if (read_flags(r, c) && check_length(r, c) && begin_key(r, c) && begin_list(r, c))
        return TAKE(r);
    return NULL;
}

/* --- the body -------------------------------------------------------------------------- */

static enum err take_line(void *arg, struct str line, bool is_too_long) {
    struct receive *r = arg;
    const char *why;
    enum err e = submit_url(&r->submit, line, is_too_long, &why);

    if (why)
        problem_fault_line(&r->rejects, r->lines.number, "%s", why);
    return e;
}

/* What is wrong with the text itself, not with what it lists. */
static void wrong_text(struct receive *r) {
    problem_init(&r->problem, PROBLEM_INVALID_TEXT);
    problem_fault_line(&r->problem, r->lines.number, "is not UTF-8");
    r->is_wrong = true;
}

/* All bodies together are bounded too: many callers, each within the limit, could
 * take all the memory. */
static enum err hold(struct receive *r, struct str piece) {
    uint64_t most = MAX_HELD_BODIES * r->api->options.max_request_bytes;
    enum err e = ERR_BUSY;

    r->api->held_bytes += piece.len;
    if (r->api->held_bytes <= most)
        e = buf_put(&r->json, piece);
    if (e != ERR_OK)
        r->api->held_bytes -= piece.len;
    return e;
}

static enum err take_piece(struct receive *r, struct str piece) {
    enum err e;

    r->n_decoded += piece.len;
    if (is_bounded(r) && r->n_decoded > r->api->options.max_request_bytes)
        return ERR_TOO_BIG;
    keyed_feed(r->keyed, piece);
    if (keyed_is_repeat(r->keyed))
        return ERR_OK;
    if (r->is_json)
        return hold(r, piece);
    e = lines_feed(&r->lines, piece, take_line, r);
    if (e == ERR_INVALID)
        wrong_text(r);
    return e;
}

static enum err take_inflated(void *arg, struct str piece) {
    struct receive *r = arg;

    r->is_bloated = GUARD("request_ratio") && piece.len > r->credit;
    if (r->is_bloated)
        return ERR_TOO_BIG;
    r->credit -= piece.len;
    return take_piece(r, piece);
}

static enum err take_packed(struct receive *r, struct str piece) {
    uint64_t more = (uint64_t)piece.len * MAX_RATIO;

    r->credit = r->credit + more < MAX_CREDIT ? r->credit + more : MAX_CREDIT;
    return inflate_feed(r->inflate, piece, take_inflated, r);
}

static void answer_error(struct receive *r, struct api_call *c, enum err e) {
    if (r->is_wrong)
        call_problem(c, &r->problem);
    else if (e == ERR_INVALID)
        call_refuse(c, PROBLEM_INVALID_BODY,
                    "the body is not valid gzip, is cut off, or goes on after its end");
    else if (r->is_bloated)
        call_refuse(c, PROBLEM_TOO_LARGE,
                    "the body unpacks to more than 100 times its size; send it as it is");
    else if (e == ERR_TOO_BIG)
        refuse_size(c, r->is_json);
    else
        call_store_error(c, e);
}

void receive_feed(struct receive *r, struct api_call *c, struct str piece) {
    enum err e = r->inflate ? take_packed(r, piece) : take_piece(r, piece);

    if (e != ERR_OK)
        answer_error(r, c, e);
}

/* --- the end ------------------------------------------------------------------------------ */

static enum err take_urls(struct receive *r, const struct codec_body *b) {
    size_t n = codec_url_count(b, &r->problem);

    for (size_t i = 0; i < n && n != SIZE_MAX; i++) {
        struct str url;
        const char *why;
        char where[48];
        enum err e = codec_url(b, i, &url, &r->problem);

        if (e != ERR_OK) {
            r->is_wrong = true;
            return e;
        }
        e = submit_url(&r->submit, str_trim(url), false, &why);
        if (e != ERR_OK)
            return e;
        (void)snprintf(where, sizeof where, "#/urls/%zu", i);
        if (why)
            problem_fault(&r->rejects, FAULT_POINTER, str_of(where), "%s", why);
    }
    r->is_wrong = n == SIZE_MAX;
    return r->is_wrong ? ERR_INVALID : ERR_OK;
}

static enum err take_json(struct receive *r) {
    OWNED(codec_body) struct codec_body *b = NULL;
    enum err e = codec_parse(buf_str(&r->json), &b, &r->problem);

    r->is_wrong = e == ERR_INVALID;
    if (e != ERR_OK)
        return e;
    problem_init(&r->problem, PROBLEM_INVALID_OPTION);
    if (r->adds)
        codec_refuse_options(b, &r->problem);
    else
        codec_read_body(b, &r->api->limits, r->draft, &r->problem);
    r->is_wrong = r->problem.n_faults > 0;
    return r->is_wrong ? ERR_INVALID : take_urls(r, b);
}

static enum err take_rest(struct receive *r) {
    enum err e = r->inflate ? inflate_finish(r->inflate) : ERR_OK;

    if (e != ERR_OK || keyed_is_repeat(r->keyed))
        return e;
    if (r->is_json)
        return take_json(r);
    e = lines_finish(&r->lines, take_line, r);
    if (e == ERR_INVALID)
        wrong_text(r);
    return e;
}

/* A paused job may begin without a list. */
static bool lacks_urls(const struct receive *r) {
    return ingest_received(r->submit.ingest) == 0 && r->draft->state != JOB_PAUSED;
}

/* Nothing to crawl. */
static void answer_unusable(struct receive *r, struct api_call *c) {
    r->rejects.code = ingest_received(r->submit.ingest) ? PROBLEM_NO_VALID_URL : PROBLEM_EMPTY_LIST;
    call_problem(c, &r->rejects);
}

/* With a strict list nothing is stored where one of it is refused. */
static bool is_unwanted(const struct receive *r) {
    return r->is_strict && r->rejects.n_faults > 0;
}

static void answer_unwanted(struct receive *r, struct api_call *c) {
    r->rejects.code = PROBLEM_REJECTED_URL;
    call_problem(c, &r->rejects);
}

static enum err commit(struct receive *r, const struct api_call *c, struct job **ret_job,
                       struct submission *ret_submission) {
    ingest_once(r->submit.ingest, keyed_once(r->keyed));
    if (r->adds)
        return ingest_commit_into(r->submit.ingest, &c->job_id, ret_job, ret_submission);
    return ingest_commit(r->submit.ingest, r->draft, ret_job, ret_submission);
}

static void answer_failure(struct receive *r, struct api_call *c, enum err e, struct job *job,
                           struct submission *submission) {
    switch (e) {
    case ERR_INVALID:
        submission_done(submission);
        answer_unusable(r, c);
        break;
    case ERR_CONFLICT:
        receive_refuse_state(c, job);
        job_free(job);
        break;
    case ERR_BUSY:
        call_refuse(c, PROBLEM_CONFLICT, "another call is putting URLs into this job");
        break;
    default:
        call_store_error(c, e);
        break;
    }
}

void receive_refuse_state(struct api_call *c, const struct job *j) {
    char detail[80];

    (void)snprintf(detail, sizeof detail, "a job that is %s takes no more URLs",
                   job_state_text(j->state));
    call_refuse(c, PROBLEM_CONFLICT, detail);
}

/* The list is whole, and one that may be taken. False: the call is answered. */
static bool complete(struct receive *r, struct api_call *c) {
    enum err e = take_rest(r);

    if (e != ERR_OK)
        answer_error(r, c, e);
    else if (keyed_is_repeat(r->keyed))
        keyed_answer(c);
    else if (lacks_urls(r))
        answer_unusable(r, c);
    else if (is_unwanted(r))
        answer_unwanted(r, c);
    return !c->is_answered;
}

bool receive_is_dry(const struct receive *r) {
    return r->is_dry;
}

bool receive_survey(struct receive *r, struct api_call *c, struct survey *ret_survey,
                    struct submission *ret_submission, const struct job_options **ret_options) {
    enum err e;

    if (!complete(r, c))
        return false;
    e = ingest_survey(r->submit.ingest, ret_survey, ret_submission);
    if (e == ERR_INVALID) {
        submission_done(ret_submission);
        answer_unusable(r, c);
    } else if (e != ERR_OK) {
        call_store_error(c, e);
    }
    *ret_options = &r->draft->options;
    return e == ERR_OK;
}

bool receive_finish(struct receive *r, struct api_call *c, struct job **ret_job,
                    struct submission *ret_submission) {
    enum err e;

    if (!complete(r, c))
        return false;
    e = commit(r, c, ret_job, ret_submission);
    if (e != ERR_OK)
        answer_failure(r, c, e, TAKE(*ret_job), ret_submission);
    return e == ERR_OK;
}
