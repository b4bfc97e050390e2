/* codec - what a caller asks for, out of a JSON body or out of query parameters.
 *
 * Both ways of giving options go through the one table of option.c. An option of the contract that
 * does not work yet, an unknown one, a wrong type or range are faults of the problem that is handed
 * in. Nobody else knows Jansson. Pure.
 */
#ifndef API_CODEC_H
#define API_CODEC_H

#include "api/problem.h"
#include "api/query.h"
#include "storage/model.h"

enum {
    CODEC_MAX_NAME_CHARS = 200,
    CODEC_MAX_METADATA_BYTES = 64 << 10,
    CODEC_MAX_METADATA_DEPTH = 32,
    CODEC_MAX_USER_AGENT_BYTES = 256,
    CODEC_MAX_SCHEMES = 32,
    CODEC_MAX_HOST_DELAY_MS = 60000,
    CODEC_MAX_LINKS = 1000000,
    CODEC_MAX_ELEMENTS = 64,
    CODEC_MAX_PRIORITY = 9,
    CODEC_MAX_DEPTH = UINT16_MAX,
    CODEC_MAX_PAGES = 1000000000,
    CODEC_USUAL_PAGES = 10000, /* of jobs that grow */
    CODEC_MAX_DEADLINE_SECONDS = 365 * 24 * 3600,
    CODEC_MAX_RETENTION_SECONDS = 10 * 365 * 24 * 3600,
};

/* What a job may ask for. */
struct codec_limits {
    struct codec_range {
        uint64_t min, max;
    } of[OPTION_COUNT];
    bool robots_enforced;
};
/* A job may lower what the server's |defaults| allow, and raise its delay. */
struct codec_limits codec_limits_of(const struct job_options *defaults, uint32_t min_host_delay_ms,
                                    uint32_t max_host_connections, bool robots_enforced);

/* A JSON body, parsed: an object. */
struct codec_body;
/* ERR_INVALID: |p| says where and why not. ERR_NO_MEMORY. |text| must stay. */
MUST_USE enum err codec_parse(struct str text, struct codec_body **ret_body, struct problem *p);
void codec_body_free(struct codec_body *b); /* NULL is fine */
DEFINE_OWNED(codec_body)

/* Sets in |draft| what the body, or the query, asks for; |draft->options| has the
 * defaults already. Faults are added to |p|; without any all is set. */
void codec_read_body(const struct codec_body *b, const struct codec_limits *l, struct job *draft,
                     struct problem *p);
/* The body may hold the list only: it is for a job that is there. */
void codec_refuse_options(const struct codec_body *b, struct problem *p);
/* Passes over the parameters that say how the list is taken ("strict", "dry_run"). |is_allowed|
 * false: the body is the place for options. */
void codec_read_query(const struct query *q, const struct codec_limits *l, bool is_allowed,
                      struct job *draft, struct problem *p);

/* The list "urls": how many, or a fault and SIZE_MAX. */
size_t codec_url_count(const struct codec_body *b, struct problem *p);
/* Borrowed from the body; a fault and ERR_INVALID where it is no string. */
MUST_USE enum err codec_url(const struct codec_body *b, size_t index, struct str *ret_url,
                            struct problem *p);

#endif
