/* url_fuzz - "BASE\nINPUT": what parses is ASCII, and parses again to the same; and the short
 * way for plain links comes to what the parser does.
 */
#include <assert.h>

#include "crawler/url_parse.h"
#include "crawler/url_plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same_parts(const struct url *a, const struct url *b) {
    assert(str_eq(url_href(a), url_href(b)));
    assert(a->scheme == b->scheme && a->scheme_end == b->scheme_end);
    assert(a->username_end == b->username_end && a->host_start == b->host_start);
    assert(a->host_end == b->host_end && a->path_start == b->path_start && a->port == b->port);
    assert(a->query_start == b->query_start && a->fragment_start == b->fragment_start);
    assert(a->has_host == b->has_host && a->has_opaque_path == b->has_opaque_path);
}

static void check(const struct url *u) {
    struct str href = url_href(u), opaque = u->has_opaque_path ? url_path(u) : STR_NONE;
    OWNED_URL struct url again;
    OWNED_BUF struct buf key = BUF_INIT(URL_LIMIT);

    for (size_t i = 0; i < href.len; i++)
        assert(href.ptr[i] >= ' ' && href.ptr[i] <= '~');
    assert(str_find(href, ' ') == STR_END || str_find(opaque, ' ') != STR_END);
    url_init(&again);
    assert(url_parse(&again, href, NULL, NULL) == ERR_OK);
    check_same_parts(u, &again);
    assert(!url_is_http(u) || url_host_key(u, &key) == ERR_OK);
}

/* |u| has been used before, or not: a link may begin as the one that it had. */
static void check_plain(struct url *u, struct str input, const struct url *base) {
    OWNED_URL struct url full;
    struct url_parse x = {.u = &full, .base = base};

    url_init(&full);
    if (!url_parse_plain(u, input, base)) {
        url_clear(u);
        return;
    }
    assert(url_parse_all(&x, input) == ERR_OK);
    check_same_parts(u, &full);
}

/* Bytes of no encoding, with references where an encoder would put them. */
static enum err encode(void *arg, struct str utf8, struct buf *out) {
    enum err e = ERR_OK;

    (void)arg;
    for (size_t i = 0; i < utf8.len && e == ERR_OK; i++) {
        unsigned char c = (unsigned char)utf8.ptr[i];

        e = c & 0x40 ? buf_put_char(out, (char)~c) : buf_printf(out, "&#%u;", c);
    }
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct url_query_encoder encoder = {encode, NULL};
    struct str input = str_at((const char *)data, size);
    OWNED_URL struct url base;
    OWNED_URL struct url u;
    bool has_base;

    url_init(&base);
    url_init(&u);
    has_base = url_parse(&base, str_cut(&input, '\n'), NULL, NULL) == ERR_OK;
    if (has_base)
        check(&base);
    if (url_parse(&u, input, has_base ? &base : NULL, NULL) == ERR_OK)
        check(&u);
    else
        assert(url_why_invalid(input));
    if (url_parse(&u, input, has_base ? &base : NULL, &encoder) == ERR_OK)
        check(&u);
    check_plain(&u, input, has_base ? &base : NULL);
    check_plain(&u, url_href(&base), NULL);
    check_plain(&u, input, NULL);
    return 0;
}
