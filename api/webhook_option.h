/* webhook_option - where a job's webhook goes, what it is told and how its messages are
 * signed: checked, and kept in the job's options.
 *
 * Pure. Each takes a value as option_set does and returns NULL, or what it should be. The
 * addresses that a name leads to are judged when something is sent (crawler/addrguard.h).
 */
#ifndef API_WEBHOOK_OPTION_H
#define API_WEBHOOK_OPTION_H

#include "api/option.h"

enum {
    WEBHOOK_MAX_URL_BYTES = 2048,
    WEBHOOK_SECRET_LEAST_BYTES = 24, /* of the key itself */
    WEBHOOK_SECRET_MOST_BYTES = 64,
};
#define WEBHOOK_USUAL_EVENTS                                                                       \
    (1U << WEBHOOK_JOB_COMPLETED | 1U << WEBHOOK_JOB_FAILED | 1U << WEBHOOK_JOB_CANCELLED)

const char *webhook_set_url(const struct option_value *v, struct job_options *o);
const char *webhook_set_events(const struct option_value *v, struct job_options *o);
const char *webhook_set_headers(const struct option_value *v, struct job_options *o,
                                struct option_fault *f);
const char *webhook_set_secret(const struct option_value *v, struct job_options *o);

/* As callers see them: what is secret, or may be, is "***". */
void webhook_write_events(struct writer *w, const char *key, const struct job_options *o);
void webhook_write_headers(struct writer *w, const char *key, const struct job_options *o);

#endif
