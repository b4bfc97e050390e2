/* The engine with a real store and real sites. */
#include "crawler/crew.h"

#include "crawler/domain.h"
#include "crawler/url.h"
#include "tests/contract/store_rig.h"
#include "tests/unit/crawler/site.h"

struct crawl {
    struct rig rig;
    struct site *site;
    struct addrguard *guard;
    struct crew *crew;
    struct job *job;
    char agent[8], schemes[16];
    struct job_options options;
};

static const struct page pages[] = {
    {"/",
     "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\r\n"
     "<a href=/next>next</a>  ",
     0},
    {"/1", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", 0},
    {"/2", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2", 0},
    {"/3", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3", 0},
    {"/moved", "HTTP/1.1 301 Moved\r\nLocation: /1#part\r\nContent-Length: 0\r\n\r\n", 0},
    {"/loop", "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n", 0},
    {"/nowhere", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", 0},
    {"/file", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", 0},
    {"/wrong", "HTTP/1.1 302 Found\r\nLocation: http://[/\r\nContent-Length: 0\r\n\r\n", 0},
    {"/private", "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n",
     0},
    {"/broken", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 0},
    {"/silent", NULL, 0},
    {"/secret", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n?", 0},
    {NULL, NULL, 0},
};

static void crawl_init(struct crawl *c) {
    *c = (struct crawl){.agent = "test", .schemes = "http,https"};
    c->options = (struct job_options){.host_connections = 2,
                                      .timeout_ms = 3000,
                                      .max_body_bytes = 1 << 20,
                                      .max_redirects = 3,
                                      .max_attempts = 1,
                                      .user_agent = c->agent,
                                      .robots = ROBOTS_IGNORE,
                                      .schemes = c->schemes,
                                      .elements = UINT64_MAX,
                                      .max_links = 100};
    rig_new_folder(&c->rig);
    c->site = site_new(pages);
    c->guard = addrguard_new();
    if (rig_open(&c->rig) != ERR_OK || addrguard_allow(c->guard, STR("127.0.0.1/32")) != ERR_OK)
        abort();
}

static void crawl_start(struct crawl *c) {
    const struct crew_options o = {.engine = {.store = c->rig.store,
                                              .addrguard = c->guard,
                                              .dns_servers = STR("127.0.0.1:1"),
                                              .max_transfers = 100,
                                              .window_bytes = 1 << 20,
                                              .drain_ms = 200,
                                              .patience_divisor = 500},
                                   .n_engines = 3};

    if (crew_new(&o, &c->crew) != ERR_OK)
        abort();
}

static void crawl_done(struct crawl *c) {
    if (c->crew)
        crew_stop(c->crew);
    store_stop(c->rig.store);
    crew_free(c->crew);
    addrguard_free(c->guard);
    job_free(c->job);
    rig_done(&c->rig);
    site_free(c->site);
}
#define CRAWL __attribute__((cleanup(crawl_done))) struct crawl

static void add(struct ingest *in, const char *text) {
    OWNED_URL struct url u = {0};
    OWNED_BUF struct buf key = BUF_INIT(1024);

    url_init(&u);
    if (url_parse(&u, str_of(text), NULL, NULL) != ERR_OK || url_host_key(&u, &key) != ERR_OK ||
        ingest_add(in, &(struct seed){.url = url_href(&u),
                                      .host_key = buf_str(&key),
                                      .bucket = domain_bucket(url_hostname(&u))}) != ERR_OK)
        abort();
}

/* A job of |paths| of the site, separated by spaces; what begins with "http" is whole. */
static void submit(struct crawl *c, const char *paths) {
    OWNED(ingest) struct ingest *in = NULL;
    const struct job draft = {.priority = 5, .created_at = 1, .options = c->options};
    struct submission sub = {0};
    struct str rest = str_of(paths);
    char url[256];

    if (store_ingest_new(c->rig.store, &in) != ERR_OK)
        abort();
    while (rest.len) {
        struct str path = str_cut(&rest, ' ');

        if (str_starts(path, STR("http")))
            (void)snprintf(url, sizeof url, "%.*s", (int)path.len, path.ptr);
        else
            (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%.*s", c->site->port, (int)path.len,
                           path.ptr);
        add(in, url);
    }
    job_free(c->job);
    c->job = NULL;
    if (ingest_commit(in, &draft, &c->job, &sub) != ERR_OK)
        abort();
    submission_done(&sub);
}

static bool wait_until(struct crawl *c, enum job_state state) {
    for (int64_t end = clock_mono_ms() + 15000; clock_mono_ms() < end; (void)usleep(5000)) {
        struct uuid id = c->job->id;

        job_free(c->job);
        c->job = NULL;
        if (store_job_get(c->rig.store, &id, &c->job) != ERR_OK)
            return false;
        if (c->job->state == state)
            return true;
    }
    return false;
}

static void wait_for_visits(struct crawl *c, size_t n) {
    for (int64_t end = clock_mono_ms() + 5000; site_visits(c->site) < n && clock_mono_ms() < end;)
        (void)usleep(5000);
}

struct found {
    enum code code;
    uint32_t status, attempts, links;
    char final_url[128], redirects[256];
    int n;
};

static bool take_record(void *arg, const struct record *r) {
    struct found *f = arg;

    f->n++;
    f->code = r->code;
    f->status = r->http_status;
    f->attempts = r->attempts;
    f->links = r->links_found;
    (void)snprintf(f->final_url, sizeof f->final_url, "%.*s", (int)r->final_url.len,
                   r->final_url.len ? r->final_url.ptr : "");
    (void)snprintf(f->redirects, sizeof f->redirects, "%.*s", (int)r->redirects.len,
                   r->redirects.len ? r->redirects.ptr : "");
    return true;
}

/* The record of the one URL that was submitted. */
static struct found crawl_one(struct crawl *c, const char *path) {
    const struct record_filter any = {0};
    struct found f = {.code = CODE_COUNT};
    int64_t after = 0;
    bool more;

    submit(c, path);
    if (!c->crew)
        crawl_start(c);
    if (!wait_until(c, JOB_COMPLETED) || store_records_read(c->rig.store, c->job->no, &any, &after,
                                                            10, take_record, &f, &more) != ERR_OK)
        f.code = CODE_COUNT;
    return f;
}

/* What is running leaves a moment after its commit was seen. */
static uint64_t running_in_the_end(struct crawl *c) {
    for (int64_t end = clock_mono_ms() + 5000;
         crew_running(c->crew, c->job->no) > 0 && clock_mono_ms() < end;)
        (void)usleep(5000);
    return crew_running(c->crew, c->job->no);
}

TEST(crawls_a_list) {
    CRAWL c;

    crawl_init(&c);
    submit(&c, "/ /1 /2 /3 /missing");
    crawl_start(&c);
    CHECK(wait_until(&c, JOB_COMPLETED));
    CHECK_INT(c.job->counts.by_outcome[OUTCOME_SUCCEEDED], 4);
    CHECK_INT(c.job->counts.by_outcome[OUTCOME_FAILED], 1);
    CHECK_INT(site_visits(c.site), 5);
    CHECK_INT(running_in_the_end(&c), 0);
}

TEST(counts_the_delay_between_two_jobs_of_one_host) {
    CRAWL c;

    crawl_init(&c);
    c.options.host_delay_ms = 100;
    submit(&c, "/1 /2 /3");
    submit(&c, "/1 /2 /3");
    crawl_start(&c);
    CHECK(wait_until(&c, JOB_COMPLETED));
    wait_for_visits(&c, 6);
    CHECK_INT(site_visits(c.site), 6);
    for (size_t i = 1; i < 6; i++)
        CHECK(c.site->visits[i].at_ms - c.site->visits[i - 1].at_ms >= 99);
}

TEST(follows_redirects_through_the_gate) {
    CRAWL c;
    struct found f;

    crawl_init(&c);
    f = crawl_one(&c, "/moved");
    CHECK_INT(f.code, CODE_NONE);
    CHECK_INT(f.status, 200);
    CHECK(strstr(f.final_url, "/1") && !strstr(f.final_url, "#"));
    CHECK(strstr(f.redirects, "301 http://127.0.0.1:"));
    CHECK_INT(crawl_one(&c, "/loop").code, CODE_TOO_MANY_REDIRECTS);
    CHECK_INT(crawl_one(&c, "/nowhere").code, CODE_HTTP_3XX);
    CHECK_INT(crawl_one(&c, "/file").code, CODE_UNSUPPORTED_SCHEME);
    CHECK_INT(crawl_one(&c, "/wrong").code, CODE_INVALID_URL);
    CHECK_INT(crawl_one(&c, "/private").code, CODE_BLOCKED_ADDRESS);
    c.options.max_redirects = 0;
    CHECK_INT(crawl_one(&c, "/moved").code, CODE_TOO_MANY_REDIRECTS);
}

TEST(refuses_addresses_without_asking_them) {
    CRAWL c;
    struct found f;

    crawl_init(&c);
    f = crawl_one(&c, "http://127.0.0.2/");
    CHECK_INT(f.code, CODE_BLOCKED_ADDRESS);
    CHECK_INT(f.attempts, 1);
    CHECK_INT(crawl_one(&c, "http://[::ffff:10.0.0.1]/").code, CODE_BLOCKED_ADDRESS);
    CHECK_INT(crawl_one(&c, "http://name.invalid/").code, CODE_DNS_ERROR);
}

TEST(tries_again_where_it_may_help) {
    CRAWL c;
    struct found f;

    crawl_init(&c);
    c.options.max_attempts = 2;
    f = crawl_one(&c, "/broken");
    CHECK_INT(f.code, CODE_HTTP_5XX);
    CHECK_INT(f.attempts, 2);
    CHECK_INT(site_visits(c.site), 2);
    CHECK(c.site->visits[1].at_ms - c.site->visits[0].at_ms >= 499);
    CHECK_INT(crawl_one(&c, "/missing").attempts, 1);
}

TEST(lets_a_cancelled_job_go) {
    OWNED(job) struct job *moved = NULL;
    CRAWL c;

    crawl_init(&c);
    c.options.timeout_ms = 20000;
    submit(&c, "/silent /1 /2");
    crawl_start(&c);
    wait_for_visits(&c, 1);
    CHECK_OK(store_job_move(c.rig.store, &c.job->id, JOB_CANCELLING, &moved));
    CHECK(wait_until(&c, JOB_CANCELLED));
    CHECK_INT(running_in_the_end(&c), 0);
}

TEST(gives_up_what_is_deleted) {
    struct uuid id;
    CRAWL c;

    crawl_init(&c);
    c.options.timeout_ms = 20000;
    submit(&c, "/silent");
    id = c.job->id;
    crawl_start(&c);
    wait_for_visits(&c, 1);
    CHECK_INT(crew_running(c.crew, c.job->no), 1);
    CHECK_OK(store_job_delete(c.rig.store, &id));
    CHECK_INT(running_in_the_end(&c), 0);
}

TEST(leaves_with_the_store_what_it_did_not_finish) {
    CRAWL c;

    crawl_init(&c);
    c.options.timeout_ms = 20000;
    submit(&c, "/silent /1");
    crawl_start(&c);
    wait_for_visits(&c, 2);
    crew_stop(c.crew);
    CHECK(wait_until(&c, JOB_RUNNING));
    CHECK_INT(c.job->counts.by_outcome[OUTCOME_SUCCEEDED], 1);
    CHECK_INT(job_unfinished(c.job), 1);
}

TEST(runs_beside_another_engine) {
    CRAWL a;
    CRAWL b;

    crawl_init(&a);
    crawl_init(&b);
    submit(&a, "/ /1 /2 /3");
    submit(&b, "/ /1 /2 /3");
    crawl_start(&a);
    crawl_start(&b);
    CHECK(wait_until(&a, JOB_COMPLETED));
    CHECK(wait_until(&b, JOB_COMPLETED));
    CHECK_INT(site_visits(a.site), 4);
    CHECK_INT(site_visits(b.site), 4);
}

/* --- what hosts ask for ------------------------------------------------------------ */

static const struct page polite_pages[] = {
    {"/robots.txt",
     "HTTP/1.1 200 OK\r\nContent-Length: 68\r\n\r\n"
     "User-agent: test\nDisallow: /2\n\nUser-agent: *\nDisallow: /\nAllow: /3  ",
     0},
    {"/1", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", 0},
    {"/3", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3", 0},
    {"/to2", "HTTP/1.1 301 Moved\r\nLocation: /2\r\nContent-Length: 0\r\n\r\n", 0},
    {NULL, NULL, 0},
};
static const struct page broken_robots[] = {
    {"/robots.txt", "HTTP/1.1 503 Oops\r\nContent-Length: 0\r\n\r\n", 0},
    {"/1", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", 0},
    {NULL, NULL, 0},
};

static void polite_init(struct crawl *c, const struct page *site) {
    crawl_init(c);
    site_free(c->site);
    c->site = site_new(site);
    c->options.robots = ROBOTS_OBEY;
}

static size_t visits_of(const struct crawl *c, const char *path) {
    size_t n = 0;

    for (size_t i = 0; i < site_visits(c->site); i++)
        n += strcmp(c->site->visits[i].path, path) == 0;
    return n;
}

TEST(asks_for_robots_first_and_once) {
    CRAWL c;

    polite_init(&c, polite_pages);
    crawl_start(&c);
    submit(&c, "/1 /2 /3 /to2");
    CHECK(wait_until(&c, JOB_COMPLETED));
    CHECK_STR(str_of(c.site->visits[0].path), "/robots.txt");
    CHECK_INT(visits_of(&c, "/robots.txt"), 1);
    CHECK_INT(visits_of(&c, "/2"), 0);
    CHECK_INT(c.job->counts.by_outcome[OUTCOME_SUCCEEDED], 2);
    CHECK_INT(c.job->counts.by_outcome[OUTCOME_DISALLOWED], 2);
}

TEST(chooses_the_group_of_the_job) {
    CRAWL c;

    polite_init(&c, polite_pages);
    crawl_start(&c);
    (void)snprintf(c.agent, sizeof c.agent, "other");
    submit(&c, "/1 /3");
    CHECK(wait_until(&c, JOB_COMPLETED));
    CHECK_INT(c.job->counts.by_outcome[OUTCOME_SUCCEEDED], 1);
    CHECK_INT(c.job->counts.by_outcome[OUTCOME_DISALLOWED], 1);
    CHECK_INT(visits_of(&c, "/3"), 1);
}

TEST(knows_robots_after_a_restart) {
    CRAWL c;

    polite_init(&c, polite_pages);
    crawl_start(&c);
    submit(&c, "/1");
    CHECK(wait_until(&c, JOB_COMPLETED));
    crew_stop(c.crew);
    crew_free(TAKE(c.crew));
    crawl_start(&c);
    submit(&c, "/2 /3");
    CHECK(wait_until(&c, JOB_COMPLETED));
    CHECK_INT(visits_of(&c, "/robots.txt"), 1);
    CHECK_INT(c.job->counts.by_outcome[OUTCOME_DISALLOWED], 1);
}

TEST(a_job_may_ignore_robots) {
    CRAWL c;

    polite_init(&c, polite_pages);
    c.options.robots = ROBOTS_IGNORE;
    crawl_start(&c);
    submit(&c, "/1 /2");
    CHECK(wait_until(&c, JOB_COMPLETED));
    CHECK_INT(visits_of(&c, "/robots.txt"), 0);
    CHECK_INT(c.job->counts.by_outcome[OUTCOME_DISALLOWED], 0);
}

TEST(defers_where_robots_cannot_be_had_and_then_disallows) {
    CRAWL c;

    polite_init(&c, broken_robots);
    crawl_start(&c);
    submit(&c, "/1");
    CHECK(wait_until(&c, JOB_COMPLETED));
    CHECK_INT(visits_of(&c, "/robots.txt"), 4);
    CHECK_INT(visits_of(&c, "/1"), 0);
    CHECK_INT(c.job->counts.by_outcome[OUTCOME_DISALLOWED], 1);
}

/* Nobody listens there: after five failures in a row it is left alone, probed four times,
 * and what is left of it is settled as a whole. */
TEST(gives_up_a_dead_host) {
    static char paths[16000];
    CRAWL c;
    size_t n = 0;

    crawl_init(&c);
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(paths + n, sizeof paths - n, "%shttp://127.0.0.1:1/%d", i ? " " : "",
                              i);
    crawl_start(&c);
    submit(&c, paths);
    CHECK(wait_until(&c, JOB_COMPLETED));
    CHECK_INT(c.job->counts.by_outcome[OUTCOME_FAILED], 200);
}

/* From host to host, whose engines are not the same ones. */
TEST(hands_redirects_over_to_the_engines_of_other_hosts) {
    enum { HOPS = 12 };
    static struct page tables[HOPS][4];
    static char answers[HOPS][256];
    struct site *sites[HOPS];
    char first[64];
    CRAWL c;

    crawl_init(&c);
    c.options.max_redirects = HOPS;
    c.options.robots = ROBOTS_OBEY;
    c.options.timeout_ms = 10000;
    CHECK(addrguard_allow(c.guard, STR("127.0.0.0/8")) == ERR_OK);
    for (int i = 0; i < HOPS; i++) {
        char address[16];

        (void)snprintf(address, sizeof address, "127.0.1.%d", i + 1);
        if (i == 0)
            (void)snprintf(answers[i], sizeof answers[i],
                           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
        else
            (void)snprintf(answers[i], sizeof answers[i],
                           "HTTP/1.1 302 Found\r\nLocation: http://127.0.1.%d:%u/\r\n"
                           "Content-Length: 0\r\n\r\n",
                           i, sites[i - 1]->port);
        tables[i][0] = (struct page){"/", answers[i], 0};
        /* that of every other host is elsewhere, too */
        tables[i][1] = (struct page){i % 2 ? "/robots.txt" : "/none", answers[i], 0};
        sites[i] = site_new_at(tables[i], address);
    }
    crawl_start(&c);
    (void)snprintf(first, sizeof first, "http://127.0.1.%d:%u/", HOPS, sites[HOPS - 1]->port);
    submit(&c, first);
    CHECK(wait_until(&c, JOB_COMPLETED));
    CHECK_INT(c.job->counts.by_outcome[OUTCOME_SUCCEEDED], 1);
    CHECK_INT(running_in_the_end(&c), 0);
    for (int i = 0; i < HOPS; i++)
        site_free(sites[i]);
}

int main(int argc, char **argv) {
    int failed;

    if (engine_global_init() != ERR_OK)
        return 1;
    failed = test_main(argc > 1 ? argv[1] : NULL);
    engine_global_done();
    return failed;
}
