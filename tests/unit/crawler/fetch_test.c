#include "crawler/fetch.h"

#include <errno.h>
#include <zlib.h>

#include "base/mem.h"
#include "tests/test.h"
#include "tests/unit/crawler/site.h"

/* One request at a time, and what came of it. */
struct bench {
    struct site *site;
    struct loop *loop;
    struct addrguard *guard;
    struct fetcher *fetcher;
    uint64_t max_body_bytes;
    uint32_t timeout_ms;
    bool keep;
    /* told: */
    bool was_sent, is_done;
    uint32_t status;
    enum code code;
    int64_t retry_after_ms;
    uint64_t body_bytes;
    struct buf body, location, content_type;
};

static void on_sent(void *arg) {
    struct bench *b = arg;

    b->was_sent = true;
}

static bool on_head(void *arg, const struct fetch_reply *reply) {
    const struct bench *b = arg;

    (void)reply;
    return b->keep;
}

static enum err on_body(void *arg, struct str piece) {
    struct bench *b = arg;

    return buf_put(&b->body, piece);
}

static void on_done(void *arg, const struct fetch_reply *reply, enum code code) {
    struct bench *b = arg;

    b->is_done = true;
    b->status = reply->status;
    b->code = code;
    b->retry_after_ms = reply->retry_after_ms;
    b->body_bytes = reply->body_bytes;
    if (buf_put(&b->location, reply->location) != ERR_OK ||
        buf_put(&b->content_type, reply->content_type) != ERR_OK)
        abort();
}

static const struct fetch_events events = {on_sent, on_head, on_body, on_done};

static void bench_init(struct bench *b, const struct page *pages) {
    *b = (struct bench){.max_body_bytes = 8 << 20,
                        .timeout_ms = 5000,
                        .guard = addrguard_new(),
                        .body = BUF_INIT(64 << 20),
                        .location = BUF_INIT(4096),
                        .content_type = BUF_INIT(4096)};
    if (pages)
        b->site = site_new(pages);
    if (loop_new(&b->loop) != ERR_OK || addrguard_allow(b->guard, STR("127.0.0.1/32")) != ERR_OK ||
        fetcher_new(
            &(struct fetcher_options){
                .loop = b->loop, .addrguard = b->guard, .events = &events, .max_transfers = 4},
            &b->fetcher) != ERR_OK)
        abort();
}

static void bench_done(struct bench *b) {
    fetcher_free(b->fetcher);
    loop_free(b->loop);
    addrguard_free(b->guard);
    buf_done(&b->body);
    buf_done(&b->location);
    buf_done(&b->content_type);
    if (b->site)
        site_free(b->site);
}

#define BENCH __attribute__((cleanup(bench_done)))

static void bench_wait(struct bench *b) {
    for (int64_t end = clock_mono_ms() + 10000; !b->is_done && clock_mono_ms() < end;) {
        int64_t wait_ms = fetcher_run(b->fetcher, clock_mono_ms());

        if (!b->is_done)
            loop_wait(b->loop, wait_ms > 100 ? 100 : wait_ms);
    }
}

/* Fetches http://HOST:PORT/PATH, where |address| stands for HOST (NULL: a literal). */
static void get_from(struct bench *b, const char *host, const char *address, uint16_t port,
                     const char *path) {
    OWNED_BUF struct buf url = BUF_INIT(4096);
    struct address a;
    struct fetch *t;
    struct fetch_request r = {.host = str_of(host),
                              .port = port,
                              .addresses = &a,
                              .n_addresses = address ? 1 : 0,
                              .user_agent = STR("test\r\nX-Evil: 1"),
                              .timeout_ms = b->timeout_ms,
                              .max_body_bytes = b->max_body_bytes};

    b->was_sent = b->is_done = false;
    buf_clear(&b->body);
    buf_clear(&b->location);
    buf_clear(&b->content_type);
    if (address && address_parse(str_of(address), &a) != ERR_OK)
        abort();
    if (buf_printf(&url, "http://%s:%u%s", host, port, path) != ERR_OK)
        abort();
    r.url = buf_str(&url);
    if (fetch_start(b->fetcher, &r, b, &t) != ERR_OK)
        abort();
    bench_wait(b);
}

static void get(struct bench *b, const char *path) {
    get_from(b, "site.test", "127.0.0.1", b->site->port, path);
}

