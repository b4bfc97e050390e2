#include "server/httpd.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/acceptor.h"
#include "server/audit.h"
#include "server/deadlines.h"
#include "server/desk.h"
#include "server/endpoint.h"
#include "server/parking.h"

enum {
    NETWORK_THREADS = 2,
    DESK_THREADS = 4,
    DESK_WAITING = 1024,
    CONNECTION_MEMORY = 64 << 10, /* headers and the piece of a body at hand */
    STREAM_BLOCK = 64 << 10,
    BIG_ANSWER = 64 << 10, /* may take longer to send than an idle connection may live */
    /* Between two requests the library keeps all of a connection's memory touched, so
     * with more clients than this each answer ends its connection. */
    KEPT_CONNECTIONS = 1000,
    LIBRARY_TIMEOUT_S = 75,
    /* A refused body is read and dropped up to this, because closing on a client
     * that still sends would take our answer away from it. */
    DISCARD_BYTES = 128 << 20,
    STOP_PATIENCE_MS = 1000,
    STALLED_MS = 1000, /* an upload that brings nothing for so long is not waited for */
};

struct httpd {
    struct MHD_Daemon *daemon;
    struct acceptor *acceptor;
    int max_connections;
    struct api *api;
    struct metrics *metrics;
    const struct addrguard *trusted_proxies;
    struct desk *desk;
    struct deadlines *deadlines;
    struct parking *parking;
    atomic_bool closing;               /* each answer ends its connection */
    atomic_bool refusing;              /* calls are refused */
    atomic_int n_calls;                /* under way */
    atomic_int n_receiving, n_working; /* of these: their bodies come in; on the desk */
    atomic_uint_fast64_t received;     /* bytes of bodies, ever */
    atomic_int n_connections;
};

/* One connection: libmicrohttpd's socket context. */
struct peer {
    struct httpd *httpd;
    struct deadline *deadline;
    int fd;        /* the library's */
    bool is_proxy; /* and a trusted one */
    char *target;  /* of the request that is being received, raw */
};

enum step {
    STEP_HEAD,     /* nothing decided */
    STEP_RECEIVE,  /* the body goes to the call */
    STEP_DISCARD,  /* the body is dropped, the answer is there */
    STEP_WORK,     /* the body is complete; perhaps on the desk, suspended */
    STEP_PARKED,   /* the answer waits for news: suspended */
    STEP_ANSWERED, /* the answer is queued, or can be */
};

/* One request: libmicrohttpd's request context, from the first call of the
 * handler to on_completed. The desk, or the parking, has it alone while the connection
 * is suspended. */
struct request {
    struct errand errand;
    struct parked parked;
    struct httpd *httpd;
    struct peer *peer;
    struct MHD_Connection *connection;
    struct api_call *call;
    enum step step;
    bool is_head;
    bool has_body;
    bool is_untimed; /* by the library, while the answer is sent */
    unsigned status; /* 0: none queued */
    uint64_t discarded;
    int64_t started_us;
};

/* --- what differs between the versions of the library ----------------------- */

static void add_strictness(struct MHD_OptionItem *item) {
#if MHD_VERSION >= 0x00097600
    *item = (struct MHD_OptionItem){MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, NULL};
#else
    *item = (struct MHD_OptionItem){MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL};
#endif
}

/* An answer that says nothing of its body: 304. The older one always tells a length, which
 * whoever reads a 304 has to pass over (RFC 9111 section 3.2). */
static struct MHD_Response *response_without_body(void) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

#if MHD_VERSION >= 0x00097600
    if (response)
        (void)MHD_set_response_options(response, MHD_RF_HEAD_ONLY_RESPONSE, MHD_RO_END);
#endif
    return response;
}

const char *httpd_library(void) {
    return MHD_get_version();
}

/* --- answering ---------------------------------------------------------------- */

/* A body that is made while it is sent. */
struct stream {
    struct errand errand; /* to go on, while suspended */
    struct parked parked;
    bool was_parked;
    struct api_reader reader;
    struct httpd *httpd;
    struct peer *peer;
    struct MHD_Connection *connection;
};

