/* app - the service: puts its parts together, waits until it is told to stop, and
 * takes them apart in the opposite order. Runs on the main thread.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "crawler/crew.h"
#include "crawler/dispatcher.h"
#include "crawler/extract.h"
#include "crawler/killer.h"
#include "server/commands.h"
#include "server/config.h"
#include "server/httpd.h"
#include "server/sandbox.h"

enum {
    MAX_FILES = 1 << 20,     /* what we make use of */
    OTHER_FILES = 48,        /* database, epolls, spools, what is read for a moment */
    FILES_AN_ENGINE = 8,     /* epoll, wakes, resolver */
    MAX_CONNECTIONS = 12000, /* clients */
    MAX_WEBHOOKS = 32,       /* that are being sent */
    LEAST_SHARED = 16,       /* a few transfers and a few clients */
    MAX_LINE = 4096,
    HEALTH_SECONDS = 1,  /* between two looks at the store */
    PROGRESS_MS = 10000, /* between two webhooks about a job's progress */
};

struct app {
    char *const *argv; /* its options */
    struct config config;
    struct buf why; /* one line: why it cannot start */
    struct buf dns_servers;
    struct buf sandbox;                         /* what of it is in force */
    const char **allowed_hosts, **cors_origins; /* NULL ends; borrow from the config */
    struct job_options defaults;
    size_t max_transfers, max_webhooks;
    unsigned max_connections;
    bool stopping;            /* read by other threads: atomically */
    enum store_health health; /* as the log has it */

    struct blocklist *blocklist; /* NULL: none was named */
    struct addrguard *addrguard;
    struct addrguard *receivers; /* of webhooks */
    struct addrguard *proxies;   /* those that are trusted */
    struct store *store;
    struct killer *killer; /* NULL: it could not be opened */
    int listen_fd;
    struct crew *crew;
    struct metrics *metrics;
    struct auth *auth; /* NULL: no tokens */
    struct api *api;
    struct dispatcher *dispatcher;
    struct httpd *httpd;
};

/* --- before anything is opened ------------------------------------------------------- */

static int print_help(void) {
    OWNED_BUF struct buf text = BUF_INIT(64 << 10);

    if (buf_put(&text,
                STR("crawld serve [options]: run the service\n\nEach option is also a "
                    "variable; CRAWLD_X_FILE names a file that\nholds the value. What may be "
                    "repeated is comma-separated in a variable, one a\nline in a file. Sizes "
                    "may end in KiB, MiB, GiB.\n\n")) != ERR_OK ||
        config_help(&text) != ERR_OK)
        return EXIT_FAILURE;
    return fwrite(text.ptr, 1, text.len, stdout) == text.len ? 0 : EXIT_FAILURE;
}

static int usage(const struct buf *why) {
    (void)fprintf(stderr, "crawld: %.*s\n", (int)why->len, why->ptr);
    return EXIT_USAGE;
}

static enum err allow(const struct texts *nets, struct addrguard **ret_guard) {
    enum err e = ERR_OK;

    *ret_guard = addrguard_new();
    for (size_t i = 0; i < nets->n && e == ERR_OK; i++)
        e = addrguard_allow(*ret_guard, str_of(nets->items[i]));
    return e;
}

static enum err allow_nets(struct app *a) {
    enum err e = allow(&a->config.allow_nets, &a->addrguard);

    if (e == ERR_OK)
        e = allow(&a->config.webhook_allow_nets, &a->receivers);
    return e == ERR_OK ? allow(&a->config.trusted_proxies, &a->proxies) : e;
}

/* libcurl would say so with each request, and no site would be at fault. */
static enum err check_ca_file(struct app *a) {
    const char *file = a->config.ca_file;
    OWNED_CHARS char *line = NULL;
    size_t size = 0;
    bool has_any = false;
    FILE *in = file ? fopen(file, "re") : NULL;

    if (!file)
        return ERR_OK;
    while (in && !has_any && getline(&line, &size, in) >= 0)
        has_any = str_starts(str_of(line), STR("-----BEGIN CERTIFICATE-----"));
    if (!has_any)
        (void)!buf_printf(&a->why, "%s: %s", file,
                          in ? "holds no certificate in PEM" : strerror(errno));
    if (in)
        (void)fclose(in);
    return has_any ? ERR_OK : ERR_INVALID;
}

