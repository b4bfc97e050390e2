#include "api/webhook_option.h"

#include <stdlib.h>

#include "api/fields.h"
#include "base/base64.h"
#include "base/mem.h"
#include "crawler/url.h"

static void replace(char **text, char *with) {
    free(*text);
    *text = with;
}

/* --- url --------------------------------------------------------------------------------- */

static bool is_target(const struct url *u) {
    return url_is_http(u) && u->has_host && !url_has_credentials(u);
}

const char *webhook_set_url(const struct option_value *v, struct job_options *o) {
    static const char wanted[] =
        "must be an http or https URL without credentials, of at most 2,048 bytes";
    OWNED_URL struct url u;
    struct str href;

    url_init(&u);
    if (v->type != OPTION_TEXT_VALUE || v->text.len > WEBHOOK_MAX_URL_BYTES ||
        url_parse(&u, v->text, NULL, NULL) != ERR_OK || !is_target(&u))
        return wanted;
    href = url_without_fragment(&u);
    if (href.len > WEBHOOK_MAX_URL_BYTES)
        return wanted;
    replace(&o->webhook_url, mem_chars(href));
    return NULL;
}

/* --- events ------------------------------------------------------------------------------ */

const char *webhook_set_events(const struct option_value *v, struct job_options *o) {
    static const char wanted[] =
        "must be a list out of job.started, job.progress, job.completed, job.failed, "
        "job.cancelled and urls.failed";
    enum webhook_event event;
    uint32_t events = 0;

    if (v->type != OPTION_LIST || v->n == 0)
        return wanted;
    for (size_t i = 0; i < v->n; i++) {
        if (webhook_event_of(v->list[i], &event) != ERR_OK)
            return wanted;
        events |= 1U << event;
    }
    o->webhook_events = events;
    return NULL;
}

void webhook_write_events(struct writer *w, const char *key, const struct job_options *o) {
    writer_key(w, key);
    writer_open(w, '[');
    for (int e = 0; e < WEBHOOK_EVENT_COUNT; e++)
        if (o->webhook_events >> e & 1)
            writer_text(w, NULL, str_of(webhook_event_text((enum webhook_event)e)));
    writer_close(w, ']');
}

/* --- headers ----------------------------------------------------------------------------- */

static bool is_ours(struct str name) {
    return str_starts_ascii(name, STR("webhook-"));
}

const char *webhook_set_headers(const struct option_value *v, struct job_options *o,
                                struct option_fault *f) {
    return fields_set(v, is_ours, &o->webhook_headers, f);
}

static bool is_secret(struct str name) {
    (void)name; /* for all that we know */
    return true;
}

void webhook_write_headers(struct writer *w, const char *key, const struct job_options *o) {
    fields_write(w, key, str_of(o->webhook_headers), is_secret);
}

/* --- secret ------------------------------------------------------------------------------ */

const char *webhook_set_secret(const struct option_value *v, struct job_options *o) {
    OWNED_BUF struct buf key = BUF_INIT(WEBHOOK_SECRET_MOST_BYTES);
    const struct str prefix = STR("whsec_");

    if (v->type != OPTION_TEXT_VALUE || !str_starts(v->text, prefix) ||
        base64_decode(&key, str_from(v->text, prefix.len)) != ERR_OK ||
        key.len < WEBHOOK_SECRET_LEAST_BYTES)
        return "must be whsec_ and then 24 to 64 bytes in base64";
    replace(&o->webhook_secret, mem_chars(v->text));
    return NULL;
}
