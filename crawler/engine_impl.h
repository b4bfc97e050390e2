/* engine_impl - what the files of the engine share: engine.c is the thread and its
 * loop, crawls.c the jobs under way and their refills, host.c what is known of hosts, parcel.c
 * what engines send one another, trip.c one URL's way: with trip_ask.c (the request),
 * trip_redirect.c, trip_page.c, trip_follow.c, trip_record.c, trip_end.c and trip_robots.c.
 * Nobody else includes this.
 *
 * All of it belongs to the engine's thread but for what stands under |lock|.
 */
#ifndef CRAWLER_ENGINE_IMPL_H
#define CRAWLER_ENGINE_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/heap.h"
#include "base/map.h"
#include "crawler/crew.h"
#include "crawler/domain.h"
#include "crawler/extract.h"
#include "crawler/fetch.h"
#include "crawler/host.h"
#include "crawler/loop.h"
#include "crawler/parcel.h"
#include "crawler/prefixbudget.h"
#include "crawler/resolver.h"
#include "crawler/sched.h"
#include "crawler/scope.h"
#include "crawler/sink.h"
#include "crawler/url.h"

/* Things that other threads answered, in order. */
struct inbox {
    void **items;
    size_t n, cap;
};

struct engine {
    struct engine_options options;
    struct loop *loop;
    struct sched *sched;
    struct resolver *resolver;
    struct fetcher *fetcher;
    struct sink *sink;
    struct store_feed *feed;
    pthread_t thread;
    bool has_thread;

    int64_t now;            /* monotonic ms, of this turn */
    struct map trips;       /* task -> trip, for redirect hops that wait in sched */
    struct list travelling; /* trip.travelling, by arrives_by */
    struct heap asked;      /* trip.overdue: those whose name is being looked up */
    size_t n_in_flight, n_refills, n_asks;
    size_t n_slots;     /* of options.slots */
    struct list parsed; /* host.parsed */
    size_t parsed_bytes;
    size_t page_bytes;  /* of the links of all pages that are being read */
    int64_t refill_at;  /* not before; after one that failed */
    struct list unread; /* jobs that could not be read: see crawls.c */
    int64_t read_at;    /* when they are tried again */
    int64_t sched_wait_ms;
    bool has_news;   /* a turn changed what another may start: do not sleep on it */
    int64_t stop_at; /* when to abort; 0: not stopping */
    struct engine_stats counting;

    _Atomic bool is_stopping;

    pthread_mutex_t lock;
    pthread_cond_t all_answered;
    struct map crawls; /* job -> crawl; the engine's thread alone changes it, others read it */
    struct engine_stats stats;
    struct inbox refills, batches, asks, parcels;
    struct list looks; /* look.link */
    pthread_cond_t looked;
};

enum { GROWTH_RECENT = 1 << 14 }; /* a power of two */

/* What a job that follows links has for it. */
struct growth {
    struct scope *scope;
    struct prefixbudget *budget;
    struct domain_cache domains;
    uint64_t seed;
    uint64_t recent[GROWTH_RECENT]; /* hashes of what was proposed lately; 0: none */
};

/* NULL: no memory. */
struct growth *growth_new(const struct job_options *o);
void growth_free(struct growth *g); /* NULL is fine */
DEFINE_OWNED(growth)

/* A job that is being crawled. */
struct crawl {
    int64_t no;
    struct job *job;
    struct extract_options extract; /* borrows from |job| */
    struct growth *growth;          /* NULL: no link of it is followed */
    struct list trips;              /* trip.of_crawl */
    _Atomic uint64_t running;       /* trips, and results that are not committed */
    bool is_over;                   /* nothing of it is started any more */
    bool is_paused;
    bool is_released; /* the store is to be told when |running| is 0 */
};

/* One attempt at a task, through all its redirects. */
struct trip {
    struct list of_crawl;
    struct list travelling; /* in engine.travelling: sent, but perhaps not arrived */
    int64_t arrives_by;
    struct heap_node overdue;
    struct engine *engine;
    struct crawl *crawl;
    struct task *task;       /* owned while in flight; sched's while a hop waits there */
    struct sched_host *host; /* while in flight */
    bool is_in_flight, was_sent;
    bool has_place; /* at |address|, of iplimit */
    struct address address;
    int64_t sent_at, ttfb_ms; /* of this hop; -1: not yet */
    bool is_of_robots;        /* it fetches the robots.txt of the task's host */
    struct buf body;          /* of that */
    struct url url;           /* to fetch now */
    struct buf redirects;     /* as in struct record */
    uint32_t n_redirects;
    int64_t charged; /* to sched's window while a hop waits */
    struct lookup lookup;
    struct fetch *fetch;
    struct extract *extract;
    struct inflate *unpack; /* of a packed sitemap */
    uint64_t unpacked_bytes;
    bool lacks_memory; /* for |extract| or |unpack| */
    size_t page_bytes; /* of engine.page_bytes */
    bool was_crowded_out;
    int64_t started_at; /* wall */
    int64_t begun_at;   /* this hop, monotonic */
    int64_t spent_ms;   /* on the hops before */
};

