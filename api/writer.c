#include "api/writer.h"

#include "base/clock.h"

/* A value was written by another function. */
static void keep(struct writer *w, enum err e) {
    if (w->err == ERR_OK)
        w->err = e;
    w->needs_comma = true;
}

void writer_raw(struct writer *w, struct str json) {
    if (w->err == ERR_OK)
        w->err = buf_put(w->out, json);
    w->needs_comma = true;
}

/* The start of a member: its comma and key. */
static void start(struct writer *w, const char *key) {
    if (w->needs_comma)
        writer_raw(w, STR(","));
    if (!key)
        return;
    writer_raw(w, STR("\""));
    writer_raw(w, str_of(key));
    writer_raw(w, STR("\":"));
}

void writer_key(struct writer *w, const char *key) {
    start(w, key);
    w->needs_comma = false;
}

void writer_open(struct writer *w, char bracket) {
    start(w, NULL);
    writer_raw(w, str_at(&bracket, 1));
    w->needs_comma = false;
}

void writer_close(struct writer *w, char bracket) {
    writer_raw(w, str_at(&bracket, 1));
}

void writer_text(struct writer *w, const char *key, struct str text) {
    start(w, key);
    if (w->err == ERR_OK)
        keep(w, json_put_string(w->out, text));
}

void writer_text_or_null(struct writer *w, const char *key, struct str text) {
    if (text.len)
        writer_text(w, key, text);
    else
        writer_null(w, key);
}

void writer_number(struct writer *w, const char *key, uint64_t number) {
    start(w, key);
    if (w->err == ERR_OK)
        keep(w, buf_put_u64(w->out, number));
}

void writer_json(struct writer *w, const char *key, struct str json) {
    start(w, key);
    writer_raw(w, json);
}

void writer_bool(struct writer *w, const char *key, bool value) {
    writer_json(w, key, value ? STR("true") : STR("false"));
}

void writer_null(struct writer *w, const char *key) {
    writer_json(w, key, STR("null"));
}

void writer_time(struct writer *w, const char *key, int64_t wall_ms) {
    char text[CLOCK_TEXT_LEN + 1];

    if (!wall_ms) {
        writer_null(w, key);
        return;
    }
    clock_text(wall_ms, text);
    writer_text(w, key, str_at(text, CLOCK_TEXT_LEN));
}

void writer_decimal(struct writer *w, const char *key, uint64_t thousandths) {
    start(w, key);
    if (w->err != ERR_OK)
        return;
    keep(w, buf_put_u64(w->out, thousandths / 1000));
    if (thousandths % 1000)
        keep(w, buf_printf(w->out, ".%03u", (unsigned)(thousandths % 1000)));
}
