/* problem - errors as callers get them: application/problem+json (RFC 9457).
 *
 * One table names every code with its status and title. A struct problem gathers
 * what is wrong with a request; text from outside is mended, cut and escaped when
 * it is written. Pure; one thread at a time.
 */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "base/buf.h"

/* name, status, code, title */
#define PROBLEM_TABLE(X)                                                                           \
    X(BAD_REQUEST, 400, "bad_request", "The request is malformed")                                 \
    X(INVALID_JSON, 400, "invalid_json", "The body is not valid JSON")                             \
    X(INVALID_TEXT, 400, "invalid_text", "The body is not a list of lines in UTF-8")               \
    X(INVALID_BODY, 400, "invalid_body", "The body cannot be decoded")                             \
    X(INVALID_OPTION, 400, "invalid_option", "The request has options that are not valid")         \
    X(INVALID_PARAMETER, 400, "invalid_parameter", "A parameter is not valid")                     \
    X(INVALID_CURSOR, 400, "invalid_cursor", "The cursor is not one of this list")                 \
    X(UNAUTHORIZED, 401, "unauthorized", "A token is needed that this service knows")              \
    X(FORBIDDEN_ORIGIN, 403, "forbidden_origin", "Requests from other web sites are refused")      \
    X(FORBIDDEN_HOST, 403, "forbidden_host", "This host name is not served")                       \
    X(NOT_FOUND, 404, "not_found", "There is no such resource")                                    \
    X(JOB_NOT_FOUND, 404, "job_not_found", "There is no such job")                                 \
    X(DELIVERY_NOT_FOUND, 404, "delivery_not_found", "The job has no such delivery")               \
    X(METHOD_NOT_ALLOWED, 405, "method_not_allowed", "The method is not allowed here")             \
    X(NOT_ACCEPTABLE, 406, "not_acceptable", "None of the formats asked for is available")         \
    X(CONFLICT, 409, "conflict", "The state of the job does not allow this")                       \
    X(KEY_IN_USE, 409, "idempotency_key_in_use", "A request with this key is under way")           \
    X(TOO_LARGE, 413, "content_too_large", "The body is larger than the limit")                    \
    X(UNSUPPORTED_TYPE, 415, "unsupported_media_type", "The body has a type that is not read")     \
    X(UNSUPPORTED_CODING, 415, "unsupported_coding", "The body has a coding that is not read")     \
    X(EMPTY_LIST, 422, "empty_list", "The list holds no URLs")                                     \
    X(NO_VALID_URL, 422, "no_valid_url", "None of the URLs is valid")                              \
    X(REJECTED_URL, 422, "rejected_url", "The list has URLs that are not valid")                   \
    X(KEY_REUSED, 422, "idempotency_key_reused", "The key was given to another request before")    \
    X(TOO_MANY_JOBS, 429, "too_many_jobs", "The tenant has as many jobs as it may have")           \
    X(TOO_MANY_URLS, 429, "too_many_urls", "The tenant has as many URLs queued as it may have")    \
    X(TOO_MANY_REQUESTS, 429, "too_many_requests", "The tenant calls more often than it may")      \
    X(HEAD_TOO_LARGE, 431, "head_too_large", "The head of the request is larger than the limit")   \
    X(INTERNAL, 500, "internal_error", "The service failed")                                       \
    X(NOT_IMPLEMENTED, 501, "not_implemented", "The transfer coding is not known")                 \
    X(FULL, 503, "no_room", "The service has no room for this now")                                \
    X(UNAVAILABLE, 503, "unavailable", "The service cannot do this now")                           \
    X(NOT_READY, 503, "not_ready", "The service is not able to take work")

enum problem_code {
#define X(name, status, text, title) PROBLEM_##name,
    PROBLEM_TABLE(X)
#undef X
        PROBLEM_COUNT
};

unsigned problem_status(enum problem_code c);

/* Where a fault lies: "pointer" into the JSON body, "line" of the text, "parameter". */
enum fault_place { FAULT_POINTER, FAULT_LINE, FAULT_PARAMETER, FAULT_GENERAL };

struct fault {
    enum fault_place place;
    char *where; /* "#/urls/3", "limit"; NULL for lines and general ones */
    uint64_t line;
    char *detail;
};

enum { PROBLEM_MAX_FAULTS = 16, PROBLEM_DETAIL_CHARS = 400 };

struct problem {
    enum problem_code code;
    char *detail; /* or NULL: the first fault says it */
    struct fault faults[PROBLEM_MAX_FAULTS];
    size_t n_faults; /* beyond the maximum they are not kept */
};

void problem_init(struct problem *p, enum problem_code code);
void problem_done(struct problem *p);
#define OWNED_PROBLEM __attribute__((cleanup(problem_done)))

void problem_detail(struct problem *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* |where| may come from outside. */
void problem_fault(struct problem *p, enum fault_place place, struct str where, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));
void problem_fault_line(struct problem *p, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Appends the JSON. */
MUST_USE enum err problem_write(const struct problem *p, struct str request_id, struct buf *out);

#endif
