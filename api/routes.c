#include "api/routes.h"

#include <string.h>

static const struct route routes[] = {
    {"POST", "/v1/jobs", route_create_job, route_create_job_begin, true, NULL,
     "crawl a list of URLs"},
    {"GET", "/v1/jobs", route_list_jobs, NULL, false, "state name limit cursor", "list the jobs"},
    {"GET", "/v1/jobs/{id}", route_get_job, NULL, false, "wait since", "how a job stands"},
    {"DELETE", "/v1/jobs/{id}", route_delete_job, NULL, true, "", "delete a job"},
    {"POST", "/v1/jobs/{id}/pause", route_pause_job, NULL, true, "",
     "start no more of its requests"},
    {"POST", "/v1/jobs/{id}/resume", route_resume_job, NULL, true, "", "go on with it"},
    {"POST", "/v1/jobs/{id}/cancel", route_cancel_job, NULL, true, "", "cancel a job"},
    {"POST", "/v1/jobs/{id}/retry", route_retry_job, route_retry_job_begin, true, "code",
     "put failed URLs back"},
    {"POST", "/v1/jobs/{id}/urls", route_create_job, route_add_urls_begin, true, "strict",
     "add URLs to a job"},
    {"GET", "/v1/jobs/{id}/urls", route_list_urls, NULL, false,
     "outcome code host url columns limit cursor after format follow", "what became of its URLs"},
    {"GET", "/v1/jobs/{id}/links", route_list_links, NULL, false,
     "source host scheme columns limit cursor after format follow", "the links found"},
    {"GET", "/v1/jobs/{id}/hosts", route_list_hosts, NULL, true, "limit cursor",
     "why its hosts wait"},
    {"GET", "/v1/jobs/{id}/summary", route_job_summary, NULL, true, "",
     "how its URLs ended, counted"},
    {"GET", "/v1/jobs/{id}/diff/{other}", route_diff_jobs, NULL, true, "columns limit after format",
     "which links another job found, and which it did not"},
    {"GET", "/v1/links", route_list_backlinks, NULL, true, "to limit cursor",
     "which pages name a URL"},
    {"GET", "/v1/jobs/{id}/events", route_list_events, NULL, false, "types after",
     "what happens to it, while it happens"},
    {"GET", "/v1/jobs/{id}/webhooks", route_list_webhooks, NULL, false, "limit cursor",
     "what its webhook was told, or will be"},
    {"POST", "/v1/jobs/{id}/webhooks/{delivery}/redeliver", route_redeliver, NULL, true, "",
     "tell it again"},
    {"GET", "/healthz", route_healthz, NULL, false, "", "alive"},
    {"GET", "/readyz", route_readyz, NULL, false, "", "able to take work"},
    {"GET", "/metrics", route_metrics, NULL, false, "", "Prometheus metrics"},
    {"GET", "/openapi.yaml", route_openapi_yaml, NULL, false, "", "all of this in OpenAPI"},
    {"GET", "/openapi.json", route_openapi_json, NULL, false, "", "the same as JSON"},
    {"GET", "/", route_index, NULL, false, "", "this list"},
};

enum { ROUTES = sizeof routes / sizeof routes[0] };

const struct route *routes_at(size_t i) {
    return i < ROUTES ? &routes[i] : NULL;
}

bool routes_lists(const char *names, struct str name) {
    struct str list = str_of(names);

    while (list.len)
        if (str_eq(str_cut(&list, ' '), name))
            return true;
    return false;
}

bool routes_has_job(const struct route *r) {
    return strstr(r->pattern, "{id}") != NULL;
}

struct texts_of {
    struct str id, delivery, other;
};

/* Where what stands for |segment| goes; NULL: it stands for itself. */
static struct str *place_of(struct str segment, struct texts_of *t) {
    if (str_eq(segment, STR("{id}")))
        return &t->id;
    if (str_eq(segment, STR("{other}")))
        return &t->other;
    return str_eq(segment, STR("{delivery}")) ? &t->delivery : NULL;
}

/* Segment by segment. */
static bool matches(const char *pattern, struct str path, struct texts_of *ret_texts) {
    struct str wanted = str_of(pattern);

    if (str_ends(path, STR("/")) != str_ends(wanted, STR("/")))
        return false;
    while (wanted.len || path.len) {
        struct str segment = str_cut(&wanted, '/');
        struct str given = str_cut(&path, '/');
        struct str *place = place_of(segment, ret_texts);

        if (!wanted.len != !path.len) /* one has more segments */
            return false;
        if (place && given.len)
            *place = given;
        else if (!str_eq(segment, given))
            return false;
    }
    return true;
}

static bool has_method(const struct route *r, struct str method) {
    if (str_eq(method, STR("HEAD")))
        method = STR("GET");
    return str_eq(str_of(r->method), method);
}

enum route_match routes_find(struct str method, struct str path, const struct route **ret_route,
                             struct route_names *ret_names) {
    enum route_match result = ROUTE_UNKNOWN;

    for (size_t i = 0; i < ROUTES; i++) {
        struct texts_of t = {STR_NONE, STR_NONE, STR_NONE};

        if (!matches(routes[i].pattern, path, &t))
            continue;
        result = ROUTE_OTHER_METHOD;
        if (!has_method(&routes[i], method))
            continue;
        *ret_route = &routes[i];
        ret_names->delivery = t.delivery;
        ret_names->other = t.other;
        return t.id.len && uuid_parse(t.id, &ret_names->job) != ERR_OK ? ROUTE_BAD_ID : ROUTE_FOUND;
    }
    return result;
}

enum err routes_allow(struct str path, struct buf *out) {
    enum err e = ERR_OK;
    struct texts_of t;

    for (size_t i = 0; i < ROUTES && e == ERR_OK; i++) {
        const char *method = routes[i].method;

        if (!matches(routes[i].pattern, path, &t))
            continue;
        e = buf_printf(out, "%s%s%s", out->len ? ", " : "", method,
                       str_eq(str_of(method), STR("GET")) ? ", HEAD" : "");
    }
    return e;
}
