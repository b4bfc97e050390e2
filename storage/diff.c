#include "storage/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "storage/backend.h"
#include "storage/runs.h"

enum {
    ROWS_AT_ONCE = 2000, /* records that are looked at by one read */
    SPOOL_MEMORY_BYTES = 1 << 20,
    PARTS_AT_ONCE = 256,
};

/* --- the links of a page ----------------------------------------------------------------- */

struct kept {
    struct link link;
    size_t url_at, rel_at, text_at; /* of its texts, in that of the page */
    uint64_t hash;
};

struct page {
    struct buf source, text;
    struct kept *all; /* in document order */
    struct kept **by_hash;
    size_t n, cap;
};

#define PAGE_INIT {.source = BUF_INIT(RECORD_MAX_BYTES), .text = BUF_INIT(LINKS_MAX_BYTES)}

static void page_clear(struct page *p) {
    buf_clear(&p->source);
    buf_clear(&p->text);
    p->n = 0;
}

static void page_done(struct page *p) {
    buf_done(&p->source);
    buf_done(&p->text);
    free(p->all);
    free(p->by_hash);
}

static enum err keep_text(struct page *p, struct str text, size_t *ret_at) {
    *ret_at = p->text.len;
    return buf_put(&p->text, text);
}

static enum err keep(struct page *p, const struct link *l) {
    struct kept k = {.link = *l, .hash = hash_u64(l->url)};
    enum err e = keep_text(p, l->url, &k.url_at);

    if (e == ERR_OK)
        e = keep_text(p, l->rel, &k.rel_at);
    if (e == ERR_OK)
        e = keep_text(p, l->text, &k.text_at);
    if (e != ERR_OK)
        return e;
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 256;
        p->all = mem_resize(p->all, p->cap, sizeof *p->all);
        p->by_hash = mem_resize(p->by_hash, p->cap, sizeof(struct kept *));
    }
    p->all[p->n++] = k;
    return ERR_OK;
}

static void find_text(const struct page *p, size_t at, struct str *text) {
    *text = text->len ? str_at(p->text.ptr + at, text->len) : STR_NONE;
}

static int compare_hashes(const void *pa, const void *pb) {
    const struct kept *a = *(struct kept *const *)pa, *b = *(struct kept *const *)pb;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return a < b ? -1 : a > b;
}

static void page_finish(struct page *p) {
    for (size_t i = 0; i < p->n; i++) {
        struct kept *k = &p->all[i];

        find_text(p, k->url_at, &k->link.url);
        find_text(p, k->rel_at, &k->link.rel);
        find_text(p, k->text_at, &k->link.text);
        p->by_hash[i] = k;
    }
    if (p->n)
        qsort(p->by_hash, p->n, sizeof(struct kept *), compare_hashes);
}

static bool page_has(const struct page *p, const struct kept *wanted) {
    size_t low = 0, high = p->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (p->by_hash[middle]->hash < wanted->hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < p->n && p->by_hash[low]->hash == wanted->hash; low++)
        if (str_eq(p->by_hash[low]->link.url, wanted->link.url))
            return true;
    return false;
}

struct reading {
    struct page *page;
    int64_t seq;
    enum err err;
};

static bool take_part(void *arg, const struct links_part *part) {
    struct reading *r = arg;
    struct links_view rest = part->links;
    struct link l;

    if (part->seq != r->seq)
        return false;
    if (!r->page->source.len)
        r->err = buf_put(&r->page->source, part->source_url);
    while (r->err == ERR_OK && (r->err = links_view_next(&rest, &l)) == ERR_OK)
        r->err = keep(r->page, &l);
    if (r->err == ERR_NOT_FOUND)
        r->err = ERR_OK;
    return r->err == ERR_OK;
}

/* ERR_NOT_FOUND: it is gone. */
static enum err page_read(struct store *s, int64_t job, int64_t seq, struct page *p) {
    struct reading r = {p, seq, ERR_OK};
    struct links_cursor at = {seq, 0};
    bool more = true;
    enum err e = ERR_OK;

