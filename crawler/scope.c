#include "crawler/scope.h"

#include "base/mem.h"
#include "crawler/domain.h"
#include "crawler/extract_text.h"
#include "crawler/glob.h"
#include "crawler/trap.h"

struct scope {
    enum scope_mode mode;
    enum nofollow_mode nofollow;
    size_t n_include, n_exclude;
    struct glob **globs; /* include, then exclude */
};

/* --- making one ----------------------------------------------------------------------- */

static struct str glob_at(const struct scope_options *o, size_t i) {
    return i < o->n_include ? o->include[i] : o->exclude[i - o->n_include];
}

static bool are_too_many(const struct scope_options *o, size_t n) {
    size_t bytes = 0;

    if (n > SCOPE_MAX_GLOBS)
        return true;
    for (size_t i = 0; i < n; i++)
        bytes += glob_at(o, i).len;
    return bytes > SCOPE_MAX_GLOB_BYTES;
}

static enum err make_globs(struct scope *s, const struct scope_options *o, size_t *ret_bad) {
    size_t n = o->n_include + o->n_exclude;

    *ret_bad = n;
    if (are_too_many(o, n))
        return ERR_TOO_BIG;
    s->globs = NEW_N(struct glob *, n + 1);
    s->n_include = o->n_include;
    s->n_exclude = o->n_exclude;
    for (size_t i = 0; i < n; i++) {
        enum err e = glob_new(glob_at(o, i), &s->globs[i]);

        *ret_bad = i;
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

enum err scope_new(const struct scope_options *o, struct scope **ret_scope, size_t *ret_bad) {
    OWNED(scope) struct scope *s = NEW(struct scope);
    size_t bad;
    enum err e;

    s->mode = o->mode;
    s->nofollow = o->nofollow;
    e = make_globs(s, o, &bad);
    if (e == ERR_OK)
        *ret_scope = TAKE(s);
    else if (ret_bad)
        *ret_bad = bad;
    return e;
}

void scope_free(struct scope *s) {
    if (!s)
        return;
    for (size_t i = 0; i < s->n_include + s->n_exclude; i++)
        glob_free(s->globs[i]);
    free((void *)s->globs);
    free(s);
}

/* --- hosts, prefixes, domains --------------------------------------------------------- */

static struct str host_of(const struct url *u) {
    struct str host = url_hostname(u);

    if (host.len > 1 && str_ends(host, STR(".")))
        host.len--;
    return host;
}

static bool is_same_host(const struct url *a, const struct url *b) {
    bool is_default = a->port == URL_NO_PART && b->port == URL_NO_PART;

    return str_eq(host_of(a), host_of(b)) &&
           (is_default || url_effective_port(a) == url_effective_port(b));
}

/* |domain| is that of |page|. Asking the list is dear: most links need not. */
static bool is_in_domain(struct str domain, const struct url *page, const struct url *link) {
    struct str host = host_of(link);

    return str_eq(host, host_of(page)) ||
           (str_ends(host, domain) && str_eq(domain_of(host), domain));
}

static bool is_below(const struct scope_page *page, const struct url *link) {
    return str_starts(url_path(link), str_upto(url_path(page->url), page->prefix_len));
}

static bool is_in_mode(const struct scope *s, const struct scope_page *page,
                       const struct url *link) {
    switch (s->mode) {
    case SCOPE_MODE_PAGE:
        return false;
    case SCOPE_MODE_PREFIX:
        return is_same_host(page->url, link) && is_below(page, link);
    case SCOPE_MODE_HOST:
        return is_same_host(page->url, link);
    case SCOPE_MODE_DOMAIN:
        return is_in_domain(page->domain, page->url, link);
    case SCOPE_MODE_ANY:
        break;
    }
    return true;
}

/* --- the page ------------------------------------------------------------------------- */

/* With its slash at the end; of an absurdly long one what 16 bits can tell. */
static uint16_t length_of_directory(const struct url *u) {
    struct str path = str_upto(url_path(u), UINT16_MAX);

    while (path.len > 0 && path.ptr[path.len - 1] != '/')
        path.len--;
    return (uint16_t)path.len;
}

/* "/docs" that leads to "/docs/" meant the directory. */
static bool is_with_slash(struct str path, struct str from) {
    return path.len == from.len + 1 && str_starts(path, from) && str_ends(path, STR("/"));
}

/* Of a seed. Where it led to further inside its own directory ("/" to "/en/"), the
 * directory that was asked for holds. */
static uint16_t prefix_of_seed(const struct url *task, const struct url *last) {
    struct str asked = url_path(task), path = url_path(last);
    uint16_t len = length_of_directory(task);

    if (str_starts(path, str_upto(asked, len)) && !is_with_slash(path, asked) &&
        domain_is_same(url_hostname(task), url_hostname(last)))
        return len;
    return length_of_directory(last);
}

struct scope_page scope_page_of(const struct scope *s, const struct url *task,
                                const struct url *last, uint32_t depth, uint16_t prefix_len) {
    struct scope_page page = {.url = depth == 0 ? last : task};

    if (s->mode == SCOPE_MODE_PREFIX)
        page.prefix_len = depth == 0 ? prefix_of_seed(task, last) : prefix_len;
    if (s->mode == SCOPE_MODE_DOMAIN)
        page.domain = domain_of(url_hostname(page.url));
    page.is_outside = depth > 0 && !is_in_mode(s, &page, last);
    return page;
}

/* --- links ---------------------------------------------------------------------------- */

static bool is_way_on(struct str rel) {
    return (extract_text_has_word(rel, STR("next")) || extract_text_has_word(rel, STR("prev")) ||
            extract_text_has_word(rel, STR("canonical")) ||
            extract_text_has_word(rel, STR("alternate"))) &&
           !extract_text_has_word(rel, STR("stylesheet"));
}

bool scope_follows_element(const struct scope *s, const struct link *found) {
    if (s->nofollow == NOFOLLOW_DROP && extract_text_has_word(found->rel, STR("nofollow")))
        return false;
    if (found->tag == TAG_HEADER)
        return is_way_on(found->rel);
    if (found->attr != ATTR_HREF)
        return false;
    return found->tag == TAG_A || found->tag == TAG_AREA ||
           (found->tag == TAG_LINK && is_way_on(found->rel));
}

static bool matches_any(struct glob *const *globs, size_t n, const struct url *link) {
    struct str text = url_without_fragment(link);

    for (size_t i = 0; i < n; i++)
        if (glob_matches(globs[i], text, link->path_start))
            return true;
    return false;
}

enum scope_verdict scope_judge_sitemap(const struct scope *s, const struct scope_page *page,
                                       const struct url *link) {
    if (!url_is_http(link))
        return SCOPE_NOT_A_PAGE;
    return page->is_outside || url_has_credentials(link) || !is_in_mode(s, page, link)
               ? SCOPE_OUTSIDE
               : SCOPE_FOLLOW;
}

enum scope_verdict scope_judge_url(const struct scope *s, const struct scope_page *page,
                                   const struct url *link) {
    enum scope_verdict verdict = scope_judge_sitemap(s, page, link);

    if (verdict != SCOPE_FOLLOW)
        return verdict;
    if (trap_is_likely(link)) /* before the globs, whose cost follows the length */
        return SCOPE_TRAP;
    if (matches_any(s->globs + s->n_include, s->n_exclude, link))
        return SCOPE_EXCLUDED;
    if (s->n_include > 0 && !matches_any(s->globs, s->n_include, link))
        return SCOPE_OUTSIDE;
    return SCOPE_FOLLOW;
}

enum scope_verdict scope_judge(const struct scope *s, const struct scope_page *page,
                               const struct url *link, const struct link *found) {
    return scope_follows_element(s, found) ? scope_judge_url(s, page, link) : SCOPE_NOT_A_PAGE;
}
