/* crawld health [URL]: asks a running service for /readyz. Plain sockets: curl
 * belongs to the crawler, and a container's health check should cost little.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
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

/* "http://127.0.0.1:8080/readyz" in its parts; the path may be left out. */
static enum err parse(struct str url, struct endpoint *ret_endpoint, struct str *ret_path) {
    size_t end;

    if (!str_starts_ascii(url, STR("http://")))
        return ERR_INVALID;
    url = str_from(url, strlen("http://"));
    end = str_find(url, '/');
    *ret_path = str_from(url, end);
    if (ret_path->len <= 1)
        *ret_path = STR("/readyz");
    return endpoint_parse(str_upto(url, end), HTTP_PORT, ret_endpoint);
}

/* Where this machine's service listens, by its own variable. */
static enum err find(struct endpoint *ret_endpoint) {
    const char *listen = getenv("CRAWLD_LISTEN");
    enum err e =
        endpoint_parse(str_of(listen && *listen ? listen : "127.0.0.1:8080"), -1, ret_endpoint);

    if (e == ERR_OK)
        endpoint_make_reachable(ret_endpoint);
    return e;
}

static enum err ask(int fd, const struct endpoint *a, struct str path) {
    OWNED_BUF struct buf request = BUF_INIT(MAX_HEAD);
    char host[ENDPOINT_TEXT_LEN];
    size_t sent = 0;

    endpoint_text(a, host);
    if (buf_printf(&request, "GET %.*s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                   (int)path.len, path.ptr, host) != ERR_OK)
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
    struct endpoint address;
    struct str path = STR("/readyz");
    OWNED_FD int fd = -1;
    unsigned status;
    char why[64];

    if (argv[0] && argv[1]) {
        (void)fprintf(stderr, "crawld: usage: crawld health [http://ADDR:PORT]\n");
        return EXIT_USAGE;
    }
    if ((argv[0] ? parse(str_of(argv[0]), &address, &path) : find(&address)) != ERR_OK) {
        (void)fprintf(stderr, "crawld: health: %s\n",
                      argv[0] ? "not a URL as in http://127.0.0.1:8080"
                              : "CRAWLD_LISTEN is not an address and port, as in 127.0.0.1:8080");
        return EXIT_USAGE;
    }
    (void)signal(SIGALRM, give_up);
    (void)alarm(PATIENCE_S);
    fd = socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        connect(fd, (const struct sockaddr *)(const void *)&address.bytes, address.len) != 0 ||
        ask(fd, &address, path) != ERR_OK)
        return fail(strerror(errno));
    status = read_status(fd);
    if (status == 200)
        return 0;
    (void)snprintf(why, sizeof why, status ? "HTTP status %u" : "not an answer in HTTP", status);
    return fail(why);
}
