/* fetch_impl - what the files of fetch share: fetch.c is the life of a request and
 * the loop, fetch_setup.c all that libcurl is told, fetch_events.c all that it
 * tells. Nobody else includes this.
 */
#ifndef CRAWLER_FETCH_IMPL_H
#define CRAWLER_FETCH_IMPL_H

#include <curl/curl.h>

#include "base/inflate.h"
#include "base/list.h"
#include "base/map.h"
#include "crawler/fetch.h"
#include "crawler/reply.h"

struct fetch {
    struct list link; /* in fetcher.running or .idle */
    struct list sent; /* in fetcher.sent */
    struct fetcher *owner;
    CURL *easy;
    struct curl_slist *resolve;
    struct curl_slist agent;    /* the first header, before those of |headers| or of all */
    struct curl_slist *headers; /* own ones; NULL: those of all */
    char *entry; /* "host:port" under which its addresses are in libcurl's cache, or NULL */
    void *arg;
    struct reply reply;
    struct inflate *inflate;
    uint64_t max_body_bytes, received, decoded;
    enum code why;   /* what our own callbacks broke it off for */
    bool has_enough; /* broken off because the rest does not matter */
    bool was_tried, was_sent, is_blocked;
};

struct fetcher {
    struct fetcher_options options;
    CURLM *multi;
    struct curl_slist *headers;
    struct curl_slist *stale; /* "-host:port": entries that the next request removes */
    struct map entries;       /* hash of "host:port" -> how many requests use it */
    struct list running, idle, sent;
    size_t n_running, n_idle, max_idle;
    int64_t timer_at; /* monotonic ms; INT64_MAX: none */
};

/* fetch_events.c: callbacks of one request; |arg| is the fetch, but of the last one
 * the fetcher, because a kept connection outlives its request */
curl_socket_t fetch_on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address);
int fetch_on_ready_to_send(void *arg, char *peer, char *local, int peer_port, int local_port);
size_t fetch_on_header(char *bytes, size_t size, size_t n, void *arg);
size_t fetch_on_body(char *bytes, size_t size, size_t n, void *arg);
int fetch_on_close_socket(void *arg, curl_socket_t fd);
struct fetch_reply fetch_reply_of(const struct fetch *t);
bool fetch_is_wanted(const struct fetch *t); /* its body, that is */

/* fetch_setup.c */
/* Sets all there is to set for |r|; ERR_INVALID where libcurl refuses. */
MUST_USE enum err fetch_set_up(struct fetch *t, const struct fetch_request *r);
/* Gives back what fetch_set_up took. */
void fetch_clear_names(struct fetch *t);
MUST_USE enum err fetcher_set_up_headers(struct fetcher *f);

#endif
