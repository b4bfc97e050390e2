/* address - "ADDR:PORT" as people write it, and sockets that listen or connect there.
 *
 * Numbers only, and "localhost": no name is looked up.
 */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/str.h"

struct address {
    struct sockaddr_storage bytes;
    socklen_t len;
};

enum { ADDRESS_TEXT_LEN = 64 };

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080". Without a port, |default_port|
 * (and brackets may be left out); -1: the port is required. ERR_INVALID. */
MUST_USE enum err address_parse(struct str text, int default_port, struct address *ret_address);
void address_text(const struct address *a, char ret_text[ADDRESS_TEXT_LEN]);
uint16_t address_port(const struct address *a);
bool address_is_loopback(const struct address *a);
/* 0.0.0.0 becomes 127.0.0.1, [::] becomes [::1]: where to ask a service of this machine. */
void address_make_reachable(struct address *a);

/* A socket that listens there. On ERR_IO errno says why. */
MUST_USE enum err address_listen(const struct address *a, int *ret_fd);
/* Where |fd| listens: the port that was found for port 0. */
MUST_USE enum err address_of_socket(int fd, struct address *ret_address);

#endif
