/* guard - looks at the head of a request before anything acts on it.
 *
 * Pure. Two kinds of checks: framing, because libmicrohttpd lets through what two
 * parsers may read as two different requests (a request smuggled in the body of
 * another); and browsers, because a service on localhost can be reached by every
 * web page that its user opens.
 */
#ifndef API_GUARD_H
#define API_GUARD_H

#include "api/api.h"
#include "api/problem.h"

struct guard_refusal {
    enum problem_code code; /* PROBLEM_COUNT: none */
    const char *detail;     /* static */
};

/* After a refusal the connection must end: nobody knows where the next request starts. */
struct guard_refusal guard_framing(const struct api_request *r);

struct guard_policy {
    /* On loopback, and wherever hosts are allowed, Host must name this machine or one of
     * these: else a page whose own name was made to point here would be let in. */
    bool is_loopback;
    const char *const *allowed_hosts; /* NULL: none; NULL ends */
    /* Callers show a token, which no browser adds by itself: so other web sites have none,
     * and what is said above is not needed on loopback either. */
    bool has_tokens;
    const char *const *cors_origins; /* other sites that may call; NULL: none; NULL ends */
};
struct guard_refusal guard_browser(const struct api_request *r, const struct guard_policy *p);

/* The Origin, where it is one of |cors_origins|; else empty. */
struct str guard_cors_origin(const struct api_header *headers, size_t n,
                             const char *const *cors_origins);

/* The value of the first header |name|, without blanks around it; false where there
 * is none. */
bool guard_header(const struct api_header *headers, size_t n, struct str name,
                  struct str *ret_value);

#endif