static enum err read_blocklist(struct app *a) {
    const char *file = a->config.block_host_file;

    if (!file || !*file)
        return ERR_OK;
    a->blocklist = blocklist_new();
    return blocklist_read(a->blocklist, file, &a->why);
}

/* A proxy would see our requests with its own address rules, not with ours. */
static void forget_proxies(void) {
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "ftp_proxy",
                                        "FTP_PROXY",  "all_proxy",   "ALL_PROXY",   "no_proxy",
                                        "NO_PROXY",   "HTTP_PROXY"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unsetenv(names[i]);
}

/* Shares the descriptors that we may have among transfers and clients. */
static enum err share_files(struct app *a) {
    struct rlimit limit = {1024, 1024};
    size_t other = OTHER_FILES + FILES_AN_ENGINE * (size_t)a->config.fetch_threads;
    size_t files, usable;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    files = limit.rlim_cur < MAX_FILES ? (size_t)limit.rlim_cur : MAX_FILES;
    if (files < other + LEAST_SHARED) {
        (void)!buf_printf(&a->why, "%zu file descriptors are too few, %zu are needed (ulimit -n)",
                          files, other + LEAST_SHARED);
        return ERR_TOO_BIG;
    }
    usable = files - other;
    a->max_webhooks = usable / 8 < MAX_WEBHOOKS ? usable / 8 : MAX_WEBHOOKS;
    usable -= a->max_webhooks;
    a->max_transfers = (size_t)a->config.max_transfers;
    if (a->max_transfers > usable / 2) {
        a->max_transfers = usable / 2;
        log_warning("fewer transfers than --max-transfers: too few file descriptors (ulimit -n)",
                    log_int("transfers", (int64_t)a->max_transfers));
    }
    /* The engine keeps up to as many idle connections as transfers, within files / 4. */
    usable -= a->max_transfers * 2 < usable / 2 ? a->max_transfers * 2 : usable / 2;
    a->max_connections = usable < MAX_CONNECTIONS ? (unsigned)usable : MAX_CONNECTIONS;
    return ERR_OK;
}

static void fill_defaults(struct app *a) {
    const struct config *c = &a->config;
    struct extract_options found = extract_defaults();

    a->defaults = (struct job_options){
        .host_delay_ms = (uint32_t)c->host_delay_ms,
        .host_connections = (uint32_t)c->host_connections,
        .timeout_ms = (uint32_t)c->timeout_ms,
        .max_body_bytes = c->max_body_bytes,
        .max_redirects = (uint32_t)c->max_redirects,
        .max_attempts = (uint32_t)c->max_attempts,
        .robots = (enum robots_mode)c->robots,
        .user_agent = mem_chars(str_of(c->user_agent)),
        .elements = found.elements,
        .schemes = mem_chars(found.schemes),
        .fragments = found.fragments,
        .text = found.text,
        .nofollow = found.nofollow,
        .max_links = found.max_links,
        .scope = SCOPE_MODE_HOST,
        .retention_seconds = (uint32_t)c->retention_seconds,
    };
}

static const char **with_end(const struct texts *t) {
    const char **all = NEW_N(const char *, t->n + 1);

    for (size_t i = 0; i < t->n; i++)
        all[i] = t->items[i];
    return all;
}

static enum err join_lists(struct app *a) {
    const struct texts *dns = &a->config.dns_servers;
    enum err e = ERR_OK;

    for (size_t i = 0; i < dns->n && e == ERR_OK; i++)
        e = buf_printf(&a->dns_servers, "%s%s", i ? "," : "", dns->items[i]);
    a->allowed_hosts = with_end(&a->config.allowed_hosts);
    a->cors_origins = with_end(&a->config.cors_origins);
    return e;
}

