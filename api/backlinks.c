/* Which pages name a URL, over the jobs of the tenant that index their links. */
#include "api/cursor.h"
#include "api/export.h"
#include "api/routes.h"
#include "api/writer.h"
#include "crawler/url.h"

enum { PAGES_USUAL = 1000, PAGES_MOST = 10000, ENOUGH_BYTES = EXPORT_PAGE_BYTES };

/* Of the store at a time: so that what is too much is seen soon. */
enum { PAGES_AT_ONCE = 100 };

static void write_link(void *arg, const struct backlink *l) {
    struct writer *w = arg;
    char id[UUID_TEXT_LEN + 1];

    uuid_text(&l->job_id, id);
    writer_open(w, '{');
    writer_text(w, "job_id", str_of(id));
    writer_text(w, "source_url", l->source_url);
    writer_text(w, "parsed_url", l->link.url);
    writer_text(w, "tag", str_of(tag_text(l->link.tag)));
    writer_text(w, "attr", str_of(attr_text(l->link.attr)));
    writer_text(w, "rel", l->link.rel);
    writer_text(w, "text", l->link.text);
    writer_close(w, '}');
}

static enum err write_pages(struct api_call *c, struct str url, int64_t *after, uint64_t limit,
                            struct writer *w, bool *ret_more) {
    enum err e = ERR_OK;

    *ret_more = true;
    for (uint64_t left = limit; e == ERR_OK && *ret_more && left;) {
        size_t n = left < PAGES_AT_ONCE ? (size_t)left : PAGES_AT_ONCE;

        e = store_backlinks_read(c->api->options.store, c->tenant, url, after, n, write_link, w,
                                 ret_more);
        left -= n;
        if (w->out->len >= ENOUGH_BYTES)
            break;
    }
    return e;
}

static void answer(struct api_call *c, struct str url, int64_t after, uint64_t limit) {
    struct writer w = writer_on(&c->response.body);
    char text[CURSOR_MAX_TEXT];
    struct str next = STR_NONE;
    bool more;
    enum err e;

    writer_open(&w, '{');
    writer_key(&w, "items");
    writer_open(&w, '[');
    e = write_pages(c, url, &after, limit, &w, &more);
    writer_close(&w, ']');
    if (e != ERR_OK) {
        buf_clear(&c->response.body);
        call_store_error(c, e);
        return;
    }
    if (more)
        next = cursor_text(&(struct cursor){CURSOR_BACKLINKS, {(uint64_t)after}}, NULL, text);
    writer_text_or_null(&w, "next_cursor", next);
    writer_close(&w, '}');
    call_answer_body(c, 200, STR("application/json"), w.err);
    call_add_next(c, next);
}

/* False: the call is answered. */
static bool read_place(struct api_call *c, uint64_t *ret_limit, int64_t *ret_after) {
    const struct str *from = query_get(&c->query, "cursor");
    struct cursor cursor;

    *ret_after = 0;
    if (!call_number(c, "limit", 1, PAGES_MOST, PAGES_USUAL, ret_limit))
        return false;
    if (!from)
        return true;
    if (cursor_parse(*from, NULL, &cursor) != ERR_OK || cursor.kind != CURSOR_BACKLINKS) {
        call_refuse_cursor(c, "cursor");
        return false;
    }
    *ret_after = (int64_t)cursor.numbers[0];
    return true;
}

void route_list_backlinks(struct api_call *c) {
    const struct str *to = query_get(&c->query, "to");
    OWNED_URL struct url url;
    uint64_t limit;
    int64_t after;

    url_init(&url);
    if (!read_place(c, &limit, &after))
        return;
    if (!to)
        call_refuse_parameter(c, "to", "is missing: which URL's pages are wanted?");
    else if (call_url(c, "to", *to, &url))
        answer(c, url_href(&url), after, limit);
}
