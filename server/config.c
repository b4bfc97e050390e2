#include "server/config.h"

#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/codec.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/own.h"
#include "crawler/addrguard.h"
#include "crawler/crew.h"

#define LOOPBACK_ADDRESS "127.0.0.1:8080"
#define HOME_PAGE "https://github.com/crawld/crawld"

enum { USUAL_FETCH_THREADS = 4 };
enum { DEFAULT_MIN_DELAY_MS = 100, MAX_USER_AGENT = 512, DNS_PORT = 53 };

static const char *const robots_modes[] = {"obey", "ignore", NULL};
static const char *const sandbox_modes[] = {"on", "off", NULL};
static const char *const robots_policies[] = {"default", "enforce", NULL};
static const char *const log_formats[] = {"text", "json", NULL};
static const char *const log_levels[] = {
#define X(name, text) text,
    LOG_LEVEL_TABLE(X)
#undef X
        NULL};

#define AT(member) .offset = offsetof(struct config, member)
#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* --- checks of single values ------------------------------------------------------- */

static const char *check_endpoint(struct str value) {
    struct endpoint ignored;

    return endpoint_parse(value, -1, &ignored) == ERR_OK
               ? NULL
               : "is not an address and port, as in " LOOPBACK_ADDRESS;
}

static const char *check_dns_server(struct str value) {
    struct endpoint ignored;

    return endpoint_parse(value, DNS_PORT, &ignored) == ERR_OK ? NULL : "is not an address";
}

static const char *check_host_name(struct str value) {
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] <= ' ' || value.ptr[i] > '~' || strchr("/@?#\\", value.ptr[i]))
            return "is not a host name";
    return NULL;
}

/* As browsers write it: lower case, no path, no usual port. */
static const char *check_origin(struct str value) {
    struct str rest = value;
    struct str scheme = str_cut(&rest, ':');
    bool is_web = str_eq(scheme, STR("http")) || str_eq(scheme, STR("https"));

    if (!is_web || !str_starts(rest, STR("//")) || rest.len == 2)
        return "is not the origin of a site, as in https://app.example";
    rest = str_from(rest, 2);
    for (size_t i = 0; i < rest.len; i++)
        if (rest.ptr[i] <= ' ' || rest.ptr[i] > '~' || strchr("/@?#\\,*", rest.ptr[i]) ||
            (rest.ptr[i] >= 'A' && rest.ptr[i] <= 'Z'))
            return "is not the origin of a site, as in https://app.example";
    return NULL;
}

static const char *check_base_path(struct str value) {
    if (value.len < 2 || value.len > API_MAX_BASE_PATH || !str_starts(value, STR("/")) ||
        str_ends(value, STR("/")) || str_find_str(value, STR("//")) != STR_END)
        return "is not a path, as in /crawl";
    for (size_t i = 0; i < value.len; i++)
        if (!ascii_is_alpha(value.ptr[i]) && !ascii_is_digit(value.ptr[i]) &&
            !strchr("/-._~", value.ptr[i]))
            return "is not a path of letters, digits and -._~, as in /crawl";
    return NULL;
}

static const char *check_token(struct str value) {
    struct auth_token ignored;

    return auth_token_parse(value, &ignored);
}

static const char *check_net(struct str value) {
    OWNED(addrguard) struct addrguard *g = addrguard_new();

    return addrguard_allow(g, value) == ERR_OK ? NULL : "is not an address range, as in 10.0.0.0/8";
}

/* --- the table ----------------------------------------------------------------------- */

