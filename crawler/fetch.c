/* The life of a request, and libcurl's sockets and timers in the engine's loop. */
#include "crawler/fetch.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/mem.h"
#include "crawler/fetch_impl.h"

enum {
    MAX_IDLE_HANDLES = 256,
    TIMER_RETRY_MS = 100,
    /* Before this version a handle keeps a pointer to the last header of its previous
     * transfer: an answer whose first header line is folded is then appended to freed
     * memory (curl issue 11101, mended in May 2023). */
    LEAST_REUSABLE = 0x080102,
};

/* --- codes ------------------------------------------------------------------------ */

/* What a result of libcurl means. Whatever our callbacks had in mind went before. */
static enum code code_of_curl(CURLcode c) {
    switch (c) {
    case CURLE_OK:
        return CODE_NONE;
    case CURLE_URL_MALFORMAT: /* libcurl takes fewer hosts than the URL Standard */
        return CODE_INVALID_URL;
    case CURLE_COULDNT_RESOLVE_HOST:
        return CODE_DNS_ERROR;
    case CURLE_COULDNT_CONNECT:
        return CODE_CONNECT_ERROR;
    case CURLE_OPERATION_TIMEDOUT:
        return CODE_TIMEOUT;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        return CODE_CONNECTION_LOST;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_USE_SSL_FAILED:
        return CODE_TLS_ERROR;
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, garbage, status 99: the scheme was checked */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:  /* of the transfer */
    case CURLE_OUT_OF_MEMORY:         /* also a header line that is too long */
    case CURLE_BAD_FUNCTION_ARGUMENT: /* of a header line that has no name */
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE: /* a header line, or more of them than libcurl's own limit */
#endif
    case CURLE_TOO_MANY_REDIRECTS:
        return CODE_PROTOCOL_ERROR;
    default: /* the local side: certificates unreadable, no descriptors, ... */
        return CODE_INTERNAL_ERROR;
    }
}

enum code fetch_code_of_status(uint32_t status) {
    if (status == 429)
        return CODE_RATE_LIMITED;
    switch (status / 100) {
    case 0:
    case 1:
        return CODE_PROTOCOL_ERROR;
    case 2:
        return CODE_NONE;
    case 3:
        return CODE_HTTP_3XX;
    case 4:
        return CODE_HTTP_4XX;
    default:
        return CODE_HTTP_5XX;
    }
}

static enum code end_code(const struct fetch *t, CURLcode c) {
    if (t->why != CODE_NONE)
        return t->why;
    /* a refused address looks like a refused connection */
    if (t->is_blocked && !t->was_tried)
        return CODE_BLOCKED_ADDRESS;
    if (t->has_enough)
        return CODE_NONE;
    return code_of_curl(c);
}

/* --- one request ------------------------------------------------------------------------ */

static struct fetch *handle_new(struct fetcher *f) {
    struct fetch *t = NEW(struct fetch);

    t->owner = f;
    t->easy = curl_easy_init();
    list_init(&t->link);
    list_init(&t->sent);
    reply_init(&t->reply);
    if (t->easy)
        return t;
    free(t);
    return NULL;
}

static void handle_free(struct fetch *t) {
    curl_easy_cleanup(t->easy);
    reply_done(&t->reply);
    free(t);
}

/* Gives up what belongs to the request; the handle can serve another. */
static void handle_clear(struct fetch *t) {
    fetch_clear_names(t);
    inflate_free(TAKE(t->inflate));
    list_remove(&t->sent);
    list_remove(&t->link);
    reply_done(&t->reply);
}

static void handle_release(struct fetch *t) {
    struct fetcher *f = t->owner;

    handle_clear(t);
    if (f->n_idle >= f->max_idle) {
        handle_free(t);
        return;
    }
    f->n_idle++;
    list_push_front(&f->idle, &t->link); /* the one that is warm in the cache goes next */
}

static struct fetch *handle_take(struct fetcher *f) {
    struct list *link = list_pop_front(&f->idle);
    struct fetch *t;

    if (!link)
        return handle_new(f);
    f->n_idle--;
    t = CONTAINER_OF(link, struct fetch, link);
    curl_easy_reset(t->easy); /* forgets all options, and keeps connections and TLS sessions */
    *t = (struct fetch){.owner = f, .easy = t->easy};
    list_init(&t->link);
    list_init(&t->sent);
    reply_init(&t->reply);
    return t;
}

enum err fetch_start(struct fetcher *f, const struct fetch_request *r, void *arg,
                     struct fetch **ret_fetch) {
    struct fetch *t = handle_take(f);
    enum err e;

    if (!t)
        return ERR_NO_MEMORY;
    t->arg = arg;
    t->max_body_bytes = r->max_body_bytes;
    e = fetch_set_up(t, r);
    if (e == ERR_OK && curl_multi_add_handle(f->multi, t->easy) != CURLM_OK)
        e = ERR_IO;
    if (e != ERR_OK) {
        handle_release(t);
        return e;
    }
    list_push_back(&f->running, &t->link);
    f->n_running++;
    *ret_fetch = t;
    return ERR_OK;
}

static void stop_running(struct fetch *t) {
    (void)curl_multi_remove_handle(t->owner->multi, t->easy);
    t->owner->n_running--;
    handle_release(t);
}

void fetch_abort(struct fetch *t) {
    stop_running(t);
}

