/* Fetching robots.txt: a trip like others, through the same hosts' lines, that ends in what
 * is known of a host instead of a record. Engine's thread.
 */
#include <stdlib.h>

#include "crawler/engine_impl.h"

enum { OF_NO_TASK = -1 }; /* the seq of its task, which no store knows */

static struct str origin_of(const struct url *page) {
    return str_upto(url_href(page), page->path_start);
}

static enum err parse_robots_url(struct url *u, const struct url *page) {
    OWNED_BUF struct buf text = BUF_INIT(URL_LIMIT);
    enum err e = buf_put(&text, origin_of(page));

    if (e == ERR_OK)
        e = buf_put(&text, STR("/robots.txt"));
    return e == ERR_OK ? url_parse(u, buf_str(&text), NULL, NULL) : e;
}

void trip_fetch_robots(struct crawl *c, struct sched_host *host, const struct url *page) {
    struct host *h = sched_owner(host);
    struct task *task = task_new(origin_of(page), STR_NONE);
    struct trip *t = trip_new(h->engine, c, task);

    task->job = c->no;
    task->host = h->id;
    task->seq = OF_NO_TASK;
    t->is_of_robots = true;
    trip_enter(t, host);
    if (parse_robots_url(&t->url, page) == ERR_OK) {
        trip_go(t);
        return;
    }
    trip_leave(t); /* no memory */
    trip_end_robots(t, &trip_no_reply, CODE_INTERNAL_ERROR);
}

/* What is beyond the limit is not read (RFC 9309 section 2.5). */
enum err trip_keep_robots(struct trip *t, struct str piece) {
    size_t room = ROBOTS_MAX_BYTES - t->body.len;
    enum err e = buf_put(&t->body, str_upto(piece, room));

    return e == ERR_OK && piece.len > room ? ERR_TOO_BIG : e;
}

/* RFC 9309 section 2.3.1. */
static void tell(struct host *h, const struct parcel *p) {
    enum code code = p->code;
    bool is_cut = code == CODE_BODY_TOO_LARGE && p->body.len == ROBOTS_MAX_BYTES;

    if (code == CODE_JOB_CANCELLED)
        host_robots_given_up(h);
    else if (p->status == 0 && p->n_redirects == 0)
        host_robots_failed(h, code);
    else if (code == CODE_NONE || is_cut)
        host_robots_are(h, buf_str(&p->body));
    else if (code == CODE_HTTP_4XX || code == CODE_HTTP_3XX || code == CODE_TOO_MANY_REDIRECTS)
        host_robots_are_none(h);
    else
        host_robots_unreachable(h);
}

/* The host may have left meanwhile: whoever comes next asks again. */
void trip_tell_robots(struct engine *e, const struct parcel *p) {
    struct sched_host *sched = sched_find(e->sched, p->task->host);

    if (sched && sched_owner(sched))
        tell(sched_owner(sched), p);
}

/* At home or elsewhere: what came of it is told to the host's own engine. */
static void report(struct engine *e, struct parcel *p) {
    if (engine_owns(e, p->task->host))
        parcel_take(e, p);
    else
        parcel_send(e, p->task->host, p);
}

void trip_end_robots(struct trip *t, const struct fetch_reply *reply, enum code code) {
    struct parcel *p = parcel_new(PARCEL_ROBOTS, TAKE(t->task));

    p->status = reply->status;
    p->code = code;
    p->n_redirects = t->n_redirects;
    p->body = buf_take(&t->body);
    report(t->engine, p);
    (void)atomic_fetch_sub(&t->crawl->running, 1);
    trip_free(t);
}

/* Its task is not ours: it may be sched's. */
void trip_forget_robots(struct trip *t) {
    struct task *key = task_new(STR_NONE, STR_NONE);
    struct parcel *p = parcel_new(PARCEL_ROBOTS, key);

    key->job = t->task->job;
    key->host = t->task->host;
    key->seq = t->task->seq;
    p->code = CODE_JOB_CANCELLED;
    report(t->engine, p);
}