static const struct setting table[] = {
    {"listen", SETTING_TEXT, AT(listen), .hint = "ADDR:PORT", .initial = LOOPBACK_ADDRESS,
     .check = check_endpoint,
     .help = "where to answer; port 0 picks a free one, and the log says which"},
    {"database", SETTING_TEXT, AT(database), .hint = "URL", .initial = "sqlite:crawld.db",
     .help = "where jobs and results are kept: sqlite:FILE"},
    {"token", SETTING_LIST, AT(tokens), .hint = "NAME:SECRET", .shown = "none", .is_secret = true,
     .check = check_token,
     .help = "answer callers who send it (Authorization: Bearer SECRET), each NAME a tenant of its "
             "own; may be repeated, and is better kept in a file: CRAWLD_TOKEN_FILE, which is read "
             "again on SIGHUP"},
    {"no-auth", SETTING_FLAG, AT(no_auth), .initial = "false", .shown = "off",
     .help = "answer everyone, also on addresses that others can reach"},
    {"allowed-host", SETTING_LIST, AT(allowed_hosts), .hint = "NAME", .check = check_host_name,
     .help = "accept this Host besides localhost, and no other: so it is on loopback, and "
             "elsewhere once one is given; may be repeated"},
    {"cors-origin", SETTING_LIST, AT(cors_origins), .hint = "ORIGIN", .check = check_origin,
     .help = "let pages of this site call, as in https://app.example; may be repeated"},
    {"base-path", SETTING_TEXT, AT(base_path), .hint = "/PATH", .check = check_base_path,
     .help = "the service lies below it for callers, behind a reverse proxy that may pass it on or "
             "take it off"},
    {"trusted-proxy", SETTING_LIST, AT(trusted_proxies), .hint = "CIDR", .check = check_net,
     .help = "believe X-Forwarded-For and X-Forwarded-Host of these; may be repeated"},
    {"allow-net", SETTING_LIST, AT(allow_nets), .hint = "CIDR", .check = check_net,
     .help = "crawl this private or special range too; may be repeated"},
    {"webhook-allow-net", SETTING_LIST, AT(webhook_allow_nets), .hint = "CIDR", .check = check_net,
     .help = "send webhooks to this private or special range too; may be repeated"},
    {"block-host-file", SETTING_TEXT, AT(block_host_file), .hint = "FILE", .shown = "none",
     .help =
         "leave these hosts alone, and all below them, whatever lists, links and redirects say: "
         "one a line; read again on SIGHUP"},
    {"ca-file", SETTING_TEXT, AT(ca_file), .hint = "FILE", .shown = "none",
     .help =
         "trust these certificates (PEM), beside the system's, of sites and receivers of webhooks"},
    {"dns-server", SETTING_LIST, AT(dns_servers), .hint = "ADDR[:PORT]",
     .shown = "those of resolv.conf", .check = check_dns_server,
     .help = "ask this name server; may be repeated"},
    {"max-transfers", SETTING_NUMBER, AT(max_transfers), .hint = "N", .initial = "1000", .min = 1,
     .max = 100000, .help = "concurrent transfers in all"},
    {"fetch-threads", SETTING_NUMBER, AT(fetch_threads), .hint = "N",
     .shown = "one a core, at most 4", .min = 1, .max = CREW_MOST,
     .help = "each fetches from a part of the hosts"},
    {"host-delay-ms", SETTING_NUMBER, AT(host_delay_ms), .hint = "N", .initial = "1000",
     .max = 60000, .help = "least time between the starts of two requests to one host"},
    {"min-host-delay-ms", SETTING_NUMBER, AT(min_host_delay_ms), .hint = "N",
     .shown = "100, or --host-delay-ms if that is smaller", .max = 60000,
     .help = "what no job may go below"},
    {"host-connections", SETTING_NUMBER, AT(host_connections), .hint = "N", .initial = "2",
     .min = 1, .max = 256, .help = "concurrent requests to one host; a job may lower it"},
    {"ip-connections", SETTING_NUMBER, AT(ip_connections), .hint = "N", .initial = "0", .min = 0,
     .max = 1000,
     .help = "concurrent requests to one IP address, whatever its names; 0: any number"},
    {"robots", SETTING_CHOICE, AT(robots), .hint = "obey|ignore", .initial = "obey",
     .choices = robots_modes, .help = "default for jobs"},
    {"robots-policy", SETTING_CHOICE, AT(robots_policy), .hint = "default|enforce",
     .initial = "default", .choices = robots_policies,
     .help = "enforce: no job may turn robots.txt off"},
    {"user-agent", SETTING_TEXT, AT(user_agent), .hint = "STR",
     .initial = "crawld/" CRAWLD_VERSION " (+" HOME_PAGE ")", .help = "what servers are told"},
    {"timeout-ms", SETTING_NUMBER, AT(timeout_ms), .hint = "N", .initial = "30000", .min = 1,
     .max = 3600000, .help = "one attempt, redirects included; a job may lower it"},
    {"max-body-bytes", SETTING_SIZE, AT(max_body_bytes), .hint = "N", .initial = "10MiB", .min = 1,
     .max = 4 * GIB, .help = "of one page, decoded; a job may lower it"},
    {"max-redirects", SETTING_NUMBER, AT(max_redirects), .hint = "N", .initial = "10", .max = 100,
     .help = "a job may lower it"},
    {"max-attempts", SETTING_NUMBER, AT(max_attempts), .hint = "N", .initial = "3", .min = 1,
     .max = 100, .help = "the first included; a job may lower it"},
    {"max-request-bytes", SETTING_SIZE, AT(max_request_bytes), .hint = "N", .initial = "8MiB",
     .min = KIB, .max = GIB, .help = "JSON bodies, decoded; text/plain is not held to it"},
    {"max-queued-urls", SETTING_NUMBER, AT(max_queued_urls), .hint = "N", .initial = "10000000",
     .min = 1, .max = 1000000000000,
     .help = "over all jobs; a list that would pass it, its duplicates counted, is refused"},
    {"min-free-bytes", SETTING_SIZE, AT(min_free_bytes), .hint = "N", .initial = "512MiB",
     .max = (uint64_t)1 << 50, .help = "on the volume; below it the crawl pauses"},
    {"tenant-max-jobs", SETTING_NUMBER, AT(tenant_max_jobs), .hint = "N", .initial = "0",
     .max = 1000000000, .help = "unfinished jobs of one tenant; 0: any number"},
    {"tenant-max-queued-urls", SETTING_NUMBER, AT(tenant_max_queued_urls), .hint = "N",
     .initial = "0", .max = 1000000000000, .help = "unfinished URLs of one tenant; 0: any number"},
    {"tenant-requests-per-second", SETTING_NUMBER, AT(tenant_requests_per_second), .hint = "N",
     .initial = "0", .max = 1000000,
     .help = "calls of one tenant, without tokens of all callers together; 0: any number"},
    {"retention-seconds", SETTING_NUMBER, AT(retention_seconds), .hint = "N", .initial = "604800",
     .max = CODEC_MAX_RETENTION_SECONDS,
     .help = "a finished job is deleted after this; a job may shorten it; 0: never"},
    {"drain-ms", SETTING_NUMBER, AT(drain_ms), .hint = "N", .initial = "5000", .max = 3600000,
     .help = "time for transfers and uploads under way when told to stop"},
    {"window-bytes", SETTING_SIZE, AT(window_bytes), .hint = "N", .initial = "12MiB", .min = MIB,
     .max = 64 * GIB, .help = "memory for the tasks at hand"},
    {"log-format", SETTING_CHOICE, AT(log_format), .hint = "text|json",
     .shown = "text on a terminal, else json", .choices = log_formats,
     .help = "of the log, which goes to standard error"},
    {"sandbox", SETTING_CHOICE, AT(sandbox), .hint = "on|off", .initial = "on",
     .choices = sandbox_modes,
     .help = "where the kernel can (Landlock, seccomp): no files but its own, no programs"},
    {"log-level", SETTING_CHOICE, AT(log_level), .hint = "debug|info|warning|error",
     .initial = "info", .choices = log_levels, .help = "the least that is logged"},
};