static const struct page pages[] = {
    {"/", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello", 0},
    {"/moved", "HTTP/1.1 302 Found\r\nLocation: /\r\nlocation: /no\r\nContent-Length: 0\r\n\r\n",
     0},
    {"/busy", "HTTP/1.1 429 Too Many\r\nRetry-After: 999999\r\nContent-Length: 0\r\n\r\n", 0},
    {"/interim",
     "HTTP/1.1 103 Early\r\nLocation: /x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0},
    {"/cut", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\nConnection: close\r\n\r\nhello", 0},
    {"/silent", NULL, 0},
    {"/garbage", "SSH-2.0-OpenSSH_9\r\nConnection: close\r\n\r\n", 0},
    {"/unknown", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nxx", 0},
    {"/double", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\nxx",
     0},
    {"/not-gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", 0},
    {"/folded", "HTTP/1.1 200 OK\r\n folded: line\r\nContent-Length: 2\r\n\r\nok", 0},
    {NULL, NULL, 0},
};

TEST(reads_a_page) {
    BENCH struct bench b;

    bench_init(&b, pages);
    get(&b, "/");
    CHECK_INT(b.code, CODE_NONE);
    CHECK_INT(b.status, 200);
    CHECK(b.was_sent);
    CHECK_STR(buf_str(&b.body), "hello");
    CHECK_STR(buf_str(&b.content_type), "text/html");
    CHECK_INT(b.body_bytes, 5);
    CHECK(!strstr(b.site->last_head, "\nX-Evil"));
    CHECK(strstr(b.site->last_head, "\r\nHost: site.test:"));
}

TEST(keeps_a_connection_only_where_it_is_worth_it) {
    BENCH struct bench b;

    bench_init(&b, pages);
    b.keep = true;
    for (int i = 0; i < 3; i++)
        get(&b, "/");
    CHECK_INT(b.site->n_connections, 1);
    b.keep = false;
    for (int i = 0; i < 3; i++)
        get(&b, "/");
    CHECK_INT(b.site->n_connections, 3); /* the first of them took the kept one */
}

TEST(reports_redirects_and_follows_none) {
    BENCH struct bench b;

    bench_init(&b, pages);
    get(&b, "/moved");
    CHECK_INT(b.code, CODE_NONE);
    CHECK_INT(b.status, 302);
    CHECK_STR(buf_str(&b.location), "/");
    CHECK_INT(site_visits(b.site), 1);
}

TEST(forgets_interim_answers) {
    BENCH struct bench b;

    bench_init(&b, pages);
    get(&b, "/interim");
    CHECK_INT(b.status, 200);
    CHECK_STR(buf_str(&b.location), "");
    CHECK_STR(buf_str(&b.body), "ok");
}

/* libcurl 7.88 writes to freed memory here if its handle served a request before. */
TEST(survives_a_head_that_begins_with_a_space) {
    BENCH struct bench b;

    bench_init(&b, pages);
    for (int i = 0; i < 3; i++) {
        get(&b, "/");
        CHECK_INT(b.code, CODE_NONE);
        get(&b, "/folded");
        CHECK(b.code == CODE_PROTOCOL_ERROR || b.code == CODE_NONE); /* newer ones take it */
    }
}

TEST(limits_how_long_a_server_may_send_us_away) {
    BENCH struct bench b;

    bench_init(&b, pages);
    get(&b, "/busy");
    CHECK_INT(b.status, 429);
    CHECK_INT(b.retry_after_ms, 3600 * 1000);
}

TEST(tells_failures_apart) {
    BENCH struct bench b;

    bench_init(&b, pages);
    b.timeout_ms = 300;
    get(&b, "/cut");
    CHECK_INT(b.code, CODE_CONNECTION_LOST);
    get(&b, "/silent");
    CHECK_INT(b.code, CODE_TIMEOUT);
    CHECK(b.was_sent);
    get(&b, "/garbage");
    CHECK_INT(b.code, CODE_PROTOCOL_ERROR);
    get(&b, "/unknown");
    CHECK_INT(b.code, CODE_BAD_ENCODING);
    get(&b, "/double");
    CHECK_INT(b.code, CODE_BAD_ENCODING);
    get(&b, "/not-gzip");
    CHECK_INT(b.code, CODE_BAD_ENCODING);
    get_from(&b, "site.test", "127.0.0.1", 1, "/");
    CHECK_INT(b.code, CODE_CONNECT_ERROR);
    CHECK(!b.was_sent);
}

/* --- coded bodies ------------------------------------------------------------------- */

/* An answer whose body is the gzip form of |n| times |c|, without its last |cut| bytes. */
static struct page gzip_page(const char *path, char c, size_t n, size_t cut) {
    z_stream z = {0};
    char *plain = mem_new(n, 1), *answer = mem_new(n + 1024, 1);
    int head;

    memset(plain, c, n);
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    z.next_in = (Bytef *)plain;
    z.avail_in = (uInt)n;
    head =
        sprintf(answer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\n\r\n");
    z.next_out = (Bytef *)answer + head;
    z.avail_out = (uInt)(n + 1024) - (uInt)head;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    (void)deflateEnd(&z);
    free(plain);
    return (struct page){path, answer, (size_t)head + z.total_out - cut};
}

enum { CODED = 5 };

static void coded_done(struct page (*coded)[CODED]) {
    for (size_t i = 0; i < CODED; i++)
        free((char *)(uintptr_t)(*coded)[i].answer);
}

TEST(decodes_and_limits_coded_bodies) {
    __attribute__((cleanup(coded_done))) struct page coded[CODED] = {
        gzip_page("/small", 'x', 1000, 0),
        gzip_page("/cut", 'x', 1000, 3),
        gzip_page("/bomb", ' ', 20 << 20, 0),
        gzip_page("/big", 'x', 900000, 0),
        {NULL, NULL, 0}};
    BENCH struct bench b;

    bench_init(&b, coded);
    get(&b, "/small");
    CHECK_INT(b.code, CODE_NONE);
    CHECK_INT(b.body.len, 1000);
    get(&b, "/cut"); /* libcurl would call it a success */
    CHECK_INT(b.code, CODE_BAD_ENCODING);
    b.max_body_bytes = 64 << 20;
    get(&b, "/bomb");
    CHECK_INT(b.code, CODE_BODY_TOO_LARGE);
    CHECK(b.body_bytes < 17 << 20); /* from 16 MiB on 200 times what came is too much */
    b.max_body_bytes = 500000;
    get(&b, "/big");
    CHECK_INT(b.code, CODE_BODY_TOO_LARGE);
    CHECK(b.body_bytes < 600000);
}

/* More head than is taken, in many lines and in one: either libcurl ends it or we. */
TEST(limits_the_head) {
    size_t len = 300 << 10;
    OWNED_CHARS char *many = mem_new(len + 64, 1), *one = mem_new(len + 64, 1);
    size_t at = (size_t)sprintf(many, "HTTP/1.1 200 OK\r\n");
    struct page huge[] = {{"/many", many, 0}, {"/one", one, 0}, {NULL, NULL, 0}};
    BENCH struct bench b;

    while (at < len)
        at += (size_t)sprintf(many + at, "X-Filler: 0123456789012345678901234567890\r\n");
    (void)sprintf(many + at, "\r\n");
    at = (size_t)sprintf(one, "HTTP/1.1 200 OK\r\nX-Filler: ");
    memset(one + at, 'x', len - at);
    (void)sprintf(one + len, "\r\n\r\n");
    bench_init(&b, huge);
    get(&b, "/many");
    CHECK_INT(b.code, CODE_PROTOCOL_ERROR);
    get(&b, "/one");
    CHECK_INT(b.code, CODE_PROTOCOL_ERROR);
}

/* --- addresses ------------------------------------------------------------------------- */

/* Both the check of a new socket and the one before a request is sent refuse: with
 * one of them off the other still keeps the request back. */
TEST(refuses_addresses) {
    struct site *inside = site_new_at(pages, "127.0.0.2");
    BENCH struct bench b;
    size_t n_visits;

    bench_init(&b, pages);
    get_from(&b, "site.test", "127.0.0.2", inside->port, "/");
    CHECK_INT(b.code, CODE_BLOCKED_ADDRESS);
    get_from(&b, "127.0.0.2", NULL, inside->port, "/");
    CHECK_INT(b.code, CODE_BLOCKED_ADDRESS);
    get_from(&b, "[::1]", NULL, inside->port, "/");
    CHECK_INT(b.code, CODE_BLOCKED_ADDRESS);
    CHECK(!b.was_sent);
    get_from(&b, "127.0.0.1", NULL, b.site->port, "/");
    CHECK_INT(b.code, CODE_NONE);
    n_visits = site_visits(inside);
    site_free(inside);
    CHECK_INT(n_visits, 0);
}

/* A name that meant an allowed address means another one now. */
TEST(goes_by_the_addresses_of_each_request) {
    BENCH struct bench b;

    bench_init(&b, pages);
    get(&b, "/");
    CHECK_INT(b.code, CODE_NONE);
    get_from(&b, "site.test", "192.0.2.1", b.site->port, "/");
    CHECK_INT(b.code, CODE_BLOCKED_ADDRESS);
    get(&b, "/");
    CHECK_INT(b.code, CODE_NONE);
}

TEST(never_resolves_by_itself) {
    BENCH struct bench b;
    struct fetch *t;
    struct fetch_request r = {.host = STR("other.test"),
                              .port = 80,
                              .timeout_ms = 1000,
                              .max_body_bytes = 1,
                              .user_agent = STR("t"),
                              .url = STR("http://localhost/")};
    struct address a;

    bench_init(&b, NULL);
    CHECK_OK(address_parse(STR("127.0.0.1"), &a));
    r.addresses = &a;
    r.n_addresses = 1;
    CHECK_OK(fetch_start(b.fetcher, &r, &b, &t));
    bench_wait(&b);
    CHECK(b.is_done);
    CHECK(b.code != CODE_NONE);
    CHECK(!b.was_sent);
}

TEST(ends_what_is_aborted) {
    BENCH struct bench b;
    struct fetch *t;
    struct fetch_request r = {
        .host = STR("127.0.0.1"), .timeout_ms = 5000, .max_body_bytes = 10, .user_agent = STR("t")};
    OWNED_BUF struct buf url = BUF_INIT(256);

    bench_init(&b, pages);
    CHECK_OK(buf_printf(&url, "http://127.0.0.1:%u/silent", b.site->port));
    r.url = buf_str(&url);
    CHECK_OK(fetch_start(b.fetcher, &r, &b, &t));
    for (int i = 0; i < 1000 && !b.was_sent; i++) {
        int64_t wait_ms = fetcher_run(b.fetcher, clock_mono_ms());

        loop_wait(b.loop, wait_ms > 10 ? 10 : wait_ms);
    }
    CHECK(b.was_sent);
    fetch_abort(t);
    for (int i = 0; i < 5; i++) {
        (void)fetcher_run(b.fetcher, clock_mono_ms());
        loop_wait(b.loop, 1);
    }
    CHECK(!b.is_done);
    CHECK_OK(fetch_start(b.fetcher, &r, &b, &t)); /* freed with the fetcher */
}

/* Listens, but has no room for anybody: who connects waits. */
static uint16_t deaf_port(int fds[3]) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    for (int i = 0; i < 3; i++)
        if ((fds[i] = socket(AF_INET, SOCK_STREAM | (i ? SOCK_NONBLOCK : 0), 0)) < 0)
            abort();
    if (bind(fds[0], (struct sockaddr *)&at, sizeof at) != 0 || listen(fds[0], 0) != 0 ||
        getsockname(fds[0], (struct sockaddr *)&at, &len) != 0)
        abort();
    for (int i = 1; i < 3; i++)
        if (connect(fds[i], (struct sockaddr *)&at, sizeof at) != 0 && errno != EINPROGRESS)
            abort();
    return ntohs(at.sin_port);
}

/* libcurl 7.88 closes a socket that is still connecting without telling us. */
TEST(knows_a_descriptor_that_comes_again) {
    BENCH struct bench b;
    OWNED_BUF struct buf url = BUF_INIT(256);
    struct fetch_request r = {
        .host = STR("127.0.0.1"), .timeout_ms = 5000, .max_body_bytes = 10, .user_agent = STR("t")};
    struct fetch *t;
    int fds[3];

    bench_init(&b, pages);
    CHECK_OK(buf_printf(&url, "http://127.0.0.1:%u/", deaf_port(fds)));
    r.url = buf_str(&url);
    CHECK_OK(fetch_start(b.fetcher, &r, &b, &t));
    for (int i = 0; i < 5; i++) {
        (void)fetcher_run(b.fetcher, clock_mono_ms());
        loop_wait(b.loop, 1);
    }
    fetch_abort(t);
    get(&b, "/");
    CHECK(b.code == CODE_NONE);
    CHECK_STR(buf_str(&b.body), "hello");
    for (int i = 0; i < 3; i++)
        (void)close(fds[i]);
}

int main(int argc, char **argv) {
    int failed;

    if (fetch_global_init() != ERR_OK)
        return 1;
    failed = test_main(argc > 1 ? argv[1] : NULL);
    fetch_global_done();
    return failed;
}
