#include "storage/model.h"

/* The stored form is
 *
 *   length of url, url | FORMAT | the numbers | the other texts, each with its length
 *
 * with varints for numbers and lengths. A later version may append: what follows
 * the known fields is passed over. */
enum { FORMAT = 1 };

enum flag {
    FINAL_URL_DIFFERS = 1, /* from url; else its text is left out */
    IS_ENTITLED = 2,
};

enum number {
    PLACE,
    HOST, /* + 1: none is -1 */
    OUTCOME,
    CODE,
    HTTP_STATUS,
    BYTES,
    LINKS_FOUND,
    LINKS_DROPPED,
    DEPTH,
    ATTEMPTS,
    REFERRER, /* + 1: none is -1 */
    STARTED_AT,
    ELAPSED_MS,
    NOT_MODIFIED,
    FLAGS,
    NUMBER_COUNT
};

static enum err put_text(struct buf *b, struct str text) {
    enum err e = buf_put_varint(b, text.len);

    return e == ERR_OK ? buf_put(b, text) : e;
}

static enum err take_text(struct str *from, struct str *ret_text) {
    uint64_t len;
    enum err e = str_take_varint(from, &len);

    if (e != ERR_OK)
        return e;
    if (len > from->len)
        return ERR_CORRUPT;
    *ret_text = str_upto(*from, (size_t)len);
    *from = str_from(*from, (size_t)len);
    return ERR_OK;
}

static uint64_t not_negative(int64_t v) {
    return v < 0 ? 0 : (uint64_t)v;
}

static enum err put_numbers(struct buf *b, const struct record *r, bool differs) {
    const uint64_t numbers[NUMBER_COUNT] = {
        [PLACE] = not_negative(r->place),
        [HOST] = not_negative(r->host + 1),
        [OUTCOME] = r->outcome,
        [CODE] = r->code,
        [HTTP_STATUS] = r->http_status,
        [BYTES] = r->bytes,
        [LINKS_FOUND] = r->links_found,
        [LINKS_DROPPED] = r->links_dropped,
        [DEPTH] = r->depth,
        [ATTEMPTS] = r->attempts,
        [REFERRER] = not_negative(r->referrer + 1),
        [STARTED_AT] = not_negative(r->started_at),
        [ELAPSED_MS] = not_negative(r->elapsed_ms),
        [NOT_MODIFIED] = r->not_modified,
        [FLAGS] = (differs ? FINAL_URL_DIFFERS : 0U) | (r->is_entitled ? IS_ENTITLED : 0U),
    };
    enum err e = buf_put_varint(b, FORMAT);

    for (int i = 0; i < NUMBER_COUNT && e == ERR_OK; i++)
        e = buf_put_varint(b, numbers[i]);
    return e;
}

static enum err put_all(struct buf *b, const struct record *r) {
    bool differs = !str_eq(r->final_url, r->url);
    const struct str texts[] = {r->input,        differs ? r->final_url : STR_NONE,
                                r->content_type, r->redirects,
                                r->etag,         r->last_modified};
    enum err e = put_text(b, r->url);

    if (e == ERR_OK)
        e = put_numbers(b, r, differs);
    for (size_t i = 0; i < sizeof texts / sizeof *texts && e == ERR_OK; i++)
        e = put_text(b, texts[i]);
    return e;
}

enum err record_encode(struct buf *b, const struct record *r) {
    size_t before = b->len;
    enum err e = put_all(b, r);

    if (e != ERR_OK)
        b->len = before;
    return e;
}

static enum err take_numbers(struct str *from, uint64_t ret_numbers[NUMBER_COUNT]) {
    uint64_t format;
    enum err e = str_take_varint(from, &format);

    for (int i = 0; i < NUMBER_COUNT && e == ERR_OK; i++)
        e = str_take_varint(from, &ret_numbers[i]);
    if (e != ERR_OK)
        return e;
    if (format < FORMAT || ret_numbers[OUTCOME] >= OUTCOME_COUNT || ret_numbers[CODE] >= CODE_COUNT)
        return ERR_CORRUPT;
    return ERR_OK;
}

static struct record of_numbers(const uint64_t n[NUMBER_COUNT]) {
    return (struct record){
        .place = (int64_t)n[PLACE],
        .host = (int64_t)n[HOST] - 1,
        .index = n[REFERRER] ? -1 : (int64_t)n[PLACE],
        .outcome = (enum outcome)n[OUTCOME],
        .code = (enum code)n[CODE],
        .http_status = (uint32_t)n[HTTP_STATUS],
        .bytes = n[BYTES],
        .links_found = (uint32_t)n[LINKS_FOUND],
        .links_dropped = (uint32_t)n[LINKS_DROPPED],
        .depth = (uint32_t)n[DEPTH],
        .attempts = (uint32_t)n[ATTEMPTS],
        .referrer = (int64_t)n[REFERRER] - 1,
        .started_at = (int64_t)n[STARTED_AT],
        .elapsed_ms = (int64_t)n[ELAPSED_MS],
        .not_modified = n[NOT_MODIFIED] != 0,
        .is_entitled = (n[FLAGS] & IS_ENTITLED) != 0,
    };
}

enum err record_decode(struct str bytes, struct record *ret_record) {
    uint64_t numbers[NUMBER_COUNT];
    struct str url, input, final_url, content_type, redirects, etag, last_modified;
    struct str *const texts[] = {&input,     &final_url, &content_type,
                                 &redirects, &etag,      &last_modified};
    struct record r;
    enum err e = take_text(&bytes, &url);

    if (e == ERR_OK)
        e = take_numbers(&bytes, numbers);
    for (size_t i = 0; i < sizeof texts / sizeof *texts && e == ERR_OK; i++)
        e = take_text(&bytes, texts[i]);
    if (e != ERR_OK)
        return e;
    r = of_numbers(numbers);
    r.url = url;
    r.input = input;
    r.final_url = numbers[FLAGS] & FINAL_URL_DIFFERS ? final_url : url;
    r.content_type = content_type;
    r.redirects = redirects;
    r.etag = etag;
    r.last_modified = last_modified;
    *ret_record = r;
    return ERR_OK;
}
