/* What a page adds to a job that follows links: those of its links that are in scope, and
 * where the job reads sitemaps what these list, and where they are. Only links that the job
 * reports are followed. Duplicates are for the store to know; what was proposed lately is
 * not proposed again. Engine's thread.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"
#include "crawler/engine_impl.h"

enum { MOST_SITEMAPS = 100 }; /* of one robots.txt */

/* One page's proposals. */
struct proposal {
    struct trip *trip;
    struct follow *follow;
    struct scope_page page;
    struct url last;  /* the final URL */
    uint16_t depth;   /* of what is proposed */
    bool is_entitled; /* so are those of its origin */
};

static bool was_proposed_lately(struct crawl *c, struct str url) {
    uint64_t hash = hash_u64_seeded(url, c->growth->seed) | 1;
    uint64_t *slot = &c->growth->recent[hash >> 1 & (GROWTH_RECENT - 1)];
    bool was = *slot == hash;

    *slot = hash;
    return was;
}

static bool is_within_budget(struct growth *g, const struct url *u) {
    return prefixbudget_admit(g->budget, prefixbudget_key(g->budget, u));
}

static enum err put(struct proposal *p, const struct url *u) {
    OWNED_BUF struct buf key = BUF_INIT(URL_LIMIT);
    enum err e = url_host_key(u, &key);

    if (e != ERR_OK)
        return e;
    return follow_put(
        p->follow,
        &(struct follow_url){
            .url = url_without_fragment(u),
            .host_key = buf_str(&key),
            .bucket = domain_cache_bucket(&p->trip->crawl->growth->domains, url_hostname(u)),
            .depth = p->depth,
            .prefix_len = p->page.prefix_len,
            .is_entitled = p->is_entitled && url_has_same_origin(u, &p->last)});
}

/* One that is in scope. */
static enum err propose(struct proposal *p, const struct url *u) {
    struct crawl *c = p->trip->crawl;
    struct str url = url_without_fragment(u);

    if (url.len > URL_MAX_BYTES || trip_admit(u) != CODE_NONE || url_effective_port(u) == 0)
        return ERR_OK;
    if (was_proposed_lately(c, url))
        return ERR_OK;
    if (!is_within_budget(c->growth, u)) {
        p->follow->out_of_scope++;
        return ERR_OK;
    }
    return put(p, u);
}

static enum err judge(struct proposal *p, enum scope_verdict verdict, const struct url *u) {
    if (verdict == SCOPE_NOT_A_PAGE)
        return ERR_OK;
    if (verdict != SCOPE_FOLLOW) {
        p->follow->out_of_scope++;
        return ERR_OK;
    }
    if (p->depth > p->trip->crawl->job->options.max_depth) {
        p->follow->depth_limit++;
        return ERR_OK;
    }
    return propose(p, u);
}

static bool is_listed_by_sitemap(const struct link *l) {
    return l->tag == TAG_SITEMAP && l->attr == ATTR_LOC;
}

/* By an index of them: see crawler/xmlfeed.h. */
static bool is_sitemap(const struct link *l) {
    return is_listed_by_sitemap(l) && str_eq(l->rel, STR("sitemap"));
}

/* What a sitemap lists is as deep as the page that led to it. */
static enum err judge_link(struct proposal *p, const struct link *l, const struct url *u) {
    const struct crawl *c = p->trip->crawl;

    if (c->job->options.sitemap != SITEMAP_SKIP && is_listed_by_sitemap(l)) {
        p->depth = p->trip->task->depth;
        return judge(p,
                     is_sitemap(l) ? scope_judge_sitemap(c->growth->scope, &p->page, u)
                                   : scope_judge_url(c->growth->scope, &p->page, u),
                     u);
    }
    if (c->job->options.sitemap == SITEMAP_ONLY || c->job->options.max_depth == 0)
        return ERR_OK;
    p->depth = (uint16_t)(p->trip->task->depth + 1);
    return judge(p, scope_judge(c->growth->scope, &p->page, u, l), u);
}

static enum err follow_links(struct proposal *p, struct links_view rest) {
    OWNED_URL struct url u = {0};
    const struct scope *scope = p->trip->crawl->growth->scope;
    struct link l;
    enum err e = ERR_OK;

    url_init(&u);
    while (e == ERR_OK && links_view_next(&rest, &l) == ERR_OK) {
        if (!is_listed_by_sitemap(&l) && !scope_follows_element(scope, &l))
            continue;
        e = url_parse(&u, l.url, NULL, NULL);
        if (e == ERR_OK)
            e = judge_link(p, &l, &u);
        else if (e != ERR_NO_MEMORY)
            e = ERR_OK;
    }
    return e;
}

