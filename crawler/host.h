/* host - what the engine knows of one host beside its tasks: does it answer, how much
 * room it needs, what its robots.txt says. Remembered by the store over restarts.
 *
 * Belongs to the engine's thread. Lives as long as sched holds the host; an answer of
 * the store may come later. Only the files of the engine include this.
 */
#ifndef CRAWLER_HOST_H
#define CRAWLER_HOST_H

#include "crawler/circuit.h"
#include "crawler/pace.h"
#include "crawler/robots.h"
#include "crawler/sched.h"
#include "crawler/url.h"

struct engine;
struct crawl;
struct fetch_reply;

struct host {
    struct host_ask ask; /* with the store while |is_asking| */
    struct engine *engine;
    struct sched_host *sched; /* NULL: it left, and only the answer is waited for */
    int64_t id;
    char *name;    /* host key */
    bool is_known; /* the store has been asked */
    bool is_asking;
    struct circuit circuit; /* monotonic time */
    struct pace pace;
    uint32_t saved_delay_ms; /* of its pace, as the store has it */
    int64_t held_until;      /* monotonic: Retry-After */

    enum robots_kind robots_kind;
    int64_t robots_at, robots_until; /* wall */
    unsigned robots_fails;           /* in a row, to fetch it */
    int64_t robots_retry_at;         /* monotonic: not before */
    bool is_fetching_robots;
    enum code robots_failure;
    struct robots *robots;      /* parsed; may be dropped to save memory, and is asked for again */
    struct robots_rules *rules; /* of |rules_token|, who was asked about last */
    char *rules_token;
    size_t robots_bytes;
    struct list parsed; /* in engine.parsed where robots is there; the one used last at the end */
};

/* What is known of the host of |sched|, whose key is |name|. Made where it is new; then
 * nothing of it starts before the store has told. */
struct host *host_get(struct engine *e, struct sched_host *sched, struct str name);
/* A refill opened it, and brought what is remembered (NULL: nothing), which is used up. */
void host_learn(struct engine *e, struct sched_host *sched, struct str name,
                struct host_memo *memo);
/* Lets go of one that is blocked for long. It may be gone then. */
void host_put_off(struct host *h);
void host_left(void *arg, void *owner);   /* sched_options.host_left; |arg|: the engine */
void host_answered(struct host_ask *ask); /* on the engine's thread */

enum host_gate {
    HOST_OPEN,
    HOST_WAITS, /* not now: sched knows */
    HOST_NEEDS_ROBOTS,
    HOST_DISALLOWS,
    HOST_HAS_NO_ROBOTS, /* they could not be had, so nothing may be fetched */
    HOST_FAILS,         /* as robots.txt could not be asked for: host_take_failure */
};
/* May |c| ask for |u| there now? */
enum host_gate host_gate(struct host *h, const struct crawl *c, const struct url *u);
/* Whoever wanted to ask fails by it, once. */
enum code host_take_failure(struct host *h);

/* What a request came to. |started_at|: monotonic; |ttfb_ms|: -1 where no byte came. */
void host_note_end(struct host *h, const struct crawl *c, const struct fetch_reply *reply,
                   enum code code, int64_t started_at, int64_t ttfb_ms);

/* robots.txt is being fetched, by a trip that ends in one of the others. */
void host_robots_begun(struct host *h);
void host_robots_given_up(struct host *h); /* aborted: it is as before */
/* There is one, cut at ROBOTS_MAX_BYTES. */
void host_robots_are(struct host *h, struct str body);
void host_robots_are_none(struct host *h);    /* 4xx */
void host_robots_unreachable(struct host *h); /* 5xx, 429, or half an answer */
/* Nobody answered. What waits for it would have fared likewise. */
void host_robots_failed(struct host *h, enum code code);

#endif
