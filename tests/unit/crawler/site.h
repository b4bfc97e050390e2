/* site - a web site on loopback for unit tests: a table of raw answers by path.
 *
 * A thread of its own, and one for each connection. An answer with "Connection:
 * close" in it ends its connection; one with a NULL answer is never given.
 */
#ifndef TESTS_UNIT_CRAWLER_SITE_H
#define TESTS_UNIT_CRAWLER_SITE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

struct page {
    const char *path;
    const char *answer;
    size_t len; /* 0: strlen */
};

enum { SITE_CONNECTIONS = 256, SITE_LOG = 4096 };

struct visit {
    char path[64];
    int64_t at_ms;
};

struct site {
    const struct page *pages; /* path NULL ends */
    int fd;
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    int connections[SITE_CONNECTIONS];
    pthread_t threads[SITE_CONNECTIONS];
    size_t n_connections;
    struct visit visits[SITE_LOG];
    size_t n_visits;
    char last_head[2048];
};

struct site_connection {
    struct site *site;
    int fd;
};

/* One request head; false: the client is gone. */
static bool site_read(int fd, char *head, size_t size) {
    size_t len = 0;

    while (len + 1 < size) {
        ssize_t n = recv(fd, head + len, size - 1 - len, 0);

        if (n <= 0)
            return false;
        len += (size_t)n;
        head[len] = 0;
        if (strstr(head, "\r\n\r\n"))
            return true;
    }
    return false;
}

static const struct page *site_find(const struct site *s, const char *path) {
    const struct page *p = s->pages;

    while (p->path && strcmp(p->path, path) != 0)
        p++;
    return p;
}

static void site_note(struct site *s, const char *path, const char *head) {
    (void)pthread_mutex_lock(&s->lock);
    if (s->n_visits < SITE_LOG) {
        struct visit *v = &s->visits[s->n_visits++];

        (void)snprintf(v->path, sizeof v->path, "%s", path);
        v->at_ms = clock_mono_ms();
    }
    (void)snprintf(s->last_head, sizeof s->last_head, "%.2000s", head);
    (void)pthread_mutex_unlock(&s->lock);
}

static void *site_serve(void *arg) {
    static const struct page missing = {"", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                                        0};
    struct site_connection c = *(struct site_connection *)arg;
    char head[8192], path[64];

    free(arg);
    while (site_read(c.fd, head, sizeof head)) {
        const struct page *p;
        size_t len;

        if (sscanf(head, "GET %63s", path) != 1)
            break;
        site_note(c.site, path, head);
        p = site_find(c.site, path);
        if (p->path && !p->answer)
            continue;
        if (!p->path)
            p = &missing;
        len = p->len ? p->len : strlen(p->answer);
        if (send(c.fd, p->answer, len, MSG_NOSIGNAL) != (ssize_t)len)
            break;
        if (strstr(p->answer, "Connection: close"))
            break;
    }
    (void)shutdown(c.fd, SHUT_RDWR);
    return NULL;
}

static void *site_accept(void *arg) {
    struct site *s = arg;
    int fd;

    while (s->n_connections < SITE_CONNECTIONS && (fd = accept(s->fd, NULL, NULL)) >= 0) {
        struct site_connection *c = malloc(sizeof *c);

        *c = (struct site_connection){s, fd};
        s->connections[s->n_connections] = fd;
        (void)pthread_create(&s->threads[s->n_connections++], NULL, site_serve, c);
    }
    return NULL;
}

static struct site *site_new_at(const struct page *pages, const char *address) {
    struct site *s = calloc(1, sizeof *s);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(address)};
    socklen_t len = sizeof a;

    s->pages = pages;
    (void)pthread_mutex_init(&s->lock, NULL);
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(s->fd, 128) != 0 ||
        getsockname(s->fd, (struct sockaddr *)&a, &len) != 0)
        abort();
    s->port = ntohs(a.sin_port);
    (void)pthread_create(&s->thread, NULL, site_accept, s);
    return s;
}

/* How many requests were seen; what is noted of them stays. */
static inline size_t site_visits(struct site *s) {
    size_t n;

    (void)pthread_mutex_lock(&s->lock);
    n = s->n_visits;
    (void)pthread_mutex_unlock(&s->lock);
    return n;
}

static inline struct site *site_new(const struct page *pages) {
    return site_new_at(pages, "127.0.0.1");
}

static void site_free(struct site *s) {
    (void)shutdown(s->fd, SHUT_RDWR);
    (void)pthread_join(s->thread, NULL);
    (void)close(s->fd);
    for (size_t i = 0; i < s->n_connections; i++) {
        (void)shutdown(s->connections[i], SHUT_RDWR);
        (void)pthread_join(s->threads[i], NULL);
        (void)close(s->connections[i]);
    }
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

#endif