/* A body that ends before its coding does is a cut one, whatever libcurl says. */
static enum code check_end(struct fetch *t, enum code code) {
    if (code == CODE_NONE && fetch_is_wanted(t) && t->inflate && !t->has_enough &&
        inflate_finish(t->inflate) != ERR_OK)
        return CODE_BAD_ENCODING;
    return code;
}

static void finish(struct fetch *t, CURLcode c) {
    enum code code = check_end(t, end_code(t, c));
    struct fetch_reply reply = fetch_reply_of(t);

    t->owner->options.events->done(t->arg, &reply, code);
    stop_running(t);
}

/* --- the loop ----------------------------------------------------------------------------- */

/* Where libcurl has no memory it forgets to set its timer again, without which nothing that is
 * under way would ever end. */
static void act(struct fetcher *f, curl_socket_t fd, int mask) {
    int running;

    if (curl_multi_socket_action(f->multi, fd, mask, &running) != CURLM_OK)
        f->timer_at = clock_mono_ms() + TIMER_RETRY_MS;
}

static void on_fd_ready(void *arg, int fd, unsigned events) {
    struct fetcher *f = arg;
    int mask =
        (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0);

    act(f, fd, mask);
}

/* Where it cannot be watched the request times out: libcurl 7.88 takes any answer but 0
 * for the end of all requests, and crashes over those that have no connection yet. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg) {
    struct fetcher *f = arg;
    unsigned events = 0;

    (void)easy, (void)socket_arg;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        events |= LOOP_READ;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        events |= LOOP_WRITE;
    if (loop_watch(f->options.loop, fd, events, on_fd_ready, f) != ERR_OK)
        loop_forget(f->options.loop, fd);
    return 0;
}

/* libcurl sets a timer once: one that fires a moment too early is lost for ever. So
 * it is counted from now, not from the time of the turn, and rounded up. */
static int on_timer(CURLM *multi, long timeout_ms, void *arg) {
    struct fetcher *f = arg;

    (void)multi;
    if (timeout_ms < 0)
        f->timer_at = INT64_MAX;
    else
        f->timer_at = timeout_ms == 0 ? 0 : clock_mono_ms() + timeout_ms + 1;
    return 0;
}

static void tell_sent(struct fetcher *f) {
    struct list *link;

    while ((link = list_pop_front(&f->sent)))
        f->options.events->sent(CONTAINER_OF(link, struct fetch, sent)->arg);
}

static void tell_done(struct fetcher *f) {
    struct CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(f->multi, &left))) {
        char *private = NULL;
        CURLcode result = message->data.result; /* the message dies with its handle's removal */

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        finish((struct fetch *)(void *)private, result);
    }
}

int64_t fetcher_run(struct fetcher *f, int64_t now) {
    if (f->timer_at <= now) {
        f->timer_at = INT64_MAX; /* libcurl sets the next one from within */
        act(f, CURL_SOCKET_TIMEOUT, 0);
    }
    tell_sent(f);
    tell_done(f);
    return f->timer_at == INT64_MAX ? INT64_MAX : f->timer_at > now ? f->timer_at - now : 0;
}

/* --- the fetcher ---------------------------------------------------------------------------- */

/* Too small a cache reconnects for every request, a full one is searched through. */
static long max_connections(size_t max_transfers) {
    struct rlimit limit;
    size_t most = 2 * max_transfers, descriptors = 1024;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        descriptors = limit.rlim_cur < 1 << 20 ? (size_t)limit.rlim_cur : 1 << 20;
    if (most > descriptors / 4)
        most = descriptors / 4;
    return most > 16 ? (long)most : 16;
}

static CURLMcode set_up_multi(struct fetcher *f) {
    CURLMcode e = curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_socket);

    if (e == CURLM_OK)
        e = curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
    if (e == CURLM_OK)
        e = curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    if (e == CURLM_OK)
        e = curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
    if (e == CURLM_OK)
        e = curl_multi_setopt(f->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    if (e == CURLM_OK)
        e = curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS,
                              max_connections(f->options.max_transfers));
    return e;
}

enum err fetcher_new(const struct fetcher_options *o, struct fetcher **ret_fetcher) {
    OWNED(fetcher) struct fetcher *f = NEW(struct fetcher);

    f->options = *o;
    f->timer_at = INT64_MAX;
    if (curl_version_info(CURLVERSION_NOW)->version_num >= LEAST_REUSABLE)
        f->max_idle = MAX_IDLE_HANDLES;
    list_init(&f->running);
    list_init(&f->idle);
    list_init(&f->sent);
    map_init(&f->entries);
    f->multi = curl_multi_init();
    if (!f->multi || fetcher_set_up_headers(f) != ERR_OK || set_up_multi(f) != CURLM_OK)
        return ERR_NO_MEMORY;
    *ret_fetcher = TAKE(f);
    return ERR_OK;
}

void fetcher_free(struct fetcher *f) {
    struct list *link;

    if (!f)
        return;
    while (!list_empty(&f->running))
        fetch_abort(CONTAINER_OF(f->running.next, struct fetch, link));
    while ((link = list_pop_front(&f->idle)))
        handle_free(CONTAINER_OF(link, struct fetch, link));
    if (f->multi)
        (void)curl_multi_cleanup(f->multi); /* closes kept connections through on_close_socket */
    curl_slist_free_all(f->headers);
    curl_slist_free_all(f->stale);
    map_done(&f->entries);
    free(f);
}

enum err fetch_global_init(void) {
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? ERR_OK : ERR_NO_MEMORY;
}

void fetch_global_done(void) {
    curl_global_cleanup();
}
