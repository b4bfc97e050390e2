/* The life of a call: head, body, answer. What the answer is, the handlers know. */
#include "api/api.h"

#include <stdio.h>
#include <string.h>

#include "api/guard.h"
#include "api/hold.h"
#include "api/keyed.h"
#include "api/packing.h"
#include "api/quota.h"
#include "api/receive.h"
#include "api/routes.h"
#include "base/mem.h"

enum {
    MAX_HEAD_BYTES = 1 << 20, /* the HTTP library's own limits are narrower */
    MAX_HEADERS = 256,
    /* What is read of a body that is refused already, so that its sender gets to see
     * the answer: many send all before they look. */
    MAX_DROPPED_BYTES = 64 << 20,
};

struct api *api_new(const struct api_options *o) {
    struct api *a = NEW(struct api);

    (void)pthread_mutex_init(&a->memo_lock, NULL);
    a->options = *o;
    a->options.defaults = (struct job_options){0};
    job_options_copy(&a->options.defaults, &o->defaults);
    a->limits = codec_limits_of(&o->defaults, o->min_host_delay_ms, o->max_host_connections,
                                o->robots_enforced);
    if (o->tenant_requests_per_second)
        a->quota = quota_new(o->tenant_requests_per_second);
    return a;
}

void api_free(struct api *a) {
    if (!a)
        return;
    job_options_done(&a->options.defaults);
    quota_free(a->quota);
    (void)pthread_mutex_destroy(&a->memo_lock);
    free(a);
}

/* --- the head ------------------------------------------------------------------------- */

static size_t head_bytes(const struct api_request *r) {
    size_t n = r->method.len + r->target.len + r->version.len;

    for (size_t i = 0; i < r->n_headers; i++)
        n += r->headers[i].name.len + r->headers[i].value.len;
    return n;
}

/* |b| has room: what is copied into it stays where it is. */
static struct str keep(struct buf *b, struct str s) {
    struct str kept = str_at(b->ptr + b->len, s.len);

    if (s.len)
        memcpy(b->ptr + b->len, s.ptr, s.len);
    buf_grew(b, s.len);
    return kept;
}

static enum err copy_head(struct api_call *c, const struct api_request *r) {
    size_t bytes = head_bytes(r) + 1;
    char *room;
    enum err e = r->n_headers > MAX_HEADERS || bytes > MAX_HEAD_BYTES ? ERR_TOO_BIG : ERR_OK;

    c->head = BUF_INIT(bytes); /* and no larger: many wait */
    if (e == ERR_OK)
        e = buf_room(&c->head, bytes, &room);
    if (e != ERR_OK)
        return e;
    c->method = keep(&c->head, r->method);
    c->target = keep(&c->head, r->target);
    c->version = keep(&c->head, r->version);
    c->headers = NEW_N(struct api_header, r->n_headers + 1);
    for (size_t i = 0; i < r->n_headers; i++) {
        c->headers[i].name = keep(&c->head, r->headers[i].name);
        c->headers[i].value = keep(&c->head, str_trim(r->headers[i].value));
    }
    c->n_headers = r->n_headers;
    return ERR_OK;
}

static bool is_sane_id(struct str id) {
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] <= ' ' || id.ptr[i] > '~')
            return false;
    return id.len > 0 && id.len <= CALL_MAX_REQUEST_ID;
}

static void choose_id(struct api_call *c, const struct api_request *r) {
    char text[UUID_TEXT_LEN + 1];
    struct uuid fresh;
    struct str id;

    if (!guard_header(r->headers, r->n_headers, STR("X-Request-Id"), &id) || !is_sane_id(id)) {
        fresh = uuid_new(r->now_ms);
        uuid_text(&fresh, text);
        id = str_of(text);
    }
    c->request_id = mem_chars(id);
}

static void refuse_by(struct api_call *c, struct guard_refusal found) {
    if (found.code != PROBLEM_COUNT)
        call_refuse(c, found.code, found.detail);
}

static void check_head(struct api_call *c, const struct api_request *r) {
    const struct api_options *o = &c->api->options;
    struct guard_policy policy = {o->is_loopback, o->allowed_hosts, o->auth != NULL,
                                  o->cors_origins};

    c->origin = guard_cors_origin(c->headers, c->n_headers, o->cors_origins);
    refuse_by(c, guard_framing(r));
    if (c->is_answered)
        c->response.closes = true;
    else
        refuse_by(c, guard_browser(r, &policy));
}

