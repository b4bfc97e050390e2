#include "crawler/extract_found.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/random.h"
#include "crawler/extract_text.h"
#include "crawler/html.h"
#include "crawler/url_plain.h"

enum {
    EARLY_BYTES = 32 << 10,
    URL_MAX_BYTES = HTML_MAX_VALUE, /* of a resolved one: escapes may treble a value */
    SEEN_FIRST_CAP = 64,
    SEEN_MANY = 4096,
    FIRST_BYTES = 8 << 10, /* of URLs, and of values kept as they were written */
};

/* --- values for later -------------------------------------------------------------- */

struct stored {
    enum tag tag;
    enum attr attr;
    uint32_t raw, rel, text; /* lengths of what follows */
};

static char *put_bytes(char *to, struct str s) {
    if (s.len)
        memcpy(to, s.ptr, s.len);
    return to + s.len;
}

/* Lengths are stored as they are in memory: nothing of this outlives the page. */
enum err found_store(struct buf *b, const struct found *f) {
    const struct stored head = {f->tag, f->attr, (uint32_t)f->raw.len, (uint32_t)f->rel.len,
                                (uint32_t)f->text.len};
    size_t n = sizeof head + f->raw.len + f->rel.len + f->text.len;
    char *room;
    enum err e = buf_room(b, b->cap || n > FIRST_BYTES ? n : (size_t)FIRST_BYTES, &room);

    if (e != ERR_OK)
        return e;
    memcpy(room, &head, sizeof head);
    room = put_bytes(room + sizeof head, f->raw);
    if (f->rel.len + f->text.len)
        (void)put_bytes(put_bytes(room, f->rel), f->text);
    buf_grew(b, n);
    return ERR_OK;
}

static struct str take_bytes(struct str *s, size_t n) {
    struct str taken = str_upto(*s, n);

    *s = str_from(*s, n);
    return taken;
}

bool found_take(struct str *s, struct found *ret_found) {
    struct stored head;

    if (s->len < sizeof head)
        return false;
    memcpy(&head, take_bytes(s, sizeof head).ptr, sizeof head);
    ret_found->tag = head.tag;
    ret_found->attr = head.attr;
    ret_found->raw = take_bytes(s, head.raw);
    ret_found->rel = take_bytes(s, head.rel);
    ret_found->text = take_bytes(s, head.text);
    return true;
}

/* --- the set ------------------------------------------------------------------------ */

static bool is_at(const struct extract_found *x, uint32_t at, struct str url) {
    struct str rest = str_from(buf_str(&x->links.urls), at - 1);

    return str_starts(rest, url) && (rest.len == url.len || rest.ptr[url.len] == '\n');
}

/* The slot of |url|, or the empty one where it belongs. */
static struct seen_slot *find_slot(const struct extract_found *x, uint32_t hash, struct str url) {
    size_t mask = x->seen_cap - 1, i = hash & mask;

    while (x->seen[i].at && (x->seen[i].hash != hash || !is_at(x, x->seen[i].at, url)))
        i = (i + 1) & mask;
    return &x->seen[i];
}

static enum err make_room(struct extract_found *x) {
    size_t cap = x->seen_cap ? x->seen_cap * (x->seen_cap < SEEN_MANY ? 4 : 2) : SEEN_FIRST_CAP;
    struct seen_slot *slots;

    if ((size_t)x->links.n + 1 <= x->seen_cap / 4 * 3)
        return ERR_OK;
    slots = calloc(cap, sizeof *slots);
    if (!slots)
        return ERR_NO_MEMORY;
    for (size_t k = 0; k < x->seen_cap; k++) {
        size_t i = x->seen[k].hash & (cap - 1);

        if (!x->seen[k].at)
            continue;
        while (slots[i].at)
            i = (i + 1) & (cap - 1);
        slots[i] = x->seen[k];
    }
    free(x->seen);
    x->seen = slots;
    x->seen_cap = cap;
    return ERR_OK;
}

/* --- resolving ----------------------------------------------------------------------- */

static enum err encode_query(void *arg, struct str utf8, struct buf *out) {
    return charset_encode(arg, utf8, out);
}

const struct url *extract_found_document(const struct extract_found *x) {
    return x->document.href.len ? &x->document : NULL;
}

