/* call - the inside of an api_call: what the handlers of api/ see and fill.
 *
 * api.c leads a call through its life; a handler reads the head, the query and the
 * job's id here and gives one answer with the functions below. One thread at a time.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include <pthread.h>

#include "api/api.h"
#include "api/codec.h"
#include "api/problem.h"
#include "api/query.h"
#include "crawler/url.h"

struct route;
struct receive;
struct hold;
struct keyed;

/* How long the hosts of a job need at least, at one version of it or some time before: counting
 * their tasks is most of what a poll would cost. */
struct hosts_memo {
    int64_t job; /* 0: none */
    uint64_t version;
    int64_t ms;
    int64_t recount_at; /* monotonic ms: not before, unless it is not known yet */
    bool is_known;
};
enum { HOSTS_MEMOS = 64 };

struct api {
    struct api_options options;
    struct quota *quota; /* NULL: tenants may call as often as they like */
    struct codec_limits limits;
    pthread_mutex_t memo_lock; /* guards the memos: of the job with a number of that remainder */
    struct hosts_memo memos[HOSTS_MEMOS];
    _Atomic uint64_t held_bytes; /* of JSON bodies that are being received */
    _Atomic int packed_streams;  /* see packing.h */
    _Atomic int diffs;           /* that are being made */
};

enum { CALL_MAX_BODY = 64 << 20, CALL_MAX_REQUEST_ID = 128 };

/* Apart, so that a call that waits for its answer is small. */
struct answer_headers {
    struct api_header headers[API_MAX_RESPONSE_HEADERS];
    char *values[API_MAX_RESPONSE_HEADERS]; /* what they borrow */
};

struct api_call {
    struct api *api;
    /* the request */
    struct buf head; /* the bytes that the members below borrow */
    struct str method, target, version, path;
    struct api_header *headers;
    size_t n_headers;
    int64_t now_ms;
    struct query query;
    int64_t tenant;      /* who calls; 0: the service has no tokens */
    char *tenant_name;   /* NULL: nobody knows */
    uint64_t calls_left; /* it may make so many at once now, where there is a quota */
    bool has_quota;      /* that was asked */
    struct str origin;   /* of a page on another site that may see the answer; or empty */
    struct uuid job_id;  /* where the path has {id}; from route->finish on the tenant's own */
    struct str delivery; /* where it has {delivery}: what stands there */
    struct str other;    /* likewise {other} */
    char *request_id;
    const struct route *route; /* NULL: none matches */
    /* its body */
    uint64_t dropped;        /* bytes that nobody wants to see */
    struct receive *receive; /* a list on its way in */
    struct keyed *keyed;     /* its Idempotency-Key, until it is answered; or NULL */
    struct hold *hold;       /* of the answer, until a job has moved; or NULL */
    /* the answer */
    bool is_answered;
    struct api_response response;
    struct answer_headers *answer_headers; /* NULL before the first one */
};

bool call_header(const struct api_call *c, struct str name, struct str *ret_value);

/* --- answers: one a call ------------------------------------------------------- */

/* |name| is static, |value| copied. */
void call_add_header(struct api_call *c, const char *name, struct str value);
/* A field that speaks of the answer's body: left out where there was no memory for that. */
void call_add_header_of_body(struct api_call *c, const char *name, struct str value);
void call_answer(struct api_call *c, unsigned status, struct str content_type);
/* The body was written into c->response.body; |e| is how that went. */
void call_answer_body(struct api_call *c, unsigned status, struct str content_type, enum err e);
void call_problem(struct api_call *c, const struct problem *p);
void call_refuse(struct api_call *c, enum problem_code code, const char *detail);
void call_refuse_parameter(struct api_call *c, const char *name, const char *detail);
/* It must be one of |n| words from number |from| on. */
void call_refuse_word(struct api_call *c, const char *name, const char *(*word)(unsigned),
                      unsigned from, unsigned n);
void call_refuse_cursor(struct api_call *c, const char *name); /* of the parameter */
/* The parameter |name|, a URL; false: it is none, and the call is answered. */
bool call_url(struct api_call *c, const char *name, struct str text, struct url *ret_url);
/* Whether the tenant may have a job more, and |urls| URLs; false: the call is answered. */
bool call_check_quota(struct api_call *c, uint64_t jobs, uint64_t urls);
/* What the store says went wrong; with a NOT_FOUND the job is meant. */
void call_store_error(struct api_call *c, enum err e);

/* --- what several handlers read ------------------------------------------------- */

/* The job of the path, or that of |id|, if it is the tenant's; false: the call is answered. */
bool call_job(struct api_call *c, struct job **ret_job);
bool call_job_of(struct api_call *c, const struct uuid *id, struct job **ret_job);
/* Is the job of the path the tenant's? False: the call is answered. */
bool call_check_owner(struct api_call *c);
/* The parameter |name| as a number from |min| to |max|, |usual| where it is absent.
 * False: the call is answered. */
bool call_number(struct api_call *c, const char *name, uint64_t min, uint64_t max, uint64_t usual,
                 uint64_t *ret_number);
/* The parameter as text, STR_NONE where it is absent. False: it is given but empty, and
 * the call is answered. */
bool call_text(struct api_call *c, const char *name, struct str *ret_text);
/* The parameter as a flag, false where it is absent. False: the call is answered. */
bool call_flag(struct api_call *c, const char *name, bool *ret_flag);
/* Adds Link: <this target with cursor=|next|>; rel="next". */
void call_add_next(struct api_call *c, struct str next);

#endif
