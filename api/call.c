#include "api/call.h"

#include <stdio.h>
#include <string.h>

#include "api/guard.h"
#include "base/guard.h"
#include "base/mem.h"

bool call_header(const struct api_call *c, struct str name, struct str *ret_value) {
    return guard_header(c->headers, c->n_headers, name, ret_value);
}

/* --- answers -------------------------------------------------------------------- */

void call_add_header(struct api_call *c, const char *name, struct str value) {
    struct api_response *r = &c->response;
    size_t i = r->n_headers;

    if (i == API_MAX_RESPONSE_HEADERS)
        return;
    if (!c->answer_headers)
        c->answer_headers = NEW(struct answer_headers);
    r->headers = c->answer_headers->headers;
    c->answer_headers->values[i] = mem_chars(value);
    r->headers[i] = (struct api_header){str_of(name), str_of(c->answer_headers->values[i])};
    r->n_headers++;
}

void call_add_header_of_body(struct api_call *c, const char *name, struct str value) {
    if (c->response.status < 400)
        call_add_header(c, name, value);
}

/* draft-ietf-httpapi-ratelimit-headers-09: |name| is what is limited. */
static void add_limit(struct api_call *c, const char *name, uint64_t quota, uint64_t left) {
    bool is_rate = strcmp(name, "requests") == 0;
    char value[96];

    (void)snprintf(value, sizeof value, "\"%s\";q=%llu%s", name, (unsigned long long)quota,
                   is_rate ? ";w=1" : "");
    call_add_header(c, "RateLimit-Policy", str_of(value));
    (void)snprintf(value, sizeof value, "\"%s\";r=%llu%s", name, (unsigned long long)left,
                   is_rate ? ";t=1" : "");
    call_add_header(c, "RateLimit", str_of(value));
}

/* Fetch section 3.3: what a page on another site may see. */
static void add_cors_headers(struct api_call *c) {
    if (!c->api->options.cors_origins || !*c->api->options.cors_origins)
        return;
    call_add_header(c, "Vary", STR("Origin"));
    if (!c->origin.len)
        return;
    call_add_header(c, "Access-Control-Allow-Origin", c->origin);
    call_add_header(c, "Access-Control-Expose-Headers",
                    STR("Accept-Encoding, Accept-Post, Allow, Content-Disposition, ETag, "
                        "Idempotency-Replayed, Link, Location, Preference-Applied, RateLimit, "
                        "RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id"));
}

static void add_common_headers(struct api_call *c) {
    call_add_header(c, "X-Request-Id", str_of(c->request_id));
    call_add_header(c, "X-Content-Type-Options", STR("nosniff"));
    add_cors_headers(c);
    if (str_starts(c->path, STR("/v1/"))) {
        call_add_header(c, "Cache-Control", STR("private, no-cache"));
        call_add_header(c, "Vary", STR("Accept, Accept-Encoding, Authorization"));
        if (c->has_quota)
            add_limit(c, "requests", c->api->options.tenant_requests_per_second, c->calls_left);
    } else {
        call_add_header(c, "Cache-Control", STR("no-store"));
    }
}

void call_answer(struct api_call *c, unsigned status, struct str content_type) {
    c->is_answered = true;
    c->response.status = status;
    add_common_headers(c);
    if (content_type.len)
        call_add_header(c, "Content-Type", content_type);
}

void call_answer_body(struct api_call *c, unsigned status, struct str content_type, enum err e) {
    if (e == ERR_OK) {
        call_answer(c, status, content_type);
        return;
    }
    buf_clear(&c->response.body);
    call_store_error(c, e);
}

void call_problem(struct api_call *c, const struct problem *p) {
    buf_clear(&c->response.body);
    if (problem_write(p, str_of(c->request_id), &c->response.body) != ERR_OK)
        buf_clear(&c->response.body); /* out of memory: the status alone must do */
    call_answer(c, problem_status(p->code), STR("application/problem+json"));
    if (p->code == PROBLEM_TOO_MANY_REQUESTS)
        call_add_header(c, "Retry-After", STR("1"));
    else if (problem_status(p->code) == 503 || problem_status(p->code) == 429)
        call_add_header(c, "Retry-After", STR("30"));
}

