/* What the engine lends to the store: made and freed here, filled by the back end. */
#include "base/mem.h"
#include "storage/store.h"

struct refill *refill_new(int64_t job, size_t n_hosts, size_t max_new) {
    struct refill *r = NEW(struct refill);

    r->job = job;
    r->n_hosts = n_hosts;
    r->max_new = max_new;
    r->host_to = host_id_first(HOST_BUCKETS);
    r->after_host = -1;
    r->max_bytes = SIZE_MAX;
    r->hosts = NEW_N(struct refill_host, n_hosts + max_new);
    for (size_t i = 0; i < n_hosts + max_new; i++) {
        r->hosts[i].after_seq = -1;
        list_init(&r->hosts[i].tasks);
    }
    return r;
}

void refill_free(struct refill *r) {
    if (!r)
        return;
    for (size_t i = 0; i < r->n_hosts + r->max_new; i++) {
        struct list *l;

        while ((l = list_pop_front(&r->hosts[i].tasks)))
            free(CONTAINER_OF(l, struct task, link));
        free(r->hosts[i].name);
        host_memo_free(r->hosts[i].memo);
    }
    free(r->hosts);
    free(r);
}

void result_done(struct result *r) {
    free(r->task);
    r->task = NULL;
    buf_done(&r->text);
    links_done(&r->links);
    follow_done(&r->follow);
}
