/* What libcurl is told for one request: the only place where options are set. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "crawler/fetch_impl.h"

enum {
    CONNECT_TIMEOUT_MS = 10000,
    BUSY_TRANSFERS = 64,      /* from here on small buffers: a thousand big ones are 108 MB */
    BUFFER_BYTES = 100 << 10, /* saves 15 % of the CPU on big pages */
    BUSY_BUFFER_BYTES = 16 << 10,
    MAX_AGE_S = 30,
    MAX_LIFETIME_S = 120,  /* a kept connection keeps an address verdict alive, too */
    MAX_ENTRY_CHARS = 512, /* of a RESOLVE entry: "-host:port" */
};

/* --- names handed to libcurl -------------------------------------------------------------- */

/* An entry given by CURLOPT_RESOLVE stays for ever (DNS_CACHE_TIMEOUT -1): it is counted, and
 * removed with the next request once nobody uses it. */
static void entry_ref(struct fetcher *f, const char *entry) {
    uint64_t key = hash_u64(str_of(entry));
    uintptr_t users = (uintptr_t)map_get(&f->entries, key);

    map_put(&f->entries, key, (void *)(users + 1));
}

static void entry_unref(struct fetcher *f, const char *entry) {
    uint64_t key = hash_u64(str_of(entry));
    uintptr_t users = (uintptr_t)map_get(&f->entries, key);
    char removal[MAX_ENTRY_CHARS];
    struct curl_slist *grown;

    if (users > 1) {
        map_put(&f->entries, key, (void *)(users - 1));
        return;
    }
    (void)map_remove(&f->entries, key);
    (void)snprintf(removal, sizeof removal, "-%s", entry);
    grown = curl_slist_append(f->stale, removal);
    if (grown)
        f->stale = grown;
}

static enum err put_addresses(struct buf *b, const struct fetch_request *r) {
    enum err e = ERR_OK;

    for (size_t i = 0; i < r->n_addresses && e == ERR_OK; i++) {
        e = buf_put_char(b, i ? ',' : ':');
        if (e == ERR_OK)
            e = address_put(b, &r->addresses[i]);
    }
    return e == ERR_OK ? buf_put_char(b, 0) : e;
}

static enum err hand_over_addresses(struct fetch *t, const struct fetch_request *r) {
    OWNED_BUF struct buf line = BUF_INIT(4096);
    struct fetcher *f = t->owner;
    struct curl_slist *grown;
    enum err e;

    if (r->n_addresses == 0)
        return ERR_OK;
    if (r->host.len > MAX_ENTRY_CHARS - 16)
        return ERR_INVALID;
    /* without the plus a host like "-a.test" would be the removal of another */
    e = buf_printf(&line, "+%.*s:%u", (int)r->host.len, r->host.ptr, r->port);
    if (e != ERR_OK)
        return e;
    t->entry = mem_chars(str_from(buf_str(&line), 1));
    entry_ref(f, t->entry);
    e = put_addresses(&line, r);
    if (e != ERR_OK)
        return e;
    t->resolve = TAKE(f->stale);
    grown = curl_slist_append(t->resolve, line.ptr);
    if (!grown)
        return ERR_NO_MEMORY;
    t->resolve = grown;
    return ERR_OK;
}

void fetch_clear_names(struct fetch *t) {
    if (t->entry)
        entry_unref(t->owner, t->entry);
    free(TAKE(t->entry));
    curl_slist_free_all(TAKE(t->resolve));
    curl_slist_free_all(TAKE(t->headers));
    free(TAKE(t->agent.data));
}

/* --- what is asked for ---------------------------------------------------------------------- */

struct str fetch_host(const struct url *u) {
    struct str host = url_hostname(u);

    return str_ends(host, STR(".")) ? str_upto(host, host.len - 1) : host;
}

enum err fetch_put_url(struct buf *b, const struct url *u) {
    struct str href = url_without_fragment(u), host = url_hostname(u);
    size_t host_end = (size_t)(host.ptr - href.ptr) + host.len;
    enum err e = buf_put(b, str_upto(href, host_end - (host.len - fetch_host(u).len)));