void call_refuse(struct api_call *c, enum problem_code code, const char *detail) {
    OWNED_PROBLEM struct problem p;

    problem_init(&p, code);
    if (detail)
        problem_detail(&p, "%s", detail);
    call_problem(c, &p);
}

static void refuse_parameter(struct api_call *c, enum problem_code code, const char *name,
                             const char *detail) {
    OWNED_PROBLEM struct problem p;

    problem_init(&p, code);
    problem_fault(&p, FAULT_PARAMETER, str_of(name), "%s", detail);
    call_problem(c, &p);
}

void call_refuse_parameter(struct api_call *c, const char *name, const char *detail) {
    refuse_parameter(c, PROBLEM_INVALID_PARAMETER, name, detail);
}

void call_refuse_word(struct api_call *c, const char *name, const char *(*word)(unsigned),
                      unsigned from, unsigned n) {
    OWNED_BUF struct buf detail = BUF_INIT(1024);
    enum err e = buf_put(&detail, STR("must be one of"));

    for (unsigned i = from; i < from + n && e == ERR_OK; i++)
        e = buf_printf(&detail, "%s %s", i == from ? "" : ",", word(i));
    if (e == ERR_OK)
        e = buf_put_char(&detail, '\0');
    call_refuse_parameter(c, name, e == ERR_OK ? detail.ptr : "is none of its words");
}

void call_refuse_cursor(struct api_call *c, const char *name) {
    refuse_parameter(c, PROBLEM_INVALID_CURSOR, name, "is not a cursor of this list");
}

bool call_url(struct api_call *c, const char *name, struct str text, struct url *ret_url) {
    enum err e = url_parse(ret_url, text, NULL, NULL);

    if (e == ERR_NO_MEMORY)
        call_store_error(c, e);
    else if (e != ERR_OK || !ret_url->href.len)
        call_refuse_parameter(c, name, "is not a URL");
    return !c->is_answered;
}

static void refuse_quota(struct api_call *c, enum err e) {
    bool jobs = e == ERR_QUOTA_JOBS;
    uint64_t quota =
        jobs ? c->api->options.tenant_max_jobs : c->api->options.tenant_max_queued_urls;

    call_refuse(c, jobs ? PROBLEM_TOO_MANY_JOBS : PROBLEM_TOO_MANY_URLS,
                jobs ? "wait for one of its jobs to end, or cancel one; nothing was changed"
                     : "more URLs would be unfinished than a tenant may have; nothing was changed");
    add_limit(c, jobs ? "jobs" : "urls", quota, 0);
}

bool call_check_quota(struct api_call *c, uint64_t jobs, uint64_t urls) {
    enum err e = store_tenant_may(c->api->options.store, c->tenant, jobs, urls);

    if (e != ERR_OK)
        call_store_error(c, e);
    return e == ERR_OK;
}

void call_store_error(struct api_call *c, enum err e) {
    switch (e) {
    case ERR_NOT_FOUND:
        call_refuse(c, PROBLEM_JOB_NOT_FOUND, NULL);
        return;
    case ERR_FULL:
        call_refuse(c, PROBLEM_FULL, "there is not enough space on the disk; nothing was changed");
        return;
    case ERR_QUOTA:
        call_refuse(c, PROBLEM_FULL,
                    "more URLs would be queued than --max-queued-urls allows; nothing was changed");
        return;
    case ERR_QUOTA_JOBS:
    case ERR_QUOTA_URLS:
        refuse_quota(c, e);
        return;
    case ERR_STOPPED:
        call_refuse(c, PROBLEM_UNAVAILABLE, "the service is stopping");
        return;
    case ERR_BUSY:
    case ERR_IO:
    case ERR_CORRUPT:
    case ERR_NO_MEMORY:
        call_refuse(c, PROBLEM_UNAVAILABLE, err_text(e));
        return;
    default:
        call_refuse(c, PROBLEM_INTERNAL, err_text(e));
        return;
    }
}

