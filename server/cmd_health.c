/* crawld health [URL]: asks a running service for /readyz. Plain sockets: curl
 * belongs to the crawler, and a container's health check should cost little.
 */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/own.h"
#include "server/commands.h"
#include "server/endpoint.h"

enum { PATIENCE_S = 5, MAX_HEAD = 8 << 10, HTTP_PORT = 80 };

static int fail(const char *why) {
    (void)fprintf(stderr, "crawld: not ready: %s\n", why);
    return 1;
}

static void give_up(int number) {
    static const char why[] = "crawld: not ready: no answer within 5 seconds\n";

    (void)number;
    (void)!write(STDERR_FILENO, why, sizeof why - 1);
    _exit(1);
}

/* What to ask for, and where. */
struct question {
    struct endpoint address; /* where |name| is empty */
    char name[NI_MAXHOST];   /* to be looked up */
    struct str port;
    struct str host, path; /* as the request has them */
};

/* "crawl.example:8080": a host name, which may be one of this network only. */
static enum err parse_name(struct str text, struct question *q) {
    struct str port = text, name = str_cut(&port, ':');
    uint64_t number;

    if (name.len == 0 || name.len >= sizeof q->name || str_find(name, '[') != STR_END ||
        str_find(name, '@') != STR_END ||
        (name.len < text.len && str_to_u64(port, UINT16_MAX, &number) != ERR_OK))
        return ERR_INVALID;
    memcpy(q->name, name.ptr, name.len);
    q->name[name.len] = '\0';
    q->port = port.len ? port : STR("80");
    return ERR_OK;
}

/* "http://127.0.0.1:8080/readyz" in its parts; scheme and path may be left out. */
static enum err parse(struct str url, struct question *q) {
    size_t end;

    if (str_starts_ascii(url, STR("http://")))
        url = str_from(url, strlen("http://"));
    else if (str_find_str(url, STR("://")) != STR_END)
        return ERR_INVALID;
    end = str_find(url, '/');
    q->path = str_from(url, end);
    if (q->path.len <= 1)
        q->path = STR("/readyz");
    q->host = str_upto(url, end);
    return endpoint_parse(q->host, HTTP_PORT, &q->address) == ERR_OK ? ERR_OK
                                                                     : parse_name(q->host, q);
}

/* Where this machine's service listens, by its own variable. */
static enum err find(struct question *q) {
    const char *listen = getenv("CRAWLD_LISTEN");
    static char host[ENDPOINT_TEXT_LEN];
    enum err e =
        endpoint_parse(str_of(listen && *listen ? listen : "127.0.0.1:8080"), -1, &q->address);

    if (e != ERR_OK)
        return e;
    endpoint_make_reachable(&q->address);
    endpoint_text(&q->address, host);
    q->host = str_of(host);
    q->path = STR("/readyz");
    return ERR_OK;
}

static int open_connection(const struct sockaddr *address, socklen_t len) {
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, address, len) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* -1 with one line in |why|. */
static int open_by_name(const struct question *q, const char **why) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    OWNED_CHARS char *port = mem_chars(q->port);
    struct addrinfo *found = NULL;
    int fd = -1, code = getaddrinfo(q->name, port, &hints, &found);

    for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
        fd = open_connection(a->ai_addr, a->ai_addrlen);
    *why = code ? gai_strerror(code) : strerror(errno);
    if (found)
        freeaddrinfo(found);
    return fd;
}

static enum err ask(int fd, const struct question *q) {
    OWNED_BUF struct buf request = BUF_INIT(MAX_HEAD);
    size_t sent = 0;

    if (buf_printf(&request, "GET %.*s HTTP/1.1\r\nHost: %.*s\r\nConnection: close\r\n\r\n",
                   (int)q->path.len, q->path.ptr, (int)q->host.len, q->host.ptr) != ERR_OK)
        return ERR_TOO_BIG;
    while (sent < request.len) {
        ssize_t n = send(fd, request.ptr + sent, request.len - sent, MSG_NOSIGNAL);

        if (n < 0)
            return ERR_IO;
        sent += (size_t)n;
    }
    return ERR_OK;
}

/* The three digits of the status line; 0 for none. */
static unsigned read_status(int fd) {
    static const size_t digits_at = sizeof "HTTP/1.1 " - 1;
    char line[64];
    size_t len = 0;
    uint64_t status = 0;

    while (len < sizeof line) {
        ssize_t n = recv(fd, line + len, sizeof line - len, 0);

        if (n <= 0)
            break;
        len += (size_t)n;
    }
    if (!str_starts(str_at(line, len), STR("HTTP/1.")) || len < digits_at + 3 ||
        str_to_u64(str_at(line + digits_at, 3), 999, &status) != ERR_OK)
        return 0;
    return (unsigned)status;
}

int cmd_health(char *const *argv) {
    struct question q = {.name = ""};
    const char *why = NULL;
    OWNED_FD int fd = -1;
    unsigned status;
    char text[64];

    if (argv[0] && argv[1]) {
        (void)fprintf(stderr, "crawld: usage: crawld health [http://HOST:PORT or HOST:PORT]\n");
        return EXIT_USAGE;
    }
    if ((argv[0] ? parse(str_of(argv[0]), &q) : find(&q)) != ERR_OK) {
        (void)fprintf(stderr, "crawld: health: %s\n",
                      argv[0] ? "not a URL as in http://127.0.0.1:8080"
                              : "CRAWLD_LISTEN is not an address and port, as in 127.0.0.1:8080");
        return EXIT_USAGE;
    }
    (void)signal(SIGALRM, give_up);
    (void)alarm(PATIENCE_S);
    fd = *q.name ? open_by_name(&q, &why)
                 : open_connection((const struct sockaddr *)(const void *)&q.address.bytes,
                                   q.address.len);
    if (fd < 0 || ask(fd, &q) != ERR_OK)
        return fail(fd < 0 && why ? why : strerror(errno));
    status = read_status(fd);
    if (status == 200)
        return 0;
    (void)snprintf(text, sizeof text, status ? "HTTP status %u" : "not an answer in HTTP", status);
    return fail(text);
}
