/* endpoint - "ADDR:PORT" as people write it, and sockets that listen or connect there.
 *
 * Numbers only, and "localhost": no name is looked up.
 */
#ifndef SERVER_ENDPOINT_H
#define SERVER_ENDPOINT_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/str.h"

struct endpoint {
    struct sockaddr_storage bytes;
    socklen_t len;
};

enum { ENDPOINT_TEXT_LEN = 64 };

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080". Without a port, |default_port|
 * (and brackets may be left out); -1: the port is required. ERR_INVALID. */
MUST_USE enum err endpoint_parse(struct str text, int default_port, struct endpoint *ret_endpoint);
void endpoint_text(const struct endpoint *a, char ret_text[ENDPOINT_TEXT_LEN]);
uint16_t endpoint_port(const struct endpoint *a);
bool endpoint_is_loopback(const struct endpoint *a);
/* 0.0.0.0 becomes 127.0.0.1, [::] becomes [::1]: where to ask a service of this machine. */
void endpoint_make_reachable(struct endpoint *a);

/* A socket that listens there. On ERR_IO errno says why. */
MUST_USE enum err endpoint_listen(const struct endpoint *a, int *ret_fd);
/* Where |fd| listens: the port that was found for port 0. */
MUST_USE enum err endpoint_of_socket(int fd, struct endpoint *ret_endpoint);
/* Whom |fd| is connected to. ERR_IO: to nobody any more. */
MUST_USE enum err endpoint_of_peer(int fd, struct endpoint *ret_endpoint);

#endif
