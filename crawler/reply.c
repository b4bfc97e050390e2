#include "crawler/reply.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "base/own.h"

enum { MAX_RETRY_AFTER_MS = 3600 * 1000 };

void reply_init(struct reply *r) {
    *r = (struct reply){.retry_after_ms = -1,
                        .content_type = BUF_INIT(REPLY_MAX_HEAD_BYTES),
                        .location = BUF_INIT(REPLY_MAX_HEAD_BYTES),
                        .etag = BUF_INIT(REPLY_MAX_HEAD_BYTES),
                        .last_modified = BUF_INIT(REPLY_MAX_HEAD_BYTES),
                        .link = BUF_INIT(REPLY_MAX_HEAD_BYTES)};
}

void reply_done(struct reply *r) {
    buf_done(&r->content_type);
    buf_done(&r->location);
    buf_done(&r->etag);
    buf_done(&r->last_modified);
    buf_done(&r->link);
}

/* A server may send a negative, absurd or empty value. */
int64_t reply_retry_after(struct str value, int64_t wall_ms) {
    OWNED_CHARS char *chars = mem_chars(str_upto(value, 64));
    uint64_t seconds;
    int64_t ms;

    if (value.len > 0 && str_to_u64(value, UINT64_MAX, &seconds) != ERR_INVALID) {
        if (str_to_u64(value, MAX_RETRY_AFTER_MS / 1000, &seconds) != ERR_OK)
            return MAX_RETRY_AFTER_MS;
        return (int64_t)seconds * 1000;
    }
    if (value.len == 0 || !ascii_is_alpha(value.ptr[0])) /* a date begins with its weekday */
        return -1;
    ms = (int64_t)curl_getdate(chars, NULL);
    if (ms < 0)
        return -1;
    ms = ms > INT64_MAX / 1000 ? INT64_MAX : ms * 1000;
    ms = ms > wall_ms ? ms - wall_ms : 0;
    return ms < MAX_RETRY_AFTER_MS ? ms : MAX_RETRY_AFTER_MS;
}

static enum content_coding coding_of(struct str token) {
    if (str_eq_ascii(token, STR("gzip")) || str_eq_ascii(token, STR("x-gzip")))
        return CODING_GZIP;
    if (str_eq_ascii(token, STR("deflate")))
        return CODING_DEFLATE;
    return CODING_UNKNOWN;
}

/* At most one coding: layers of them are no server's need but a bomb's. */
static void put_coding(struct reply *r, struct str value) {
    while (value.len > 0) {
        struct str token = str_trim(str_cut(&value, ','));

        if (token.len == 0 || str_eq_ascii(token, STR("identity")))
            continue;
        r->coding = r->coding == CODING_NONE ? coding_of(token) : CODING_UNKNOWN;
    }
}

/* The first of several counts. */
static enum err put_once(struct buf *b, bool *has, struct str value) {
    if (*has)
        return ERR_OK;
    *has = true;
    return buf_put(b, value);
}

/* The longest of several holds. */
static void put_retry_after(struct reply *r, int64_t ms) {
    if (ms > r->retry_after_ms)
        r->retry_after_ms = ms;
}

static enum err put_line(struct buf *b, struct str value) {
    enum err e = b->len ? buf_put_char(b, '\n') : ERR_OK;

    return e == ERR_OK ? buf_put(b, value) : e;
}

static enum err put_field(struct reply *r, struct str name, struct str value, int64_t wall_ms) {
    if (str_eq_ascii(name, STR("content-type")))
        return put_once(&r->content_type, &r->has_content_type, value);
    if (str_eq_ascii(name, STR("location")))
        return put_once(&r->location, &r->has_location, value);
    if (str_eq_ascii(name, STR("etag")))
        return put_once(&r->etag, &r->has_etag, value);
    if (str_eq_ascii(name, STR("last-modified")))
        return put_once(&r->last_modified, &r->has_last_modified, value);
    if (str_eq_ascii(name, STR("link")))
        return put_line(&r->link, value);
    if (str_eq_ascii(name, STR("content-encoding")))
        put_coding(r, value);
    if (str_eq_ascii(name, STR("retry-after")))
        put_retry_after(r, reply_retry_after(value, wall_ms));
    return ERR_OK;
}

/* "HTTP/1.1 200 OK" */
static void start_over(struct reply *r, struct str line) {
    struct reply fresh;
    uint64_t status = 0;

    reply_init(&fresh);
    fresh.head_bytes = r->head_bytes;
    reply_done(r);
    *r = fresh;
    (void)str_cut(&line, ' ');
    line = str_trim(line);
    if (str_to_u64(str_upto(line, 3), 999, &status) == ERR_OK)
        r->status = (uint32_t)status;
}

enum err reply_put_line(struct reply *r, struct str line, int64_t wall_ms) {
    struct str name;

    r->head_bytes += line.len;
    if (r->head_bytes > REPLY_MAX_HEAD_BYTES)
        return ERR_TOO_BIG;
    if (r->is_whole) /* trailers */
        return ERR_OK;
    line = str_trim(line);
    if (str_starts_ascii(line, STR("HTTP/"))) {
        start_over(r, line);
        return ERR_OK;
    }
    if (line.len == 0) {
        r->is_whole = r->status >= 200;
        return ERR_OK;
    }
    name = str_cut(&line, ':');
    return put_field(r, name, str_trim(line), wall_ms);
}