static void refuse_method(struct api_call *c) {
    OWNED_BUF struct buf allow = BUF_INIT(256);
    bool is_known = routes_allow(c->path, &allow) == ERR_OK;
    char detail[300];

    if (is_known)
        (void)snprintf(detail, sizeof detail, "it takes %.*s", (int)allow.len, allow.ptr);
    call_refuse(c, PROBLEM_METHOD_NOT_ALLOWED, is_known ? detail : NULL);
    if (is_known)
        call_add_header(c, "Allow", buf_str(&allow));
}

static void find_route(struct api_call *c) {
    struct route_names names = {.delivery = STR_NONE, .other = STR_NONE};

    switch (routes_find(c->method, c->path, &c->route, &names)) {
    case ROUTE_FOUND:
        c->job_id = names.job;
        c->delivery = names.delivery;
        c->other = names.other;
        return;
    case ROUTE_UNKNOWN:
        call_refuse(c, PROBLEM_NOT_FOUND, NULL);
        return;
    case ROUTE_BAD_ID:
        call_refuse(c, PROBLEM_JOB_NOT_FOUND, NULL);
        return;
    case ROUTE_OTHER_METHOD:
        refuse_method(c);
        return;
    }
}

static void check_parameter(struct api_call *c, struct str name) {
    OWNED_PROBLEM struct problem p;

    problem_init(&p, PROBLEM_INVALID_PARAMETER);
    if (routes_lists(c->route->parameters, name))
        return;
    problem_fault(&p, FAULT_PARAMETER, name, "is not a parameter of this call");
    call_problem(c, &p);
}

static void check_parameters(struct api_call *c) {
    for (size_t i = 0; i < c->query.n && c->route->parameters && !c->is_answered; i++)
        check_parameter(c, c->query.parameters[i].name);
}

/* RFC 6750 section 3 */
static void refuse_caller(struct api_call *c, enum auth_verdict v) {
    bool has_token = v == AUTH_IS_WRONG;

    call_refuse(c, PROBLEM_UNAUTHORIZED,
                has_token ? "this one is not known" : "send it as Authorization: Bearer SECRET");
    call_add_header(c, "WWW-Authenticate",
                    has_token ? STR("Bearer realm=\"crawld\", error=\"invalid_token\"")
                              : STR("Bearer realm=\"crawld\""));
}

/* Fetch section 4.8: may a page on that site make the call? Asked without a token. */
static void answer_preflight(struct api_call *c) {
    OWNED_BUF struct buf methods = BUF_INIT(256);
    struct str wanted;

    if (!c->origin.len || !str_eq(c->method, STR("OPTIONS")) ||
        !call_header(c, STR("Access-Control-Request-Method"), &wanted) ||
        routes_allow(c->path, &methods) != ERR_OK || !methods.len)
        return;
    call_answer(c, 204, STR_NONE);
    call_add_header(c, "Access-Control-Allow-Methods", buf_str(&methods));
    call_add_header(c, "Access-Control-Allow-Headers",
                    STR("Authorization, Content-Encoding, Content-Type, Idempotency-Key, "
                        "If-None-Match, Last-Event-ID, Prefer, X-Request-Id"));
    call_add_header(c, "Access-Control-Max-Age", STR("7200"));
}

/* What stands outside of /v1 is for everybody. */
static void authenticate(struct api_call *c) {
    struct auth *auth = c->api->options.auth;
    struct str given = STR_NONE;
    enum auth_verdict v;

    if (!auth || !str_starts(c->path, STR("/v1/")))
        return;
    (void)call_header(c, STR("Authorization"), &given);
    v = auth_check(auth, given, &c->tenant, &c->tenant_name);
    if (v != AUTH_PASSES)
        refuse_caller(c, v);
}

static void limit_rate(struct api_call *c) {
    struct quota *quota = c->api->quota;

    if (c->is_answered || !quota || !str_starts(c->path, STR("/v1/")))
        return;
    c->has_quota = true;
    if (!quota_take(quota, c->tenant, c->now_ms, &c->calls_left))
        call_refuse(c, PROBLEM_TOO_MANY_REQUESTS, "Retry-After tells when the next may come");
}

/* A proxy may pass the base path on, or take it off. */
static struct str without_base(const struct api_call *c, struct str path) {
    struct str base = c->api->options.base_path;

    if (base.len && str_starts(path, base) && path.len > base.len && path.ptr[base.len] == '/')
        return str_from(path, base.len);
    return path;
}

static void read_target(struct api_call *c) {
    OWNED_PROBLEM struct problem p;
    struct str query = c->target;

    problem_init(&p, PROBLEM_INVALID_PARAMETER);
    c->path = without_base(c, str_cut(&query, '?'));
    answer_preflight(c);
    if (!c->is_answered)
        authenticate(c);
    limit_rate(c);
    if (!c->is_answered)
        find_route(c);
    if (c->is_answered)
        return;
    enum err e = query_parse(&c->query, query, &p);
    if (e == ERR_OK)
        check_parameters(c);
    else if (e == ERR_INVALID)
        call_problem(c, &p);
    else
        call_store_error(c, e);
}