enum { N_SETTINGS = sizeof table / sizeof table[0] };
static const struct settings settings = {table, N_SETTINGS};

/* --- what the table does not say ------------------------------------------------------ */

static enum err refuse(struct buf *why, const char *option, const char *value, const char *reason) {
    (void)!buf_printf(why, "--%s \"%s\": %s", option, value, reason);
    return ERR_INVALID;
}

static enum err check_listen(struct config *c, struct buf *why) {
    enum err e = endpoint_parse(str_of(c->listen), -1, &c->listen_address);

    if (e == ERR_OK && !c->no_auth && !c->tokens.n && !endpoint_is_loopback(&c->listen_address))
        return refuse(why, "listen", c->listen,
                      "others could reach this address, and anyone may call the service: "
                      "listen on 127.0.0.1, give a --token, or say --no-auth");
    return e;
}

static enum err check_database(const struct config *c, struct buf *why) {
    struct str url = str_of(c->database);

    if (str_starts(url, STR("postgresql:")) || str_starts(url, STR("postgres:")))
        return refuse(why, "database", "postgresql", "not available yet");
    if (!str_starts(url, STR("sqlite:")) || url.len == strlen("sqlite:"))
        return refuse(why, "database", c->database, "not of the form sqlite:FILE");
    return ERR_OK;
}

