/* What happens to a job, told while it happens. */
#include "api/eventstream.h"
#include "api/routes.h"

static const char *const type_names[] = {
#define X(name, text) text,
    EVENT_TYPE_TABLE(X)
#undef X
};

static bool add_type(struct str name, unsigned *types) {
    for (int t = 0; t < EVENT_TYPE_COUNT; t++)
        if (str_eq(name, str_of(type_names[t]))) {
            *types |= 1U << t;
            return true;
        }
    return false;
}

/* False: the call is answered. */
static bool read_types(struct api_call *c, unsigned *ret_types) {
    const struct str *given = query_get(&c->query, "types");
    struct str list = given ? *given : STR_NONE;
    bool more = given != NULL;

    *ret_types = given ? 0 : EVENT_TYPES_USUAL;
    while (more) {
        more = str_find(list, ',') != STR_END;
        if (!add_type(str_trim(str_cut(&list, ',')), ret_types)) {
            call_refuse_parameter(c, "types",
                                  "must be a list out of state, progress, done and url");
            return false;
        }
    }
    return true;
}

/* The header is that of a client that was cut off and comes again with the target that it
 * began with: so it goes before the parameter. */
static bool read_place(struct api_call *c, struct event_place *ret_place) {
    const struct str *after = query_get(&c->query, "after");
    struct str last = STR_NONE;
    bool has_header = call_header(c, STR("Last-Event-ID"), &last) && last.len;

    *ret_place = (struct event_place){0, 0};
    if (!has_header && !after)
        return true;
    if (event_place_parse(has_header ? last : *after, ret_place) == ERR_OK)
        return true;
    call_refuse_cursor(c, has_header ? "Last-Event-ID" : "after");
    return false;
}

/* An EventSource that is told 204 comes no more. */
static bool has_seen_all(const struct job *j, struct event_place after) {
    return job_state_is_finished(j->state) && after.version >= j->version;
}

void route_list_events(struct api_call *c) {
    struct eventstream_options o = {.api = c->api, .now_ms = c->now_ms};
    OWNED(job) struct job *j = NULL;

    if (!read_types(c, &o.types) || !read_place(c, &o.after) || !call_job(c, &j))
        return;
    if (has_seen_all(j, o.after)) {
        call_answer(c, 204, STR_NONE);
        return;
    }
    o.job = j->no;
    call_answer(c, 200, STR("text/event-stream"));
    call_add_header(c, "X-Accel-Buffering", STR("no")); /* nginx passes it on as it comes */
    c->response.reader = eventstream_new(&o);
}
