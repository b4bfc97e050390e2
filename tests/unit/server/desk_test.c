#include "server/desk.h"

#include <pthread.h>
#include <semaphore.h>

#include "tests/test.h"

static sem_t started, go;

struct visit {
    struct errand errand;
    int ran, refused;
};

static void wait_for_go(struct errand *e, bool refused) {
    struct visit *v = CONTAINER_OF(e, struct visit, errand);

    v->ran++;
    v->refused += refused;
    if (refused)
        return;
    sem_post(&started);
    sem_wait(&go);
}

static struct visit visit_new(void) {
    return (struct visit){.errand = {.run = wait_for_go}};
}

static void *close_desk(void *arg) {
    desk_close(arg);
    return NULL;
}

TEST(runs_each_errand_once) {
    OWNED(desk) struct desk *d = desk_new(2, 10);
    struct visit visits[5];

    sem_init(&started, 0, 0);
    sem_init(&go, 0, 5);
    for (int i = 0; i < 5; i++) {
        visits[i] = visit_new();
        CHECK(desk_put(d, &visits[i].errand));
    }
    for (int i = 0; i < 5; i++)
        sem_wait(&started);
    desk_close(d);
    for (int i = 0; i < 5; i++)
        CHECK(visits[i].ran == 1 && !visits[i].refused);
}

TEST(is_full_at_its_bound) {
    OWNED(desk) struct desk *d = desk_new(1, 2);
    struct visit running = visit_new(), first = visit_new(), second = visit_new();
    struct visit beyond = visit_new();

    sem_init(&started, 0, 0);
    sem_init(&go, 0, 0);
    CHECK(desk_put(d, &running.errand));
    sem_wait(&started);
    CHECK(desk_put(d, &first.errand));
    CHECK(desk_put(d, &second.errand));
    CHECK(!desk_put(d, &beyond.errand));
    for (int i = 0; i < 3; i++)
        sem_post(&go);
    for (int i = 0; i < 2; i++)
        sem_wait(&started);
    desk_close(d);
    CHECK_INT(beyond.ran, 0);
}

TEST(closing_refuses_what_waits_and_waits_for_what_runs) {
    static struct visit visits[10000];
    OWNED(desk) struct desk *d = desk_new(1, 10000);
    pthread_t closer;
    int n = 0;

    sem_init(&started, 0, 0);
    sem_init(&go, 0, 0);
    for (int i = 0; i < 10000; i++)
        visits[i] = visit_new();
    CHECK(desk_put(d, &visits[n++].errand));
    sem_wait(&started);
    CHECK(desk_put(d, &visits[n++].errand));
    CHECK(pthread_create(&closer, NULL, close_desk, d) == 0);
    while (n < 10000 && desk_put(d, &visits[n].errand)) {
        n++;
        usleep(100);
    }
    sem_post(&go); /* it is closing now: the one that runs ends, the others are refused */
    pthread_join(closer, NULL);
    CHECK_INT(visits[0].refused, 0);
    for (int i = 1; i < n; i++)
        CHECK(visits[i].ran == 1 && visits[i].refused == 1);
}

TEST_MAIN