static const struct url *base_of(const struct extract_found *x, enum tag tag) {
    if (x->xml_base)
        return x->xml_base;
    return x->uses_base && tag != TAG_BASE && tag != TAG_HEADER ? &x->base
                                                                : extract_found_document(x);
}

static enum err resolve(struct extract_found *x, enum tag tag, struct str raw,
                        struct url *ret_url) {
    struct url_query_encoder encoder = {encode_query, (void *)(uintptr_t)x->charset};
    if (x->is_short_of_memory)
        return ERR_NO_MEMORY;
    bool is_utf8 =
        tag == TAG_HEADER || x->charset == charset_utf8() || charset_is_utf16(x->charset);

    return url_parse(ret_url, raw, base_of(x, tag), is_utf8 ? NULL : &encoder);
}

static bool is_listed(struct str schemes, struct str text) {
    while (schemes.len) {
        struct str scheme = str_trim(str_cut(&schemes, ','));

        if (str_eq(scheme, STR("*")) || str_eq_ascii(scheme, text))
            return true;
    }
    return false;
}

/* The list is read once for each scheme that has a number. */
static bool is_asked_scheme(struct extract_found *x, enum url_scheme scheme, struct str text) {
    unsigned bit = 1U << scheme;

    if (scheme == URL_OTHER)
        return is_listed(x->options->schemes, text);
    if (!(x->known_schemes & bit)) {
        x->known_schemes |= bit;
        x->asked_schemes |= is_listed(x->options->schemes, text) ? bit : 0;
    }
    return x->asked_schemes & bit;
}

static void count_dropped(struct extract_found *x) {
    if (x->links.dropped < UINT32_MAX)
        x->links.dropped++;
}

/* So that they need not grow from a few bytes on, link by link. */
static enum err make_first_room(struct extract_found *x) {
    char *ignored;
    enum err e = buf_room(&x->links.urls, FIRST_BYTES, &ignored);

    return e == ERR_OK ? buf_room(&x->links.marks, FIRST_BYTES / 8, &ignored) : e;
}

/* Keeps |url|, which stands where the next one goes, unless it was seen before or
 * there are too many. */
static enum err keep(struct extract_found *x, struct str url, const struct found *f) {
    uint32_t hash = (uint32_t)hash_u64_seeded(url, x->seed);
    struct seen_slot *slot;
    enum err e = make_room(x);

    if (e != ERR_OK)
        return e;
    slot = find_slot(x, hash, url);
    if (slot->at)
        return ERR_OK;
    e = x->links.n < x->options->max_links
            ? links_put(&x->links, url, f->tag, f->attr, f->rel, f->text)
            : ERR_TOO_BIG;
    if (e == ERR_OK)
        *slot = (struct seen_slot){hash, (uint32_t)(x->links.urls.len - url.len) + 1};
    if (e != ERR_TOO_BIG)
        return e;
    count_dropped(x);
    return ERR_OK;
}

/* The same for the one that |begin| and |rest| make. */
static enum err put_url(struct extract_found *x, struct str begin, struct str rest,
                        const struct found *f) {
    size_t n = begin.len + rest.len;
    char *room;
    enum err e = n <= URL_MAX_BYTES ? ERR_OK : ERR_TOO_BIG;

    if (e == ERR_OK && x->links.n == 0)
        e = make_first_room(x);
    if (e == ERR_OK)
        e = links_room(&x->links, n, &room);
    if (e == ERR_OK) {
        (void)put_bytes(put_bytes(room, begin), rest);
        return keep(x, str_at(room, n), f);
    }
    if (e != ERR_TOO_BIG)
        return e;
    count_dropped(x);
    return ERR_OK;
}

static enum err put_plain(struct extract_found *x, const struct found *f, const struct url_plain *p,
                          bool *ret_is_link) {
    struct str rest = p->rest;

    *ret_is_link =
        is_asked_scheme(x, p->scheme, p->scheme == URL_HTTPS ? STR("https") : STR("http"));
    if (!*ret_is_link)
        return ERR_OK;
    if (p->path_start == p->prefix.len && !p->is_known && p->prefix.len <= sizeof x->origin) {
        memcpy(x->origin, p->prefix.ptr, p->prefix.len);
        x->origin_len = p->prefix.len;
    }
    if (x->options->fragments == FRAGMENTS_STRIP)
        rest.len = p->tail.fragment;
    return put_url(x, p->prefix, rest, f);
}

