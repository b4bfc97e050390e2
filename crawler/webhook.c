#include "crawler/webhook.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/sha256.h"

enum { MAX_SECRET_BYTES = 256, MAX_MESSAGE_BYTES = 64 << 20, GONE = 410 };

enum err webhook_sign(struct buf *b, struct str secret, struct str id, int64_t timestamp,
                      struct str body) {
    OWNED_BUF struct buf key = BUF_INIT(MAX_SECRET_BYTES);
    OWNED_BUF struct buf signed_text = BUF_INIT(MAX_MESSAGE_BYTES);
    const struct str prefix = STR("whsec_");
    struct sha256_sum sum;
    enum err e = ERR_INVALID;

    if (str_starts(secret, prefix))
        e = base64_decode(&key, str_from(secret, prefix.len));
    if (e == ERR_OK)
        e = buf_printf(&signed_text, "%.*s.%lld.", (int)id.len, id.ptr, (long long)timestamp);
    if (e == ERR_OK)
        e = buf_put(&signed_text, body);
    if (e == ERR_OK)
        e = buf_put(b, STR("v1,"));
    if (e != ERR_OK)
        return e;
    sum = sha256_hmac(buf_str(&key), buf_str(&signed_text));
    return base64_encode(b, str_at((const char *)sum.bytes, sizeof sum.bytes));
}

/* --- the head --------------------------------------------------------------------------- */

/* The buffer has room for all: what stands in it stays where it is. */
static enum err put_line(struct webhook_head *h, const char *name, struct str value) {
    size_t start = h->text.len;
    enum err e;

    if (h->n == WEBHOOK_MAX_FIELDS)
        return ERR_TOO_BIG;
    e = buf_printf(&h->text, "%s%.*s", name, (int)value.len, value.len ? value.ptr : "");
    if (e == ERR_OK)
        h->lines[h->n++] = str_from(buf_str(&h->text), start);
    return e;
}

static enum err put_own(struct webhook_head *h, struct str lines) {
    enum err e = ERR_OK;

    while (lines.len && e == ERR_OK)
        e = put_line(h, "", str_cut(&lines, '\n'));
    return e;
}

static enum err put_signature(struct webhook_head *h, struct str secret, struct str id,
                              int64_t timestamp, struct str body) {
    OWNED_BUF struct buf signature = BUF_INIT(128);
    enum err e = webhook_sign(&signature, secret, id, timestamp, body);

    return e == ERR_OK ? put_line(h, "webhook-signature: ", buf_str(&signature)) : e;
}

enum err webhook_make_head(const struct job_options *o, struct str id, int64_t timestamp,
                           struct str body, struct webhook_head *ret_head) {
    struct webhook_head *h = ret_head;
    char seconds[24], *room;
    enum err e;

    *h = (struct webhook_head){.text = BUF_INIT(WEBHOOK_MAX_HEAD_BYTES)};
    (void)snprintf(seconds, sizeof seconds, "%lld", (long long)timestamp);
    e = buf_room(&h->text, WEBHOOK_MAX_HEAD_BYTES, &room);
    if (e == ERR_OK)
        e = put_line(h, "Content-Type: application/json", STR_NONE);
    if (e == ERR_OK)
        e = put_line(h, "webhook-id: ", id);
    if (e == ERR_OK)
        e = put_line(h, "webhook-timestamp: ", str_of(seconds));
    if (e == ERR_OK && o->webhook_secret)
        e = put_signature(h, str_of(o->webhook_secret), id, timestamp, body);
    return e == ERR_OK ? put_own(h, str_of(o->webhook_headers)) : e;
}

void webhook_head_done(struct webhook_head *h) {
    buf_done(&h->text);
    h->n = 0;
}

/* --- the answer -------------------------------------------------------------------------- */

int64_t webhook_retry_ms(uint32_t failed_attempts) {
    static const int64_t seconds[WEBHOOK_RETRIES] = {5,        30,       5 * 60,   30 * 60,
                                                     2 * 3600, 6 * 3600, 12 * 3600};

    if (failed_attempts == 0 || failed_attempts > WEBHOOK_RETRIES)
        return -1;
    return seconds[failed_attempts - 1] * 1000;
}

void webhook_judge(struct attempt *a, const struct fetch_reply *reply, enum code code,
                   uint32_t before, uint32_t divisor) {
    int64_t wait_ms = webhook_retry_ms(before + 1);

    a->was_made = true;
    a->http_status = reply->status;
    if (reply->status / 100 == 2) {
        a->verdict = ATTEMPT_DELIVERED;
        return;
    }
    a->code = code != CODE_NONE ? code : fetch_code_of_status(reply->status);
    if (reply->status == GONE) {
        a->verdict = ATTEMPT_ENDS;
    } else if (wait_ms < 0) {
        a->verdict = ATTEMPT_FAILED;
    } else {
        wait_ms /= divisor;
        a->verdict = ATTEMPT_RETRY;
        a->next_at =
            a->tried_at + (reply->retry_after_ms > wait_ms ? reply->retry_after_ms : wait_ms);
    }
}
