#include "server/config.h"

#include <unistd.h>

#include "base/log.h"
#include "tests/test.h"

static struct config config;
static struct buf why = {.max = 4096};

/* Flags and variables as one line each, separated by blanks. */
static enum err read_config(const char *flags, const char *variables) {
    static char words[2][4096];
    char *vectors[2][32] = {{NULL}};
    const char *lines[2] = {flags, variables};

    for (int i = 0; i < 2; i++) {
        size_t n = 0;

        (void)snprintf(words[i], sizeof words[i], "%s", lines[i]);
        for (char *w = strtok(words[i], " "); w; w = strtok(NULL, " "))
            vectors[i][n++] = w;
    }
    config_done(&config);
    buf_clear(&why);
    config = (struct config){0};
    return config_read(vectors[0], vectors[1], true, &config, &why);
}

#define CHECK_REFUSED(flags, variables, line)                                                      \
    do {                                                                                           \
        CHECK_ERR(read_config(flags, variables), ERR_INVALID);                                     \
        CHECK_STR(buf_str(&why), line);                                                            \
    } while (0)

TEST(defaults_are_those_of_the_contract) {
    CHECK_OK(read_config("", ""));
    CHECK_STR(str_of(config.listen), "127.0.0.1:8080");
    CHECK_INT(endpoint_port(&config.listen_address), 8080);
    CHECK_STR(str_of(config.database), "sqlite:crawld.db");
    CHECK_STR(str_of(config.user_agent),
              "crawld/" CRAWLD_VERSION " (+https://github.com/crawld/crawld)");
    CHECK(!config.no_auth);
    CHECK_INT(config.max_transfers, 1000);
    CHECK(config.fetch_threads >= 1 && config.fetch_threads <= 4);
    CHECK_INT(config.host_delay_ms, 1000);
    CHECK_INT(config.min_host_delay_ms, 100);
    CHECK_INT(config.host_connections, 2);
    CHECK_INT(config.robots, 0);
    CHECK_INT(config.robots_policy, ROBOTS_POLICY_DEFAULT);
    CHECK_INT(config.timeout_ms, 30000);
    CHECK_INT(config.max_body_bytes, 10 << 20);
    CHECK_INT(config.max_redirects, 10);
    CHECK_INT(config.max_attempts, 3);
    CHECK_INT(config.max_request_bytes, 8 << 20);
    CHECK_INT(config.max_queued_urls, 10000000);
    CHECK_INT(config.min_free_bytes, 512 << 20);
    CHECK_INT(config.drain_ms, 5000);
    CHECK_INT(config.window_bytes, 12 << 20);
    CHECK_INT(config.log_format, LOG_TEXT); /* on a terminal */
    CHECK_INT(config.log_level, LOG_INFO);
    CHECK_INT(config.warnings.n, 0);
}

TEST(a_flag_beats_its_variable) {
    CHECK_OK(read_config("", "CRAWLD_HOST_DELAY_MS=7 PATH=/bin"));
    CHECK_INT(config.host_delay_ms, 7);
    CHECK_OK(read_config("--host-delay-ms 8", "CRAWLD_HOST_DELAY_MS=7"));
    CHECK_INT(config.host_delay_ms, 8);
    CHECK_OK(read_config("--host-delay-ms=9", "CRAWLD_HOST_DELAY_MS="));
    CHECK_INT(config.host_delay_ms, 9);
}

TEST(jobs_are_kept_a_week_unless_told_otherwise) {
    CHECK_OK(read_config("", ""));
    CHECK_INT(config.retention_seconds, 604800);
    CHECK_OK(read_config("", "CRAWLD_RETENTION_SECONDS=0"));
    CHECK_INT(config.retention_seconds, 0);
    CHECK_REFUSED("--retention-seconds 315360001", "",
                  "--retention-seconds: \"315360001\" is not a whole number between 0 and "
                  "315360000");
}

TEST(fetch_threads_may_be_more_than_usual) {
    CHECK_OK(read_config("--fetch-threads 16", ""));
    CHECK_INT(config.fetch_threads, 16);
}