    return e == ERR_OK ? buf_put(b, str_from(href, host_end)) : e;
}

/* --- options ------------------------------------------------------------------------------ */

/* libcurl's own resolver blocks its loop: every name is handed over resolved, and
 * one that is not in its cache is refused. Literals need no resolving. */
static int refuse_to_resolve(void *resolver, void *reserved, void *arg) {
    (void)resolver, (void)reserved, (void)arg;
    return 1;
}

/* |e| stays CURLE_OK only where all calls were. */
#define SET(option, value)                                                                         \
    do {                                                                                           \
        if (e == CURLE_OK)                                                                         \
            e = curl_easy_setopt(t->easy, option, value);                                          \
    } while (0)

/* Nothing but HTTP over TCP, to the very host of the URL, with no help from files,
 * environment or earlier requests. */
static CURLcode set_policy(struct fetch *t) {
    CURLcode e = CURLE_OK;

    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L); /* each hop goes through the engine's gate */
    SET(CURLOPT_PROXY, "");          /* else the checks would see the address of a proxy */
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1); /* one request a connection at a time */
    SET(CURLOPT_PATH_AS_IS, 1L); /* the URL is parsed already, by rules of its own */
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, -1L); /* all entries are ours: nothing to be searched for */
    SET(CURLOPT_MAXAGE_CONN, (long)MAX_AGE_S);
    SET(CURLOPT_MAXLIFETIME_CONN, (long)MAX_LIFETIME_S);
    if (t->owner->options.ca_file) /* beside it libcurl has the system's folder still */
        SET(CURLOPT_CAINFO, t->owner->options.ca_file);
    return e;
}

static CURLcode set_callbacks(struct fetch *t) {
    CURLcode e = CURLE_OK;

    SET(CURLOPT_PRIVATE, t);
    SET(CURLOPT_OPENSOCKETFUNCTION, fetch_on_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_CLOSESOCKETFUNCTION, fetch_on_close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, t->owner);
    SET(CURLOPT_PREREQFUNCTION, fetch_on_ready_to_send);
    SET(CURLOPT_PREREQDATA, t);
    SET(CURLOPT_HEADERFUNCTION, fetch_on_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_WRITEFUNCTION, fetch_on_body);
    SET(CURLOPT_WRITEDATA, t);
    return e;
}

/* A control byte would end the header line and begin another. */
static char *clean(char *line) {
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
    return line;
}

/* |name|: "Name: " */
static char *header_line(struct str name, struct str value) {
    char *line = mem_new(name.len + value.len + 1, 1);

    memcpy(line, name.ptr, name.len);
    if (value.len)
        memcpy(line + name.len, value.ptr, value.len);
    return clean(line);
}

static enum err put_header(struct fetch *t, const char *line) {
    struct curl_slist *grown = curl_slist_append(t->headers, line);

    if (!grown)
        return ERR_NO_MEMORY;
    t->headers = grown;
    return ERR_OK;
}

static enum err put_field(struct fetch *t, struct str name, struct str value) {
    OWNED_CHARS char *line = header_line(name, value);

    return value.len ? put_header(t, line) : ERR_OK;
}

/* "Name;" is what libcurl makes an empty field of; "Name:" would be none. */
static enum err put_own_line(struct fetch *t, struct str line) {
    OWNED_CHARS char *chars = clean(mem_chars(line));
    size_t len = strlen(chars);

    while (len && chars[len - 1] == ' ')
        len--;
    chars[len] = '\0';
    if (len && chars[len - 1] == ':')
        chars[len - 1] = ';';
    return put_header(t, chars);
}

static bool is_own(const struct fetch_request *r, struct str line) {
    struct str name = str_cut(&line, ':');

    for (size_t i = 0; i < r->n_headers; i++) {
        struct str own = r->headers[i];

        if (str_eq_ascii(str_cut(&own, ':'), name))
            return true;
    }
    return false;
}