static void go_on(struct errand *e, bool refused) {
    (void)refused; /* the stream ends like all others when the service stops */
    MHD_resume_connection(CONTAINER_OF(e, struct stream, errand)->connection);
}

/* Nothing to send yet: the thread's other connections come first. To return 0
 * without being suspended would spin. */
static ssize_t give_way(struct stream *s) {
    MHD_suspend_connection(s->connection);
    if (!desk_put(s->httpd->desk, &s->errand))
        MHD_resume_connection(s->connection);
    return 0;
}

static void unpark_stream(struct parked *x) {
    MHD_resume_connection(CONTAINER_OF(x, struct stream, parked)->connection);
}

/* Meanwhile it is not the client who is late. */
static ssize_t park_stream(struct stream *s) {
    struct api_wait wait;

    s->reader.wait(s->reader.arg, &wait);
    s->was_parked = true;
    s->parked = (struct parked){.fd = s->peer->fd, .go_on = unpark_stream};
    deadline_phase(s->peer->deadline, PHASE_WORK);
    MHD_suspend_connection(s->connection);
    parking_put(s->httpd->parking, &s->parked, &wait);
    return 0;
}

/* False: it ends here, and its receiver can tell. */
static bool resume_stream(struct stream *s) {
    bool goes_on = s->parked.until == PARKED_NEWS || s->parked.until == PARKED_TIME;

    s->was_parked = false;
    deadline_phase(s->peer->deadline, PHASE_ANSWER);
    if (goes_on)
        s->reader.resume(s->reader.arg, clock_wall_ms());
    return goes_on;
}

static ssize_t read_stream(void *arg, uint64_t at, char *dst, size_t max) {
    struct stream *s = arg;
    ssize_t n;

    (void)at;
    if (s->was_parked && !resume_stream(s))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    n = s->reader.read(s->reader.arg, dst, max);
    if (n > 0)
        return n;
    if (n == API_AGAIN)
        return give_way(s);
    if (n == API_LATER)
        return park_stream(s);
    return n == 0 ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_stream(void *arg) {
    struct stream *s = arg;

    if (s->reader.free)
        s->reader.free(s->reader.arg);
    free(s);
}

static ssize_t read_nothing(void *arg, uint64_t at, char *dst, size_t max) {
    (void)arg;
    (void)at;
    (void)dst;
    (void)max;
    return MHD_CONTENT_READER_END_OF_STREAM;
}

/* For HEAD: the headers of a streamed answer. 0.9.75 would send the last chunk of
 * a chunked one nevertheless, which the client takes for its next answer: so it is
 * said to be ended by the connection. */
static struct MHD_Response *response_without_stream(void) {
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_nothing, NULL, NULL);

    if (response)
        (void)MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return response;
}

static struct MHD_Response *response_of_stream(const struct request *r, struct api_reader *reader) {
    struct stream *s = NEW(struct stream);
    struct MHD_Response *response;

    *s = (struct stream){.errand = {.run = go_on},
                         .reader = *reader,
                         .httpd = r->httpd,
                         .peer = r->peer,
                         .connection = r->connection};
    list_init(&s->errand.link);
    *reader = (struct api_reader){0}; /* taken */
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, s,
                                                 free_stream);
    if (!response)
        free_stream(s);
    return response;
}

static struct MHD_Response *response_of_bytes(struct buf bytes) {
    return MHD_create_response_from_buffer_with_free_callback(bytes.len, bytes.ptr, free);
}

static struct MHD_Response *response_new(const struct request *r, struct api_response *answer) {
    if (answer->status == MHD_HTTP_NOT_MODIFIED)
        return response_without_body();
    if (!answer->reader.read)
        return response_of_bytes(buf_take(&answer->body));
    return r->is_head ? response_without_stream() : response_of_stream(r, &answer->reader);
}

