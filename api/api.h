/* api - the door of the desk: HTTP calls as plain structs.
 *
 * Knows neither libmicrohttpd nor curl: server/httpd.c turns the library's
 * requests into these and the answers back, and tests need no socket.
 *
 * Life of a call: api_call_new looks at the head; where api_call_wants_body, the
 * body follows in pieces; api_call_finish makes the answer, on a thread that may
 * wait if api_call_blocks. A call that api_call_waits then is finished again when it has
 * waited. Each call is used by one thread at a time; struct api by any.
 */
#ifndef API_API_H
#define API_API_H

#include <sys/types.h>

#include "api/auth.h"
#include "storage/store.h"

struct api;
struct crew;

struct api_options {
    struct store *store;
    struct crew *crew;           /* for running counts */
    struct job_options defaults; /* what a job gets where it asks for nothing; copied */
    uint32_t min_host_delay_ms, max_host_connections;
    bool robots_enforced;       /* no job may turn robots.txt off */
    uint64_t max_request_bytes; /* JSON bodies, decoded */
    /* Of one tenant; 0: no limit. The store holds to the second and third: see store_options. */
    uint64_t tenant_requests_per_second, tenant_max_jobs, tenant_max_queued_urls;
    struct auth *auth;                /* borrowed; NULL: no tokens, and one tenant, number 0 */
    bool is_loopback;                 /* listening on loopback only; see guard_policy */
    const char *const *allowed_hosts; /* likewise; NULL ends; borrowed */
    const char *const *cors_origins;  /* likewise */
    struct str base_path; /* "/crawl", or empty: stands before all paths for callers; borrowed */
    /* Appends the Prometheus text; any thread. */
    enum err (*metrics)(void *arg, struct buf *out);
    void *metrics_arg;
    const bool *stopping; /* becomes true (atomically) on SIGTERM: /readyz says so */
};

struct api *api_new(const struct api_options *o);
void api_free(struct api *a); /* NULL is fine; after the last call */
DEFINE_OWNED(api)

/* The body of a message to a webhook. Any thread; may read the store. */
MUST_USE enum err api_webhook_payload(struct api *a, const struct message *m, struct buf *out);

struct api_header {
    struct str name, value; /* in requests as received, with the blanks after a value */
};

struct api_request {
    struct str method;  /* "GET" */
    struct str target;  /* the raw request target with its query, undecoded */
    struct str version; /* "HTTP/1.1" */
    const struct api_header *headers;
    size_t n_headers;
    int64_t now_ms;  /* wall clock */
    bool is_proxied; /* by a proxy that is trusted: what it says in X-Forwarded-… is so */
};

enum { API_MAX_RESPONSE_HEADERS = 24, API_MAX_BASE_PATH = 200 };

/* What somebody waits for: see store_watch_arm. */
struct api_wait {
    struct store_watch *watch; /* borrowed until it goes on; NULL: the time alone counts */
    uint64_t seen;
    bool for_end;
    int64_t until_ms; /* wall clock: then it goes on in any case */
};

/* A body that is made while it is sent. read() writes at most |max| bytes and
 * returns how many; 0: the end; API_BROKEN: the connection is cut, so that the
 * receiver can tell; API_AGAIN: nothing found yet, let others have their turn and
 * ask again; API_LATER: nothing until what wait() names, after which resume() is called
 * and read() again. It may do a few short reads of the store. */
enum { API_BROKEN = -1, API_AGAIN = -2, API_LATER = -3 };
struct api_reader {
    ssize_t (*read)(void *arg, char *dst, size_t max);
    void (*free)(void *arg);
    void *arg;
    /* NULL where read() never gives API_LATER: */
    void (*wait)(void *arg, struct api_wait *ret_wait);
    void (*resume)(void *arg, int64_t now_ms); /* wall clock */
};

struct api_response {
    unsigned status;
    struct api_header *headers; /* names static, values owned by the call */
    size_t n_headers;
    struct buf body;          /* where reader.read is NULL */
    struct api_reader reader; /* of unknown length */
    bool closes;              /* the connection ends with this answer */
};

struct api_call;

/* Always gives a call. Copies of |r| what it keeps. */
struct api_call *api_call_new(struct api *a, const struct api_request *r);
void api_call_free(struct api_call *c); /* also frees a reader that was not taken; NULL is fine */
DEFINE_OWNED(api_call)

/* False: the answer is there already (a refusal), the body need not be read. */
bool api_call_wants_body(const struct api_call *c);
/* A piece of the body. False: enough is enough, cut the line (far past a limit). */
bool api_call_body(struct api_call *c, struct str piece);
/* Whether api_call_finish may wait for the store: then not on a network thread. */
bool api_call_blocks(const struct api_call *c);
/* The body is complete (or there is none): makes the answer. */
void api_call_finish(struct api_call *c);
/* After api_call_finish: there is no answer yet, and what it waits for. */
bool api_call_waits(const struct api_call *c, struct api_wait *ret_wait);
/* It has waited, and is to be finished again. |is_over|: it waits no more, whatever the
 * job does. |now_ms|: wall clock. */
void api_call_resume(struct api_call *c, int64_t now_ms, bool is_over);
/* The server cannot carry the call out (queue full, stopping): 503 with |detail|. */
void api_call_refuse(struct api_call *c, const char *detail);
/* After api_call_finish or where no body is wanted. The body is not to be sent for
 * HEAD; with 304 there is none, and no length of one is to be told. */
struct api_response *api_call_response(struct api_call *c);
struct str api_call_request_id(const struct api_call *c);
/* For the log of those that change something: whether it is one, who called ("-": nobody
 * knows), and the job of the path or of the answer. */
bool api_call_changes(const struct api_call *c);
/* A header of the request; false: there is none. */
bool api_call_header(const struct api_call *c, struct str name, struct str *ret_value);
struct str api_call_method(const struct api_call *c);
struct str api_call_tenant(const struct api_call *c);
bool api_call_job_id(const struct api_call *c, struct uuid *ret_id);
const char *api_call_route(const struct api_call *c); /* "/v1/jobs/{id}"; for logs and metrics */

#endif
