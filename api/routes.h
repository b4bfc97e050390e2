/* routes - the one table of calls: method, path, handler.
 *
 * 405 with Allow, the index at "/" and the check of query parameters derive from it.
 */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "api/call.h"

struct route {
    const char *method, *pattern; /* {id}: a job's UUID; {delivery}, {other}: any text */
    void (*finish)(struct api_call *c);
    void (*begin)(struct api_call *c); /* before the body; may be NULL */
    bool blocks;                       /* finish waits for a durable change */
    const char *parameters;            /* of the query, by spaces; NULL: the handler checks them */
    const char *summary;
};

enum route_match { ROUTE_FOUND, ROUTE_UNKNOWN, ROUTE_BAD_ID, ROUTE_OTHER_METHOD };

/* What stands in a path where its pattern has braces. */
struct route_names {
    struct uuid job;
    struct str delivery, other; /* borrowed from the path */
};
/* HEAD finds the row of GET. ROUTE_BAD_ID: the path is one of ours, but what stands
 * for {id} is no UUID. */
enum route_match routes_find(struct str method, struct str path, const struct route **ret_route,
                             struct route_names *ret_names);
/* The value of Allow for a path that is one of ours. Appends. */
MUST_USE enum err routes_allow(struct str path, struct buf *out);
/* Is |name| in the list |names| (by spaces, or NULL)? */
bool routes_lists(const char *names, struct str name);
bool routes_has_job(const struct route *r); /* {id} stands in its path */
const struct route *routes_at(size_t i);    /* NULL: beyond the last */

/* --- the handlers ----------------------------------------------------------------- */

void route_create_job_begin(struct api_call *c);
void route_create_job(struct api_call *c);
void route_list_jobs(struct api_call *c);
void route_get_job(struct api_call *c);
void route_pause_job(struct api_call *c);
void route_resume_job(struct api_call *c);
void route_cancel_job(struct api_call *c);
void route_retry_job_begin(struct api_call *c);
void route_retry_job(struct api_call *c);
void route_delete_job(struct api_call *c);
void route_list_hosts(struct api_call *c);
void route_list_backlinks(struct api_call *c);
void route_diff_jobs(struct api_call *c);
void route_job_summary(struct api_call *c);
void route_list_events(struct api_call *c);
void route_list_webhooks(struct api_call *c);
void route_redeliver(struct api_call *c);
void route_add_urls_begin(struct api_call *c);
void route_list_urls(struct api_call *c);
void route_list_links(struct api_call *c);
void route_index(struct api_call *c);
void route_healthz(struct api_call *c);
void route_readyz(struct api_call *c);
void route_metrics(struct api_call *c);
void route_openapi_yaml(struct api_call *c);
void route_openapi_json(struct api_call *c);

#endif