static bool add_header(struct MHD_Response *response, struct api_header header) {
    OWNED_CHARS char *name = mem_chars(header.name);
    OWNED_CHARS char *value = mem_chars(header.value);

    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool is_last_answer(const struct request *r, const struct api_response *answer) {
    return answer->closes || atomic_load(&r->httpd->closing) ||
           atomic_load(&r->httpd->n_connections) > KEPT_CONNECTIONS;
}

static bool add_headers(const struct request *r, struct MHD_Response *response,
                        const struct api_response *answer) {
    for (size_t i = 0; i < answer->n_headers; i++)
        if (!add_header(response, answer->headers[i]))
            return false;
    if (is_last_answer(r, answer))
        return add_header(response, (struct api_header){STR("Connection"), STR("close")});
    return true;
}

/* Queues the call's answer. MHD_NO cuts the connection. */
static enum MHD_Result answer(struct request *r) {
    struct api_response *made = api_call_response(r->call);
    enum MHD_Result queued = MHD_NO;
    struct MHD_Response *response;

    r->step = STEP_ANSWERED;
    r->is_untimed = made->reader.read || made->body.len > BIG_ANSWER;
    response = response_new(r, made);
    if (response && add_headers(r, response, made)) {
        /* The library would cut a slow reader, whose socket need not move for
         * minutes; our own deadline counts what arrives. */
        if (r->is_untimed)
            (void)MHD_set_connection_option(r->connection, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
        deadline_phase(r->peer->deadline, PHASE_ANSWER);
        queued = MHD_queue_response(r->connection, made->status, response);
    }
    if (response)
        MHD_destroy_response(response);
    if (queued == MHD_YES)
        r->status = made->status;
    else
        log_error("an answer could not be queued",
                  log_str("route", str_of(api_call_route(r->call))),
                  log_int("status", made->status));
    return queued;
}

/* --- asking --------------------------------------------------------------------- */

struct header_list {
    struct api_header *items;
    size_t n, max;
};

static enum MHD_Result on_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                 size_t name_len, const char *value, size_t value_len) {
    struct header_list *list = arg;

    (void)kind;
    if (list->n == list->max)
        return MHD_NO;
    list->items[list->n++] = (struct api_header){.name = str_at(name, name_len),
                                                 .value = str_at(value, value ? value_len : 0)};
    return MHD_YES;
}

static struct api_call *call_new(struct request *r, const char *method, const char *version) {
    int n = MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, NULL, NULL);
    struct header_list list = {.max = n > 0 ? (size_t)n : 0};
    struct api_request request = {
        .method = str_of(method),
        .target = str_of(r->peer->target),
        .version = str_of(version),
        .now_ms = clock_wall_ms(),
        .is_proxied = r->peer->is_proxy,
    };
    struct api_call *call;

    list.items = NEW_N(struct api_header, list.max);
    (void)MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, on_header, &list);
    request.headers = list.items;
    request.n_headers = list.n;
    call = api_call_new(r->httpd->api, &request);
    free(list.items);
    return call;
}

