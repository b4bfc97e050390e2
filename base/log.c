#include "base/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"

enum { MAX_VALUE = 512, MAX_LINE = 8192 };

static enum log_format log_format = LOG_TEXT;
static enum log_level log_least = LOG_INFO;

static const char *const level_names[] = {
#define X(name, text) text,
    LOG_LEVEL_TABLE(X)
#undef X
};

void log_setup(enum log_format format, enum log_level least) {
    log_format = format;
    log_least = least;
}

static bool is_bare(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || s.ptr[i] == '"' || s.ptr[i] == '=')
            return false;
    return s.len > 0;
}

static enum err put_value(struct buf *b, struct log_field f) {
    struct str text = str_upto(f.text, MAX_VALUE);

    if (f.is_number)
        return buf_printf(b, "%lld", (long long)f.number);
    if (log_format == LOG_TEXT && is_bare(text))
        return buf_put(b, text);
    return json_put_string(b, text);
}

static enum err put_field(struct buf *b, struct log_field f) {
    enum err e = buf_printf(b, log_format == LOG_JSON ? ",\"%s\":" : " %s=", f.key);

    return e == ERR_OK ? put_value(b, f) : e;
}

static enum err put_head(struct buf *b, enum log_level level, const char *message) {
    char now[CLOCK_TEXT_LEN + 1];

    clock_text(clock_wall_ms(), now);
    return buf_printf(b,
                      log_format == LOG_JSON
                          ? "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"%s\""
                          : "%s %-7s %s",
                      now, level_names[level], message);
}

void log_write(enum log_level level, const char *message, ...) {
    OWNED_BUF struct buf line = BUF_INIT(MAX_LINE);
    va_list fields;
    struct log_field f;

    if (level < log_least || put_head(&line, level, message) != ERR_OK)
        return;
    va_start(fields, message);
    for (f = va_arg(fields, struct log_field); f.key; f = va_arg(fields, struct log_field)) {
        size_t whole = line.len;

        if (put_field(&line, f) != ERR_OK)
            line.len = whole; /* too long: the field goes, the line stays well formed */
    }
    va_end(fields);
    line.max += sizeof "}\n"; /* the end always fits */
    (void)!buf_put(&line, log_format == LOG_JSON ? STR("}\n") : STR("\n"));
    (void)!write(STDERR_FILENO, line.ptr, line.len);
}
