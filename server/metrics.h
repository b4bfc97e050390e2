/* metrics - what the service tells Prometheus about itself.
 *
 * Counts HTTP calls; asks store, engines and kernel for the rest when it is read.
 * No label names a tenant, a host or a URL. Any thread.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "base/own.h"
#include "crawler/crew.h"
#include "crawler/dispatcher.h"
#include "storage/store.h"

struct metrics;

/* Both must outlive it. */
struct metrics *metrics_new(struct store *store, struct crew *crew);
/* Before the first metrics_put; likewise. */
void metrics_set_dispatcher(struct metrics *m, struct dispatcher *d);
void metrics_free(struct metrics *m); /* NULL is fine */
DEFINE_OWNED(metrics)

/* |route| is static: "/v1/jobs/{id}". |status| 0: cut off before the answer was out. */
void metrics_request(struct metrics *m, const char *route, unsigned status, int64_t elapsed_us);
void metrics_connected(struct metrics *m);
void metrics_disconnected(struct metrics *m);
void metrics_cut(void *arg); /* |arg|: the metrics. A client was too slow */

/* Appends all of it in the text format 0.0.4. |arg|: the metrics. */
MUST_USE enum err metrics_put(void *arg, struct buf *out);

#endif
