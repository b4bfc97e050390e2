/* service - the desk over a real store in a temporary folder, for tests that need
 * no socket: opened once, called by lines, answers kept in |body| and |head|.
 */
#ifndef TESTS_UNIT_API_SERVICE_H
#define TESTS_UNIT_API_SERVICE_H

#include <unistd.h>

#include "api/api.h"
#include "base/clock.h"
#include "crawler/crew.h"
#include "tests/test.h"

static struct api *api;
static struct store *store;
static uint64_t running;        /* what the crew says it has */
static struct engine_host held; /* what it says it holds of any host */
static bool stopping;
static int64_t ahead_ms; /* of the real clock: the one that calls go by */
static char folder[64];

/* Stands in for the crew, of which the desk asks only these. */
uint64_t crew_running(struct crew *e, int64_t job) {
    (void)e;
    (void)job;
    return running;
}

void crew_hosts(struct crew *e, int64_t job, struct engine_host *hosts, size_t n) {
    (void)e;
    (void)job;
    for (size_t i = 0; i < n; i++) {
        held.host = hosts[i].host;
        hosts[i] = held;
    }
}

static enum err metrics(void *arg, struct buf *out) {
    (void)arg;
    return buf_put(out, STR("crawld_up 1\n"));
}

static void open_service(void) {
    static const char *const hosts[] = {"crawl.example", NULL};
    struct store_options so = {.min_free_bytes = 0, .max_queued_urls = 100000};
    struct api_options o = {.min_host_delay_ms = 100, .max_host_connections = 2};
    OWNED_BUF struct buf why = BUF_INIT(1000), url = BUF_INIT(1000);

    (void)strcpy(folder, "/tmp/crawld-api-XXXXXX");
    if (!mkdtemp(folder) || buf_printf(&url, "sqlite:%s/crawld.db", folder) != ERR_OK)
        exit(1);
    so.url = buf_str(&url);
    if (store_open(&so, &store, &why) != ERR_OK) {
        printf("%.*s\n", (int)why.len, why.ptr);
        exit(1);
    }
    o.store = store;
    o.crew = (struct crew *)(void *)folder;
    o.defaults = (struct job_options){.host_delay_ms = 1000,
                                      .host_connections = 2,
                                      .timeout_ms = 30000,
                                      .max_body_bytes = 10 << 20,
                                      .max_redirects = 10,
                                      .max_attempts = 3,
                                      .user_agent = (char[]){"crawld/test"},
                                      .schemes = (char[]){"http,https"},
                                      .elements = 1 << TAG_A,
                                      .max_links = 100000,
                                      .scope = SCOPE_MODE_HOST};
    o.max_request_bytes = 64 << 10;
    o.is_loopback = true;
    o.allowed_hosts = hosts;
    o.metrics = metrics;
    o.stopping = &stopping;
    api = api_new(&o);
}

static void close_service(void) {
    char command[128];

    api_free(api);
    store_free(store);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0)
        printf("%s was left behind\n", folder);
}

/* The answer of the last call. */
static struct buf body = {.max = 64 << 20}, head = {.max = 1 << 16};

static void keep_answer(struct api_response *r) {
    char piece[777];
    ssize_t n = 0;
    enum err e = ERR_OK;

    buf_clear(&body);
    buf_clear(&head);
    for (size_t i = 0; i < r->n_headers && e == ERR_OK; i++)
        e = buf_printf(&head, "%.*s: %.*s\n", (int)r->headers[i].name.len, r->headers[i].name.ptr,
                       (int)r->headers[i].value.len, r->headers[i].value.ptr);
    if (e == ERR_OK)
        e = buf_put(&body, buf_str(&r->body));
    while (r->reader.read &&
           ((n = r->reader.read(r->reader.arg, piece, sizeof piece)) > 0 || n == API_AGAIN))
        if (n > 0 && buf_put(&body, str_at(piece, (size_t)n)) != ERR_OK)
            break;
    if (n < 0 || e != ERR_OK)
        buf_clear(&body); /* broken off */
}

/* |target|: "POST /v1/jobs"; |lines|: "Name: value" lines beside Host. */
static unsigned call(const char *line, const char *lines, struct str content) {
    struct api_header headers[8] = {{STR("Host"), STR("localhost:8080")}};
    struct str rest = str_of(lines), target = str_of(line);
    struct api_request r = {.version = STR("HTTP/1.1"), .headers = headers, .n_headers = 1};
    OWNED(api_call) struct api_call *c = NULL;

    r.method = str_cut(&target, ' ');
    r.target = target;
    r.now_ms = clock_wall_ms() + ahead_ms;
    while (rest.len) {
        struct str value = str_cut(&rest, '\n');
        struct str name = str_cut(&value, ':');

        headers[r.n_headers++] = (struct api_header){name, str_trim(value)};
    }
    c = api_call_new(api, &r);
    for (size_t at = 0; api_call_wants_body(c) && at < content.len; at += 1000)
        if (!api_call_body(c, str_upto(str_from(content, at), 1000)))
            return 0;
    api_call_finish(c);
    keep_answer(api_call_response(c));
    return api_call_response(c)->status;
}

static unsigned get(const char *target) {
    char line[1024];

    (void)snprintf(line, sizeof line, "GET %s", target);
    return call(line, "", STR_NONE);
}

__attribute__((unused)) static unsigned post_json(const char *text) {
    return call("POST /v1/jobs", "Content-Type: application/json", str_of(text));
}

__attribute__((unused)) static unsigned post_text(const char *query, const char *text) {
    char line[512];

    (void)snprintf(line, sizeof line, "POST /v1/jobs%s", query);
    return call(line, "Content-Type: text/plain; charset=UTF-8", str_of(text));
}

static bool holds(const char *what) {
    if (str_find_str(buf_str(&body), str_of(what)) != STR_END)
        return true;
    printf("  %s is not in %.*s\n", what, (int)body.len, body.ptr);
    return false;
}

__attribute__((unused)) static bool has_header(const char *what) {
    if (str_find_str(buf_str(&head), str_of(what)) != STR_END)
        return true;
    printf("  %s is not in %.*s\n", what, (int)head.len, head.ptr);
    return false;
}

/* "/v1/jobs/{id}|below|" of the job in the last answer. */
static const char *job_path(const char *below) {
    static char path[256], id[UUID_TEXT_LEN + 1];
    size_t at = str_find_str(buf_str(&body), STR("{\"id\":\""));

    if (at != STR_END) {
        memcpy(id, body.ptr + at + 7, UUID_TEXT_LEN);
        id[UUID_TEXT_LEN] = '\0';
    }
    (void)snprintf(path, sizeof path, "/v1/jobs/%s%s", id, below);
    return path;
}

__attribute__((unused)) static unsigned count(const char *what) {
    struct str rest = buf_str(&body);
    unsigned n = 0;
    size_t at;

    while ((at = str_find_str(rest, str_of(what))) != STR_END) {
        rest = str_from(rest, at + strlen(what));
        n++;
    }
    return n;
}

static int service_main(int argc, char **argv) {
    int failed;

    open_service();
    failed = test_main(argc > 1 ? argv[1] : NULL);
    close_service();
    buf_done(&body);
    buf_done(&head);
    return failed;
}

#endif
