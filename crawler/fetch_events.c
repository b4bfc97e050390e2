/* What libcurl tells of one request: sockets, heads, bodies. All of it is hostile. */
#include <sys/socket.h>

#include "base/clock.h"
#include "base/guard.h"
#include "crawler/fetch_impl.h"

enum {
    UNWANTED_BODY_BYTES = 64 << 10, /* of an error page, read so that its connection can be kept */
    /* Decoded bytes from which on the ratio is looked at: real tables pack 300-fold, but
     * they are not larger than this. */
    RATIO_FREE_BYTES = 16 << 20,
    MAX_RATIO = 200,
};

static struct str known(const struct buf *b, bool has) {
    return has ? str_at(b->ptr ? b->ptr : "", b->len) : STR_NONE;
}

struct fetch_reply fetch_reply_of(const struct fetch *t) {
    return (struct fetch_reply){
        .status = t->reply.status,
        .content_type = known(&t->reply.content_type, t->reply.has_content_type),
        .location = known(&t->reply.location, t->reply.has_location),
        .etag = known(&t->reply.etag, t->reply.has_etag),
        .last_modified = known(&t->reply.last_modified, t->reply.has_last_modified),
        .link = buf_str(&t->reply.link),
        .retry_after_ms = t->reply.retry_after_ms,
        .body_bytes = t->decoded,
        .was_tried = t->was_tried};
}

/* --- addresses ---------------------------------------------------------------------- */

/* Names can be bound anew and literals have many forms: what counts is the address
 * that a socket is about to be connected to. */
curl_socket_t fetch_on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address) {
    struct fetch *t = arg;
    int fd;

    if (purpose != CURLSOCKTYPE_IPCXN ||
        (GUARD("addrguard_connect") &&
         addrguard_blocks(t->owner->options.addrguard, &address->addr))) {
        t->is_blocked = true;
        return CURL_SOCKET_BAD;
    }
    t->was_tried = true;
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    loop_forget(t->owner->options.loop, fd); /* see loop.h: libcurl may have closed its like */
    return fd;
}

/* May run after the request is gone, for a connection that was kept. */
int fetch_on_close_socket(void *arg, curl_socket_t fd) {
    struct fetcher *f = arg;

    loop_forget(f->options.loop, fd);
    return close(fd);
}

/* A kept connection passes no on_open_socket: it is judged here. This is also the
 * moment before the request is sent. As long as on_open_socket does its work there is
 * no connection that this could refuse: it is the second lock, and tested as such. */
int fetch_on_ready_to_send(void *arg, char *peer, char *local, int peer_port, int local_port) {
    struct fetch *t = arg;
    struct address a;

    (void)local, (void)peer_port, (void)local_port;
    t->was_tried = true;
    if (GUARD("addrguard_reuse") && (address_parse(str_of(peer), &a) != ERR_OK ||
                                     addrguard_blocks(t->owner->options.addrguard, &a.any))) {
        t->why = CODE_BLOCKED_ADDRESS;
        return CURL_PREREQFUNC_ABORT;
    }
    if (!t->was_sent)
        list_push_back(&t->owner->sent, &t->sent);
    t->was_sent = true;
    return CURL_PREREQFUNC_OK;
}

/* --- what comes in -------------------------------------------------------------------- */

bool fetch_is_wanted(const struct fetch *t) {
    return t->reply.status >= 200 && t->reply.status < 300;
}

/* Breaks the body off: with |code| where the body counts, quietly where it does not. */
static enum err break_off(struct fetch *t, enum code code) {
    if (fetch_is_wanted(t))
        t->why = code;
    else
        t->has_enough = true;
    return ERR_STOPPED;
}

static bool is_bloated(const struct fetch *t) {
    return t->decoded > RATIO_FREE_BYTES && t->decoded / MAX_RATIO > t->received;
}

static enum err on_piece(void *arg, struct str piece) {
    struct fetch *t = arg;
    enum err e;

    t->decoded += piece.len;
    if (GUARD("body_limit") && t->decoded > t->max_body_bytes)
        return break_off(t, CODE_BODY_TOO_LARGE);
    if (GUARD("ratio") && t->inflate && is_bloated(t))
        return break_off(t, CODE_BODY_TOO_LARGE);
    if (!fetch_is_wanted(t))
        return t->decoded > UNWANTED_BODY_BYTES ? break_off(t, CODE_NONE) : ERR_OK;
    e = t->owner->options.events->body(t->arg, piece);
    if (e == ERR_OK)
        return ERR_OK;
    return break_off(t, e == ERR_TOO_BIG ? CODE_BODY_TOO_LARGE : CODE_INTERNAL_ERROR);
}

/* The first byte of a coded body decides that it must be decodable. */
static enum err prepare_decoder(struct fetch *t) {
    if (t->reply.coding == CODING_NONE || t->inflate)
        return ERR_OK;
    if (t->reply.coding == CODING_UNKNOWN)
        return break_off(t, CODE_BAD_ENCODING);
    t->inflate = inflate_new(t->reply.coding == CODING_GZIP ? INFLATE_GZIP : INFLATE_DEFLATE);
    return t->inflate ? ERR_OK : break_off(t, CODE_INTERNAL_ERROR);
}

size_t fetch_on_body(char *bytes, size_t size, size_t n, void *arg) {
    struct fetch *t = arg;
    struct str piece = str_at(bytes, size * n);
    enum err e = prepare_decoder(t);

    if (e != ERR_OK)
        return CURL_WRITEFUNC_ERROR;
    t->received += piece.len;
    e = t->inflate ? inflate_feed(t->inflate, piece, on_piece, t) : on_piece(t, piece);
    if (e == ERR_INVALID)
        e = break_off(t, CODE_BAD_ENCODING);
    else if (e == ERR_NO_MEMORY)
        e = break_off(t, CODE_INTERNAL_ERROR);
    return e == ERR_OK ? piece.len : CURL_WRITEFUNC_ERROR;
}

size_t fetch_on_header(char *bytes, size_t size, size_t n, void *arg) {
    struct fetch *t = arg;
    bool was_whole = t->reply.is_whole;

    if (reply_put_line(&t->reply, str_at(bytes, size * n), clock_wall_ms()) != ERR_OK) {
        t->why = CODE_PROTOCOL_ERROR;
        return 0;
    }
    if (t->reply.is_whole && !was_whole) {
        struct fetch_reply reply = fetch_reply_of(t);
        bool keep = t->owner->options.events->head(t->arg, &reply);

        /* libcurl's cache of connections grows with every host it ever saw */
        (void)curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, keep ? 0L : 1L);
    }
    return size * n;
}
