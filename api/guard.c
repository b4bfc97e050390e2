#include "api/guard.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/guard.h"

static const struct guard_refusal passed = {PROBLEM_COUNT, NULL};

static struct guard_refusal refused(enum problem_code code, const char *detail) {
    return (struct guard_refusal){code, detail};
}

bool guard_header(const struct api_header *headers, size_t n, struct str name,
                  struct str *ret_value) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq_ascii(headers[i].name, name)) {
            *ret_value = str_trim(headers[i].value);
            return true;
        }
    }
    return false;
}

static size_t count(const struct api_request *r, struct str name) {
    size_t found = 0;

    for (size_t i = 0; i < r->n_headers; i++)
        found += str_eq_ascii(r->headers[i].name, name);
    return found;
}

/* --- framing ---------------------------------------------------------------- */

/* RFC 9110 section 5.6.2 */
static bool is_token(struct str s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!ascii_is_alpha(c) && !ascii_is_digit(c) && (!c || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return s.len > 0;
}

static bool has_control(struct str s, bool may_hold_tabs) {
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if ((c < 0x20 && !(c == '\t' && may_hold_tabs)) || c == 0x7f)
            return true;
    }
    return false;
}

static bool is_digits(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_digit(s.ptr[i]))
            return false;
    return s.len > 0;
}

static struct guard_refusal check_target(struct str target) {
    if (!str_starts(target, STR("/")))
        return refused(PROBLEM_BAD_REQUEST, "the request target must be a path");
    if (has_control(target, false) || str_find(target, ' ') != STR_END)
        return refused(PROBLEM_BAD_REQUEST, "the request target holds a control character");
    if (str_find_str(target, STR("%00")) != STR_END)
        return refused(PROBLEM_BAD_REQUEST, "the request target holds %00");
    return passed;
}

static struct guard_refusal check_fields(const struct api_request *r) {
    for (size_t i = 0; i < r->n_headers; i++) {
        if (!is_token(r->headers[i].name))
            return refused(PROBLEM_BAD_REQUEST, "a header has a name that is not allowed");
        if (has_control(r->headers[i].value, true))
            return refused(PROBLEM_BAD_REQUEST, "a header holds a control character");
    }
    return passed;
}

/* With the blanks after it: the HTTP library takes "chunked " for a body without end. */
static bool is_chunked(const struct api_request *r) {
    for (size_t i = 0; i < r->n_headers; i++)
        if (str_eq_ascii(r->headers[i].name, STR("Transfer-Encoding")))
            return str_eq_ascii(r->headers[i].value, STR("chunked"));
    return false;
}

static struct guard_refusal check_length(const struct api_request *r) {
    struct str length = STR_NONE;
    size_t lengths = count(r, STR("Content-Length"));
    size_t codings = count(r, STR("Transfer-Encoding"));

    (void)guard_header(r->headers, r->n_headers, STR("Content-Length"), &length);
    if (lengths && codings)
        return refused(PROBLEM_BAD_REQUEST,
                       "Content-Length and Transfer-Encoding exclude each other");
    if (lengths > 1 || codings > 1)
        return refused(PROBLEM_BAD_REQUEST,
                       "Content-Length or Transfer-Encoding is given more than once");
    if (lengths && !is_digits(length))
        return refused(PROBLEM_BAD_REQUEST, "Content-Length is not a number");
    if (codings && !is_chunked(r))
        return refused(PROBLEM_NOT_IMPLEMENTED,
                       "the only Transfer-Encoding read here is chunked, with nothing after it");
    if (codings && str_eq(r->version, STR("HTTP/1.0")))
        return refused(PROBLEM_BAD_REQUEST, "HTTP/1.0 has no Transfer-Encoding");
    return passed;
}

static struct guard_refusal check_host(const struct api_request *r) {
    size_t hosts = count(r, STR("Host"));

    if (hosts > 1)
        return refused(PROBLEM_BAD_REQUEST, "Host is given more than once");
    if (!hosts && !str_eq(r->version, STR("HTTP/1.0")))
        return refused(PROBLEM_BAD_REQUEST, "the Host header is missing");
    return passed;
}

