#include "crawler/blocklist.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crawler/url.h"

enum { MAX_HOST = 1024 };

struct hosts {
    char **names; /* sorted */
    size_t n, cap;
};

struct blocklist {
    pthread_rwlock_t lock; /* guards what follows */
    struct hosts hosts;
};

static void hosts_done(struct hosts *h) {
    for (size_t i = 0; i < h->n; i++)
        free(h->names[i]);
    free(h->names);
    *h = (struct hosts){0};
}

struct blocklist *blocklist_new(void) {
    struct blocklist *b = NEW(struct blocklist);

    (void)pthread_rwlock_init(&b->lock, NULL);
    return b;
}

void blocklist_free(struct blocklist *b) {
    if (!b)
        return;
    hosts_done(&b->hosts);
    (void)pthread_rwlock_destroy(&b->lock);
    free(b);
}

/* --- reading ------------------------------------------------------------------------------ */

static struct str without_dot(struct str hostname) {
    return str_ends(hostname, STR(".")) ? str_upto(hostname, hostname.len - 1) : hostname;
}

static void keep(struct hosts *h, struct str name) {
    if (h->n == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 64;
        h->names = mem_resize(h->names, h->cap, sizeof *h->names);
    }
    h->names[h->n++] = mem_chars(name);
}

static bool is_of_host(char c) {
    return !strchr("/\\?#@ \t%*", c) || !c;
}

/* What a URL would make of it: lower case, punycode, addresses in their one form. */
static enum err take_host(struct hosts *h, struct str host) {
    OWNED_BUF struct buf text = BUF_INIT(MAX_HOST);
    OWNED_URL struct url url;
    enum err e = ERR_OK;

    url_init(&url);
    for (size_t i = 0; i < host.len && e == ERR_OK; i++)
        e = is_of_host(host.ptr[i]) ? ERR_OK : ERR_INVALID;
    if (e == ERR_OK)
        e = buf_printf(&text, "http://%.*s/", (int)host.len, host.ptr);
    if (e == ERR_OK)
        e = url_parse(&url, buf_str(&text), NULL, NULL);
    if (e != ERR_OK || !url.has_host || url_effective_port(&url) != 80)
        return ERR_INVALID;
    keep(h, without_dot(url_hostname(&url)));
    return ERR_OK;
}

static enum err take_line(struct hosts *h, struct str line) {
    struct str host = str_trim(str_cut(&line, '#'));

    return host.len ? take_host(h, host) : ERR_OK;
}

static enum err take_lines(struct hosts *h, FILE *file, size_t *ret_line) {
    OWNED_CHARS char *line = NULL;
    size_t size = 0;
    enum err e = ERR_OK;

    while (e == ERR_OK && getline(&line, &size, file) >= 0) {
        ++*ret_line;
        e = take_line(h, str_of(line));
    }
    return e == ERR_OK && ferror(file) ? ERR_IO : e;
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err read_hosts(struct hosts *h, const char *path, struct buf *why) {
    FILE *file = fopen(path, "re");
    size_t line = 0;
    enum err e = file ? take_lines(h, file, &line) : ERR_IO;

    if (e == ERR_IO)
        (void)!buf_printf(why, "%s: %s", path, strerror(errno));
    else if (e != ERR_OK)
        (void)!buf_printf(why, "%s, line %zu: not a host name or an address", path, line);
    if (file)
        (void)fclose(file);
    if (e == ERR_OK && h->n)
        qsort(h->names, h->n, sizeof *h->names, compare);
    return e;
}

enum err blocklist_read(struct blocklist *b, const char *file, struct buf *why) {
    struct hosts fresh = {0}, old;
    enum err e = read_hosts(&fresh, file, why);

    if (e == ERR_OK) {
        (void)pthread_rwlock_wrlock(&b->lock);
        old = b->hosts;
        b->hosts = fresh;
        (void)pthread_rwlock_unlock(&b->lock);
        fresh = old;
    }
    hosts_done(&fresh);
    return e;
}

/* --- asking -------------------------------------------------------------------------------- */

size_t blocklist_count(struct blocklist *b) {
    size_t n;

    (void)pthread_rwlock_rdlock(&b->lock);
    n = b->hosts.n;
    (void)pthread_rwlock_unlock(&b->lock);
    return n;
}

static int compare_name(const void *key, const void *name) {
    const struct str *wanted = key;
    const char *chars = *(char *const *)name;
    int order = strncmp(wanted->ptr, chars, wanted->len);

    return order ? order : -(chars[wanted->len] != '\0');
}

static bool stands_there(const struct hosts *h, struct str name) {
    return h->n && name.len && bsearch(&name, h->names, h->n, sizeof *h->names, compare_name);
}

bool blocklist_has(struct blocklist *b, struct str hostname) {
    struct str name = without_dot(hostname);
    bool has = false;

    if (!b)
        return false;
    (void)pthread_rwlock_rdlock(&b->lock);
    has = stands_there(&b->hosts, name);
    while (!has && b->hosts.n && str_find(name, '.') < name.len) {
        (void)str_cut(&name, '.');
        has = stands_there(&b->hosts, name);
    }
    (void)pthread_rwlock_unlock(&b->lock);
    return has;
}
