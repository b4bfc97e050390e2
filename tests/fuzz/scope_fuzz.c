/* scope_fuzz - "SEED\nLAST\nLINK\nGLOB": modes lie one in the other, and what was followed
 * hands its scope on whole.
 */
#include <assert.h>

#include "crawler/domain.h"
#include "crawler/prefixbudget.h"
#include "crawler/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_page(struct url *u, struct str text) {
    url_init(u);
    return url_parse(u, text, NULL, NULL) == ERR_OK && url_is_http(u);
}

static bool is_followed(enum scope_mode mode, struct str glob, const struct url *seed,
                        const struct url *last, const struct url *link) {
    struct scope_options o = {.mode = mode, .include = &glob, .n_include = glob.len > 0};
    OWNED(scope) struct scope *s = NULL;
    struct scope_page page, next;
    bool follow;

    if (scope_new(&o, &s, NULL) != ERR_OK)
        return false;
    page = scope_page_of(s, seed, last, 0, 0);
    assert(page.prefix_len <= url_path(last).len && !page.is_outside);
    follow = scope_judge_url(s, &page, link) == SCOPE_FOLLOW;
    if (!follow)
        return false;
    next = scope_page_of(s, link, link, 1, page.prefix_len);
    assert(!next.is_outside && next.prefix_len == page.prefix_len);
    assert(str_eq(next.domain, page.domain));
    assert(str_eq(str_upto(url_path(link), page.prefix_len),
                  str_upto(url_path(last), page.prefix_len)));
    return true;
}

static void check_modes(const struct url *seed, const struct url *last, const struct url *link,
                        struct str glob) {
    bool follows[5];

    for (int mode = 0; mode < 5; mode++)
        follows[mode] = is_followed((enum scope_mode)mode, glob, seed, last, link);
    assert(!follows[SCOPE_MODE_PAGE]);
    assert(!follows[SCOPE_MODE_PREFIX] || follows[SCOPE_MODE_HOST]);
    assert(!follows[SCOPE_MODE_HOST] || follows[SCOPE_MODE_DOMAIN]);
    assert(!follows[SCOPE_MODE_DOMAIN] || follows[SCOPE_MODE_ANY]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct str rest = str_at((const char *)data, size);
    OWNED(prefixbudget) struct prefixbudget *budget = prefixbudget_new(2, 1);
    OWNED_URL struct url seed;
    OWNED_URL struct url last;
    OWNED_URL struct url link;
    bool are_pages = is_page(&seed, str_cut(&rest, '\n'));

    are_pages &= is_page(&last, str_cut(&rest, '\n'));
    are_pages &= is_page(&link, str_cut(&rest, '\n'));
    if (!are_pages)
        return 0;
    assert(domain_is_same(domain_of(url_hostname(&seed)), url_hostname(&seed)));
    assert(domain_bucket(url_hostname(&seed)) < DOMAIN_BUCKETS);
    assert(prefixbudget_admit(budget, prefixbudget_key(budget, &link)));
    check_modes(&seed, &last, &link, rest);
    return 0;
}
