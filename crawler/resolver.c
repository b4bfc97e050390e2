#include "crawler/resolver.h"

#include <ares.h>
#include <stdlib.h>
#include <sys/time.h>

#include "base/hash.h"
#include "base/heap.h"
#include "base/map.h"
#include "base/mem.h"

enum {
    MAX_NAMES = 8192,   /* in the cache, and waiting */
    MAX_LOOKUPS = 256,  /* under way at once */
    MAX_ADDRESSES = 16, /* kept of one name */
    TRY_MS = 2000,
    TRIES = 2,
    LEAST_TTL_MS = 1000,
    MOST_TTL_MS = 3600 * 1000,
    MISSING_TTL_MS = 30 * 1000, /* the name has no address */
    FAILED_TTL_MS = 5 * 1000,   /* no server answered */
};

enum name_state { NAME_QUEUED, NAME_ASKED, NAME_KNOWN };

struct name {
    struct heap_node node;  /* in resolver.known by the time it expires */
    struct list queued;     /* in resolver.queued */
    struct list waiting;    /* struct lookup */
    struct name *same_hash; /* further names in the same slot of the map */
    struct resolver *owner;
    enum name_state state;
    enum err result;
    size_t n_addresses;
    struct address *addresses;
    char *text;
};

struct resolver {
    struct loop *loop;
    ares_channel channel;
    struct map names; /* hash -> struct name */
    size_t n_names, n_asked;
    struct heap known; /* struct name */
    struct list queued;
    int64_t now;
};

/* --- the cache ------------------------------------------------------------------- */

static struct name *name_find(const struct resolver *r, struct str text) {
    struct name *n = map_get(&r->names, hash_u64(text));

    while (n && !str_eq(str_of(n->text), text))
        n = n->same_hash;
    return n;
}

static struct name *name_new(struct resolver *r, struct str text) {
    struct name *n = NEW(struct name);

    n->owner = r;
    n->text = mem_chars(text);
    list_init(&n->queued);
    list_init(&n->waiting);
    n->same_hash = map_get(&r->names, hash_u64(text));
    map_put(&r->names, hash_u64(text), n);
    r->n_names++;
    return n;
}

static void name_unlink(struct resolver *r, const struct name *n) {
    uint64_t hash = hash_u64(str_of(n->text));
    struct name *first = map_get(&r->names, hash);

    r->n_names--;
    if (first != n) {
        while (first->same_hash != n)
            first = first->same_hash;
        first->same_hash = n->same_hash;
    } else if (n->same_hash) {
        map_put(&r->names, hash, n->same_hash);
    } else {
        (void)map_remove(&r->names, hash);
    }
}

static void name_free(struct resolver *r, struct name *n) {
    name_unlink(r, n);
    heap_remove(&r->known, &n->node);
    list_remove(&n->queued);
    free(n->addresses);
    free(n->text);
    free(n);
}

/* Forgets what has expired, and where the cache is full what expires next. */
static void make_room(struct resolver *r) {
    struct heap_node *first;

    while ((first = heap_first(&r->known)) && (first->key <= r->now || r->n_names >= MAX_NAMES))
        name_free(r, CONTAINER_OF(first, struct name, node));
}

/* --- answers --------------------------------------------------------------------- */

static void answer_all(struct name *n) {
    struct list *link;

    while ((link = list_pop_front(&n->waiting))) {
        struct lookup *l = CONTAINER_OF(link, struct lookup, link);

        l->done(l, n->result, n->addresses, n->n_addresses);
    }
}

/* Keeps the addresses; returns the least TTL in ms. */
static int64_t keep_addresses(struct name *n, const struct ares_addrinfo *info) {
    int64_t ttl_ms = MOST_TTL_MS;

    n->addresses = NEW_N(struct address, MAX_ADDRESSES);
    for (const struct ares_addrinfo_node *at = info->nodes; at; at = at->ai_next) {
        if (n->n_addresses == MAX_ADDRESSES ||
            address_copy(at->ai_addr, &n->addresses[n->n_addresses]) != ERR_OK)
            continue;
        n->n_addresses++;
        if ((int64_t)at->ai_ttl * 1000 < ttl_ms)
            ttl_ms = (int64_t)at->ai_ttl * 1000;
    }
    n->addresses = mem_resize(n->addresses, n->n_addresses, sizeof *n->addresses);
    return ttl_ms > LEAST_TTL_MS ? ttl_ms : LEAST_TTL_MS;
}

static enum err result_of(int status) {
    switch (status) {
    case ARES_SUCCESS:
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_EBADNAME: /* no name that could be in the DNS */
        return ERR_NOT_FOUND;
    default:
        return ERR_IO;
    }
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info) {
    struct name *n = arg;
    struct resolver *r = n->owner;
    int64_t ttl_ms = 0;

    (void)timeouts;
    if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) {
        ares_freeaddrinfo(info);
        return;
    }
    if (status == ARES_SUCCESS && info)
        ttl_ms = keep_addresses(n, info);
    ares_freeaddrinfo(info);
    n->result = n->n_addresses > 0 ? ERR_OK : result_of(status);
    if (n->result != ERR_OK)
        ttl_ms = n->result == ERR_NOT_FOUND ? MISSING_TTL_MS : FAILED_TTL_MS;
    n->state = NAME_KNOWN;
    r->n_asked--;
    heap_put(&r->known, &n->node, r->now + ttl_ms);
    answer_all(n);
}

