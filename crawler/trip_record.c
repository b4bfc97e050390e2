/* What the record says of a trip that ended. Engine's thread. */
#include "base/utf8.h"
#include "crawler/engine_impl.h"

enum { MAX_TEXT_BYTES = 255 }; /* of a Content-Type or validator */

struct span {
    size_t start, len;
};

/* Appends what is valid of |s|, at most MAX_TEXT_BYTES; nothing where there is no room. */
static struct span put_text(struct buf *text, struct str s) {
    size_t start = text->len, end;

    if (utf8_put_mended(text, str_upto(s, MAX_TEXT_BYTES)) != ERR_OK)
        text->len = start;
    end = text->len;
    if (end - start > MAX_TEXT_BYTES) { /* mending made it longer: cut between characters */
        end = start + MAX_TEXT_BYTES;
        while (end > start && (text->ptr[end] & 0xc0) == 0x80)
            end--;
    }
    text->len = end;
    return (struct span){start, end - start};
}

static struct span put_whole(struct buf *text, struct str s) {
    size_t start = text->len;

    if (buf_put(text, s) != ERR_OK)
        text->len = start;
    return (struct span){start, text->len - start};
}

static struct str at_span(const struct buf *text, struct span s) {
    return s.len ? str_at(text->ptr + s.start, s.len) : STR_NONE;
}

static bool is_sendable(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f)
            return false;
    return s.len <= MAX_TEXT_BYTES && utf8_valid(s);
}

/* Goes back to its server as it came, or not at all. */
static struct span put_validator(struct buf *text, struct str s) {
    return is_sendable(s) ? put_whole(text, s) : (struct span){0, 0};
}

void trip_fill_record(const struct trip *t, const struct fetch_reply *reply, enum code code,
                      struct result *res) {
    struct span type, etag, last_modified, url, redirects;
    struct task *task = res->task;

    type = put_text(&res->text, reply->content_type);
    etag = put_validator(&res->text, reply->etag);
    last_modified = put_validator(&res->text, reply->last_modified);
    /* nobody answered: there is no final URL */
    url = put_whole(&res->text, reply->status ? url_without_fragment(&t->url) : STR_NONE);
    redirects = put_whole(&res->text, buf_str(&t->redirects));
    res->record =
        (struct record){.index = task_index(task),
                        .url = task_url(task),
                        .input = task_input(task),
                        .final_url = at_span(&res->text, url),
                        .outcome = code_outcome(code),
                        .code = code,
                        .http_status = reply->status,
                        .content_type = at_span(&res->text, type),
                        .bytes = reply->body_bytes,
                        .links_found = res->links.n,
                        .links_dropped = res->links.dropped,
                        .depth = task->depth,
                        .attempts = task->attempts,
                        .referrer = task->referrer,
                        .redirects = at_span(&res->text, redirects),
                        .started_at = t->started_at,
                        .elapsed_ms = t->spent_ms,
                        .etag = at_span(&res->text, etag),
                        .last_modified = at_span(&res->text, last_modified),
                        .is_entitled = task->is_entitled,
                        .not_modified = trip_is_not_modified(t, reply) && code == CODE_NONE};
}
