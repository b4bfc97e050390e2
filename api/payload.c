/* What a webhook is told, as JSON. */
#include "api/jobview.h"

static void write_job(const struct api *a, const struct message *m, struct writer *w) {
    struct job_view view = jobview_then(a, m->job, m->delivery.at);

    writer_open(w, '{');
    jobjson_write(w, m->job, &view);
    writer_close(w, '}');
}

enum err api_webhook_payload(struct api *a, const struct message *m, struct buf *out) {
    struct writer w = writer_on(out);

    writer_open(&w, '{');
    writer_text(&w, "type", str_of(webhook_event_text(m->delivery.event)));
    writer_time(&w, "timestamp", m->delivery.at);
    writer_number(&w, "sequence", m->delivery.sequence);
    writer_key(&w, "data");
    write_job(a, m, &w);
    writer_close(&w, '}');
    return w.err;
}