/* |*ret_is_link| is false for what no base would make a link. */
static enum err put(struct extract_found *x, const struct found *f, bool *ret_is_link) {
    struct url_plain plain;
    struct str url;
    enum err e;

    if (url_plain_find(f->raw, base_of(x, f->tag), str_at(x->origin, x->origin_len), &plain))
        return put_plain(x, f, &plain, ret_is_link);
    e = resolve(x, f->tag, f->raw, &x->url);
    *ret_is_link = e == ERR_TOO_BIG ||
                   (e == ERR_OK && is_asked_scheme(x, x->url.scheme, url_scheme_text(&x->url)));
    if (!*ret_is_link)
        return e == ERR_INVALID ? ERR_OK : e;
    url = x->options->fragments == FRAGMENTS_STRIP ? url_without_fragment(&x->url)
                                                   : url_href(&x->url);
    if (e == ERR_OK)
        return put_url(x, url, STR_NONE, f);
    count_dropped(x);
    return ERR_OK;
}

enum err extract_found_put(struct extract_found *x, const struct found *f) {
    bool is_link;
    enum err e = put(x, f, &is_link);

    if (e != ERR_OK || !is_link || x->has_base || x->early_full)
        return e;
    e = found_store(&x->early, f);
    x->early_full = e == ERR_TOO_BIG;
    return x->early_full ? ERR_OK : e;
}

enum err extract_found_put_rel(struct extract_found *x, const struct found *f, struct str rel) {
    OWNED_BUF struct buf tidy = BUF_INIT(2 * TEXT_MAX_BYTES);
    struct found with_rel = *f;
    enum err e;

    if (x->options->nofollow == NOFOLLOW_DROP && extract_text_has_word(rel, STR("nofollow")))
        return ERR_OK;
    e = extract_text_put_tidy(&tidy, rel);
    with_rel.rel = buf_str(&tidy);
    return e == ERR_OK ? extract_found_put(x, &with_rel) : e;
}

void extract_found_drop(struct extract_found *x) {
    if (x->too_long < UINT32_MAX)
        x->too_long++;
    count_dropped(x);
}

/* HTML Standard section 4.2.3: "set the frozen base URL". */
static bool may_be_base(const struct url *u) {
    struct str scheme = url_scheme_text(u);

    return !str_eq(scheme, STR("data")) && !str_eq(scheme, STR("javascript"));
}

static enum err resolve_anew(struct extract_found *x) {
    struct str rest = buf_str(&x->early);
    struct found f;
    bool is_link;
    enum err e = ERR_OK;

    links_done(&x->links);
    x->links.dropped = x->too_long;
    if (x->seen)
        memset(x->seen, 0, x->seen_cap * sizeof *x->seen);
    while (e == ERR_OK && found_take(&rest, &f))
        e = put(x, &f, &is_link);
    return e;
}

enum err extract_found_base(struct extract_found *x, struct str href) {
    enum err e;

    if (x->has_base)
        return ERR_OK;
    x->has_base = true;
    e = resolve(x, TAG_BASE, href, &x->base);
    if (e != ERR_OK && e != ERR_INVALID && e != ERR_TOO_BIG)
        return e;
    x->uses_base = e == ERR_OK && may_be_base(&x->base);
    e = x->uses_base && !x->early_full ? resolve_anew(x) : ERR_OK;
    buf_done(&x->early);
    return e;
}

void extract_found_init(struct extract_found *x, const struct extract_options *o,
                        struct str document_url) {
    *x = (struct extract_found){.options = o, .charset = charset_utf8(), .seed = random_u64()};
    buf_init(&x->early, EARLY_BYTES);
    links_init(&x->links);
    url_init(&x->document);
    url_init(&x->base);
    url_init(&x->url);
    /* without it only absolute links have a parse */
    x->is_short_of_memory = url_parse(&x->document, document_url, NULL, NULL) == ERR_NO_MEMORY;
}

void extract_found_done(struct extract_found *x) {
    buf_done(&x->early);
    links_done(&x->links);
    url_done(&x->document);
    url_done(&x->base);
    url_done(&x->url);
    free(x->seen);
}