/* Those that are read again, and those that libraries open later. */
static const char **files_of(const struct config *c) {
    static const char prefix[] = "CRAWLD_", suffix[] = "_FILE";
    size_t n = 0, most = 3;
    const char **files;

    for (char **v = environ; *v; v++)
        most++;
    files = NEW_N(const char *, most);
    for (char **v = environ; *v; v++) {
        struct str value = str_of(*v), name = str_cut(&value, '=');

        if (value.len && str_starts(name, str_of(prefix)) && str_ends(name, str_of(suffix)))
            files[n++] = value.ptr;
    }
    if (c->block_host_file && *c->block_host_file)
        files[n++] = c->block_host_file;
    if (c->ca_file)
        files[n++] = c->ca_file;
    return files;
}

static enum err enter_sandbox(struct app *a) {
    struct str file = str_of(a->config.database);
    struct sandbox_options o = {.port = endpoint_port(&a->config.listen_address)};
    const char **files;
    enum err e;

    if (a->config.sandbox == SANDBOX_OFF)
        return buf_put(&a->sandbox, STR("off"));
    (void)str_cut(&file, ':');
    files = files_of(&a->config);
    o.database = file.len ? file.ptr : ""; /* store_open will say so */
    o.files = files;
    e = sandbox_enter(&o, &a->sandbox, &a->why);
    free(files);
    return e;
}

/* --- start ------------------------------------------------------------------------------ */

/* Tests divide times by what a variable says. */
static unsigned test_divisor(const char *variable) {
#ifdef CRAWLD_TEST_SWITCHES
    uint64_t n;

    if (str_to_u64(str_of(getenv(variable)), 1000000, &n) == ERR_OK && n)
        return (unsigned)n;
#endif
    (void)variable;
    return 1;
}

static enum err open_store(struct app *a) {
    struct store_options o = {
        .url = str_of(a->config.database),
        .min_free_bytes = a->config.min_free_bytes,
        .max_queued_urls = a->config.max_queued_urls,
        .tenant_max_jobs = a->config.tenant_max_jobs,
        .tenant_max_queued_urls = a->config.tenant_max_queued_urls,
        .progress_ms = PROGRESS_MS / test_divisor("CRAWLD_TEST_PATIENCE_DIVISOR"),
    };
    enum err e = store_open(&o, &a->store, &a->why);

    if (e != ERR_OK && a->why.len == 0)
        (void)!buf_printf(&a->why, "%s: %s", a->config.database, err_text(e));
    return e;
}

/* Beside the database. A help, not a promise: it also goes without. */
static void open_killer(struct app *a) {
    OWNED_BUF struct buf path = BUF_INIT(MAX_LINE);
    OWNED_CHARS char *file = NULL;
    struct str rest = str_of(a->config.database);
    enum err e;

    if (!str_eq(str_cut(&rest, ':'), STR("sqlite")))
        return;
    e = buf_printf(&path, "%.*s.killers", (int)rest.len, rest.ptr);
    file = mem_chars(buf_str(&path));
    if (e == ERR_OK)
        e = killer_open(file, &a->killer);
    if (e != ERR_OK)
        log_warning("pages that crash the process will not be found", log_str("file", str_of(file)),
                    log_str("why", str_of(err_text(e))));
}

static enum err listen_there(struct app *a) {
    if (endpoint_listen(&a->config.listen_address, &a->listen_fd) == ERR_OK)
        return endpoint_of_socket(a->listen_fd, &a->config.listen_address);
    (void)!buf_printf(&a->why, "cannot listen on %s: %s", a->config.listen, strerror(errno));
    return ERR_IO;
}

static enum err start_crew(struct app *a) {
    struct crew_options o = {
        .engine = {.store = a->store,
                   .addrguard = a->addrguard,
                   .blocklist = a->blocklist,
                   .ca_file = a->config.ca_file,
                   .killer = a->killer,
                   .dns_servers = buf_str(&a->dns_servers),
                   .max_transfers = a->max_transfers,
                   .window_bytes = (size_t)a->config.window_bytes,
                   .drain_ms = (uint32_t)a->config.drain_ms,
                   .patience_divisor = test_divisor("CRAWLD_TEST_PATIENCE_DIVISOR")},
        .n_engines = (unsigned)a->config.fetch_threads,
        .ip_connections = (unsigned)a->config.ip_connections,
    };
    enum err e = crew_new(&o, &a->crew);

