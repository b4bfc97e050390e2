/* fetch - one HTTP request after another: libcurl's transfers in the engine's loop.
 *
 * Knows HTTP and its dangers, not jobs: who may be asked when, redirects, retries
 * and what a body means is the engine's. Names come resolved and checked; the
 * address is checked again when a socket is opened and when a kept connection is
 * used again. Bodies are decoded here, so that cut and bloated ones are seen, and
 * handed on piece by piece. One thread; one policy of addresses a fetcher.
 */
#ifndef CRAWLER_FETCH_H
#define CRAWLER_FETCH_H

#include "base/own.h"
#include "crawler/address.h"
#include "crawler/addrguard.h"
#include "crawler/loop.h"
#include "crawler/url.h"
#include "storage/model.h"

struct fetcher;
struct fetch; /* one request; valid from fetch_start until |done| returns, or fetch_abort */

struct fetch_request {
    struct str url;  /* canonical http or https URL without fragment and credentials */
    struct str host; /* as in the URL */
    uint16_t port;
    const struct address *addresses; /* of a name, all of them allowed; none for a literal host */
    size_t n_addresses;
    struct str user_agent;
    struct str etag, last_modified; /* of what is known of it; empty: nothing */
    uint32_t timeout_ms;
    uint64_t max_body_bytes;   /* decoded */
    const struct str *headers; /* of its own: lines "Name: value", in place of the usual ones */
    size_t n_headers;
    const struct str *post; /* what is sent, with no headers but its own; NULL: GET */
};

/* What is known of the answer so far; borrowed. */
struct fetch_reply {
    uint32_t status;                                        /* 0: none */
    struct str content_type, location, etag, last_modified; /* ptr NULL: no such header */
    struct str link;        /* values of the Link headers, a line each */
    int64_t retry_after_ms; /* -1: none; at most an hour */
    uint64_t body_bytes;    /* decoded */
    bool was_tried;         /* a connection was begun or used */
};

/* What a fetcher tells of its requests, in this order. |arg|: as given to fetch_start. */
struct fetch_events {
    /* The request went out, a moment ago. Not for one that failed before. */
    void (*sent)(void *arg);
    /* The head of a final answer is there: is its connection worth keeping? */
    bool (*head)(void *arg, const struct fetch_reply *reply);
    /* A piece of a 2xx body, decoded. Not ERR_OK: the request ends, for ERR_TOO_BIG
     * with CODE_BODY_TOO_LARGE, else with CODE_INTERNAL_ERROR. */
    enum err (*body)(void *arg, struct str piece);
    /* The end. CODE_NONE: there was a whole answer, of any status. */
    void (*done)(void *arg, const struct fetch_reply *reply, enum code code);
};

struct fetcher_options {
    struct loop *loop;
    const struct addrguard *addrguard;
    const char *ca_file;               /* certificates trusted beside the system's; NULL: none */
    const struct fetch_events *events; /* all must outlive it */
    size_t max_transfers;
};

MUST_USE enum err fetcher_new(const struct fetcher_options *o, struct fetcher **ret_fetcher);
void fetcher_free(struct fetcher *f); /* aborts what runs, telling nobody; NULL is fine */
DEFINE_OWNED(fetcher)

/* Copies of |r| what it keeps. No event comes before it returns. ERR_INVALID:
 * libcurl does not take it; ERR_IO. */
MUST_USE enum err fetch_start(struct fetcher *f, const struct fetch_request *r, void *arg,
                              struct fetch **ret_fetch);
/* Ends it without another event. Not from within one. */
void fetch_abort(struct fetch *t);

/* After loop_wait: runs timers that are due, then tells what went out and what
 * ended. Returns for how long it has time (INT64_MAX: nothing runs). */
int64_t fetcher_run(struct fetcher *f, int64_t now);

/* How |u| is asked for: rules, certificates and names mean the same host with and without a
 * dot at its end, so without it. The host borrows from |u|; the URL, without fragment, is
 * appended. */
struct str fetch_host(const struct url *u);
MUST_USE enum err fetch_put_url(struct buf *b, const struct url *u);
/* What a whole answer of that status comes to; CODE_NONE for 2xx. */
enum code fetch_code_of_status(uint32_t status);

/* libcurl for the process: see engine_global_init. */
MUST_USE enum err fetch_global_init(void);
void fetch_global_done(void);

#endif
