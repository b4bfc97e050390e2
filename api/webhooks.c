/* What a job's webhook was told, or will be. */
#include "api/cursor.h"
#include "api/routes.h"
#include "api/writer.h"

enum { DELIVERIES_USUAL = 100, DELIVERIES_MOST = 1000 };

/* --- one delivery ------------------------------------------------------------------------- */

static void write_members(struct writer *w, const struct uuid *job, const struct delivery *d) {
    char id[DELIVERY_ID_CHARS + 1];

    delivery_id_text(job, d->sequence, id);
    writer_text(w, "id", str_of(id));
    writer_text(w, "type", str_of(webhook_event_text(d->event)));
    writer_number(w, "sequence", d->sequence);
    writer_text(w, "state", str_of(delivery_state_text(d->state)));
    writer_time(w, "created_at", d->at);
    writer_number(w, "attempts", d->attempts);
    writer_time(w, "last_attempt_at", d->tried_at);
    writer_time(w, "next_attempt_at", d->next_at);
    writer_time(w, "delivered_at", d->delivered_at);
    if (d->http_status)
        writer_number(w, "http_status", d->http_status);
    else
        writer_null(w, "http_status");
    writer_text_or_null(w, "code", str_of(code_text(d->code)));
}

/* --- the list ------------------------------------------------------------------------------- */

struct listing {
    struct writer w;
    const struct uuid *job;
};

static bool write_one(void *arg, const struct delivery *d) {
    struct listing *l = arg;

    writer_open(&l->w, '{');
    write_members(&l->w, l->job, d);
    writer_close(&l->w, '}');
    return true;
}

static void end_list(struct api_call *c, struct listing *l, bool more, uint64_t after) {
    char text[CURSOR_MAX_TEXT];
    struct cursor cursor = {CURSOR_DELIVERIES, {after}};
    struct str next = more ? cursor_text(&cursor, &c->job_id, text) : STR_NONE;

    writer_close(&l->w, ']');
    writer_text_or_null(&l->w, "next_cursor", next);
    writer_close(&l->w, '}');
    call_answer_body(c, 200, STR("application/json"), l->w.err);
    call_add_next(c, next);
}

/* False: the call is answered. */
static bool read_place(struct api_call *c, uint64_t *ret_limit, uint64_t *ret_after) {
    const struct str *from = query_get(&c->query, "cursor");
    struct cursor cursor;

    if (!call_number(c, "limit", 1, DELIVERIES_MOST, DELIVERIES_USUAL, ret_limit))
        return false;
    *ret_after = 0;
    if (!from)
        return true;
    if (cursor_parse(*from, &c->job_id, &cursor) != ERR_OK || cursor.kind != CURSOR_DELIVERIES) {
        call_refuse_cursor(c, "cursor");
        return false;
    }
    *ret_after = cursor.numbers[0];
    return true;
}

void route_list_webhooks(struct api_call *c) {
    OWNED(job) struct job *j = NULL;
    struct listing l = {.w = writer_on(&c->response.body), .job = &c->job_id};
    uint64_t limit, after;
    bool more = false;
    enum err e;

    if (!read_place(c, &limit, &after) || !call_job(c, &j))
        return;
    writer_open(&l.w, '{');
    writer_key(&l.w, "items");
    writer_open(&l.w, '[');
    e = store_deliveries_read(c->api->options.store, j->no, &after, (size_t)limit, write_one, &l,
                              &more);
    if (e == ERR_OK)
        end_list(c, &l, more, after);
    else
        call_store_error(c, e);
}

/* --- once more ------------------------------------------------------------------------------- */

static void answer_repeat(struct api_call *c, const struct delivery *d) {
    struct writer w = writer_on(&c->response.body);

    writer_open(&w, '{');
    write_members(&w, &c->job_id, d);
    writer_close(&w, '}');
    call_answer_body(c, 202, STR("application/json"), w.err);
}

/* That the job is there is known: what is missing then is the delivery. */
void route_redeliver(struct api_call *c) {
    OWNED(job) struct job *j = NULL;
    struct delivery d;
    uint64_t sequence = 0;
    enum err e;

    if (!call_job(c, &j))
        return;
    e = delivery_id_parse(c->delivery, &c->job_id, &sequence);
    if (e == ERR_OK)
        e = store_delivery_repeat(c->api->options.store, j->no, sequence, &d);
    if (e == ERR_OK)
        answer_repeat(c, &d);
    else if (e == ERR_NOT_FOUND)
        call_refuse(c, PROBLEM_DELIVERY_NOT_FOUND, NULL);
    else
        call_store_error(c, e);
}
