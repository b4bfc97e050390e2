#include "storage/sqlite_backlinks.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "storage/sqlite.h"
#include "storage/sqlite_bulk.h"

struct backlinks_row {
    int64_t hash, page;
};

enum { KEPT_CAP = 65536 }; /* rows: more room than that is given back */

void backlinks_clear(struct backlinks *b) {
    if (b->cap > KEPT_CAP)
        backlinks_done(b);
    b->n = 0;
}

void backlinks_done(struct backlinks *b) {
    free(b->all);
    *b = (struct backlinks){0};
}

static int64_t hash_of(struct str url) {
    return (int64_t)hash_u64(url);
}

static void put(struct backlinks *b, int64_t hash, int64_t page) {
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 1024;
        b->all = mem_resize(b->all, b->cap, sizeof *b->all);
    }
    b->all[b->n++] = (struct backlinks_row){hash, page};
}

enum err backlinks_add(struct backlinks *b, int64_t page, struct links_view links) {
    struct str url;
    enum err e;

    while ((e = links_view_next_url(&links, &url)) == ERR_OK)
        put(b, hash_of(url), page);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- the links of a page, as they are stored ------------------------------------------------ */

/* Part after part. */
static enum err query_parts(struct db *db, sqlite3_stmt **st, int64_t page) {
    return DB_QUERY(db, st,
                    "SELECT links FROM (SELECT 0 AS part,links FROM page WHERE id=?1"
                    " UNION ALL SELECT part,links FROM page_more WHERE page=?1)"
                    " WHERE links IS NOT NULL ORDER BY part",
                    db_int(page));
}

static enum err next_part(struct db *db, sqlite3_stmt *st, struct linkrow_codec *codec,
                          struct links_view *ret_links) {
    bool more;
    enum err e = db_step(db, st);

    return e == ERR_OK ? linkrow_decode(codec, db_column(st, 0), ret_links, &more) : e;
}

enum err backlinks_add_stored(struct backlinks *b, struct db *db, struct linkrow_codec *codec,
                              int64_t page) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct links_view links;
    enum err e = query_parts(db, &st, page);

    while (e == ERR_OK && (e = next_part(db, st, codec, &links)) == ERR_OK)
        e = backlinks_add(b, page, links);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- the table ------------------------------------------------------------------------------ */

static int compare(const void *pa, const void *pb) {
    const struct backlinks_row *a = pa, *b = pb;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return a->page < b->page ? -1 : a->page > b->page;
}

/* In the order of the keys, so that neighbours on disk are changed together. */
enum err backlinks_flush(struct backlinks *b, struct db *db, int64_t tenant) {
    struct bulk rows =
        BULK_INIT("INSERT OR IGNORE INTO backlink(tenant,hash,page) VALUES", "(?1,?,?)", 2, tenant);
    enum err e = ERR_OK;

    if (b->n)
        qsort(b->all, b->n, sizeof *b->all, compare);
    for (size_t i = 0; i < b->n && e == ERR_OK; i++)
        e = bulk_add(&rows, db,
                     (const struct db_value[]){db_int(b->all[i].hash), db_int(b->all[i].page)});
    backlinks_clear(b);
    return e == ERR_OK ? bulk_flush(&rows, db) : e;
}

/* --- reading -------------------------------------------------------------------------------- */

enum { LINKS_LOOKED_AT = 50000 }; /* in one read, and those of one page more */

struct backlinks_read {
    struct reader *reader;
    struct str url;
    uint64_t looked_at; /* links */
    backlink_visit *visit;
    void *arg;
    struct backlink found; /* of the page at hand */
};

/* ERR_NOT_FOUND: callers do not see the job any more. */
static enum err enter_page(struct backlinks_read *br, int64_t page, struct buf *record) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct db *db = br->reader->db;
    struct record r;
    struct str id;
    enum err e = DB_QUERY(db, &st,
                          "SELECT job.id,job.state,page.record FROM page,job"
                          " WHERE page.id=?1 AND job.no=?1>>32",
                          db_int(page));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e != ERR_OK)
        return e;
    id = db_column(st, 0);
    if (id.len != sizeof br->found.job_id.bytes)
        return ERR_CORRUPT;
    if (!job_state_is_shown((enum job_state)sqlite3_column_int64(st, 1)))
        return ERR_NOT_FOUND;
    memcpy(br->found.job_id.bytes, id.ptr, id.len);
    buf_clear(record);
    e = buf_put(record, db_column(st, 2));
    if (e == ERR_OK)
        e = record_decode(buf_str(record), &r);
    if (e == ERR_OK)
        br->found.source_url = r.url;
    return e;
}

static enum err visit_part(struct backlinks_read *br, struct links_view links) {
    enum err e;

    br->looked_at += links.n;
    while ((e = links_view_next(&links, &br->found.link)) == ERR_OK)
        if (str_eq(br->found.link.url, br->url))
            br->visit(br->arg, &br->found);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err visit_page(struct backlinks_read *br, int64_t page) {
    OWNED_BUF struct buf record = BUF_INIT(RECORD_MAX_BYTES);
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct links_view links;
    enum err e = enter_page(br, page, &record);

    if (e == ERR_OK)
        e = query_parts(br->reader->db, &st, page);
    while (e == ERR_OK && (e = next_part(br->reader->db, st, br->reader->codec, &links)) == ERR_OK)
        e = visit_part(br, links);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err read_pages(struct backlinks_read *br, int64_t tenant, int64_t *after_page,
                           size_t max_pages, bool *ret_more) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct db *db = br->reader->db;
    enum err e = DB_QUERY(
        db, &st, "SELECT page FROM backlink WHERE tenant=?1 AND hash=?2 AND page>?3 ORDER BY page",
        db_int(tenant), db_int(hash_of(br->url)), db_int(*after_page));

    *ret_more = false;
    for (size_t n = 0; e == ERR_OK && (e = db_step(db, st)) == ERR_OK; n++) {
        if (n == max_pages || br->looked_at >= LINKS_LOOKED_AT) {
            *ret_more = true;
            break;
        }
        *after_page = sqlite3_column_int64(st, 0);
        e = visit_page(br, *after_page);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err sqlite_backlinks_read(struct backend *b, int64_t tenant, struct str url,
                               int64_t *after_page, size_t max_pages, backlink_visit *visit,
                               void *arg, bool *ret_more) {
    struct backlinks_read br = {.url = url, .visit = visit, .arg = arg};
    struct pool *pool = sqlite_of(b)->pool;
    enum err e = pool_get(pool, &br.reader);

    if (e != ERR_OK)
        return e;
    e = read_pages(&br, tenant, after_page, max_pages, ret_more);
    pool_put(pool, br.reader);
    return e;
}
