/* log - lines on standard error: text for people, JSON for machines.
 *
 *   log_info("listening", log_str("address", a), log_int("port", 8080));
 *
 * Only app, engine and httpd log; what is below them returns errors. Values
 * from outside are escaped and cut, so no value can start a new line. Any
 * thread; one write(2) a line.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_format { LOG_TEXT, LOG_JSON };
#define LOG_LEVEL_TABLE(X) X(DEBUG, "debug") X(INFO, "info") X(WARNING, "warning") X(ERROR, "error")
enum log_level {
#define X(name, text) LOG_##name,
    LOG_LEVEL_TABLE(X)
#undef X
};

struct log_field {
    const char *key; /* NULL ends the fields */
    struct str text;
    int64_t number;
    bool is_number;
};

static inline struct log_field log_str(const char *key, struct str value) {
    return (struct log_field){key, value, 0, false};
}
static inline struct log_field log_int(const char *key, int64_t value) {
    return (struct log_field){key, {NULL, 0}, value, true};
}

/* Set once, before other threads start; text and info until then. */
void log_setup(enum log_format format, enum log_level least);

void log_write(enum log_level level, const char *message, ...); /* fields, then LOG_END */
#define LOG_END ((struct log_field){NULL, {NULL, 0}, 0, false})

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__, LOG_END)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__, LOG_END)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__, LOG_END)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__, LOG_END)

#endif
