/* Calls about the service itself. */
#include "api/openapi.h"
#include "api/routes.h"
#include "api/writer.h"

void route_index(struct api_call *c) {
    struct buf *out = &c->response.body;
    enum err e = buf_put(out, STR("crawld " CRAWLD_VERSION ": lists of URLs in, links out\n\n"));
    struct str base = c->api->options.base_path;
    const struct route *r;

    for (size_t i = 0; (r = routes_at(i)) && e == ERR_OK; i++)
        e = buf_printf(out, "%-7s %.*s%-24s %s\n", r->method, (int)base.len,
                       base.len ? base.ptr : "", r->pattern, r->summary);
    call_answer_body(c, 200, STR("text/plain; charset=utf-8"), e);
}

void route_healthz(struct api_call *c) {
    call_answer_body(c, 200, STR("application/json"),
                     buf_put(&c->response.body, STR("{\"status\":\"alive\"}")));
}

void route_readyz(struct api_call *c) {
    OWNED_PROBLEM struct problem p;
    enum store_health health = store_health(c->api->options.store);
    const bool *stopping = c->api->options.stopping;

    problem_init(&p, PROBLEM_NOT_READY);
    if (health != STORE_OK)
        problem_fault(&p, FAULT_GENERAL, STR_NONE, "store: %s", store_health_text(health));
    if (stopping && __atomic_load_n(stopping, __ATOMIC_ACQUIRE))
        problem_fault(&p, FAULT_GENERAL, STR_NONE, "stopping");
    if (p.n_faults)
        call_problem(c, &p);
    else
        call_answer_body(c, 200, STR("application/json"),
                         buf_put(&c->response.body, STR("{\"status\":\"ready\"}")));
}

void route_metrics(struct api_call *c) {
    const struct api_options *o = &c->api->options;

    call_answer_body(c, 200, STR("text/plain; version=0.0.4; charset=utf-8"),
                     o->metrics ? o->metrics(o->metrics_arg, &c->response.body) : ERR_OK);
}

void route_openapi_yaml(struct api_call *c) {
    call_answer_body(c, 200, STR("application/yaml"),
                     buf_put(&c->response.body, str_at(openapi_yaml, openapi_yaml_len)));
}

void route_openapi_json(struct api_call *c) {
    call_answer_body(c, 200, STR("application/json"),
                     buf_put(&c->response.body, str_at(openapi_json, openapi_json_len)));
}