TEST(lists_are_repeated_or_comma_separated) {
    CHECK_OK(read_config("", "CRAWLD_ALLOW_NET=10.0.0.0/8,,::1"));
    CHECK_INT(config.allow_nets.n, 2);
    CHECK_STR(str_of(config.allow_nets.items[1]), "::1");
    CHECK_OK(read_config("--allow-net 127.0.0.0/8 --allow-net=::1", "CRAWLD_ALLOW_NET=10.0.0.0/8"));
    CHECK_INT(config.allow_nets.n, 2);
    CHECK_STR(str_of(config.allow_nets.items[0]), "127.0.0.0/8");
}

TEST(sizes_take_units) {
    CHECK_OK(read_config("--max-body-bytes 3KiB --window-bytes=2MiB --min-free-bytes 1GiB", ""));
    CHECK_INT(config.max_body_bytes, 3072);
    CHECK_INT(config.window_bytes, 2 << 20);
    CHECK_INT(config.min_free_bytes, 1 << 30);
    CHECK_REFUSED("--max-body-bytes 5GiB", "",
                  "--max-body-bytes: \"5GiB\" is not a size (bytes, or with KiB, MiB, GiB) between "
                  "1 and 4294967296");
    CHECK_ERR(read_config("--max-body-bytes 99999999999999999999GiB", ""), ERR_INVALID);
    CHECK_ERR(read_config("--max-body-bytes 10M", ""), ERR_INVALID);
    CHECK_ERR(read_config("--max-body-bytes KiB", ""), ERR_INVALID);
}

TEST(what_is_wrong_is_one_line) {
    CHECK_REFUSED("--port 1", "", "--port: unknown option (see crawld serve --help)");
    CHECK_REFUSED("extra", "", "extra: unexpected argument");
    CHECK_REFUSED("--host-delay-ms", "", "--host-delay-ms: needs a value");
    CHECK_REFUSED("--host-delay-ms -1", "",
                  "--host-delay-ms: \"-1\" is not a whole number between 0 and 60000");
    CHECK_REFUSED("", "CRAWLD_MAX_ATTEMPTS=0",
                  "CRAWLD_MAX_ATTEMPTS: \"0\" is not a whole number between 1 and 100");
    CHECK_REFUSED("--fetch-threads 0", "",
                  "--fetch-threads: \"0\" is not a whole number between 1 and 64");
    CHECK_REFUSED("--robots maybe", "", "--robots: \"maybe\" is not one of obey|ignore");
    CHECK_REFUSED("", "CRAWLD_NO_AUTH=perhaps",
                  "CRAWLD_NO_AUTH: \"perhaps\" is neither true nor false");
    CHECK_REFUSED("--dns-server nowhere", "", "--dns-server: \"nowhere\" is not an address");
    CHECK_REFUSED("", "CRAWLD_ALLOW_NET=10.0.0.0/8,10.0.0.0/99",
                  "CRAWLD_ALLOW_NET: \"10.0.0.0/99\" is not an address range, as in 10.0.0.0/8");
    CHECK_REFUSED("", "CRAWLD_LISTEN=nowhere",
                  "CRAWLD_LISTEN: \"nowhere\" is not an address and port, as in 127.0.0.1:8080");
    CHECK_REFUSED("--min-host-delay-ms 60 --host-delay-ms 50", "",
                  "--min-host-delay-ms 60: more than --host-delay-ms 50");
    CHECK_REFUSED("--database mysql:x", "", "--database \"mysql:x\": not of the form sqlite:FILE");
}

TEST(what_does_not_work_yet_is_refused) {
    CHECK_REFUSED("--database postgresql://u:secret@h/d", "",
                  "--database \"postgresql\": not available yet");
}

TEST(unknown_variables_are_told_and_those_of_platforms_passed_over) {
    CHECK_OK(read_config("", "CRAWLD_PORT=tcp://10.0.0.1:80 CRAWLD_PORT_8080_TCP_ADDR=10.0.0.1 "
                             "CRAWLD_SERVICE_HOST=10.0.0.1 CRAWLD_HOST_DELAY=5 CRAWLDX=1"));
    CHECK_INT(config.warnings.n, 1);
    CHECK_STR(str_of(config.warnings.items[0]), "CRAWLD_HOST_DELAY is no setting of crawld");
}