static enum err put_usual_headers(struct fetch *t, const struct fetch_request *r) {
    enum err e = ERR_OK;

    for (const struct curl_slist *l = t->owner->headers; l && e == ERR_OK; l = l->next)
        if (!is_own(r, str_of(l->data)))
            e = put_header(t, l->data);
    return e;
}

/* A request that is conditional (RFC 9110 section 13.1), sends something or has headers of its
 * own has a list of its own. libcurl would ask first whether a long body is welcome. */
static enum err put_own_headers(struct fetch *t, const struct fetch_request *r) {
    enum err e;

    if (!r->post && !r->n_headers && !r->etag.len && !r->last_modified.len)
        return ERR_OK;
    e = r->post ? put_header(t, "Expect:") : put_usual_headers(t, r);
    if (e == ERR_OK)
        e = put_field(t, STR("If-None-Match: "), r->etag);
    if (e == ERR_OK)
        e = put_field(t, STR("If-Modified-Since: "), r->last_modified);
    for (size_t i = 0; i < r->n_headers && e == ERR_OK; i++)
        e = put_own_line(t, r->headers[i]);
    return e;
}

/* All lines. The agent is one of them, because libcurl writes its own option of it twice, byte by
 * byte: 2 % of a small page. */
static struct curl_slist *list_headers(struct fetch *t, const struct fetch_request *r) {
    struct curl_slist *others = t->headers ? t->headers : t->owner->headers;

    if (!r->user_agent.len)
        return others;
    t->agent.data = header_line(STR("User-Agent: "), r->user_agent);
    t->agent.next = others;
    return &t->agent;
}

static CURLcode set_post(struct fetch *t, struct str body) {
    CURLcode e = CURLE_OK;

    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    SET(CURLOPT_COPYPOSTFIELDS, body.len ? body.ptr : "");
    return e;
}

static CURLcode set_request(struct fetch *t, const struct fetch_request *r) {
    OWNED_CHARS char *url = mem_chars(r->url);
    bool is_busy = t->owner->n_running >= BUSY_TRANSFERS;
    long timeout_ms = r->timeout_ms ? (long)r->timeout_ms : 1;
    CURLcode e = CURLE_OK;

    SET(CURLOPT_URL, url);
    SET(CURLOPT_HTTPHEADER, list_headers(t, r));
    SET(CURLOPT_TIMEOUT_MS, timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS,
        timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : (long)CONNECT_TIMEOUT_MS);
    SET(CURLOPT_BUFFERSIZE, is_busy ? (long)BUSY_BUFFER_BYTES : (long)BUFFER_BYTES);
    if (t->resolve) {
        SET(CURLOPT_RESOLVE, t->resolve);
        SET(CURLOPT_RESOLVER_START_FUNCTION, refuse_to_resolve);
    }
    return e;
}

enum err fetch_set_up(struct fetch *t, const struct fetch_request *r) {
    enum err err = hand_over_addresses(t, r);
    CURLcode e;

    if (err == ERR_OK)
        err = put_own_headers(t, r);
    if (err != ERR_OK)
        return err;
    e = set_policy(t);
    if (e == CURLE_OK)
        e = set_callbacks(t);
    if (e == CURLE_OK)
        e = set_request(t, r);
    if (e == CURLE_OK && r->post)
        e = set_post(t, *r->post);
    return e == CURLE_OK ? ERR_OK : e == CURLE_OUT_OF_MEMORY ? ERR_NO_MEMORY : ERR_INVALID;
}

/* The same for every request. */
enum err fetcher_set_up_headers(struct fetcher *f) {
    static const char *const lines[] = {
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Encoding: gzip, deflate", /* decoded here, not by libcurl, which hides cut bodies */
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct curl_slist *grown = curl_slist_append(f->headers, lines[i]);

        if (!grown)
            return ERR_NO_MEMORY;
        f->headers = grown;
    }
    return ERR_OK;
}