/* Of a page that did not change: a short read, part by part. */
struct known {
    struct proposal *proposal;
    enum err err;
};

static bool follow_part(void *arg, const struct links_part *part) {
    struct known *k = arg;

    k->err = follow_links(k->proposal, part->links);
    return k->err == ERR_OK;
}

static enum err follow_known_links(struct proposal *p) {
    const struct trip *t = p->trip;
    struct known k = {.proposal = p};
    enum err e = store_known_links_read(t->engine->options.store, t->task, follow_part, &k);

    return e == ERR_OK ? k.err : e;
}

/* --- sitemaps ------------------------------------------------------------------------ */

static enum err propose_text(struct proposal *p, struct str text) {
    OWNED_URL struct url u = {0};

    url_init(&u);
    enum err e = url_parse(&u, text, &p->last, NULL);
    if (e != ERR_OK)
        return e == ERR_NO_MEMORY ? e : ERR_OK;
    return judge(p, scope_judge_sitemap(p->trip->crawl->growth->scope, &p->page, &u), &u);
}

static const struct robots *robots_of(const struct trip *t) {
    struct sched_host *sched = sched_find(t->engine->sched, t->task->host);
    const struct host *h = sched ? sched_owner(sched) : NULL;

    return h ? h->robots : NULL;
}

/* Where robots.txt says, or else where they usually are. */
static enum err find_sitemaps(struct proposal *p) {
    const struct robots *r = robots_of(p->trip);
    enum err e = ERR_OK;
    size_t i = 0;

    p->depth = p->trip->task->depth;
    for (; r && i < MOST_SITEMAPS && robots_sitemap(r, i).ptr && e == ERR_OK; i++)
        e = propose_text(p, robots_sitemap(r, i));
    return i == 0 ? propose_text(p, STR("/sitemap.xml")) : e;
}

static bool is_seed(const struct task *t) {
    return t->referrer < 0;
}

enum err trip_follow(struct trip *t, const struct links *links, struct follow *follow) {
    OWNED_URL struct url first = {0};
    struct proposal p = {.trip = t, .follow = follow};
    enum err e;

    if (!t->crawl->growth)
        return ERR_OK;
    url_init(&first);
    url_init(&p.last);
    e = url_parse(&first, task_url(t->task), NULL, NULL);
    if (e == ERR_OK)
        e = url_parse(&p.last, url_href(&t->url), NULL, NULL);
    if (e == ERR_OK) {
        p.is_entitled = t->task->is_entitled && trip_is_at_home(t);
        p.page = scope_page_of(t->crawl->growth->scope, &first, &p.last, t->task->depth,
                               t->task->prefix_len);
        e = links ? follow_links(&p, links_view(links)) : follow_known_links(&p);
    }
    if (e == ERR_OK && t->crawl->job->options.sitemap != SITEMAP_SKIP && is_seed(t->task))
        e = find_sitemaps(&p);
    url_done(&p.last);
    return e;
}

/* --- what a job has for it ----------------------------------------------------------------- */

/* The lines of |text|; NULL: none. */
static size_t split(const char *text, struct str lines[SCOPE_MAX_GLOBS]) {
    struct str rest = text ? str_of(text) : STR_NONE;
    size_t n = 0;

    while (rest.len && n < SCOPE_MAX_GLOBS)
        lines[n++] = str_cut(&rest, '\n');
    return n;
}

struct growth *growth_new(const struct job_options *o) {
    OWNED(growth) struct growth *g = NEW(struct growth);
    struct str include[SCOPE_MAX_GLOBS], exclude[SCOPE_MAX_GLOBS];
    const struct scope_options so = {.mode = o->scope,
                                     .nofollow = o->nofollow,
                                     .include = include,
                                     .exclude = exclude,
                                     .n_include = split(o->include, include),
                                     .n_exclude = split(o->exclude, exclude)};

    if (scope_new(&so, &g->scope, NULL) != ERR_OK) /* the api let it through */
        return NULL;
    g->seed = random_u64();
    domain_cache_init(&g->domains, random_u64());
    g->budget = prefixbudget_new(prefixbudget_limit(o->max_pages), random_u64());
    return TAKE(g);
}

void growth_free(struct growth *g) {
    if (!g)
        return;
    scope_free(g->scope);
    prefixbudget_free(g->budget);
    free(g);
}
