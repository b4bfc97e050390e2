#include "server/audit.h"

#include "base/log.h"
#include "server/forwarded.h"

/* As |room| or as a part of the call's headers. */
static struct str address_of(const struct api_call *c, int fd, const struct addrguard *proxies,
                             char room[ENDPOINT_TEXT_LEN]) {
    struct str header, client = STR_NONE;
    struct endpoint peer;

    if (endpoint_of_peer(fd, &peer) != ERR_OK)
        return STR("-");
    endpoint_text(&peer, room);
    if (addrguard_allows(proxies, (const struct sockaddr *)(void *)&peer.bytes) &&
        api_call_header(c, STR("X-Forwarded-For"), &header))
        client = forwarded_client(header, proxies);
    return client.len ? client : str_of(room);
}

void audit_log(const struct api_call *c, unsigned status, int fd, const struct addrguard *proxies) {
    char room[ENDPOINT_TEXT_LEN], job[UUID_TEXT_LEN + 1] = "-";
    struct uuid id;

    if (!api_call_changes(c))
        return;
    if (api_call_job_id(c, &id))
        uuid_text(&id, job);
    log_info("audit", log_str("tenant", api_call_tenant(c)), log_str("method", api_call_method(c)),
             log_str("route", str_of(api_call_route(c))), log_str("job", str_of(job)),
             log_int("status", status), log_str("address", address_of(c, fd, proxies, room)),
             log_str("request_id", api_call_request_id(c)));
}