    page_clear(p);
    while (e == ERR_OK && r.err == ERR_OK && more && at.seq == seq) {
        struct links_cursor before = at;

        e = store_links_read(s, job, &at, PARTS_AT_ONCE, take_part, &r, &more);
        if (at.seq == before.seq && at.part == before.part)
            break;
    }
    if (e == ERR_OK)
        e = r.err;
    if (e == ERR_OK && !p->source.len)
        e = ERR_NOT_FOUND;
    page_finish(p);
    return e;
}

/* --- the pages of a job -------------------------------------------------------------------- */

struct side {
    struct store *store;
    int64_t job;
    struct spool spool;
    struct runs runs;
    int64_t after_seq; /* of what was scanned */
    bool is_scanned;
    int64_t hash, seq; /* of the next page; hash -1: there is none */
    struct at_hand {
        int64_t seq;
        bool is_told; /* with the page of the other job that has its URL */
    } *pages;         /* which have one hash */
    size_t n, cap;
    enum err err;
};

static enum err placed(void *arg, struct str url, uint64_t pos) {
    (void)arg;
    (void)url;
    (void)pos;
    return ERR_OK;
}

static void side_init(struct side *d, struct store *s, int64_t job) {
    *d = (struct side){.store = s, .job = job, .hash = -1};
    spool_init(&d->spool, store_backend(s)->spool_folder, SPOOL_MEMORY_BYTES);
    runs_init(&d->runs, &d->spool, placed, NULL);
}

static void side_done(struct side *d) {
    runs_done(&d->runs);
    spool_done(&d->spool);
    free(d->pages);
}

static bool take_record(void *arg, const struct record *r) {
    struct side *d = arg;

    if (r->links_found)
        d->err = runs_add(&d->runs, &(struct seedrow){.host = hash_i63(r->url),
                                                      .seq = r->seq,
                                                      .url = STR_NONE,
                                                      .input = STR_NONE,
                                                      .host_key = STR_NONE});
    return d->err == ERR_OK;
}

static enum err next_page(struct side *d) {
    struct seedrow row;
    enum err e = runs_next(&d->runs, &row);

    d->hash = e == ERR_OK ? row.host : -1;
    d->seq = e == ERR_OK ? row.seq : 0;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err side_scan(struct side *d) {
    const struct record_filter f = {.outcome = OUTCOME_SUCCEEDED};
    bool more;
    enum err e = store_records_read(d->store, d->job, &f, &d->after_seq, ROWS_AT_ONCE, take_record,
                                    d, &more);

    if (e == ERR_OK)
        e = d->err;
    if (e != ERR_OK || more)
        return e;
    d->is_scanned = true;
    e = runs_finish(&d->runs);
    return e == ERR_OK ? next_page(d) : e;
}

/* Takes up the pages of |hash|. */
static enum err side_enter(struct side *d, int64_t hash) {
    enum err e = ERR_OK;

    for (d->n = 0; e == ERR_OK && d->hash == hash;) {
        if (d->n == d->cap) {
            d->cap = d->cap ? 2 * d->cap : 4;
            d->pages = mem_resize(d->pages, d->cap, sizeof *d->pages);
        }
        d->pages[d->n++] = (struct at_hand){d->seq, false};
        e = next_page(d);
    }
    return e;
}

/* --- both ---------------------------------------------------------------------------------- */

struct diff {
    struct side from, to;
    struct page old, new;
    struct diff_place place, after;
    bool has_stopped, is_over;
    diff_visit *visit;
    void *arg;
};

struct diff *store_diff_new(struct store *s, int64_t from, int64_t to, struct diff_place after) {
    struct diff *d = NEW(struct diff);

