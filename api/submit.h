/* submit - from a line of a caller's list to a seed of a job.
 *
 * JSON and text go the same way: parse, look at the scheme, refuse credentials,
 * build the host key, hand over to the ingest. A URL that is refused is a URL of
 * the job all the same. One thread at a time.
 */
#ifndef API_SUBMIT_H
#define API_SUBMIT_H

#include "crawler/domain.h"
#include "crawler/url.h"
#include "storage/store.h"

struct submit {
    struct ingest *ingest; /* owned */
    struct url url;        /* of the line at hand; keeps its memory */
    struct buf host_key, input;
    struct domain_cache domains;
};

MUST_USE enum err submit_init(struct submit *s, struct store *store);
void submit_done(struct submit *s);

/* |input|: trimmed text. |is_too_long|: it is only the start of one. *ret_why: NULL,
 * or why the URL is rejected (borrowed until the next call). Fails as ingest_add. */
MUST_USE enum err submit_url(struct submit *s, struct str input, bool is_too_long,
                             const char **ret_why);

#endif
