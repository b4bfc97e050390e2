/* epoll_floor - what sockets alone take to fetch a list and drop it: kept connections, a write and
 * some reads a page. It knows addresses and Content-Length only, and asks no host by two names.
 *
 *     epoll_floor LIST OUT IN_FLIGHT
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum { MOST_IN_FLIGHT = 1024, MOST_HOSTS = 64, EVENTS = 64, URL_BYTES = 4096, BUFFER = 256 << 10 };

struct host {
    char *address;
    uint16_t port;
    char **paths;
    size_t n, next;
};

struct connection {
    struct host *host;
    size_t left; /* of the body */
    int fd;
    int in_body;
};

static struct host hosts[MOST_HOSTS];
static size_t n_hosts;
static struct connection connections[MOST_IN_FLIGHT];
static int loop;
static size_t pages;
static char buffer[BUFFER];

static struct host *host_of(struct str address, uint16_t port) {
    for (size_t i = 0; i < n_hosts; i++)
        if (str_eq(str_of(hosts[i].address), address) && hosts[i].port == port)
            return &hosts[i];
    if (n_hosts == MOST_HOSTS)
        exit(1);
    hosts[n_hosts].address = mem_chars(address);
    hosts[n_hosts].port = port;
    return &hosts[n_hosts++];
}

/* "http://ADDRESS:PORT/PATH" */
static void read_line(struct str line) {
    struct str address, rest = str_from(line, strlen("http://"));
    size_t slash = str_find(rest, '/');
    struct str path = str_from(rest, slash), port = str_upto(rest, slash);
    uint64_t number;

    address = str_cut(&port, ':');
    if (str_to_u64(port, UINT16_MAX, &number) != ERR_OK)
        exit(1);
    struct host *h = host_of(address, (uint16_t)number);
    if (h->n % 1024 == 0)
        h->paths = mem_resize(h->paths, h->n + 1024, sizeof *h->paths);
    h->paths[h->n++] = mem_chars(path);
}

static void read_list(const char *path) {
    FILE *list = fopen(path, "r");
    char line[URL_BYTES];

    while (list && fgets(line, sizeof line, list))
        read_line(str_trim(str_of(line)));
    if (!list || fclose(list) != 0)
        exit(1);
}

static void open_to(struct connection *c) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(c->host->port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    int one = 1;

    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)inet_pton(AF_INET, c->host->address, &to.sin_addr);
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 ||
        epoll_ctl(loop, EPOLL_CTL_ADD, c->fd, &event) != 0)
        exit(1);
}

/* 0: there is no more to ask of its host. */
static int ask(struct connection *c) {
    char request[2 * URL_BYTES];
    int n;

    if (c->host->next == c->host->n)
        return 0;
    n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n",
                 c->host->paths[c->host->next++], c->host->address);
    c->in_body = 0;
    return send(c->fd, request, (size_t)n, MSG_NOSIGNAL) == n;
}

/* 1: the answer is whole. An nginx sends its head in one piece. */
static int take(struct connection *c) {
    ssize_t n = recv(c->fd, buffer, sizeof buffer - 1, 0);
    char *body, *length;

    if (n <= 0)
        exit(1);
    buffer[n] = '\0';
    if (!c->in_body) {
        body = strstr(buffer, "\r\n\r\n");
        length = strstr(buffer, "Content-Length: ");
        if (!body || !length || length > body)
            exit(1);
        c->left = strtoul(length + 16, NULL, 10);
        c->in_body = 1;
        n -= body + 4 - buffer;
    }
    c->left -= (size_t)n;
    return c->left == 0;
}

int main(int argc, char **argv) {
    struct epoll_event events[EVENTS];
    size_t in_flight = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
    int under_way = 0;

    if (in_flight == 0 || in_flight > MOST_IN_FLIGHT)
        return 1;
    read_list(argv[1]);
    loop = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < in_flight && n_hosts; i++) {
        connections[i].host = &hosts[i % n_hosts];
        open_to(&connections[i]);
        under_way += ask(&connections[i]);
    }
    while (under_way > 0) {
        int n = epoll_wait(loop, events, EVENTS, -1);

        for (int i = 0; i < n; i++)
            if (take(events[i].data.ptr)) {
                pages++;
                under_way -= !ask(events[i].data.ptr);
            }
    }
    printf("%zu 0\n", pages);
    return 0;
}