    if (e != ERR_OK)
        (void)!buf_printf(&a->why, "the crawler cannot start: %s", err_text(e));
    return e;
}

static enum err make_payload(void *arg, const struct message *m, struct buf *out) {
    return api_webhook_payload(arg, m, out);
}

static enum err start_dispatcher(struct app *a) {
    struct dispatcher_options o = {
        .store = a->store,
        .addrguard = a->receivers,
        .ca_file = a->config.ca_file,
        .blocklist = a->blocklist,
        .dns_servers = buf_str(&a->dns_servers),
        .user_agent = str_of(a->config.user_agent),
        .payload = make_payload,
        .payload_arg = a->api,
        .max_transfers = a->max_webhooks,
        .drain_ms = (uint32_t)a->config.drain_ms,
        .timeout_ms = DISPATCHER_TIMEOUT_MS / test_divisor("CRAWLD_TEST_DEADLINE_DIVISOR"),
        .patience_divisor = test_divisor("CRAWLD_TEST_PATIENCE_DIVISOR"),
    };
    enum err e = dispatcher_new(&o, &a->dispatcher);

    if (e != ERR_OK)
        (void)!buf_printf(&a->why, "webhooks cannot be sent: %s", err_text(e));
    return e;
}

/* The tokens of |c| with the numbers of their tenants. */
static enum err set_tokens(struct app *a, const struct config *c) {
    struct auth_token *tokens = NEW_N(struct auth_token, c->tokens.n);
    enum err e = ERR_OK;

    for (size_t i = 0; i < c->tokens.n && e == ERR_OK; i++) {
        const char *wrong = auth_token_parse(str_of(c->tokens.items[i]), &tokens[i]);

        assert(!wrong); /* config has looked */
        e = store_tenant(a->store, tokens[i].name, &tokens[i].tenant);
    }
    if (e == ERR_OK)
        auth_set(a->auth, tokens, c->tokens.n);
    free(tokens);
    return e;
}

static enum err start_auth(struct app *a) {
    enum err e = ERR_OK;

    if (!a->config.tokens.n)
        return ERR_OK;
    a->auth = auth_new();
    e = set_tokens(a, &a->config);
    if (e != ERR_OK)
        (void)!buf_printf(&a->why, "the tenants cannot be stored: %s", err_text(e));
    return e;
}

static struct api *start_api(struct app *a) {
    struct api_options o = {
        .store = a->store,
        .crew = a->crew,
        .defaults = a->defaults,
        .min_host_delay_ms = (uint32_t)a->config.min_host_delay_ms,
        .max_host_connections = (uint32_t)a->config.host_connections,
        .robots_enforced = a->config.robots_policy == ROBOTS_POLICY_ENFORCE,
        .max_request_bytes = a->config.max_request_bytes,
        .tenant_requests_per_second = a->config.tenant_requests_per_second,
        .tenant_max_jobs = a->config.tenant_max_jobs,
        .tenant_max_queued_urls = a->config.tenant_max_queued_urls,
        .auth = a->auth,
        .is_loopback = endpoint_is_loopback(&a->config.listen_address),
        .allowed_hosts = a->allowed_hosts,
        .cors_origins = a->cors_origins,
        .base_path = str_of(a->config.base_path),
        .metrics = metrics_put,
        .metrics_arg = a->metrics,
        .stopping = &a->stopping,
    };

    return api_new(&o);
}

static enum err start_httpd(struct app *a) {
    struct httpd_options o = {
        .listen_fd = a->listen_fd,
        .api = a->api,
        .metrics = a->metrics,
        .trusted_proxies = a->proxies,
        .max_connections = a->max_connections,
        .deadline_divisor = test_divisor("CRAWLD_TEST_DEADLINE_DIVISOR"),
    };

    a->listen_fd = -1; /* httpd's from here on */
    if (httpd_new(&o, &a->httpd) == ERR_OK)
        return ERR_OK;
    (void)!buf_printf(&a->why, "the HTTP server cannot start");
    return ERR_IO;
}

static enum err start(struct app *a) {
    enum err e = open_store(a);

