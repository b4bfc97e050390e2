/* The hosts of a job: how much is left there, why each waits and until when. */
#include "api/cursor.h"
#include "api/routes.h"
#include "api/writer.h"
#include "base/mem.h"
#include "crawler/crew.h"

enum { HOSTS_USUAL = 100, HOSTS_MOST = 1000 };

struct host_line {
    struct host_row row; /* but for the name */
    char *name;
    uint64_t queued, running;
    const char *blocked_by; /* NULL: it is not */
    int64_t blocked_until;  /* wall ms; 0: nobody knows */
    uint32_t delay_ms;
};

struct host_page {
    struct host_line *items;
    size_t n;
};

static void page_done(struct host_page *p) {
    for (size_t i = 0; i < p->n; i++)
        free(p->items[i].name);
    free(p->items);
}

/* --- gathering -------------------------------------------------------------------------- */

/* Two moments: what was started since the store was asked is clamped. What the store has put
 * off is with no engine. */
static void judge(struct host_line *l, const struct engine_host *live, const struct job *j,
                  int64_t now_ms) {
    l->running = live->running < l->row.left ? live->running : l->row.left;
    l->queued = l->row.left - l->running;
    l->delay_ms = live->delay_ms ? live->delay_ms : j->options.host_delay_ms;
    if (l->queued == 0)
        return;
    if (live->blocked_by != BLOCK_NOTHING) {
        l->blocked_by = sched_block_text(live->blocked_by);
        l->blocked_until = live->blocked_until;
    } else if (l->row.ready_at > now_ms) {
        l->blocked_by = sched_block_text(l->row.is_failing ? BLOCK_BACKOFF : BLOCK_RETRY_AFTER);
        l->blocked_until = l->row.ready_at;
    }
}

/* What the engines hold of them. */
static void look(const struct api_call *c, const struct job *j, struct host_page *p) {
    struct engine_host *live = NEW_N(struct engine_host, p->n + 1);

    for (size_t i = 0; i < p->n; i++)
        live[i].host = p->items[i].row.host;
    if (c->api->options.crew && p->n)
        crew_hosts(c->api->options.crew, j->no, live, p->n);
    for (size_t i = 0; i < p->n; i++)
        judge(&p->items[i], &live[i], j, c->now_ms);
    free(live);
}

static bool take(void *arg, const struct host_row *h) {
    struct host_page *p = arg;

    p->items[p->n++] = (struct host_line){.row = *h, .name = mem_chars(h->name)};
    return true;
}

/* --- writing ---------------------------------------------------------------------------- */

static void write_end(struct writer *w, const struct host_line *l, const struct job *j,
                      int64_t now_ms) {
    int64_t wait_ms = l->blocked_until > now_ms ? l->blocked_until - now_ms : 0;
    uint64_t ms = l->queued * l->delay_ms + (uint64_t)wait_ms;

    if (j->state == JOB_QUEUED || j->state == JOB_RUNNING || l->queued == 0)
        writer_number(w, "eta_seconds", l->queued ? (ms + 999) / 1000 : 0);
    else
        writer_null(w, "eta_seconds");
}

static void write_line(struct writer *w, const struct host_line *l, const struct job *j,
                       int64_t now_ms) {
    writer_open(w, '{');
    writer_text(w, "host", str_of(l->name));
    writer_number(w, "queued", l->queued);
    writer_number(w, "running", l->running);
    writer_number(w, "done", l->row.total > l->row.left ? l->row.total - l->row.left : 0);
    writer_bool(w, "is_estimate", l->row.is_estimate);
    writer_text_or_null(w, "blocked_by", str_of(l->blocked_by));
    writer_time(w, "blocked_until", l->blocked_until);
    write_end(w, l, j, now_ms);
    writer_close(w, '}');
}

static void answer(struct api_call *c, const struct job *j, const struct host_page *p, bool more) {
    struct writer w = writer_on(&c->response.body);
    char text[CURSOR_MAX_TEXT];
    struct str next = STR_NONE;

    writer_open(&w, '{');
    writer_key(&w, "items");
    writer_open(&w, '[');
    for (size_t i = 0; i < p->n; i++)
        write_line(&w, &p->items[i], j, c->now_ms);
    writer_close(&w, ']');
    if (more && p->n) {
        struct cursor cursor = {CURSOR_HOSTS, {(uint64_t)p->items[p->n - 1].row.host}};

        next = cursor_text(&cursor, &c->job_id, text);
    }
    writer_text_or_null(&w, "next_cursor", next);
    writer_close(&w, '}');
    call_answer_body(c, 200, STR("application/json"), w.err);
    call_add_next(c, next);
}

/* --- the call ----------------------------------------------------------------------------- */

/* False: the call is answered. */
static bool read_place(struct api_call *c, uint64_t *ret_limit, int64_t *ret_after) {
    const struct str *from = query_get(&c->query, "cursor");
    struct cursor cursor = {.kind = CURSOR_HOSTS};

    if (!call_number(c, "limit", 1, HOSTS_MOST, HOSTS_USUAL, ret_limit))
        return false;
    *ret_after = -1;
    if (!from)
        return true;
    if (cursor_parse(*from, &c->job_id, &cursor) != ERR_OK || cursor.kind != CURSOR_HOSTS) {
        call_refuse_cursor(c, "cursor");
        return false;
    }
    *ret_after = (int64_t)cursor.numbers[0];
    return true;
}

void route_list_hosts(struct api_call *c) {
    OWNED(job) struct job *j = NULL;
    struct host_page page = {0};
    uint64_t limit;
    int64_t after;
    bool more = false;
    enum err e;

    if (!read_place(c, &limit, &after) || !call_job(c, &j))
        return;
    page.items = NEW_N(struct host_line, (size_t)limit);
    e = store_hosts_read(c->api->options.store, j->no, &after, (size_t)limit, take, &page, &more);
    if (e == ERR_OK) {
        look(c, j, &page);
        answer(c, j, &page, more);
    } else {
        call_store_error(c, e);
    }
    page_done(&page);
}
