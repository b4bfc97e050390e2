/* The links that a job found. */
#include "api/results.h"
#include "api/routes.h"

/* False: the call is answered. */
static bool read_scheme(struct api_call *c, struct str *ret_scheme) {
    if (!call_text(c, "scheme", ret_scheme))
        return false;
    if (!ret_scheme->len || format_is_scheme(*ret_scheme))
        return true;
    call_refuse_parameter(c, "scheme", "is not a scheme (lower case, without the colon)");
    return false;
}

void route_list_links(struct api_call *c) {
    OWNED(job) struct job *j = NULL;
    OWNED_BUF struct buf source = BUF_INIT(64 << 10);
    struct export_links o = {.store = c->api->options.store};
    struct results_request q;

    o.columns = format_default_columns();
    if (!results_read(c, RESULTS_ALL, CURSOR_LINKS, CURSOR_LINKS, &q) ||
        !results_columns(c, q.format, format_columns_of,
                         "source_url, parsed_url, tag, attr, rel, text", &o.columns) ||
        !results_url(c, "source", &source) || !call_text(c, "host", &o.host) ||
        !read_scheme(c, &o.scheme) || !call_job(c, &j))
        return;
    o.job_id = j->id;
    o.job = j->no;
    o.format = q.format;
    o.has_names = q.has_names;
    o.from = q.from;
    o.source = buf_str(&source);
    results_answer(c, &q, export_links_new(&o), "links");
}
