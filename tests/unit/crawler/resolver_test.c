#include "crawler/resolver.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "base/clock.h"
#include "tests/test.h"

/* --- a name server of three names: one.test, none.test (no such name), mute.test (no
 * answer at all) -------------------------------------------------------------------- */

struct name_server {
    int fd;
    uint16_t port;
    pthread_t thread;
    _Atomic int asked; /* queries seen */
    _Atomic bool is_stopping;
};

enum { HEAD_BYTES = 12, TYPE_A = 1 };

/* Turns the query in |m| into its answer; returns its length, 0 for none. */
static size_t answer(unsigned char *m, size_t len) {
    static const unsigned char record[] = {0xc0, 12, 0, TYPE_A, 0,   1, 0, 0,
                                           0,    2,  0, 4,      192, 0, 2, 7};
    size_t at = HEAD_BYTES;

    while (at < len && m[at])
        at += m[at] + 1U;
    at += 5; /* the end of the name, type and class */
    if (at > len || memcmp(m + HEAD_BYTES + 1, "mute", 4) == 0)
        return 0;
    m[2] = 0x84; /* an authoritative answer */
    m[3] = memcmp(m + HEAD_BYTES + 1, "none", 4) == 0 ? 3 : 0;
    m[7] = 0;
    m[8] = m[9] = m[10] = m[11] = 0;
    if (m[3] || m[at - 3] != TYPE_A)
        return at;
    m[7] = 1;
    memcpy(m + at, record, sizeof record);
    return at + sizeof record;
}

static void *serve(void *arg) {
    struct name_server *ns = arg;

    while (!atomic_load(&ns->is_stopping)) {
        unsigned char m[1024];
        struct sockaddr_in from;
        socklen_t from_len = sizeof from;
        ssize_t n = recvfrom(ns->fd, m, 512, 0, (struct sockaddr *)&from, &from_len);
        size_t len;

        if (n < HEAD_BYTES)
            continue;
        (void)atomic_fetch_add(&ns->asked, 1);
        len = answer(m, (size_t)n);
        if (len)
            (void)sendto(ns->fd, m, len, 0, (struct sockaddr *)&from, from_len);
    }
    return NULL;
}