TEST(only_loopback_without_auth) {
    CHECK_ERR(read_config("--listen 0.0.0.0:80", ""), ERR_INVALID);
    CHECK_ERR(read_config("--listen [::]:80", ""), ERR_INVALID);
    CHECK_ERR(read_config("--listen 10.1.2.3:80 --no-auth=false", ""), ERR_INVALID);
    CHECK_OK(read_config("--listen 0.0.0.0:80 --no-auth", ""));
    CHECK_OK(read_config("--listen 0.0.0.0:80", "CRAWLD_NO_AUTH=true"));
    CHECK_OK(read_config("--listen 127.9.9.9:0", ""));
    CHECK_OK(read_config("--listen [::1]:8080", ""));
    CHECK_OK(read_config("--listen localhost:8080", ""));
}

TEST(the_least_delay_follows_the_default_one) {
    CHECK_OK(read_config("--host-delay-ms 0", ""));
    CHECK_INT(config.min_host_delay_ms, 0);
    CHECK_OK(read_config("--host-delay-ms 50", ""));
    CHECK_INT(config.min_host_delay_ms, 50);
    CHECK_OK(read_config("--min-host-delay-ms 500", ""));
    CHECK_INT(config.min_host_delay_ms, 500);
}

static void write_file(const char *path, const char *content) {
    FILE *f = fopen(path, "we");

    if (!f || fputs(content, f) < 0 || fclose(f) != 0)
        abort();
}

TEST(values_come_from_files) {
    char path[] = "/tmp/config_test.XXXXXX", variables[128];
    int fd = mkstemp(path);

    CHECK(fd >= 0);
    close(fd);
    write_file(path, "10.0.0.0/8\n\n::1\n");
    (void)snprintf(variables, sizeof variables, "CRAWLD_ALLOW_NET_FILE=%s", path);
    CHECK_OK(read_config("", variables));
    CHECK_INT(config.allow_nets.n, 2);
    CHECK_STR(str_of(config.allow_nets.items[1]), "::1");

    (void)snprintf(variables, sizeof variables, "CRAWLD_USER_AGENT_FILE=%s", path);
    CHECK_REFUSED("", variables, "CRAWLD_USER_AGENT_FILE: names a file of more than one line");
    write_file(path, "me/1\n");
    CHECK_OK(read_config("", variables));
    CHECK_STR(str_of(config.user_agent), "me/1");
    (void)snprintf(variables, sizeof variables, "CRAWLD_USER_AGENT_FILE=%s CRAWLD_USER_AGENT=other",
                   path);
    CHECK_REFUSED("", variables, "CRAWLD_USER_AGENT_FILE: the setting has two values");
    (void)unlink(path);
    CHECK_ERR(read_config("", "CRAWLD_USER_AGENT_FILE=/nowhere/at/all"), ERR_INVALID);
}

TEST(a_token_lets_others_in_and_is_never_shown) {
    CHECK_REFUSED("--token a:b", "", "--token: has a secret that is not of 16 to 256 characters");
    CHECK_REFUSED("", "CRAWLD_TOKEN=a:0123456789abcdef,b/c:0123456789abcdef",
                  "CRAWLD_TOKEN: has a name that is not 1 to 64 letters, digits and ._-");
    CHECK_ERR(read_config("--listen 0.0.0.0:80", ""), ERR_INVALID);
    CHECK_OK(read_config("--listen 0.0.0.0:80 --token a:0123456789abcdef", ""));
    CHECK_OK(read_config("", "CRAWLD_TOKEN=a:0123456789abcdef,a:fedcba9876543210"));
    CHECK_INT(config.tokens.n, 2);
}

TEST(the_user_agent_fits_a_header) {
    CHECK_ERR(read_config("--user-agent a\nb", ""), ERR_INVALID);
    CHECK_ERR(read_config("--user-agent caf\xc3\xa9", ""), ERR_INVALID);
}

TEST(help_names_what_works) {
    OWNED_BUF struct buf help = BUF_INIT(1 << 16);

    CHECK_OK(config_help(&help));
    CHECK(str_find_str(buf_str(&help), STR("--host-delay-ms N")) != STR_END);
    CHECK(str_find_str(buf_str(&help), STR("CRAWLD_HOST_DELAY_MS")) != STR_END);
    CHECK(str_find_str(buf_str(&help), STR("--token NAME:SECRET")) != STR_END);
    CHECK(str_find_str(buf_str(&help), STR("--webhook-allow-net")) != STR_END);
    CHECK_OK(read_config("--host-delay-ms 5 --help", ""));
    CHECK(config.wants_help);
}

int main(int argc, char **argv) {
    int failed = test_main(argc > 1 ? argv[1] : NULL);

    config_done(&config);
    buf_done(&why);
    return failed;
}
