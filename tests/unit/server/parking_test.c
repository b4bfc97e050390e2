#include "server/parking.h"

#include <semaphore.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/test.h"

struct car {
    struct parked parked;
    sem_t left;
    int client; /* the other end */
};

static void go_on(struct parked *x) {
    sem_post(&CONTAINER_OF(x, struct car, parked)->left);
}

static void car_init(struct car *c) {
    int fds[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    *c = (struct car){.parked = {.fd = fds[0], .go_on = go_on}, .client = fds[1]};
    sem_init(&c->left, 0, 0);
}

static void car_done(struct car *c) {
    (void)close(c->parked.fd);
    (void)close(c->client);
    sem_destroy(&c->left);
}

static void park(struct parking *p, struct car *c, int64_t ms) {
    const struct api_wait wait = {.until_ms = clock_wall_ms() + ms};

    parking_put(p, &c->parked, &wait);
}

TEST(each_leaves_in_its_time) {
    OWNED(parking) struct parking *p = parking_new();
    struct car late = {0}, soon = {0};
    int value;

    car_init(&late);
    car_init(&soon);
    park(p, &late, 60000);
    park(p, &soon, 20);
    sem_wait(&soon.left);
    CHECK_INT(soon.parked.until, PARKED_TIME);
    CHECK(sem_getvalue(&late.left, &value) == 0 && value == 0);
    parking_close(p);
    sem_wait(&late.left);
    CHECK_INT(late.parked.until, PARKED_CLOSING);
    car_done(&late);
    car_done(&soon);
}

TEST(sees_who_went_away) {
    OWNED(parking) struct parking *p = parking_new();
    struct car before = {0}, after = {0};

    car_init(&before);
    car_init(&after);
    (void)shutdown(before.client, SHUT_WR); /* already gone when it is parked */
    park(p, &before, 60000);
    sem_wait(&before.left);
    CHECK_INT(before.parked.until, PARKED_GONE);
    park(p, &after, 60000);
    (void)close(after.client);
    after.client = -1;
    sem_wait(&after.left);
    CHECK_INT(after.parked.until, PARKED_GONE);
    car_done(&before);
    car_done(&after);
}

TEST(lets_nobody_in_once_it_is_closed) {
    OWNED(parking) struct parking *p = parking_new();
    struct car c = {0};

    car_init(&c);
    parking_close(p);
    park(p, &c, 60000);
    sem_wait(&c.left);
    CHECK_INT(c.parked.until, PARKED_CLOSING);
    car_done(&c);
}

TEST(may_be_parked_again_and_again) {
    OWNED(parking) struct parking *p = parking_new();
    struct car c = {0};

    car_init(&c);
    for (int i = 0; i < 100; i++) {
        park(p, &c, i % 2);
        sem_wait(&c.left);
    }
    car_done(&c);
}

TEST_MAIN
