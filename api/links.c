/* The links that a job found. */
#include "api/results.h"
#include "api/routes.h"

/* False: the call is answered. */
static bool read_columns(struct api_call *c, enum format f, struct columns *ret_columns) {
    const struct str *given = query_get(&c->query, "columns");

    *ret_columns = format_default_columns();
    if (!given)
        return true;
    if (f != FORMAT_TSV && f != FORMAT_CSV) {
        call_refuse_parameter(c, "columns", "goes with tsv and csv only");
        return false;
    }
    if (format_columns_of(*given, ret_columns) == ERR_OK)
        return true;
    call_refuse_parameter(c, "columns",
                          "must be a list out of source_url, parsed_url, tag, attr, rel, text "
                          "and cursor, each once");
    return false;
}

void route_list_links(struct api_call *c) {
    OWNED(job) struct job *j = NULL;
    OWNED_BUF struct buf source = BUF_INIT(64 << 10);
    struct export_links o = {.store = c->api->options.store};
    struct results_request q;

    if (!results_read(c, CURSOR_LINKS, CURSOR_LINKS, &q) ||
        !read_columns(c, q.format, &o.columns) || !results_url(c, "source", &source) ||
        !call_job(c, &j))
        return;
    o.job_id = j->id;
    o.job = j->no;
    o.format = q.format;
    o.has_names = q.has_names;
    o.from = q.from;
    o.source = buf_str(&source);
    o.host = call_text(c, "host");
    o.scheme = call_text(c, "scheme");
    results_answer(c, &q, export_links_new(&o), "links");
}