    side_init(&d->from, s, from);
    side_init(&d->to, s, to);
    d->old = d->new = (struct page)PAGE_INIT;
    d->place = d->after = after;
    return d;
}

void diff_free(struct diff *d) {
    if (!d)
        return;
    side_done(&d->from);
    side_done(&d->to);
    page_done(&d->old);
    page_done(&d->new);
    free(d);
}

bool diff_is_over(const struct diff *d) {
    return d->is_over;
}

struct diff_place diff_place(const struct diff *d) {
    return d->place;
}

/* Those of |a| that |b| has not; NULL: all. */
static enum err tell(struct diff *d, const struct page *a, const struct page *b, bool is_added) {
    enum err e = ERR_OK;

    for (size_t i = 0; i < a->n && e == ERR_OK; i++) {
        struct diff_link l = {is_added, buf_str(&a->source), a->all[i].link, d->place};

        if (b && page_has(b, &a->all[i]))
            continue;
        l.after.ordinal++;
        if (l.after.hash != d->after.hash || l.after.ordinal > d->after.ordinal)
            e = d->visit(d->arg, &l);
        if (e == ERR_OK)
            d->place = l.after;
    }
    return e;
}

/* Reads the page of |d->to| with the URL of |d->old|, if there is one, as the new one. */
static enum err find_new(struct diff *d, bool *ret_found) {
    enum err e = ERR_OK;

    *ret_found = false;
    for (size_t i = 0; i < d->to.n && e == ERR_OK && !*ret_found; i++) {
        struct at_hand *at = &d->to.pages[i];

        if (at->is_told)
            continue;
        e = page_read(d->to.store, d->to.job, at->seq, &d->new);
        *ret_found = e == ERR_OK && str_eq(buf_str(&d->new.source), buf_str(&d->old.source));
        at->is_told = *ret_found;
    }
    return e;
}

static enum err compare_old(struct diff *d, int64_t seq) {
    enum err e = page_read(d->from.store, d->from.job, seq, &d->old);
    bool found = false;

    if (e == ERR_OK)
        e = find_new(d, &found);
    if (e == ERR_OK)
        e = tell(d, &d->old, found ? &d->new : NULL, false);
    return e == ERR_OK && found ? tell(d, &d->new, &d->old, true) : e;
}

static enum err tell_new(struct diff *d, int64_t seq) {
    enum err e = page_read(d->to.store, d->to.job, seq, &d->new);

    return e == ERR_OK ? tell(d, &d->new, NULL, true) : e;
}

/* All pages of one hash, which nearly always is one URL. */
static enum err compare_pages(struct diff *d, int64_t hash) {
    enum err e = ERR_OK;

    d->place = (struct diff_place){hash, 0};
    for (size_t i = 0; i < d->to.n; i++)
        d->to.pages[i].is_told = false;
    for (size_t i = 0; i < d->from.n && e == ERR_OK; i++)
        e = compare_old(d, d->from.pages[i].seq);
    for (size_t i = 0; i < d->to.n && e == ERR_OK; i++)
        if (!d->to.pages[i].is_told)
            e = tell_new(d, d->to.pages[i].seq);
    d->has_stopped = e == ERR_STOPPED;
    if (!d->has_stopped)
        return e;
    d->after = d->place;
    return ERR_OK;
}

static int64_t lesser(int64_t a, int64_t b) {
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a < b ? a : b;
}

static enum err join(struct diff *d) {
    int64_t hash = lesser(d->from.hash, d->to.hash);
    enum err e;

    if (hash < 0) {
        d->is_over = true;
        return ERR_OK;
    }
    e = side_enter(&d->from, hash);
    if (e == ERR_OK)
        e = side_enter(&d->to, hash);
    return e == ERR_OK && hash >= d->after.hash ? compare_pages(d, hash) : e;
}

enum err diff_step(struct diff *d, diff_visit *visit, void *arg) {
    d->visit = visit;
    d->arg = arg;
    if (d->is_over)
        return ERR_OK;
    if (d->has_stopped)
        return compare_pages(d, d->place.hash);
    if (!d->from.is_scanned)
        return side_scan(&d->from);
    return d->to.is_scanned ? join(d) : side_scan(&d->to);
}
