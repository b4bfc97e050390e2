#include "storage/sqlite_grow.h"

#include <stdlib.h>

#include "base/mem.h"
#include "storage/sqlite_bulk.h"
#include "storage/sqlite_grown.h"

struct candidate {
    int64_t hash, host, referrer;
    struct str url, host_key; /* borrowed from the result */
    uint32_t order;           /* in which they came */
    uint16_t depth, prefix_len;
    bool is_entitled;
};

enum { KEPT_CAP = 16384 }; /* candidates: more room than that is given back */

void growth_done(struct growth *g) {
    free(g->all);
    *g = (struct growth){0};
}

/* --- gathering ------------------------------------------------------------------------ */

static struct candidate *room_for_one(struct growth *g) {
    if (g->n == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 256;
        g->all = mem_resize(g->all, g->cap, sizeof *g->all);
    }
    return &g->all[g->n];
}

enum err growth_add(struct growth *g, const struct ledger *l, const struct result *r) {
    struct str rest = buf_str(&r->follow.rows);
    struct follow_url u;
    enum err e;

    while ((e = follow_next(&rest, &u)) == ERR_OK) {
        *room_for_one(g) = (struct candidate){
            .hash = seen_hash(l->salt, u.url),
            .host = host_id(u.host_key, u.bucket),
            .referrer = r->task->place,
            .url = u.url,
            .host_key = u.host_key,
            .order = (uint32_t)g->n,
            .depth = u.depth,
            .prefix_len = u.prefix_len,
            .is_entitled = u.is_entitled,
        };
        g->n++;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- orders ----------------------------------------------------------------------------- */

static int compare(int64_t a, int64_t b) {
    return a < b ? -1 : a > b;
}

static int by_order(const void *pa, const void *pb) {
    const struct candidate *a = pa, *b = pb;

    return compare(a->order, b->order);
}

static int by_hash(const void *pa, const void *pb) {
    const struct candidate *a = pa, *b = pb;
    int order = compare(a->hash, b->hash);

    return order ? order : by_order(pa, pb);
}

static int by_host(const void *pa, const void *pb) {
    const struct candidate *a = pa, *b = pb;
    int order = compare(a->host, b->host);

    return order ? order : by_order(pa, pb);
}

static void sort(struct growth *g, int (*compare_two)(const void *, const void *)) {
    if (g->n)
        qsort(g->all, g->n, sizeof *g->all, compare_two);
}

/* --- settling ----------------------------------------------------------------------------- */

/* In the order of the keys, which is that of the table. What a batch names again and again
 * is looked up once: a memory of hashes in front of the table was measured to spare nothing
 * beside that. */
static enum err drop_seen(struct growth *g, struct db *db, int64_t job) {
    size_t kept = 0;
    int64_t last = 0;

    sort(g, by_hash);
    for (size_t i = 0; i < g->n; i++) {
        bool drops = i && g->all[i].hash == last;
        enum err e = drops ? ERR_OK : seen_has(db, job, g->all[i].hash, &drops);

        if (e != ERR_OK)
            return e;
        last = g->all[i].hash;
        if (!drops)
            g->all[kept++] = g->all[i];
    }
    g->n = kept;
    return ERR_OK;
}

/* Those that were named first are let in. */
static void keep_to_limit(struct growth *g, struct ledger *l) {
    uint64_t total = l->job.counts.total;
    uint64_t room = l->max_pages > total ? l->max_pages - total : 0;

    sort(g, by_order);
    if (!l->max_pages || g->n <= room)
        return;
    l->job.counts.not_followed.page_limit += g->n - room;
    g->n = (size_t)room;
}

static enum err put_seen(struct growth *g, struct db *db, int64_t job) {
    int64_t *hashes = NEW_N(int64_t, g->n);
    enum err e;

    for (size_t i = 0; i < g->n; i++)
        hashes[i] = g->all[i].hash;
    e = seen_put(db, job, hashes, g->n);
    free(hashes);
    return e;
}

static enum err put_tasks(struct growth *g, struct db *db, struct ledger *l) {
    struct bulk b = BULK_INIT("INSERT INTO"
                              " task(job,host,seq,depth,referrer,prefix_len,entitled,url) VALUES",
                              "(?1,?,?,?,?,?,?,?)", 7, l->job.no);
    enum err e = ERR_OK;

    for (size_t i = 0; i < g->n && e == ERR_OK; i++) {
        const struct candidate *c = &g->all[i];
        const struct db_value values[] = {
            db_int(c->host),       db_int(l->next_seq++),  db_int(c->depth), db_int(c->referrer),
            db_int(c->prefix_len), db_int(c->is_entitled), db_blob(c->url)};

        e = bulk_add(&b, db, values);
    }
    return e == ERR_OK ? bulk_flush(&b, db) : e;
}

static enum err put_hosts(const struct growth *g, struct db *db, int64_t job, struct grown *grown) {
    enum err e = ERR_OK;

    for (size_t i = 0, end; i < g->n && e == ERR_OK; i = end) {
        const struct candidate *c = &g->all[i];

        for (end = i + 1; end < g->n && g->all[end].host == c->host;)
            end++;
        grown_add(grown, c->host);
        e = DB_RUN(db,
                   "INSERT INTO work(job,host,name,total,queued) VALUES(?1,?2,?3,?4,?4)"
                   " ON CONFLICT(job,host) DO UPDATE SET total=total+excluded.total,"
                   " queued=queued+excluded.queued",
                   db_int(job), db_int(c->host), db_blob(c->host_key), db_int((int64_t)(end - i)));
    }
    return e;
}

static enum err put_all(struct growth *g, struct writer *w, struct ledger *l) {
    struct grown grown = {.n = 0};
    struct db *db = writer_db(w);
    enum err e = put_seen(g, db, l->job.no);

    sort(g, by_host);
    if (e == ERR_OK)
        e = put_tasks(g, db, l);
    if (e == ERR_OK)
        e = put_hosts(g, db, l->job.no, &grown);
    l->job.counts.total += g->n;
    grown_tell(&grown, w, l);
    return e;
}

static void forget(struct growth *g) {
    g->n = 0;
    if (g->cap <= KEPT_CAP)
        return;
    free(TAKE(g->all));
    g->cap = 0;
}

enum err growth_settle(struct growth *g, struct writer *w, struct ledger *l, int64_t *ret_n) {
    enum err e = drop_seen(g, writer_db(w), l->job.no);

    if (e == ERR_OK)
        keep_to_limit(g, l);
    if (e == ERR_OK && g->n)
        e = put_all(g, w, l);
    if (e == ERR_OK)
        *ret_n = (int64_t)g->n;
    forget(g);
    return e;
}