static const char *header(const struct request *r, const char *name) {
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* Whether a refused body is short enough to be read and dropped. A client that
 * asked first (Expect) does not send it at all. */
static bool is_worth_discarding(const struct request *r) {
    const char *length = header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
    uint64_t n;

    if (header(r, MHD_HTTP_HEADER_EXPECT))
        return false;
    return !length || str_to_u64(str_of(length), DISCARD_BYTES, &n) == ERR_OK;
}

/* On the desk: the connection is suspended, so the request is ours. */
static void carry_out(struct errand *e, bool refused) {
    struct request *r = CONTAINER_OF(e, struct request, errand);
    struct MHD_Connection *connection = r->connection;

    if (refused)
        api_call_refuse(r->call, "the service is stopping");
    else
        api_call_finish(r->call);
    atomic_fetch_sub(&r->httpd->n_working, 1);
    MHD_resume_connection(connection);
}

static struct request *request_new(struct httpd *h, struct peer *peer,
                                   struct MHD_Connection *connection, const char *method,
                                   const char *version) {
    struct request *r = NEW(struct request);

    list_init(&r->errand.link);
    r->errand.run = carry_out;
    r->httpd = h;
    r->peer = peer;
    r->connection = connection;
    r->is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    r->has_body =
        header(r, MHD_HTTP_HEADER_CONTENT_LENGTH) || header(r, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    r->started_us = clock_mono_us();
    r->call = call_new(r, method, version);
    free(peer->target);
    peer->target = NULL;
    atomic_fetch_add(&h->n_calls, 1);
    return r;
}

/* The head is complete. An answer given here ends the connection, because its
 * body is not read: only where that is meant. */
static enum MHD_Result on_head(struct request *r) {
    if (!atomic_load(&r->httpd->refusing) && api_call_wants_body(r->call)) {
        r->step = STEP_RECEIVE;
        atomic_fetch_add(&r->httpd->n_receiving, 1);
        deadline_phase(r->peer->deadline, PHASE_BODY);
        return MHD_YES;
    }
    if (api_call_wants_body(r->call))
        api_call_refuse(r->call, "the service is stopping");
    r->step = STEP_DISCARD;
    deadline_phase(r->peer->deadline, PHASE_BODY);
    if (api_call_response(r->call)->closes || (r->has_body && !is_worth_discarding(r)))
        return answer(r);
    return MHD_YES;
}

static enum MHD_Result on_body(struct request *r, struct str piece) {
    deadline_received(r->peer->deadline, piece.len);
    if (r->step == STEP_RECEIVE) {
        atomic_fetch_add(&r->httpd->received, piece.len);
        return api_call_body(r->call, piece) ? MHD_YES : MHD_NO;
    }
    r->discarded += piece.len;
    return r->discarded <= DISCARD_BYTES ? MHD_YES : MHD_NO;
}

static enum MHD_Result send_to_desk(struct request *r) {
    MHD_suspend_connection(r->connection);
    atomic_fetch_add(&r->httpd->n_working, 1);
    if (!desk_put(r->httpd->desk, &r->errand)) {
        api_call_refuse(r->call, "too many calls are waiting");
        atomic_fetch_sub(&r->httpd->n_working, 1);
        MHD_resume_connection(r->connection);
    }
    return MHD_YES;
}

static void unpark_request(struct parked *x) {
    MHD_resume_connection(CONTAINER_OF(x, struct request, parked)->connection);
}

static enum MHD_Result park_request(struct request *r, const struct api_wait *wait) {
    r->step = STEP_PARKED;
    r->parked = (struct parked){.fd = r->peer->fd, .go_on = unpark_request};
    MHD_suspend_connection(r->connection);
    parking_put(r->httpd->parking, &r->parked, wait);
    return MHD_YES;
}

/* Makes the answer, or waits on for it. */
static enum MHD_Result finish(struct request *r) {
    struct api_wait wait;

    r->step = STEP_WORK;
    api_call_finish(r->call);
    return api_call_waits(r->call, &wait) ? park_request(r, &wait) : answer(r);
}

/* The answer, or the errand that will bring it. */
static enum MHD_Result carry_on(struct request *r) {
    deadline_phase(r->peer->deadline, PHASE_WORK);
    if (atomic_load(&r->httpd->refusing))
        api_call_refuse(r->call, "the service is stopping");
    else if (api_call_blocks(r->call))
        return send_to_desk(r);
    else
        return finish(r);
    return answer(r);
}

/* The body is complete, the desk is done, or it is no longer parked. */
static enum MHD_Result on_end(struct request *r) {
    enum MHD_Result result;

    if (r->step == STEP_PARKED) {
        api_call_resume(r->call, clock_wall_ms(), r->parked.until != PARKED_NEWS);
        return finish(r);
    }
    if (r->step != STEP_RECEIVE)
        return answer(r);
    r->step = STEP_WORK;
    result = carry_on(r);
    atomic_fetch_sub(&r->httpd->n_receiving, 1); /* counted as working by now, if it is */
    return result;
}

/* --- callbacks of the library, on its threads ------------------------------------- */

static struct peer *peer_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static bool is_trusted(const struct httpd *h, int fd) {
    struct endpoint peer;

    return endpoint_of_peer(fd, &peer) == ERR_OK &&
           addrguard_allows(h->trusted_proxies, (const struct sockaddr *)(void *)&peer.bytes);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
    struct httpd *h = arg;
    struct peer *peer = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

        *context = peer = NEW(struct peer);
        peer->httpd = h;
        peer->fd = fd;
        peer->is_proxy = is_trusted(h, fd);
        peer->deadline = deadline_new(h->deadlines, fd);
        metrics_connected(h->metrics);
        atomic_fetch_add(&h->n_connections, 1);
    } else if (peer) {
        metrics_disconnected(h->metrics);
        atomic_fetch_sub(&h->n_connections, 1);
        deadline_free(peer->deadline);
        free(peer->target);
        free(peer);
        *context = NULL;
    }
}

/* The library shall not see the query: it would put each parameter into the connection's own
 * memory, where 0.9.75 then finds no room for an answer, says nothing, and keeps the connection.
 * api reads the raw target. The text is the library's receive buffer, into which it writes
 * itself as soon as this returns. */
static void hide_query(const char *target) {
    char *query = strchr(target, '?');

    if (query && GUARD("hide_query"))
        query[1] = '\0'; /* it may be the end already */
}

/* The request line is there. Gives the raw target, which the handler is not shown. */
static void *on_target(void *arg, const char *target, struct MHD_Connection *connection) {
    struct peer *peer = peer_of(connection);

    (void)arg;
    free(peer->target);
    peer->target = mem_chars(str_of(target));
    deadline_phase(peer->deadline, PHASE_HEADERS);
    hide_query(target);
    return NULL;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *piece,
                                  size_t *piece_len, void **context) {
    struct request *r = *context;

    (void)url;
    if (!r) {
        *context = r = request_new(arg, peer_of(connection), connection, method, version);
        return on_head(r);
    }
    if (*piece_len) {
        struct str bytes = str_at(piece, *piece_len);

        *piece_len = 0;
        return on_body(r, bytes);
    }
    return on_end(r);
}

static void log_request(const struct request *r, int64_t elapsed_us) {
    struct str route = str_of(api_call_route(r->call));
    struct str id = api_call_request_id(r->call);

    log_write(r->status >= 500 ? LOG_WARNING : LOG_DEBUG, "request", log_str("route", route),
              log_int("status", r->status), log_int("elapsed_us", elapsed_us),
              log_str("request_id", id), LOG_END);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code) {
    struct request *r = *context;
    struct httpd *h = arg;
    int64_t elapsed_us;

    if (!r)
        return;
    elapsed_us = clock_mono_us() - r->started_us;
    if (r->step == STEP_RECEIVE) /* cut short */
        atomic_fetch_sub(&h->n_receiving, 1);
    if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK)
        r->status = 0;
    metrics_request(h->metrics, api_call_route(r->call), r->status, elapsed_us);
    log_request(r, elapsed_us);
    audit_log(r->call, r->status, r->peer->fd, h->trusted_proxies);
    deadline_phase(r->peer->deadline, PHASE_IDLE);
    if (r->is_untimed)
        (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                        (unsigned)LIBRARY_TIMEOUT_S);
    api_call_free(r->call);
    free(r);
    *context = NULL;
    atomic_fetch_sub(&h->n_calls, 1);
}

