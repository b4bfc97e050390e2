/* The links of a job, page by page in the order in which the pages ended. */
#include <string.h>

#include "api/export.h"
#include "base/mem.h"

enum { PARTS_A_READ = 128 };

struct link_export {
    struct export x;
    struct columns columns;
    struct str source, host, scheme; /* empty: any */
    char *texts[3];                  /* what these borrow */
    struct links_cursor at;
    uint64_t ordinal; /* links of that part which are done */
};

static struct link_export *of(struct export *x) {
    return CONTAINER_OF(x, struct link_export, x);
}

static void done(struct export *x) {
    for (size_t i = 0; i < 3; i++)
        free(of(x)->texts[i]);
}

static struct cursor position(const struct export *x) {
    const struct link_export *l = (const struct link_export *)(const void *)x;

    return (struct cursor){CURSOR_LINKS, {(uint64_t)l->at.seq, l->at.part, l->ordinal}};
}

static bool wants_link(const struct link_export *l, struct str url) {
    if (l->scheme.len && !str_eq(format_scheme(url), l->scheme))
        return false;
    return !l->host.len || str_eq_ascii(format_host(url), l->host);
}

static bool is_plain(const struct link_export *l) {
    return l->x.format == FORMAT_TSV && !l->host.len && !l->scheme.len && l->columns.n == 2 &&
           l->columns.list[0] == COLUMN_SOURCE_URL && l->columns.list[1] == COLUMN_PARSED_URL;
}

/* The usual TSV: copies straight out of the joined URLs, without a look at the marks. */
static enum err put_plain(struct link_export *l, const struct links_part *p) {
    struct links_view view = p->links;
    struct str url, source = p->source_url;
    enum err e;

    for (uint64_t i = 0; (e = links_view_next_url(&view, &url)) == ERR_OK; i++) {
        char *to;

        if (i < l->ordinal)
            continue;
        if (export_is_full(&l->x))
            return ERR_STOPPED;
        e = buf_room(&l->x.out, source.len + url.len + 2, &to);
        if (e != ERR_OK)
            return e;
        memcpy(to, source.ptr, source.len);
        to[source.len] = '\t';
        memcpy(to + source.len + 1, url.ptr, url.len);
        to[source.len + 1 + url.len] = '\n';
        buf_grew(&l->x.out, source.len + url.len + 2);
        export_end_row(&l->x);
        l->ordinal++;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static bool wants_cursor(const struct link_export *l) {
    return l->x.format == FORMAT_NDJSON ||
           (l->x.format != FORMAT_JSON && format_has_column(&l->columns, COLUMN_CURSOR));
}

static enum err put_link(struct link_export *l, const struct links_part *p,
                         const struct link *link) {
    char text[CURSOR_MAX_TEXT];
    struct cursor c = {CURSOR_LINKS, {(uint64_t)p->seq, p->part, l->ordinal + 1}};
    struct format_line line = {p->source_url, link, STR_NONE};
    size_t before = l->x.out.len;
    enum err e = export_start_row(&l->x);

    if (wants_cursor(l))
        line.cursor = cursor_text(&c, &l->x.job_id, text);
    if (e == ERR_OK)
        e = format_link(&l->x.out, l->x.format, &l->columns, &line);
    if (e == ERR_OK)
        export_end_row(&l->x);
    else
        l->x.out.len = before;
    return e;
}

static enum err put_marked(struct link_export *l, const struct links_part *p) {
    struct links_view view = p->links;
    struct link link;
    enum err e = ERR_OK;

    for (uint64_t i = 0; e == ERR_OK; i++) {
        e = links_view_next(&view, &link);
        if (e == ERR_NOT_FOUND)
            return ERR_OK;
        if (e != ERR_OK || i < l->ordinal)
            continue;
        if (export_is_full(&l->x))
            return ERR_STOPPED;
        if (wants_link(l, link.url))
            e = put_link(l, p, &link);
        l->ordinal++;
    }
    return e;
}

struct visit {
    struct link_export *l;
    enum err err;
};

static bool visit_part(void *arg, const struct links_part *p) {
    struct visit *v = arg;
    struct link_export *l = v->l;

    if (p->seq != l->at.seq || p->part != l->at.part)
        l->ordinal = 0; /* the place of the cursor held no part: this is the one after it */
    l->at = (struct links_cursor){p->seq, p->part};
    if (!l->source.len || str_eq(p->source_url, l->source))
        v->err = is_plain(l) ? put_plain(l, p) : put_marked(l, p);
    return v->err == ERR_OK;
}

static enum err refill(struct export *x) {
    struct link_export *l = of(x);
    struct visit v = {l, ERR_OK};
    struct links_cursor at = l->at;
    bool more = false;
    enum err e = store_links_read(x->store, x->job, &at, PARTS_A_READ, visit_part, &v, &more);

    if (e != ERR_OK)
        return e;
    if (v.err == ERR_STOPPED) /* full; |l->at| is the part to go on with */
        return ERR_OK;
    if (at.seq != l->at.seq || at.part != l->at.part)
        l->ordinal = 0;
    l->at = at;
    x->is_at_end = !more;
    return v.err;
}

static struct str keep(char **text, struct str s) {
    *text = mem_chars(s);
    return str_of(*text);
}

struct export *export_links_new(const struct export_links *o) {
    OWNED(export) struct export *x = NULL;
    struct link_export *l = NEW(struct link_export);

    x = &l->x;
    export_init(x, o->store, o->job_id, o->job, o->format);
    x->refill = refill;
    x->cursor = position;
    x->done = done;
    l->columns = o->columns;
    l->source = keep(&l->texts[0], o->source);
    l->host = keep(&l->texts[1], o->host);
    l->scheme = keep(&l->texts[2], o->scheme);
    l->at = (struct links_cursor){(int64_t)o->from.numbers[0], (uint32_t)o->from.numbers[1]};
    l->ordinal = o->from.numbers[2];
    if (o->has_names && format_link_names(&x->out, x->format, &l->columns) != ERR_OK)
        return NULL;
    return TAKE(x);
}