/* --- reading ---------------------------------------------------------------------- */

static bool is_own(const struct api_call *c, int64_t tenant) {
    return tenant == c->tenant || !GUARD("tenant");
}

bool call_job_of(struct api_call *c, const struct uuid *id, struct job **ret_job) {
    OWNED(job) struct job *j = NULL;
    enum err e = store_job_get(c->api->options.store, id, &j);

    if (e == ERR_OK && !is_own(c, j->tenant))
        e = ERR_NOT_FOUND;
    if (e == ERR_OK)
        *ret_job = TAKE(j);
    else
        call_store_error(c, e);
    return e == ERR_OK;
}

bool call_job(struct api_call *c, struct job **ret_job) {
    return call_job_of(c, &c->job_id, ret_job);
}

bool call_check_owner(struct api_call *c) {
    int64_t tenant;
    enum err e = store_job_tenant(c->api->options.store, &c->job_id, &tenant);

    if (e == ERR_OK && !is_own(c, tenant))
        e = ERR_NOT_FOUND;
    if (e != ERR_OK)
        call_store_error(c, e);
    return e == ERR_OK;
}

bool call_number(struct api_call *c, const char *name, uint64_t min, uint64_t max, uint64_t usual,
                 uint64_t *ret_number) {
    const struct str *given = query_get(&c->query, name);
    char detail[80];
    uint64_t number = usual;

    if (given && (str_to_u64(*given, max, &number) != ERR_OK || number < min)) {
        (void)snprintf(detail, sizeof detail, "must be a whole number from %llu to %llu",
                       (unsigned long long)min, (unsigned long long)max);
        call_refuse_parameter(c, name, detail);
        return false;
    }
    *ret_number = number;
    return true;
}

bool call_text(struct api_call *c, const char *name, struct str *ret_text) {
    const struct str *given = query_get(&c->query, name);

    if (given && given->len == 0) {
        call_refuse_parameter(c, name, "is empty");
        return false;
    }
    *ret_text = given ? *given : STR_NONE;
    return true;
}

bool call_flag(struct api_call *c, const char *name, bool *ret_flag) {
    const struct str *given = query_get(&c->query, name);
    bool is_set = given && (str_eq(*given, STR("1")) || str_eq(*given, STR("true")));

    if (given && !is_set && !str_eq(*given, STR("0")) && !str_eq(*given, STR("false"))) {
        call_refuse_parameter(c, name, "must be 1, 0, true or false");
        return false;
    }
    *ret_flag = is_set;
    return true;
}

static enum err put_next(const struct api_call *c, struct str next, struct buf *out) {
    struct str base = c->api->options.base_path;
    enum err e =
        buf_printf(out, "<%.*s%.*s?", (int)base.len, base.ptr, (int)c->path.len, c->path.ptr);

    for (size_t i = 0; i < c->query.n && e == ERR_OK; i++) {
        struct parameter p = c->query.parameters[i];

        if (str_eq(p.name, STR("cursor")))
            continue;
        e = query_put_escaped(out, p.name);
        if (e == ERR_OK)
            e = buf_put_char(out, '=');
        if (e == ERR_OK)
            e = query_put_escaped(out, p.value);
        if (e == ERR_OK)
            e = buf_put_char(out, '&');
    }
    if (e == ERR_OK)
        e = buf_printf(out, "cursor=%.*s>; rel=\"next\"", (int)next.len, next.ptr);
    return e;
}

void call_add_next(struct api_call *c, struct str next) {
    OWNED_BUF struct buf link = BUF_INIT(64 << 10);

    if (next.len && put_next(c, next, &link) == ERR_OK)
        call_add_header_of_body(c, "Link", buf_str(&link));
}
