/* reply - collects the head of an HTTP answer, line by line. Pure. */
#ifndef CRAWLER_REPLY_H
#define CRAWLER_REPLY_H

#include "base/buf.h"

enum { REPLY_MAX_HEAD_BYTES = 256 << 10 }; /* of one request: all its heads and trailers */

enum content_coding { CODING_NONE, CODING_GZIP, CODING_DEFLATE, CODING_UNKNOWN };

struct reply {
    uint32_t status;
    size_t head_bytes;
    bool is_whole; /* the empty line came: what follows are trailers */
    enum content_coding coding;
    int64_t retry_after_ms; /* -1: none */
    bool has_content_type, has_location, has_etag, has_last_modified;
    struct buf content_type, location, etag, last_modified;
    struct buf link; /* the values of all Link headers, \n between */
};

void reply_init(struct reply *r);
void reply_done(struct reply *r);

/* Takes one line with its line end, as libcurl hands it over. A status line starts
 * over: interim answers (1xx) leave nothing. |wall_ms| is what a date in
 * Retry-After counts from. ERR_TOO_BIG past REPLY_MAX_HEAD_BYTES. */
MUST_USE enum err reply_put_line(struct reply *r, struct str line, int64_t wall_ms);

/* "120" or an HTTP date (RFC 9110 section 10.2.3), clamped to [0, 1 h]; -1 where it
 * is neither. */
int64_t reply_retry_after(struct str value, int64_t wall_ms);

#endif
