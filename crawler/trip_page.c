/* Reading a page while it comes: its links, where it may have some. Engine's thread.
 *
 * What kills the process at once would be fetched again after each start: around each piece
 * of reading the killer is told what is read (crawler/killer.h).
 */
#include <stdlib.h>

#include "base/guard.h"
#include "base/inflate.h"
#include "crawler/engine_impl.h"
#include "crawler/mime.h"

enum {
    MOST_PAGE_BYTES = 256 << 20,  /* of all pages being read; then those above ... */
    SMALL_PAGE_BYTES = 256 << 10, /* ... this must go */
};

static struct killer_key key_of(const struct trip *t) {
    return (struct killer_key){t->task->job, t->task->host, t->task->seq};
}

bool trip_is_killer(const struct trip *t) {
    struct killer_key key = key_of(t);

    return killer_is(t->engine->options.killer, &key);
}

/* Tests name what is to kill: a part of its URL. */
static void die_where_told(const struct trip *t) {
#ifdef CRAWLD_TEST_SWITCHES
    struct str part = str_of(getenv("CRAWLD_TEST_KILLER"));

    if (part.len && str_find_str(url_href(&t->url), part) != STR_END)
        abort();
#endif
    (void)t;
}

static void enter(const struct trip *t) {
    struct killer_key key = key_of(t);

    killer_enter(t->engine->options.killer, t->engine->options.number, &key);
    die_where_told(t);
}

static void leave(const struct trip *t) {
    killer_leave(t->engine->options.killer, t->engine->options.number);
}

/* --- packed sitemaps ------------------------------------------------------------------ */

/* "sitemap.xml.gz" is a file in gzip, beside any Content-Encoding. */
static bool is_packed_sitemap(const struct trip *t, const struct fetch_reply *reply) {
    struct mime m;

    if (t->crawl->job->options.sitemap == SITEMAP_SKIP ||
        mime_parse(reply->content_type, &m) != ERR_OK)
        return false;
    return mime_is(&m, STR("application/gzip")) || mime_is(&m, STR("application/x-gzip")) ||
           (mime_is(&m, STR("application/octet-stream")) &&
            str_ends(url_path(&t->url), STR(".xml.gz")));
}

static enum err feed_unpacked(void *arg, struct str piece) {
    struct trip *t = arg;

    t->unpacked_bytes += piece.len;
    if (t->unpacked_bytes > t->crawl->job->options.max_body_bytes)
        return ERR_TOO_BIG;
    return extract_feed(t->extract, piece);
}

/* A cut or broken one is read as far as it goes. */
static enum err feed_packed(struct trip *t, struct str piece) {
    enum err e = inflate_feed(t->unpack, piece, feed_unpacked, t);

    return e == ERR_INVALID ? ERR_OK : e;
}

/* --- the page ------------------------------------------------------------------------- */

/* Whatever a body is, its head may have links. */
void trip_begin_page(struct trip *t, const struct fetch_reply *reply) {
    bool is_packed = is_packed_sitemap(t, reply);
    struct str type = is_packed ? STR("application/xml") : reply->content_type;

    if (!extract_reads(type) && !reply->link.len)
        return;
    if (is_packed)
        t->unpack = inflate_new(INFLATE_GZIP);
    t->extract = extract_new(&t->crawl->extract, url_without_fragment(&t->url), type);
    if (t->extract)
        extract_put_header(t->extract, reply->link);
    t->lacks_memory = !t->extract || (is_packed && !t->unpack);
}

/* Each page has its limits, but a thousand within them could take all the memory. */
static bool is_crowded(struct trip *t) {
    size_t bytes = extract_size(t->extract);

    t->engine->page_bytes += bytes - t->page_bytes;
    t->page_bytes = bytes;
    return GUARD("page_memory") && bytes > SMALL_PAGE_BYTES &&
           t->engine->page_bytes > MOST_PAGE_BYTES;
}

enum err trip_feed_page(struct trip *t, struct str piece) {
    enum err e;

    if (!t->extract || t->lacks_memory)
        return t->lacks_memory ? ERR_NO_MEMORY : ERR_OK;
    enter(t);
    e = t->unpack ? feed_packed(t, piece) : extract_feed(t->extract, piece);
    leave(t);
    t->was_crowded_out = e == ERR_OK && is_crowded(t);
    return t->was_crowded_out ? ERR_TOO_BIG : e;
}

enum err trip_end_page(struct trip *t, struct links *ret_links) {
    struct killer_key key = key_of(t);
    enum err e;

    if (!t->extract || t->lacks_memory)
        return t->lacks_memory ? ERR_NO_MEMORY : ERR_OK;
    enter(t);
    e = extract_finish(t->extract, ret_links);
    leave(t);
    killer_passed(t->engine->options.killer, &key);
    return e;
}

void trip_drop_page(struct trip *t) {
    t->engine->page_bytes -= t->page_bytes;
    t->page_bytes = 0;
    t->unpacked_bytes = 0;
    t->lacks_memory = false;
    extract_free(TAKE(t->extract));
    inflate_free(TAKE(t->unpack));
}