static void server_start(struct name_server *ns) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval wait = {.tv_usec = 50000};
    socklen_t len = sizeof a;

    *ns = (struct name_server){.fd = socket(AF_INET, SOCK_DGRAM, 0)};
    (void)setsockopt(ns->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (ns->fd < 0 || bind(ns->fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        getsockname(ns->fd, (struct sockaddr *)&a, &len) != 0)
        abort();
    ns->port = ntohs(a.sin_port);
    (void)pthread_create(&ns->thread, NULL, serve, ns);
}

static void server_stop(struct name_server *ns) {
    atomic_store(&ns->is_stopping, true);
    (void)pthread_join(ns->thread, NULL);
    (void)close(ns->fd);
}

/* --- one who asks ----------------------------------------------------------------------- */

struct bench {
    struct name_server server;
    struct loop *loop;
    struct resolver *resolver;
};

struct asker {
    struct lookup lookup;
    int n_answers;
    enum err result;
    struct address first;
    size_t n;
};

static void on_answer(struct lookup *l, enum err result, const struct address *addresses,
                      size_t n) {
    struct asker *a = CONTAINER_OF(l, struct asker, lookup);

    a->n_answers++;
    a->result = result;
    a->n = n;
    if (n)
        a->first = addresses[0];
}

static void bench_init(struct bench *b) {
    char servers[64];

    server_start(&b->server);
    (void)snprintf(servers, sizeof servers, "127.0.0.1:%u", b->server.port);
    if (loop_new(&b->loop) != ERR_OK ||
        resolver_new(&(struct resolver_options){b->loop, str_of(servers)}, &b->resolver) != ERR_OK)
        abort();
}

static void bench_done(struct bench *b) {
    resolver_free(b->resolver);
    loop_free(b->loop);
    server_stop(&b->server);
}
#define BENCH __attribute__((cleanup(bench_done)))

static void ask(struct bench *b, struct asker *a, const char *name, int64_t now) {
    *a = (struct asker){.lookup.done = on_answer};
    list_init(&a->lookup.link);
    resolver_ask(b->resolver, str_of(name), now, &a->lookup);
}

static void wait_for(struct bench *b, const struct asker *a, int64_t ms) {
    for (int64_t end = clock_mono_ms() + ms; !a->n_answers && clock_mono_ms() < end;) {
        int64_t wait_ms = resolver_run(b->resolver, clock_mono_ms());

        loop_wait(b->loop, wait_ms > 20 ? 20 : wait_ms);
    }
}

TEST(finds_an_address_and_keeps_it_as_long_as_it_may) {
    BENCH struct bench b;
    struct asker a;
    int64_t now = clock_mono_ms();
    int asked;

    bench_init(&b);
    ask(&b, &a, "one.test", now);
    wait_for(&b, &a, 5000);
    CHECK_INT(a.n_answers, 1);
    CHECK_OK(a.result);
    CHECK_INT(a.n, 1);
    CHECK_INT(a.first.v4.sin_addr.s_addr, inet_addr("192.0.2.7"));
    asked = atomic_load(&b.server.asked);
    ask(&b, &a, "one.test", now + 500);
    CHECK_INT(a.n_answers, 1);            /* at once */
    ask(&b, &a, "one.test", now + 30000); /* its TTL is two seconds */
    CHECK_INT(a.n_answers, 0);
    wait_for(&b, &a, 5000);
    CHECK_OK(a.result);
    CHECK(atomic_load(&b.server.asked) > asked);
}

TEST(remembers_that_there_is_no_such_name) {
    BENCH struct bench b;
    struct asker a;
    int asked;

    bench_init(&b);
    ask(&b, &a, "none.test", clock_mono_ms());
    wait_for(&b, &a, 5000);
    CHECK_ERR(a.result, ERR_NOT_FOUND);
    asked = atomic_load(&b.server.asked);
    ask(&b, &a, "none.test", clock_mono_ms());
    CHECK_ERR(a.result, ERR_NOT_FOUND);
    CHECK_INT(atomic_load(&b.server.asked), asked);
}

TEST(asks_once_for_many_who_wait) {
    BENCH struct bench b;
    struct asker askers[50], single;
    int asked;

    bench_init(&b);
    ask(&b, &single, "one.test", clock_mono_ms());
    wait_for(&b, &single, 5000);
    asked = atomic_load(&b.server.asked);
    for (int i = 0; i < 50; i++)
        ask(&b, &askers[i], "one.more.test", clock_mono_ms());
    resolver_cancel(&askers[7].lookup);
    wait_for(&b, &askers[49], 5000);
    for (int i = 0; i < 50; i++)
        CHECK_INT(askers[i].n_answers, i == 7 ? 0 : 1);
    CHECK(atomic_load(&b.server.asked) <= 2 * asked);
}

TEST(does_not_wait_with_others_for_a_mute_server) {
    BENCH struct bench b;
    struct asker mute, a;

    bench_init(&b);
    ask(&b, &mute, "mute.test", clock_mono_ms());
    ask(&b, &a, "one.test", clock_mono_ms());
    wait_for(&b, &a, 1500);
    CHECK_OK(a.result);
    CHECK_INT(a.n_answers, 1);
    CHECK_INT(mute.n_answers, 0); /* freed with lookups under way */
}

/* More names than are asked at once, all given up: a live one is not kept waiting. */
TEST(asks_for_no_name_that_nobody_waits_for) {
    BENCH struct bench b;
    static struct asker askers[1000];
    struct asker a;
    char name[32];

    bench_init(&b);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof name, "mute.n%d.test", i);
        ask(&b, &askers[i], name, clock_mono_ms());
    }
    for (int i = 0; i < 1000; i++)
        resolver_cancel(&askers[i].lookup);
    ask(&b, &a, "one.test", clock_mono_ms());
    wait_for(&b, &a, 10000); /* the first ones time out; the others are passed over */
    CHECK_OK(a.result);
    CHECK_INT(a.n_answers, 1);
}

TEST(refuses_servers_it_cannot_read) {
    struct loop *loop = NULL;
    struct resolver *resolver = NULL;

    CHECK_OK(loop_new(&loop));
    CHECK_ERR(resolver_new(&(struct resolver_options){loop, STR("no address")}, &resolver),
              ERR_INVALID);
    loop_free(loop);
}

TEST_MAIN
