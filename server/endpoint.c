#include "server/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static struct sockaddr_in *v4(struct endpoint *a) {
    return (struct sockaddr_in *)(void *)&a->bytes;
}

static struct sockaddr_in6 *v6(struct endpoint *a) {
    return (struct sockaddr_in6 *)(void *)&a->bytes;
}

static enum err parse_host(struct str host, struct endpoint *a) {
    char text[INET6_ADDRSTRLEN];

    if (str_eq_ascii(host, STR("localhost")))
        host = STR("127.0.0.1");
    if (host.len == 0 || host.len >= sizeof text)
        return ERR_INVALID;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    memset(a, 0, sizeof *a);
    if (inet_pton(AF_INET, text, &v4(a)->sin_addr) == 1) {
        a->bytes.ss_family = AF_INET;
        a->len = sizeof(struct sockaddr_in);
    } else if (inet_pton(AF_INET6, text, &v6(a)->sin6_addr) == 1) {
        a->bytes.ss_family = AF_INET6;
        a->len = sizeof(struct sockaddr_in6);
    } else {
        return ERR_INVALID;
    }
    return ERR_OK;
}

/* Splits at the port's colon; |*ret_port| has no pointer where there is none. */
static enum err split(struct str text, struct str *ret_host, struct str *ret_port) {
    size_t end;

    *ret_port = STR_NONE;
    if (str_starts(text, STR("["))) {
        end = str_find(text, ']');
        if (end == STR_END)
            return ERR_INVALID;
        *ret_host = str_at(text.ptr + 1, end - 1);
        text = str_from(text, end + 1);
        if (text.len && text.ptr[0] != ':')
            return ERR_INVALID;
        if (text.len)
            *ret_port = str_at(text.ptr + 1, text.len - 1);
        return str_find(*ret_host, ':') == STR_END ? ERR_INVALID : ERR_OK;
    }
    end = str_find(text, ':');
    if (end != STR_END && str_find(str_from(text, end + 1), ':') != STR_END)
        end = STR_END; /* an IPv6 address without brackets */
    *ret_host = str_upto(text, end);
    if (end != STR_END)
        *ret_port = str_at(text.ptr + end + 1, text.len - end - 1);
    return ERR_OK;
}

enum err endpoint_parse(struct str text, int default_port, struct endpoint *ret_endpoint) {
    struct endpoint a;
    struct str host, port;
    uint64_t number = (uint64_t)default_port;

    if (split(text, &host, &port) != ERR_OK || parse_host(host, &a) != ERR_OK)
        return ERR_INVALID;
    if (port.ptr ? str_to_u64(port, UINT16_MAX, &number) != ERR_OK : default_port < 0)
        return ERR_INVALID;
    if (a.bytes.ss_family == AF_INET)
        v4(&a)->sin_port = htons((uint16_t)number);
    else
        v6(&a)->sin6_port = htons((uint16_t)number);
    *ret_endpoint = a;
    return ERR_OK;
}

void endpoint_text(const struct endpoint *a, char ret_text[ENDPOINT_TEXT_LEN]) {
    struct endpoint copy = *a;
    char host[INET6_ADDRSTRLEN] = "?";

    if (a->bytes.ss_family == AF_INET) {
        (void)inet_ntop(AF_INET, &v4(&copy)->sin_addr, host, sizeof host);
        (void)snprintf(ret_text, ENDPOINT_TEXT_LEN, "%s:%u", host, endpoint_port(a));
    } else {
        (void)inet_ntop(AF_INET6, &v6(&copy)->sin6_addr, host, sizeof host);
        (void)snprintf(ret_text, ENDPOINT_TEXT_LEN, "[%s]:%u", host, endpoint_port(a));
    }
}

uint16_t endpoint_port(const struct endpoint *a) {
    struct endpoint copy = *a;

    return ntohs(a->bytes.ss_family == AF_INET ? v4(&copy)->sin_port : v6(&copy)->sin6_port);
}

bool endpoint_is_loopback(const struct endpoint *a) {
    struct endpoint copy = *a;
    const struct in6_addr *six = &v6(&copy)->sin6_addr;

    if (a->bytes.ss_family == AF_INET)
        return ntohl(v4(&copy)->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
}

void endpoint_make_reachable(struct endpoint *a) {
    if (a->bytes.ss_family == AF_INET && v4(a)->sin_addr.s_addr == htonl(INADDR_ANY))
        v4(a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else if (a->bytes.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6(a)->sin6_addr))
        v6(a)->sin6_addr = in6addr_loopback;
}

static enum err begin_listening(int fd, const struct endpoint *a) {
    int on = 1, off = 0;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return ERR_IO;
    /* [::] takes IPv4 as well, whatever the system's default is. */
    if (a->bytes.ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (const struct sockaddr *)(const void *)&a->bytes, a->len) != 0 ||
        listen(fd, BACKLOG) != 0)
        return ERR_IO;
    return ERR_OK;
}

enum err endpoint_listen(const struct endpoint *a, int *ret_fd) {
    int fd = socket(a->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int why;

    if (fd < 0)
        return ERR_IO;
    if (begin_listening(fd, a) == ERR_OK) {
        *ret_fd = fd;
        return ERR_OK;
    }
    why = errno;
    (void)close(fd);
    errno = why;
    return ERR_IO;
}

enum err endpoint_of_socket(int fd, struct endpoint *ret_endpoint) {
    struct endpoint a = {.len = sizeof a.bytes};

    if (getsockname(fd, (struct sockaddr *)(void *)&a.bytes, &a.len) != 0)
        return ERR_IO;
    *ret_endpoint = a;
    return ERR_OK;
}

enum err endpoint_of_peer(int fd, struct endpoint *ret_endpoint) {
    struct endpoint a = {.len = sizeof a.bytes};

    if (getpeername(fd, (struct sockaddr *)(void *)&a.bytes, &a.len) != 0)
        return ERR_IO;
    *ret_endpoint = a;
    return ERR_OK;
}