struct guard_refusal guard_framing(const struct api_request *r) {
    struct guard_refusal found;

    if (!GUARD("framing"))
        return passed;
    found = check_target(r->target);
    if (found.code == PROBLEM_COUNT)
        found = check_fields(r);
    if (found.code == PROBLEM_COUNT)
        found = check_length(r);
    if (found.code == PROBLEM_COUNT)
        found = check_host(r);
    return found;
}

/* --- browsers --------------------------------------------------------------- */

/* Cuts the port off "name:80", "[::1]:80". */
static struct str host_name(struct str authority) {
    size_t colon;

    if (str_starts(authority, STR("["))) {
        size_t end = str_find(authority, ']');

        return end == STR_END ? authority : str_upto(authority, end + 1);
    }
    colon = str_find(authority, ':');
    return colon == STR_END ? authority : str_upto(authority, colon);
}

static bool is_loopback_literal(struct str name) {
    char text[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    bool bracketed = str_starts(name, STR("[")) && str_ends(name, STR("]"));

    if (bracketed)
        name = str_at(name.ptr + 1, name.len - 2);
    if (name.len == 0 || name.len >= sizeof text)
        return false;
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    if (bracketed)
        return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    return inet_pton(AF_INET, text, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static bool is_own_host(struct str host, const struct guard_policy *p) {
    struct str name = host_name(host);

    if (str_eq_ascii(name, STR("localhost")) || is_loopback_literal(name))
        return true;
    for (const char *const *h = p->allowed_hosts; h && *h; h++)
        if (str_eq_ascii(name, str_of(*h)) || str_eq_ascii(host, str_of(*h)))
            return true;
    return false;
}

static struct str without_port(struct str authority, struct str port) {
    return str_ends(authority, port) ? str_upto(authority, authority.len - port.len) : authority;
}

/* Does |origin| ("http://name:8080") name the server that |host| names? */
static bool is_same_origin(struct str origin, struct str host) {
    struct str rest;

    if (str_starts_ascii(origin, STR("http://"))) {
        rest = without_port(str_from(origin, strlen("http://")), STR(":80"));
        return str_eq_ascii(rest, without_port(host, STR(":80")));
    }
    if (str_starts_ascii(origin, STR("https://"))) { /* behind a proxy that ends TLS */
        rest = without_port(str_from(origin, strlen("https://")), STR(":443"));
        return str_eq_ascii(rest, without_port(host, STR(":443")));
    }
    return false;
}

struct str guard_cors_origin(const struct api_header *headers, size_t n,
                             const char *const *cors_origins) {
    struct str origin;

    if (!guard_header(headers, n, STR("Origin"), &origin))
        return STR_NONE;
    for (const char *const *o = cors_origins; o && *o; o++)
        if (str_eq(origin, str_of(*o)))
            return origin;
    return STR_NONE;
}

struct guard_refusal guard_browser(const struct api_request *r, const struct guard_policy *p) {
    struct str host = STR_NONE, origin, site;
    bool has_host = guard_header(r->headers, r->n_headers, STR("Host"), &host);
    bool is_checked = (p->is_loopback && !p->has_tokens) || (p->allowed_hosts && *p->allowed_hosts);

    if (is_checked && has_host && GUARD("host") && !is_own_host(host, p))
        return refused(PROBLEM_FORBIDDEN_HOST,
                       "Host must be localhost, a loopback address or an allowed host");
    if (p->has_tokens || guard_cors_origin(r->headers, r->n_headers, p->cors_origins).len ||
        !GUARD("browser"))
        return passed;
    if (r->is_proxied) /* it says by what name the browser came */
        (void)guard_header(r->headers, r->n_headers, STR("X-Forwarded-Host"), &host);
    if (guard_header(r->headers, r->n_headers, STR("Origin"), &origin) &&
        !is_same_origin(origin, host))
        return refused(PROBLEM_FORBIDDEN_ORIGIN, "the Origin is another site");
    if (guard_header(r->headers, r->n_headers, STR("Sec-Fetch-Site"), &site) &&
        str_eq_ascii(site, STR("cross-site")))
        return refused(PROBLEM_FORBIDDEN_ORIGIN, "the request comes from another site");
    return passed;
}
