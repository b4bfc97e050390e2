#include "api/webhook_option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* RFC 9110 section 5.6.2 */
static bool is_token(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_alpha(s.ptr[i]) && !ascii_is_digit(s.ptr[i]) &&
            !(s.ptr[i] && strchr("!#$%&'*+-.^_`|~", s.ptr[i])))
            return false;
    return s.len > 0;
}

static bool is_printable(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < ' ' || s.ptr[i] > '~')
            return false;
    return true;
}

/* What says where a message ends, whom it is for, or that it is signed. */
static bool is_ours(struct str name) {
    static const char *const names[] = {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    };

    if (str_starts_ascii(name, STR("webhook-")))
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq_ascii(name, str_of(names[i])))
            return true;
    return false;
}

static const char no_headers[] =
    "must be an object of at most 20 header fields and 8 KiB, names and values of printable ASCII";

static const char *put_header(struct buf *lines, struct str name, struct str value,
                              struct option_fault *f) {
    value = str_trim(value);
    if (!is_token(name) || !is_printable(value))
        return no_headers;
    if (is_ours(name)) {
        (void)snprintf(f->text, sizeof f->text, "has %.*s, which is not the caller's to set",
                       (int)str_upto(name, 40).len, name.ptr);
        return f->text;
    }
    if (buf_printf(lines, "%s%.*s: %.*s", lines->len ? "\n" : "", (int)name.len, name.ptr,
                   (int)value.len, value.len ? value.ptr : "") != ERR_OK)
        return no_headers;
    return NULL;
}

const char *webhook_set_headers(const struct option_value *v, struct job_options *o,
                                struct option_fault *f) {
    OWNED_BUF struct buf lines = BUF_INIT(WEBHOOK_MAX_HEADER_BYTES);
    const char *wrong = NULL;

    if (v->type != OPTION_OBJECT || !v->is_map || v->n > 2 * (size_t)WEBHOOK_MAX_HEADERS)
        return no_headers;
    for (size_t i = 0; i < v->n && !wrong; i += 2)
        wrong = put_header(&lines, v->list[i], v->list[i + 1], f);
    if (!wrong)
        replace(&o->webhook_headers, mem_chars(buf_str(&lines)));
    return wrong;
}

void webhook_write_headers(struct writer *w, const char *key, const struct job_options *o) {
    struct str lines = str_of(o->webhook_headers);

    writer_key(w, key);
    writer_open(w, '{');
    while (lines.len) {
        struct str line = str_cut(&lines, '\n');
        OWNED_CHARS char *name = mem_chars(str_cut(&line, ':'));

        writer_text(w, name, STR("***"));
    }
    writer_close(w, '}');
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