static void on_library_log(void *arg, const char *format, va_list values)
    __attribute__((format(printf, 2, 0)));

static void on_library_log(void *arg, const char *format, va_list values) {
    char text[256];

    (void)arg;
    (void)vsnprintf(text, sizeof text, format, values);
    log_debug("libmicrohttpd", log_str("text", str_trim(str_of(text))));
}

/* --- life ------------------------------------------------------------------------- */

static bool has_room(void *arg) {
    struct httpd *h = arg;

    return atomic_load(&h->n_connections) < h->max_connections;
}

/* The library closes what it does not take. */
static void take_client(void *arg, int fd, const struct sockaddr *address, socklen_t len) {
    struct httpd *h = arg;

    (void)MHD_add_connection(h->daemon, fd, address, len);
}

static struct MHD_Daemon *daemon_new(struct httpd *h) {
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET |
                     MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, NETWORK_THREADS, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, h->max_connections, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, LIBRARY_TIMEOUT_S, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_END, 0, NULL}, /* strictness */
        {MHD_OPTION_END, 0, NULL},
    };

    add_strictness(&options[sizeof options / sizeof options[0] - 2]);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        h, MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static int take_fd(int *fd) {
    int taken = *fd;

    *fd = -1;
    return taken;
}

static enum err accept_clients(struct httpd *h, int listen_fd) {
    const struct acceptor_options o = {
        .listen_fd = listen_fd, .has_room = has_room, .take = take_client, .arg = h};

