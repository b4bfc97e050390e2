/* keyed - a call with an Idempotency-Key: carried out once, however often it is sent.
 *
 * The key is its sender's; whether two calls with one key are the same is told by a print of
 * what was sent: path, query, media type, decoded body. The first one goes its way, and the
 * store keeps key and print with what it commits. One that comes again is read to its end and
 * answered with the job as it is now. One thread at a time.
 */
#ifndef API_KEYED_H
#define API_KEYED_H

#include "api/call.h"

/* Looks at the head. |type| of the body, in lower case; STR_NONE: it is not looked at. Without
 * the header c->keyed stays NULL. False: the call is answered. */
bool keyed_begin(struct api_call *c, struct str type);
void keyed_free(struct keyed *k); /* the key is free from here on, or kept; NULL is fine */

/* What the functions below are told may be NULL: the call has no key. */

void keyed_feed(struct keyed *k, struct str piece); /* of the body, decoded */
/* It was carried out before. */
bool keyed_is_repeat(const struct keyed *k);
/* Of a call that is not: for the commit. The body is whole. */
const struct once *keyed_once(struct keyed *k);
/* Of a repeat, once its body is whole. */
void keyed_answer(struct api_call *c);

/* Reads the header's value: an sf-string (RFC 8941 section 3.3.3), or the same without its
 * quotes where nothing in it needs them. Appends the key. ERR_INVALID; ERR_TOO_BIG past
 * ONCE_MAX_KEY_BYTES. */
MUST_USE enum err keyed_parse(struct str value, struct buf *key);

#endif
