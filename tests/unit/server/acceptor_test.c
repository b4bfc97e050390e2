#include "server/acceptor.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/test.h"

/* What was taken, and whether more may be. */
struct door {
    atomic_int n_taken;
    atomic_bool is_open;
    struct sockaddr_in address;
};

static bool has_room(void *arg) {
    return atomic_load(&((struct door *)arg)->is_open);
}

static void take(void *arg, int fd, const struct sockaddr *address, socklen_t len) {
    struct door *d = arg;

    CHECK(address->sa_family == AF_INET && len == sizeof(struct sockaddr_in));
    atomic_fetch_add(&d->n_taken, 1);
    (void)close(fd);
}

static void open_door(struct door *d, struct acceptor **ret_acceptor) {
    struct acceptor_options o = {.has_room = has_room, .take = take, .arg = d};
    socklen_t len = sizeof d->address;

    d->address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    o.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(o.listen_fd >= 0);
    CHECK(bind(o.listen_fd, (struct sockaddr *)&d->address, len) == 0);
    CHECK(listen(o.listen_fd, 200) == 0);
    CHECK(getsockname(o.listen_fd, (struct sockaddr *)&d->address, &len) == 0);
    CHECK(acceptor_new(&o, ret_acceptor) == ERR_OK);
}

static bool knock(const struct door *d) {
    OWNED_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && connect(fd, (const struct sockaddr *)&d->address, sizeof d->address) == 0;
}

static void pause_ms(long ms) {
    struct timespec t = {0, ms * 1000000};

    (void)nanosleep(&t, NULL);
}

static int taken_soon(struct door *d, int n) {
    for (int i = 0; i < 200 && atomic_load(&d->n_taken) < n; i++)
        pause_ms(10);
    return atomic_load(&d->n_taken);
}

TEST(takes_who_knocks) {
    struct door d = {.is_open = true};
    OWNED(acceptor) struct acceptor *a = NULL;

    open_door(&d, &a);
    for (int i = 0; i < 100; i++)
        CHECK(knock(&d));
    CHECK_INT(taken_soon(&d, 100), 100);
}

TEST(lets_clients_wait_while_there_is_no_room) {
    struct door d = {.is_open = false};
    OWNED(acceptor) struct acceptor *a = NULL;

    open_door(&d, &a);
    CHECK(knock(&d)); /* into the backlog */
    pause_ms(100);
    CHECK_INT(atomic_load(&d.n_taken), 0);
    atomic_store(&d.is_open, true);
    CHECK_INT(taken_soon(&d, 1), 1);
}

TEST(turns_clients_away_once_stopped) {
    struct door d = {.is_open = true};
    OWNED(acceptor) struct acceptor *a = NULL;

    open_door(&d, &a);
    acceptor_stop(a);
    CHECK(!knock(&d));
    CHECK_INT(atomic_load(&d.n_taken), 0);
    acceptor_stop(a);
}

TEST_MAIN