/* crawls.c */
void crawls_take_changes(struct engine *e);
void crawls_ask_refills(struct engine *e);
void crawls_take_refill(struct engine *e, struct refill *r);
/* A result of |job| was committed: one less is running. */
void crawl_committed(struct engine *e, int64_t job);
void crawls_abort_trips(struct engine *e); /* of all jobs: their tasks stay in the store */
void crawls_free(struct engine *e);
struct crawl *crawl_get(const struct engine *e, int64_t job); /* or NULL */

/* trip.c */
void trip_start(struct engine *e, struct task *t, struct sched_host *host);
void trip_abort(struct trip *t);
void trips_expire(struct engine *e); /* those whose name takes too long */
struct trip *trip_new(struct engine *e, struct crawl *c, struct task *task);
void trip_free(struct trip *t); /* and leaves crawl.running to the caller */
/* Takes up a place at |host|, which sched has counted. */
void trip_enter(struct trip *t, struct sched_host *host);
void trip_leave(struct trip *t); /* gives it back */
/* Waits at |host|, where its task is a hop. */
void trip_wait_at(struct trip *t, int64_t host);
/* The trip that waits for |task| to have its turn, or its end; NULL: it begins now. */
struct trip *trip_take_waiting(struct engine *e, const struct task *task);
void trip_postpone(struct trip *t); /* goes back to where it came from */
void trip_arrived(struct trip *t);  /* from now on the host's delay counts */

/* trip_ask.c */
extern const struct fetch_events trip_events;
extern const struct fetch_reply trip_no_reply;
void trip_go(struct trip *t);              /* through the gate, and on */
enum code trip_code_of_url(enum err e);    /* of a URL that could not be parsed */
enum code trip_admit(const struct url *u); /* what may be asked at all; who, is judged by address */
bool trip_is_at_home(const struct trip *t); /* where its task's URL is, and was all the way */
int64_t trips_arrive(struct engine *e);     /* until the next one must count as arrived */
void trip_on_lookup(struct lookup *l, enum err result, const struct address *addresses, size_t n);
bool trip_is_not_modified(const struct trip *t, const struct fetch_reply *reply);

/* trip_end.c */
/* What becomes of an answer, or of its absence. */
void trip_end(struct trip *t, const struct fetch_reply *reply, enum code code);
/* The same, once its place is given back and no hop follows. */
void trip_conclude(struct trip *t, const struct fetch_reply *reply, enum code code);
/* Goes on with a trip of another engine, which |p| gives up. False: no memory. */
bool trip_go_on(struct engine *e, struct crawl *c, struct parcel *p);
/* A waiting one whose task is another engine's goes home. */
void trip_send_home(struct trip *t);
/* Gives |task| back for another attempt. */
void trip_come_home(struct engine *e, struct task *task, int64_t not_before);
/* Ends the trips whose hops wait at |host|, which is closed. */
void trips_drop_hops(struct engine *e, struct sched_host *host);

/* trip_redirect.c */
bool trip_is_redirected(const struct fetch_reply *reply);
/* Where the trip goes on, which is noted; else the code of what is in the way. */
enum code trip_find_next(struct trip *t, const struct fetch_reply *reply, struct url *ret_next);

/* trip_robots.c */
/* Fetches robots.txt of the host of |page| in the place that |page| gave up. */
void trip_fetch_robots(struct crawl *c, struct sched_host *host, const struct url *page);
MUST_USE enum err trip_keep_robots(struct trip *t, struct str piece);
/* It has left its host. */
void trip_end_robots(struct trip *t, const struct fetch_reply *reply, enum code code);
void trip_forget_robots(struct trip *t); /* aborted */
void trip_tell_robots(struct engine *e, const struct parcel *p);

/* trip_page.c */
bool trip_is_killer(const struct trip *t);
void trip_begin_page(struct trip *t, const struct fetch_reply *reply);
MUST_USE enum err trip_feed_page(struct trip *t, struct str piece);
MUST_USE enum err trip_end_page(struct trip *t, struct links *ret_links);
void trip_drop_page(struct trip *t); /* what was read of it */

/* trip_follow.c */
/* What the page of |t| that ended well has for its job; |links| NULL: it has not changed. */
MUST_USE enum err trip_follow(struct trip *t, const struct links *links, struct follow *follow);

/* trip_record.c */
/* The texts go into |res|, whose links are there. */
void trip_fill_record(const struct trip *t, const struct fetch_reply *reply, enum code code,
                      struct result *res);

/* engine.c */
/* On the writer's thread. */
void engine_take_refill(struct refill *r);
void engine_take_host(struct host_ask *a);
/* On any thread. */
void engine_deliver(struct engine *e, struct parcel *p);
/* Is it one of this engine's? */
bool engine_owns(const struct engine *e, int64_t host);

#endif
