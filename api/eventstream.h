/* eventstream - what happens to a job, as server-sent events: see the events of HTML
 * (section 9.2), and GET /v1/jobs/{id}/events in openapi.yaml.
 *
 *   state      it moved: read from the log that is written with each move
 *   progress   its counts, where they changed; a later one says all that earlier ones did
 *   url        a URL ended: read from the records
 *   done       it is finished, and all of the above were told
 *
 * An id is "VERSION-SEQ": all that belongs to versions and records up to these was told.
 * Constant memory; one thread at a time.
 */
#ifndef API_EVENTSTREAM_H
#define API_EVENTSTREAM_H

#include "api/call.h"

#define EVENT_TYPE_TABLE(X)                                                                        \
    X(STATE, "state")                                                                              \
    X(PROGRESS, "progress")                                                                        \
    X(DONE, "done")                                                                                \
    X(URL, "url")

enum event_type {
#define X(name, text) EVENT_##name,
    EVENT_TYPE_TABLE(X)
#undef X
        EVENT_TYPE_COUNT
};
#define EVENT_TYPES_USUAL (1U << EVENT_STATE | 1U << EVENT_PROGRESS | 1U << EVENT_DONE)

enum { EVENT_PROGRESS_MS = 1000 }; /* between two of them */

struct event_place {
    uint64_t version;
    int64_t seq;
};
/* ERR_INVALID: no id of an event. */
MUST_USE enum err event_place_parse(struct str id, struct event_place *ret_place);

struct eventstream_options {
    struct api *api;
    int64_t job;
    unsigned types; /* bits 1 << EVENT_x */
    struct event_place after;
    int64_t now_ms; /* wall clock */
};
/* The reader owns what it reads from. */
struct api_reader eventstream_new(const struct eventstream_options *o);

#endif
