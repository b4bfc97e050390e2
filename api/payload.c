/* What a webhook is told, as JSON. */
#include "api/jobview.h"
#include "api/recordline.h"

enum { MAX_RECORD_BYTES = 8 << 20 }; /* as JSON */

/* --- a job ---------------------------------------------------------------------------------- */

static void write_job(const struct api *a, const struct message *m, struct writer *w) {
    struct job_view view = jobview_then(a, m->job, m->delivery.at);

    jobjson_write(w, m->job, &view);
}

/* --- URLs that failed ----------------------------------------------------------------------- */

static void write_record(struct writer *w, const struct record *r) {
    OWNED_BUF struct buf json = BUF_INIT(MAX_RECORD_BYTES);
    struct columns columns = recordline_default_columns();
    enum err e = recordline_put(&json, FORMAT_JSON, &columns, r, STR_NONE);

    if (e == ERR_OK)
        writer_json(w, NULL, buf_str(&json));
    else
        w->err = e;
}

static void write_host(struct writer *w, const struct failure *f) {
    writer_open(w, '{');
    writer_text(w, "host", f->host);
    writer_text(w, "code", str_of(code_text(f->code)));
    writer_number(w, "urls", f->n_urls);
    writer_close(w, '}');
}

static void write_failures(struct writer *w, const char *key, struct str facts, bool hosts) {
    struct failure f;
    enum err e;

    writer_key(w, key);
    writer_open(w, '[');
    while ((e = facts_next(&facts, &f)) == ERR_OK) {
        if (f.is_host != hosts)
            continue;
        if (hosts)
            write_host(w, &f);
        else
            write_record(w, &f.record);
    }
    writer_close(w, ']');
    if (e != ERR_NOT_FOUND)
        w->err = e;
}

static void write_failed(const struct message *m, struct writer *w) {
    char id[UUID_TEXT_LEN + 1];

    uuid_text(&m->job->id, id);
    writer_text(w, "job_id", str_of(id));
    writer_text_or_null(w, "name", str_of(m->job->name));
    writer_json(w, "metadata", m->job->metadata ? str_of(m->job->metadata) : STR("{}"));
    write_failures(w, "urls", buf_str(&m->facts), false);
    write_failures(w, "hosts", buf_str(&m->facts), true);
}

enum err api_webhook_payload(struct api *a, const struct message *m, struct buf *out) {
    struct writer w = writer_on(out);

    writer_open(&w, '{');
    writer_text(&w, "type", str_of(webhook_event_text(m->delivery.event)));
    writer_time(&w, "timestamp", m->delivery.at);
    writer_number(&w, "sequence", m->delivery.sequence);
    writer_key(&w, "data");
    writer_open(&w, '{');
    if (m->delivery.event == WEBHOOK_URLS_FAILED)
        write_failed(m, &w);
    else
        write_job(a, m, &w);
    writer_close(&w, '}');
    writer_close(&w, '}');
    return w.err;
}
