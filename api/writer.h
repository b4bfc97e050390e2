/* writer - JSON made piece by piece, with commas where they belong.
 *
 * Text of outside origin is mended on the way, so what comes out is valid UTF-8.
 * The first error stays: look at |err| once, at the end. Pure.
 */
#ifndef API_WRITER_H
#define API_WRITER_H

#include "base/utf8.h"

struct writer {
    struct buf *out; /* appended to */
    enum err err;
    bool needs_comma;
};

static inline struct writer writer_on(struct buf *out) {
    return (struct writer){out, ERR_OK, false};
}

void writer_open(struct writer *w, char bracket); /* '{' or '[' */
void writer_close(struct writer *w, char bracket);
void writer_key(struct writer *w, const char *key); /* what follows is its value */
void writer_raw(struct writer *w, struct str json); /* a value, or a piece of one, as it is */

/* With |key| NULL: a member of an array. */
void writer_text(struct writer *w, const char *key, struct str text);
void writer_text_or_null(struct writer *w, const char *key, struct str text); /* null if empty */
void writer_number(struct writer *w, const char *key, uint64_t number);
void writer_bool(struct writer *w, const char *key, bool value);
void writer_null(struct writer *w, const char *key);
void writer_json(struct writer *w, const char *key, struct str json);
void writer_time(struct writer *w, const char *key, int64_t wall_ms); /* 0: null */
/* |thousandths| as a decimal number with up to three places. */
void writer_decimal(struct writer *w, const char *key, uint64_t thousandths);

#endif
