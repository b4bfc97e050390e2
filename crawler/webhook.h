/* webhook - how a message to a webhook is signed, and what its answer means.
 *
 * Pure. Signatures by Standard Webhooks 1.0: HMAC-SHA-256 over "ID.TIMESTAMP.BODY".
 */
#ifndef CRAWLER_WEBHOOK_H
#define CRAWLER_WEBHOOK_H

#include "crawler/fetch.h"
#include "storage/store.h"

enum { WEBHOOK_RETRIES = 7 };

/* Appends "v1," and the signature in base64. |secret|: "whsec_" and the key in base64;
 * ERR_INVALID: it is not. |timestamp|: seconds since 1970. */
MUST_USE enum err webhook_sign(struct buf *b, struct str secret, struct str id, int64_t timestamp,
                               struct str body);

/* The fields of a message's head beside what each request has, as lines "Name: value". */
enum { WEBHOOK_MAX_FIELDS = 32, WEBHOOK_MAX_HEAD_BYTES = 16 << 10 };
struct webhook_head {
    struct buf text; /* what the lines borrow */
    struct str lines[WEBHOOK_MAX_FIELDS];
    size_t n;
};
/* |o|: of the job; |id|, |timestamp|, |body|: of the message. On any result |ret_head| is to
 * be given back. */
MUST_USE enum err webhook_make_head(const struct job_options *o, struct str id, int64_t timestamp,
                                    struct str body, struct webhook_head *ret_head);
void webhook_head_done(struct webhook_head *h);
#define OWNED_WEBHOOK_HEAD __attribute__((cleanup(webhook_head_done)))

/* How long to wait after so many attempts have failed, 1 and more: 5 s, 30 s, 5 min, 30 min,
 * 2 h, 6 h, 12 h; -1: there is no other attempt. */
int64_t webhook_retry_ms(uint32_t failed_attempts);

/* What an attempt came to, of which |reply| and |code| tell as fetch_events.done does, when
 * |before| attempts were made: verdict, next_at, http_status and code of |a|, whose tried_at
 * is set. Any 2xx is success, however its body ends; 410 ends the webhook; all else is tried
 * again in time, and not before the receiver wishes it (Retry-After). |divisor|: of the
 * waits, not of that wish. */
void webhook_judge(struct attempt *a, const struct fetch_reply *reply, enum code code,
                   uint32_t before, uint32_t divisor);

#endif
