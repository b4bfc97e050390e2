/* httpd - HTTP on a socket: turns what libmicrohttpd receives into api calls,
 * and their answers back into HTTP.
 *
 * Network threads never wait for the store: calls that may are suspended and
 * carried out on the desk. Answers that are made while they are sent do one
 * short read of the store at a time. Deadlines per connection are our own.
 */
#ifndef SERVER_HTTPD_H
#define SERVER_HTTPD_H

#include "api/api.h"
#include "crawler/addrguard.h"
#include "server/metrics.h"

struct httpd;

struct httpd_options {
    int listen_fd; /* listening already; httpd owns it from httpd_new on, also on an error */
    struct api *api;
    struct metrics *metrics;
    const struct addrguard *trusted_proxies; /* borrowed */
    unsigned max_connections;
    unsigned deadline_divisor; /* 1; tests shorten all deadlines by it */
};

/* Starts answering. ERR_IO where the threads or the sockets cannot be had. */
MUST_USE enum err httpd_new(const struct httpd_options *o, struct httpd **ret_httpd);
/* Takes no more connections; those that are there are served on, and told to
 * close with each answer. */
void httpd_quiesce(struct httpd *h);
/* Waits, until |until_ms| of the monotonic clock at most, for calls on the desk and for
 * those whose bodies still come in and move. */
void httpd_drain(struct httpd *h, int64_t until_ms);
/* Refuses what comes from now on, ends what is under way (downloads are cut),
 * and returns when no call of the api is left. */
void httpd_stop(struct httpd *h);
void httpd_free(struct httpd *h); /* stops it where that was not done; NULL is fine */
DEFINE_OWNED(httpd)

/* The version of the library that is linked, for the log. */
const char *httpd_library(void);

#endif
