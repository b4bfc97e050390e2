/* What answers take of the desk, without a socket: links as they are exported, and polls of a job,
 * with a body and with 304.
 *
 *   answer_bench [N export|poll|unchanged [FOLDER]]     N of them; default: all three, often
 */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "bench/settled.h"
#include "crawler/crew.h"

enum { PAGES = 1000, LINKS = 20 };

/* Stand in for the crew, which runs nothing here. */
uint64_t crew_running(struct crew *e, int64_t job) {
    return (void)e, (void)job, 0;
}

void crew_hosts(struct crew *e, int64_t job, struct engine_host *hosts, size_t n) {
    (void)e, (void)job, (void)hosts, (void)n;
}

struct desk {
    struct store *store;
    struct job *job;
    struct api *api;
    char etag[100]; /* of the last answer */
};

static void desk_open(struct desk *d, const char *folder) {
    static const char *const hosts[] = {NULL};
    struct api_options o = {.is_loopback = true,
                            .allowed_hosts = hosts,
                            .defaults = {.user_agent = (char[]){""}, .schemes = (char[]){""}}};

    d->store = o.store = open_store(folder);
    d->job = make_job(d->store, PAGES, false);
    (void)settle_all(d->store, d->job->no, LINKS);
    d->api = api_new(&o);
}

static void desk_close(struct desk *d) {
    api_free(d->api);
    job_free(d->job);
    store_free(d->store);
}

static void keep_etag(struct desk *d, const struct api_response *r) {
    for (size_t i = 0; i < r->n_headers; i++)
        if (str_eq(r->headers[i].name, STR("ETag")))
            (void)snprintf(d->etag, sizeof d->etag, "%.*s", (int)r->headers[i].value.len,
                           r->headers[i].value.ptr);
}

/* All that the reader gives, as a socket takes it; how much. */
static size_t read_all(const struct api_reader *reader) {
    static char piece[64 << 10];
    size_t bytes = 0;
    ssize_t n = 0;

    while (reader->read && ((n = reader->read(reader->arg, piece, sizeof piece)) > 0))
        bytes += (size_t)n;
    check(n == 0 ? ERR_OK : ERR_IO, "read");
    return bytes;
}

/* GET of the job, and of what is |below| it; bytes of the body. */
static size_t get(struct desk *d, const char *below, bool is_conditional, unsigned status) {
    char id[UUID_TEXT_LEN + 1] = "", target[200];
    struct api_header headers[] = {{STR("Host"), STR("localhost:8080")},
                                   {STR("If-None-Match"), str_of(d->etag)}};
    struct api_request r = {.method = STR("GET"),
                            .version = STR("HTTP/1.1"),
                            .headers = headers,
                            .n_headers = is_conditional ? 2 : 1,
                            .now_ms = clock_wall_ms()};
    OWNED(api_call) struct api_call *c = NULL;
    struct api_response *response;

    uuid_text(&d->job->id, id);
    (void)snprintf(target, sizeof target, "/v1/jobs/%s%s", id, below);
    r.target = str_of(target);
    c = api_call_new(d->api, &r);
    api_call_finish(c);
    response = api_call_response(c);
    check(response->status == status ? ERR_OK : ERR_INVALID, target);
    keep_etag(d, response);
    return response->body.len + read_all(&response->reader);
}

static void export_links(struct desk *d, long n) {
    double start = cpu_us(), took, bytes = 0;

    for (long i = 0; i < n; i++)
        bytes += (double)get(d, "/links?format=tsv", false, 200);
    took = cpu_us() - start;
    printf("export: %.0f MB/s, %.3f us of CPU a link\n", bytes / took,
           took / (double)(n * PAGES * LINKS));
}

static void poll_job(struct desk *d, long n, bool is_conditional) {
    double start;

    (void)get(d, "", false, 200);
    start = cpu_us();
    for (long i = 0; i < n; i++)
        (void)get(d, "", is_conditional, is_conditional ? 304 : 200);
    printf("poll%s: %.2f us of CPU each\n", is_conditional ? ", 304" : "",
           (cpu_us() - start) / (double)n);
}

static void run(long n, const char *what, const char *folder) {
    char made[200];
    struct desk d = {0};

    make_folder(folder, made);
    desk_open(&d, made);
    if (strcmp(what, "export") == 0)
        export_links(&d, n);
    else
        poll_job(&d, n, strcmp(what, "unchanged") == 0);
    desk_close(&d);
    remove_folder(made);
}

int main(int argc, char **argv) {
    if (argc > 2) {
        run(strtol(argv[1], NULL, 10), argv[2], argc > 3 ? argv[3] : "/tmp");
        return 0;
    }
    run(100, "export", "/tmp");
    run(100000, "poll", "/tmp");
    run(100000, "unchanged", "/tmp");
    return 0;
}