    if (e == ERR_OK)
        e = listen_there(a);
    if (e != ERR_OK)
        return e;
    open_killer(a);
    e = start_auth(a);
    if (e == ERR_OK)
        e = start_crew(a);
    if (e != ERR_OK)
        return e;
    a->metrics = metrics_new(a->store, a->crew);
    a->api = start_api(a);
    e = start_dispatcher(a);
    if (e != ERR_OK)
        return e;
    metrics_set_dispatcher(a->metrics, a->dispatcher);
    return start_httpd(a);
}

static void log_started(const struct app *a) {
    struct endpoint reachable = a->config.listen_address;
    char address[ENDPOINT_TEXT_LEN], near[ENDPOINT_TEXT_LEN], hint[ENDPOINT_TEXT_LEN + 16];

    endpoint_text(&a->config.listen_address, address);
    endpoint_make_reachable(&reachable);
    endpoint_text(&reachable, near);
    (void)snprintf(hint, sizeof hint, "curl http://%s/", near);
    log_info(
        "listening", log_str("address", str_of(address)), log_str("version", STR(CRAWLD_VERSION)),
        log_str("database", str_of(a->config.database)),
        log_int("max_transfers", (int64_t)a->max_transfers),
        log_int("max_connections", a->max_connections),
        log_str("libmicrohttpd", str_of(httpd_library())), log_str("sandbox", buf_str(&a->sandbox)),
        log_str("try", str_of(hint))); /* the list of all calls */
}

/* --- stop --------------------------------------------------------------------------------- */

static void stop(struct app *a) {
    int64_t until_ms = clock_mono_ms() + (int64_t)a->config.drain_ms;

    httpd_quiesce(a->httpd);
    dispatcher_stop_soon(a->dispatcher);
    crew_stop(a->crew);
    httpd_drain(a->httpd, until_ms); /* an upload is the work of its sender */
    httpd_stop(a->httpd);
    dispatcher_stop(a->dispatcher);
    store_stop(a->store);
}

/* In the order opposite to start; what was not started is NULL. */
static void app_done(struct app *a) {
    httpd_free(a->httpd);
    dispatcher_free(a->dispatcher);
    api_free(a->api);
    auth_free(a->auth);
    metrics_free(a->metrics);
    crew_free(a->crew);
    killer_free(a->killer);
    store_free(a->store);
    blocklist_free(a->blocklist);
    addrguard_free(a->addrguard);
    addrguard_free(a->receivers);
    addrguard_free(a->proxies);
    if (a->listen_fd >= 0)
        (void)close(a->listen_fd);
    job_options_done(&a->defaults);
    free(a->allowed_hosts);
    free(a->cors_origins);
    buf_done(&a->dns_servers);
    buf_done(&a->sandbox);
    buf_done(&a->why);
    config_done(&a->config);
}

/* --- what goes wrong meanwhile --------------------------------------------------------------- */

/* Each change once. Here and not in the engine, because a store also fails while
 * nothing is crawled. */
static void log_health(struct app *a) {
    enum store_health health = store_health(a->store);
    struct log_field state = log_str("store", str_of(store_health_text(health)));

    if (health == a->health)
        return;
    a->health = health;
    switch (health) {
    case STORE_OK:
        log_info("the store can be written again", state);
        break;
    case STORE_LOW_SPACE:
        log_warning("little space is left on the disk: no lists are taken and the crawl pauses",
                    state, log_int("min_free_bytes", (int64_t)a->config.min_free_bytes));
        break;
    case STORE_DEGRADED:
        log_error("the store cannot be written, which is tried again: the crawl pauses", state);
        break;
    case STORE_DAMAGED:
        log_error("the database is damaged: nothing is written any more", state);
        break;
    }
}

/* --- what is read again -------------------------------------------------------------------- */

/* What is wrong with the new ones leaves the old ones as they are. */
static void read_tokens_again(struct app *a) {
    OWNED_BUF struct buf why = BUF_INIT(MAX_LINE);
    OWNED_CONFIG struct config c = {0};
    enum err e = config_read(a->argv, environ, false, &c, &why);

    if (e == ERR_OK && !c.tokens.n != !a->auth) {
        e = ERR_INVALID;
        (void)!buf_put(&why, STR("to begin or to end with tokens takes a new start"));
    }
    if (e == ERR_OK && a->auth)
        e = set_tokens(a, &c);
    if (e == ERR_OK)
        log_info("the tokens were read again", log_int("tokens", (int64_t)c.tokens.n));
    else
        log_error("the tokens stay as they were",
                  log_str("why", why.len ? buf_str(&why) : str_of(err_text(e))));
}

