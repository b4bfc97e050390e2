/* config - what an operator may set: one table, checked, with its defaults.
 *
 * Reads flags, variables and files; opens nothing else.
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "server/endpoint.h"
#include "server/settings.h"

struct config {
    char *listen, *database, *user_agent;
    bool no_auth;
    struct texts tokens;             /* NAME:SECRET */
    char *base_path;                 /* NULL: none */
    char *block_host_file, *ca_file; /* likewise */
    struct texts trusted_proxies;
    struct texts allowed_hosts, cors_origins, allow_nets, webhook_allow_nets, dns_servers;
    uint64_t max_transfers, fetch_threads, host_delay_ms, min_host_delay_ms, host_connections;
    uint64_t ip_connections;
    unsigned robots;        /* enum robots_mode */
    unsigned robots_policy; /* enum robots_policy */
    uint64_t timeout_ms, max_body_bytes, max_redirects, max_attempts;
    uint64_t max_request_bytes, max_queued_urls, min_free_bytes;
    uint64_t tenant_max_jobs, tenant_max_queued_urls, tenant_requests_per_second;
    uint64_t retention_seconds, drain_ms, window_bytes;
    unsigned log_format, log_level; /* enum log_format, enum log_level */
    unsigned sandbox;               /* enum sandbox_mode */

    struct endpoint listen_address;
    struct texts warnings; /* to be logged */
    bool wants_help;       /* then nothing above is checked */
};

enum sandbox_mode { SANDBOX_ON, SANDBOX_OFF };
enum robots_policy { ROBOTS_POLICY_DEFAULT, ROBOTS_POLICY_ENFORCE };

/* |argv| and |env| end with NULL. ERR_INVALID with one line in |why|; |ret_config|
 * owns what it holds on ERR_OK only. |on_terminal|: standard error is one. */
MUST_USE enum err config_read(char *const *argv, char *const *env, bool on_terminal,
                              struct config *ret_config, struct buf *why);
void config_done(struct config *c);
#define OWNED_CONFIG __attribute__((cleanup(config_done)))

/* Appends the list of options with their variables and defaults. */
MUST_USE enum err config_help(struct buf *out);

#endif
