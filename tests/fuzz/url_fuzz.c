/* url_fuzz - "BASE\nINPUT": what parses, parses again to the same. */
#include <assert.h>

#include "crawler/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_stable(const struct url *u) {
    OWNED_URL struct url again;
    OWNED_BUF struct buf key = BUF_INIT(URL_LIMIT);

    url_init(&again);
    assert(url_parse(&again, url_href(u), NULL, NULL) == ERR_OK);
    assert(str_eq(url_href(&again), url_href(u)));
    if (url_is_http(u)) {
        assert(url_host_key(u, &key) == ERR_OK);
        assert(str_find(url_href(u), '\n') == STR_END);
        assert(str_find(url_href(u), '\t') == STR_END);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    OWNED_URL struct url base;
    OWNED_URL struct url u;
    struct str input = str_at((const char *)data, size);
    bool has_base;

    url_init(&base);
    url_init(&u);
    has_base = url_parse(&base, str_cut(&input, '\n'), NULL, NULL) == ERR_OK;
    if (has_base)
        check_stable(&base);
    if (url_parse(&u, input, has_base ? &base : NULL, NULL) == ERR_OK)
        check_stable(&u);
    else
        assert(url_why_invalid(input));
    return 0;
}