static bool is_header_text(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < ' ' || s.ptr[i] > '~')
            return false;
    return s.len <= MAX_USER_AGENT;
}

static enum err check_user_agent(const struct config *c, struct buf *why) {
    return is_header_text(str_of(c->user_agent))
               ? ERR_OK
               : refuse(why, "user-agent", "…", "not printable ASCII, or too long");
}

static bool is_given(const bool *given, const char *name) {
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (strcmp(table[i].name, name) == 0)
            return given[i];
    return false;
}

static enum err settle_delays(struct config *c, const bool *given, struct buf *why) {
    if (!is_given(given, "min-host-delay-ms"))
        c->min_host_delay_ms =
            c->host_delay_ms < DEFAULT_MIN_DELAY_MS ? c->host_delay_ms : DEFAULT_MIN_DELAY_MS;
    if (c->min_host_delay_ms <= c->host_delay_ms)
        return ERR_OK;
    (void)!buf_printf(why, "--min-host-delay-ms %llu: more than --host-delay-ms %llu",
                      (unsigned long long)c->min_host_delay_ms,
                      (unsigned long long)c->host_delay_ms);
    return ERR_INVALID;
}

static enum err settle(struct config *c, const bool *given, struct buf *why) {
    enum err e = check_listen(c, why);

    if (e == ERR_OK)
        e = check_database(c, why);
    if (e == ERR_OK)
        e = check_user_agent(c, why);
    return e == ERR_OK ? settle_delays(c, given, why) : e;
}

/* One for each core that we may use. */
static uint64_t usual_fetch_threads(void) {
    cpu_set_t set;
    int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

    return cores < USUAL_FETCH_THREADS ? (uint64_t)cores : USUAL_FETCH_THREADS;
}

/* --- the whole ------------------------------------------------------------------------ */

enum err config_read(char *const *argv, char *const *env, bool on_terminal,
                     struct config *ret_config, struct buf *why) {
    struct config c = {.log_format = on_terminal ? LOG_TEXT : LOG_JSON,
                       .fetch_threads = usual_fetch_threads()};
    bool given[N_SETTINGS] = {false};
    struct settings_result result = {.given = given};
    enum err e = settings_read(&settings, argv, env, &c, &result, why);

    c.warnings = result.warnings;
    c.wants_help = result.wants_help;
    if (e == ERR_OK && !c.wants_help)
        e = settle(&c, given, why);
    if (e == ERR_OK)
        *ret_config = c;
    else
        config_done(&c);
    return e;
}

void config_done(struct config *c) {
    settings_done(&settings, c);
    texts_done(&c->warnings);
}

enum err config_help(struct buf *out) {
    return settings_help(&settings, out);
}