/* Starts what waits for its turn. c-ares may answer at once (hosts file). */
static void ask_queued(struct resolver *r) {
    const struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct list *link;

    while (r->n_asked < MAX_LOOKUPS && (link = list_pop_front(&r->queued))) {
        struct name *n = CONTAINER_OF(link, struct name, queued);

        if (list_empty(&n->waiting)) { /* all who asked have given up */
            name_free(r, n);
            continue;
        }
        n->state = NAME_ASKED;
        r->n_asked++;
        ares_getaddrinfo(r->channel, n->text, NULL, &hints, on_answer, n);
    }
}

void resolver_ask(struct resolver *r, struct str name, int64_t now, struct lookup *l) {
    struct name *n;

    r->now = now;
    make_room(r);
    n = name_find(r, name);
    if (n && n->state == NAME_KNOWN) {
        l->done(l, n->result, n->addresses, n->n_addresses);
        return;
    }
    if (!n && r->n_names >= MAX_NAMES) { /* all of them under way */
        l->done(l, ERR_TOO_BIG, NULL, 0);
        return;
    }
    if (!n) {
        n = name_new(r, name);
        list_push_back(&r->queued, &n->queued);
    }
    list_push_back(&n->waiting, &l->link);
    ask_queued(r);
}

void resolver_cancel(struct lookup *l) {
    list_remove(&l->link);
}

/* --- c-ares ------------------------------------------------------------------------ */

static void on_ready(void *arg, int fd, unsigned events) {
    struct resolver *r = arg;

    ares_process_fd(r->channel, events & LOOP_READ ? fd : ARES_SOCKET_BAD,
                    events & LOOP_WRITE ? fd : ARES_SOCKET_BAD);
}

static void on_socket(void *arg, ares_socket_t fd, int readable, int writable) {
    struct resolver *r = arg;
    unsigned events = (readable ? LOOP_READ : 0U) | (writable ? LOOP_WRITE : 0U);

    /* where it cannot be watched the lookup times out */
    if (events == 0 || loop_watch(r->loop, fd, events, on_ready, r) != ERR_OK)
        loop_forget(r->loop, fd);
}

/* A new socket: loop.h says why. */
static int on_new_socket(ares_socket_t fd, int type, void *arg) {
    struct resolver *r = arg;

    (void)type;
    loop_forget(r->loop, fd);
    return 0;
}

int64_t resolver_run(struct resolver *r, int64_t now) {
    struct timeval tv, *wait;

    r->now = now;
    ask_queued(r);
    if (r->n_asked == 0)
        return INT64_MAX;
    ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    ask_queued(r);
    wait = ares_timeout(r->channel, NULL, &tv);
    return wait ? (int64_t)wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1 : INT64_MAX;
}

static enum err open_channel(struct resolver *r, struct str servers) {
    struct ares_options o = {.flags = ARES_FLAG_NOSEARCH,
                             .timeout = TRY_MS,
                             .tries = TRIES,
                             .ndomains = 0, /* no search domains: a URL's host is a full name */
                             .sock_state_cb = on_socket,
                             .sock_state_cb_data = r};
    int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS |
                ARES_OPT_SOCK_STATE_CB;
    OWNED_CHARS char *chars = mem_chars(servers);

#ifdef ARES_OPT_QUERY_CACHE /* newer versions keep answers themselves, unless told not to */
    o.qcache_max_ttl = 0;
    given |= ARES_OPT_QUERY_CACHE;
#endif
    if (ares_init_options(&r->channel, &o, given) != ARES_SUCCESS) {
        r->channel = NULL;
        return ERR_IO;
    }
    ares_set_socket_callback(r->channel, on_new_socket, r);
    if (servers.len > 0 && ares_set_servers_ports_csv(r->channel, chars) != ARES_SUCCESS)
        return ERR_INVALID;
    return ERR_OK;
}

enum err resolver_new(const struct resolver_options *o, struct resolver **ret_resolver) {
    OWNED(resolver) struct resolver *r = NEW(struct resolver);
    enum err e;

    r->loop = o->loop;
    map_init(&r->names);
    list_init(&r->queued);
    e = open_channel(r, o->servers);
    if (e != ERR_OK)
        return e;
    *ret_resolver = TAKE(r);
    return ERR_OK;
}

void resolver_free(struct resolver *r) {
    struct name *n;

    if (!r)
        return;
    if (r->channel)
        ares_destroy(r->channel);
    for (size_t at = 0; (n = map_next(&r->names, &at));)
        while (n) {
            struct name *following = n->same_hash;

            free(n->addresses);
            free(n->text);
            free(n);
            n = following;
        }
    map_done(&r->names);
    heap_done(&r->known);
    free(r);
}
