#include "server/audit.h"

#include "base/log.h"
#include "server/endpoint.h"

void audit_log(const struct api_call *c, unsigned status, int fd) {
    char address[ENDPOINT_TEXT_LEN] = "-", job[UUID_TEXT_LEN + 1] = "-";
    struct endpoint peer;
    struct uuid id;

    if (!api_call_changes(c))
        return;
    if (endpoint_of_peer(fd, &peer) == ERR_OK)
        endpoint_text(&peer, address);
    if (api_call_job_id(c, &id))
        uuid_text(&id, job);
    log_info("audit", log_str("tenant", api_call_tenant(c)), log_str("method", api_call_method(c)),
             log_str("route", str_of(api_call_route(c))), log_str("job", str_of(job)),
             log_int("status", status), log_str("address", str_of(address)),
             log_str("request_id", api_call_request_id(c)));
}