    return acceptor_new(&o, &h->acceptor);
}

enum err httpd_new(const struct httpd_options *o, struct httpd **ret_httpd) {
    OWNED(httpd) struct httpd *h = NEW(struct httpd);
    OWNED_FD int listen_fd = o->listen_fd;

    h->max_connections = (int)o->max_connections;
    h->api = o->api;
    h->metrics = o->metrics;
    h->trusted_proxies = o->trusted_proxies;
    h->desk = desk_new(DESK_THREADS, DESK_WAITING);
    h->deadlines = deadlines_new(o->deadline_divisor, metrics_cut, h->metrics);
    h->parking = parking_new();
    if (!h->desk || !h->deadlines || !h->parking)
        return ERR_IO;
    h->daemon = daemon_new(h);
    if (!h->daemon || accept_clients(h, take_fd(&listen_fd)) != ERR_OK)
        return ERR_IO;
    *ret_httpd = TAKE(h);
    return ERR_OK;
}

void httpd_quiesce(struct httpd *h) {
    atomic_store(&h->closing, true);
    if (h->acceptor)
        acceptor_stop(h->acceptor);
    parking_close(h->parking);
}

static void pause_ms(int64_t ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    (void)nanosleep(&t, NULL);
}

void httpd_drain(struct httpd *h, int64_t until_ms) {
    uint64_t received = atomic_load(&h->received);
    int64_t now_ms = clock_mono_ms(), moved_ms = now_ms;

    while (now_ms < until_ms && (atomic_load(&h->n_working) || (atomic_load(&h->n_receiving) &&
                                                                now_ms - moved_ms < STALLED_MS))) {
        pause_ms(5);
        now_ms = clock_mono_ms();
        if (atomic_load(&h->received) != received || atomic_load(&h->n_working))
            moved_ms = now_ms;
        received = atomic_load(&h->received);
    }
}

static void await_none(atomic_int *n, int64_t until_ms) {
    while (atomic_load(n) > 0 && clock_mono_ms() < until_ms)
        pause_ms(1);
}

void httpd_stop(struct httpd *h) {
    int64_t until_ms = clock_mono_ms() + STOP_PATIENCE_MS;

    if (!h->daemon)
        return;
    httpd_quiesce(h);
    atomic_store(&h->refusing, true);
    /* From here on nobody is suspended, which MHD_stop_daemon would not survive:
     * what waits is answered, and desk_put says no. */
    desk_close(h->desk);
    await_none(&h->n_calls, until_ms);
    /* Nor does 0.9.75 survive a head that it refuses itself while it stops. */
    if (GUARD("hang_up")) {
        deadlines_cut_all(h->deadlines);
        await_none(&h->n_connections, until_ms);
    }
    MHD_stop_daemon(h->daemon);
    h->daemon = NULL;
}

void httpd_free(struct httpd *h) {
    if (!h)
        return;
    httpd_stop(h);
    acceptor_free(h->acceptor);
    parking_free(h->parking);
    desk_free(h->desk);
    deadlines_free(h->deadlines);
    free(h);
}
