/* crew - the engines of a service, and what goes between them.
 *
 * Each engine owns the hosts whose ids lie in its range (host_id: those of one registrable
 * domain lie together, so most redirects stay at home). One that leads elsewhere is handed
 * over, and comes back if it is to be tried again. Any thread may call what is below.
 */
#ifndef CRAWLER_CREW_H
#define CRAWLER_CREW_H

#include "crawler/engine.h"

enum { CREW_MOST = 64 };

struct crew;

/* As struct engine_options: transfers are of all engines together (see slots.h), the window is
 * shared out between them. */
struct crew_options {
    struct engine_options engine;
    unsigned n_engines;      /* 1 to CREW_MOST */
    unsigned ip_connections; /* requests at once to one IP address; 0: any number */
};

/* engine_global_init was called. */
MUST_USE enum err crew_new(const struct crew_options *o, struct crew **ret_crew);
/* As engine_stop and engine_free, of all. */
void crew_stop(struct crew *c);
void crew_free(struct crew *c); /* NULL is fine */
DEFINE_OWNED(crew)

/* Of all engines together: see engine_running, engine_stats and engine_hosts. */
uint64_t crew_running(struct crew *c, int64_t job);
void crew_stats(struct crew *c, struct engine_stats *ret_stats);
void crew_hosts(struct crew *c, int64_t job, struct engine_host *hosts, size_t n);

/* --- for the engines */

struct engine *crew_engine_of(const struct crew *c, int64_t host);
/* An engine holds nothing of |job| any more. True: it was the last one. */
bool crew_let_go(struct crew *c, int64_t job);
/* They may start something again. */
void crew_wake_others(const struct crew *c, unsigned number);

#endif