/* Likewise. */
static void read_blocklist_again(struct app *a) {
    OWNED_BUF struct buf why = BUF_INIT(MAX_LINE);

    if (!a->blocklist)
        return;
    if (blocklist_read(a->blocklist, a->config.block_host_file, &why) == ERR_OK)
        log_info("the blocked hosts were read again",
                 log_int("hosts", (int64_t)blocklist_count(a->blocklist)));
    else
        log_error("the blocked hosts stay as they were", log_str("why", buf_str(&why)));
}

/* --- signals ------------------------------------------------------------------------------- */

static sigset_t our_signals(void) {
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    return set;
}

static void exit_now(int signal_number) {
    _exit(128 + signal_number);
}

/* Returns at the first signal; a second one ends the process from then on. An
 * explicit handler, because process 1 of a container has no default action. */
static void wait_for_stop(struct app *a) {
    const struct timespec pause = {HEALTH_SECONDS, 0};
    sigset_t set = our_signals();
    struct sigaction at_once = {.sa_handler = exit_now};
    int number;

    do {
        log_health(a);
        number = sigtimedwait(&set, NULL, &pause);
        if (number == SIGHUP) {
            read_tokens_again(a);
            read_blocklist_again(a);
        }
    } while (number < 0 || number == SIGHUP);
    log_info("stopping", log_str("signal", str_of(number == SIGINT ? "SIGINT" : "SIGTERM")));
    (void)sigaction(SIGTERM, &at_once, NULL);
    (void)sigaction(SIGINT, &at_once, NULL);
    (void)sigdelset(&set, SIGHUP);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* --- the subcommand -------------------------------------------------------------------------- */

static int run(struct app *a) {
    sigset_t set = our_signals();

    (void)pthread_sigmask(SIG_BLOCK, &set, NULL); /* before the first thread */
    (void)umask(S_IRWXG | S_IRWXO);               /* what is crawled is nobody else's business */
    fill_defaults(a);
    if (share_files(a) != ERR_OK || allow_nets(a) != ERR_OK || read_blocklist(a) != ERR_OK ||
        check_ca_file(a) != ERR_OK || join_lists(a) != ERR_OK || enter_sandbox(a) != ERR_OK ||
        start(a) != ERR_OK) {
        log_error("cannot start", log_str("why", buf_str(&a->why)));
        return EXIT_FAILURE;
    }
    log_started(a);
    wait_for_stop(a);
    __atomic_store_n(&a->stopping, true, __ATOMIC_RELEASE);
    stop(a);
    log_health(a);
    log_info("stopped");
    return a->health == STORE_DAMAGED ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void set_up_log(const struct app *a) {
    const struct texts *warnings = &a->config.warnings;

    log_setup((enum log_format)a->config.log_format, (enum log_level)a->config.log_level);
    for (size_t i = 0; i < warnings->n; i++)
        log_warning("unknown variable", log_str("why", str_of(warnings->items[i])));
}

int cmd_serve(char *const *argv) {
    struct app a = {.argv = argv,
                    .listen_fd = -1,
                    .why = BUF_INIT(MAX_LINE),
                    .dns_servers = BUF_INIT(MAX_LINE),
                    .sandbox = BUF_INIT(MAX_LINE)};
    int status;

    if (config_read(argv, environ, isatty(STDERR_FILENO), &a.config, &a.why) != ERR_OK) {
        status = usage(&a.why);
    } else if (a.config.wants_help) {
        status = print_help();
    } else if (engine_global_init() != ERR_OK) {
        (void)fprintf(stderr, "crawld: libcurl cannot be set up\n");
        status = EXIT_FAILURE;
    } else {
        set_up_log(&a);
        forget_proxies();
        status = run(&a);
        engine_global_done();
    }
    app_done(&a);
    return status;
}