/* A list that is answered, or refused, takes no more memory nor disk; and who hears the
 * answer may send the call again. */
static void end_receiving(struct api_call *c) {
    receive_free(TAKE(c->receive));
    keyed_free(TAKE(c->keyed));
}

static void refuse_head(struct api_call *c, enum err e) {
    if (e == ERR_TOO_BIG)
        call_refuse(c, PROBLEM_HEAD_TOO_LARGE, NULL);
    else
        call_store_error(c, e);
    c->response.closes = true;
}

struct api_call *api_call_new(struct api *a, const struct api_request *r) {
    struct api_call *c = NEW(struct api_call);

    c->api = a;
    c->response.body = BUF_INIT(CALL_MAX_BODY);
    c->now_ms = r->now_ms;
    query_init(&c->query);
    choose_id(c, r);
    enum err e = copy_head(c, r);
    if (e != ERR_OK) {
        refuse_head(c, e);
        return c;
    }
    check_head(c, r);
    if (!c->is_answered)
        read_target(c);
    if (!c->is_answered && c->route->begin)
        c->route->begin(c);
    if (c->is_answered)
        end_receiving(c);
    return c;
}

void api_call_free(struct api_call *c) {
    if (!c)
        return;
    end_receiving(c);
    hold_free(c->hold);
    if (c->response.reader.read)
        c->response.reader.free(c->response.reader.arg);
    buf_done(&c->response.body);
    for (size_t i = 0; i < c->response.n_headers; i++)
        free(c->answer_headers->values[i]);
    free(c->answer_headers);
    query_done(&c->query);
    free(c->headers);
    free(c->request_id);
    free(c->tenant_name);
    buf_done(&c->head);
    free(c);
}

/* --- the body --------------------------------------------------------------------------- */

bool api_call_wants_body(const struct api_call *c) {
    return !c->is_answered;
}

bool api_call_body(struct api_call *c, struct str piece) {
    if (c->receive) {
        receive_feed(c->receive, c, piece);
        if (c->is_answered)
            end_receiving(c);
        return true;
    }
    keyed_feed(c->keyed, piece);
    c->dropped += piece.len;
    return c->dropped <= MAX_DROPPED_BYTES + 16 * c->api->options.max_request_bytes;
}

/* --- the answer --------------------------------------------------------------------------- */

bool api_call_blocks(const struct api_call *c) {
    return !c->is_answered && c->route->blocks;
}

void api_call_finish(struct api_call *c) {
    if (!c->is_answered && (!routes_has_job(c->route) || call_check_owner(c)))
        c->route->finish(c);
    end_receiving(c);
    if (c->is_answered)
        packing_apply(c);
}

bool api_call_waits(const struct api_call *c, struct api_wait *ret_wait) {
    if (c->is_answered || !c->hold)
        return false;
    *ret_wait = hold_wait(c->hold);
    return true;
}

void api_call_resume(struct api_call *c, int64_t now_ms, bool is_over) {
    c->now_ms = now_ms;
    if (is_over)
        hold_end(c->hold);
}

void api_call_refuse(struct api_call *c, const char *detail) {
    if (!c->is_answered)
        call_refuse(c, PROBLEM_UNAVAILABLE, detail);
    end_receiving(c);
}

struct api_response *api_call_response(struct api_call *c) {
    return &c->response;
}

struct str api_call_request_id(const struct api_call *c) {
    return str_of(c->request_id);
}

bool api_call_changes(const struct api_call *c) {
    return !str_eq(c->method, STR("GET")) && !str_eq(c->method, STR("HEAD")) &&
           !str_eq(c->method, STR("OPTIONS"));
}

bool api_call_header(const struct api_call *c, struct str name, struct str *ret_value) {
    return call_header(c, name, ret_value);
}

struct str api_call_method(const struct api_call *c) {
    return c->method;
}

struct str api_call_tenant(const struct api_call *c) {
    return c->tenant_name ? str_of(c->tenant_name) : STR("-");
}

bool api_call_job_id(const struct api_call *c, struct uuid *ret_id) {
    static const struct uuid none;

    *ret_id = c->job_id;
    return memcmp(&c->job_id, &none, sizeof none) != 0;
}

const char *api_call_route(const struct api_call *c) {
    return c->route ? c->route->pattern : "unknown";
}
