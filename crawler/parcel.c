#include "crawler/parcel.h"

#include <stdlib.h>

#include "base/mem.h"
#include "crawler/engine_impl.h"

struct parcel *parcel_new(enum parcel_kind kind, struct task *task) {
    struct parcel *p = NEW(struct parcel);

    *p = (struct parcel){.kind = kind,
                         .task = task,
                         .url = BUF_INIT(URL_LIMIT),
                         .redirects = BUF_INIT(RECORD_MAX_BYTES / 2),
                         .body = BUF_INIT(ROBOTS_MAX_BYTES)};
    return p;
}

void parcel_free(struct parcel *p) {
    if (!p)
        return;
    free(p->task);
    buf_done(&p->url);
    buf_done(&p->redirects);
    buf_done(&p->body);
    free(p);
}

void parcel_send(struct engine *from, int64_t host, struct parcel *p) {
    if (atomic_load(&from->is_stopping))
        parcel_free(p);
    else
        engine_deliver(crew_engine_of(from->options.crew, host), p);
}

/* The job has ended here, or pauses: the task goes home, and whoever waits there for a
 * robots.txt hears that it did not come. */
static void send_back(struct engine *e, struct parcel *p) {
    struct task *task = TAKE(p->task);
    struct parcel *back = parcel_new(p->is_of_robots ? PARCEL_ROBOTS : PARCEL_BACK, task);

    back->code = CODE_JOB_CANCELLED;
    parcel_send(e, task->host, back);
}

static void take_hop(struct engine *e, struct parcel *p) {
    struct crawl *c = crawl_get(e, p->task->job);

    if (!c || c->is_over || c->is_paused || !trip_go_on(e, c, p))
        send_back(e, p);
}

void parcel_take(struct engine *e, struct parcel *p) {
    const struct task *task = p->task;

    switch (p->kind) {
    case PARCEL_HOP:
        take_hop(e, p);
        break;
    case PARCEL_BACK:
        sched_put_back(e->sched, TAKE(p->task), p->not_before);
        break;
    case PARCEL_SETTLED:
        sched_settled(e->sched, task->job, task->host, task->seq);
        break;
    case PARCEL_ROBOTS:
        trip_tell_robots(e, p);
        break;
    }
    e->has_news = true;
    parcel_free(p);
}
