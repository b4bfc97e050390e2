/* The links of real pages, by the kind of element that carries them, beside those
 * that a tree builder of the standard and its URL parser find (outside data, see
 * outside.h). Each kind is asked for by itself, since a page's links come once each.
 */
#include <jansson.h>

#include "base/inflate.h"
#include "crawler/extract.h"
#include "tests/conformance/outside.h"
#include "tests/test.h"

enum { PAGE_MAX_BYTES = 64 << 20, SET_MAX = 20000, CHUNK_BYTES = 1400 };

static const struct {
    enum tag tag;
    enum attr attr;
} kinds[] = {
    {TAG_A, ATTR_HREF},     {TAG_AREA, ATTR_HREF},  {TAG_LINK, ATTR_HREF},
    {TAG_IMG, ATTR_SRC},    {TAG_SCRIPT, ATTR_SRC}, {TAG_FORM, ATTR_ACTION},
    {TAG_IFRAME, ATTR_SRC}, {TAG_SOURCE, ATTR_SRC}, {TAG_VIDEO, ATTR_SRC},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const char *const tag_names[KINDS] = {"a",    "area",   "link",   "img",  "script",
                                             "form", "iframe", "source", "video"};

struct set {
    struct str urls[SET_MAX];
    size_t n;
};

static int compare(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void set_add(struct set *s, struct str url) {
    if (s->n == SET_MAX)
        abort();
    s->urls[s->n++] = url;
}

/* Sorted, and each once. */
static void set_end(struct set *s) {
    size_t n = 0;

    if (s->n)
        qsort(s->urls, s->n, sizeof *s->urls, compare);
    for (size_t i = 0; i < s->n; i++) {
        if (n == 0 || !str_eq(s->urls[n - 1], s->urls[i]))
            s->urls[n++] = s->urls[i];
    }
    s->n = n;
}

static bool show_difference(const char *page, const char *kind, const struct set *got,
                            const struct set *wanted) {
    size_t i = 0, k = 0;
    bool differs = false;

    while (i < got->n || k < wanted->n) {
        int order = i == got->n ? 1 : k == wanted->n ? -1 : str_cmp(got->urls[i], wanted->urls[k]);
        struct str url = order < 0 ? got->urls[i] : wanted->urls[k];

        if (order != 0) {
            printf("  %s %s %s %.*s\n", page, kind, order < 0 ? "+" : "-",
                   (int)str_upto(url, 200).len, url.ptr);
            differs = true;
        }
        i += order <= 0;
        k += order >= 0;
    }
    return differs;
}

static void want(json_t *page, size_t kind, struct set *set) {
    size_t i;
    json_t *link;

    set->n = 0;
    json_array_foreach(json_object_get(page, "links"), i, link) {
        const char *tag = json_string_value(json_array_get(link, 0));
        const char *attr = json_string_value(json_array_get(link, 1));
        const char *url = json_string_value(json_array_get(link, 3));

        if (url && strcmp(tag, tag_names[kind]) == 0 &&
            strcmp(attr, kinds[kind].attr == ATTR_HREF     ? "href"
                         : kinds[kind].attr == ATTR_ACTION ? "action"
                                                           : "src") == 0)
            set_add(set, str_of(url));
    }
    set_end(set);
}

static bool set_has(const struct set *s, struct str url) {
    return s->n && bsearch(&url, s->urls, s->n, sizeof *s->urls, compare);
}

/* A URL that stood in another attribute before (srcset, say) came under that one. */
static void find(const char *url, struct str html, size_t kind, struct links *links,
                 const struct set *wanted, struct set *set) {
    struct extract_options o = extract_defaults();
    struct links_view view;
    struct link link;

    o.elements = UINT64_C(1) << kinds[kind].tag;
    o.schemes = STR("*");
    o.fragments = FRAGMENTS_KEEP;
    OWNED(extract)
    struct extract *x = extract_new(&o, str_of(url), STR("text/html; charset=utf-8"));
    for (; html.len; html = str_from(html, CHUNK_BYTES)) {
        if (extract_feed(x, str_upto(html, CHUNK_BYTES)) != ERR_OK)
            abort();
    }
    if (extract_finish(x, links) != ERR_OK)
        abort();
    set->n = 0;
    view = links_view(links);
    while (links_view_next(&view, &link) == ERR_OK) {
        if (link.attr == kinds[kind].attr || set_has(wanted, link.url))
            set_add(set, link.url);
    }
    set_end(set);
}

static enum err keep(void *arg, struct str piece) {
    return buf_put(arg, piece);
}

static void read_page(const char *file, struct buf *html) {
    OWNED(inflate) struct inflate *f = inflate_new(INFLATE_GZIP);
    OWNED_BUF struct buf packed = BUF_INIT(PAGE_MAX_BYTES);
    char name[256];

    (void)snprintf(name, sizeof name, "pages/html/%s", file);
    outside_read(name, &packed);
    if (inflate_feed(f, buf_str(&packed), keep, html) != ERR_OK || inflate_finish(f) != ERR_OK)
        abort();
}

static void check_page(json_t *page, int ret_agree[KINDS]) {
    static struct set got, wanted;
    OWNED_BUF struct buf html = BUF_INIT(PAGE_MAX_BYTES);
    const char *file = json_string_value(json_object_get(page, "file"));
    const char *url = json_string_value(json_object_get(page, "url"));

    read_page(file, &html);
    for (size_t k = 0; k < KINDS; k++) {
        struct links links;

        links_init(&links);
        want(page, k, &wanted);
        find(url, buf_str(&html), k, &links, &wanted, &got);
        if (!show_difference(file, tag_names[k], &got, &wanted))
            ret_agree[k]++;
        links_done(&links);
    }
}

TEST(links_of_real_pages) {
    OWNED_BUF struct buf oracle = BUF_INIT(PAGE_MAX_BYTES);
    struct str rest;
    int n = 0, agree[KINDS] = {0};

    outside_unpack("xz -dc", "pages/links.jsonl.xz", &oracle);
    for (rest = buf_str(&oracle); rest.len; n++) {
        struct str line = str_cut(&rest, '\n');
        json_t *page = json_loadb(line.ptr, line.len, 0, NULL);

        if (!page)
            abort();
        check_page(page, agree);
        json_decref(page);
    }
    CHECK_INT(n, 147);
    for (size_t k = 0; k < KINDS; k++)
        printf("%s: %d of %d pages agree\n", tag_names[k], agree[k], n);
    for (size_t k = 0; k < KINDS; k++)
        CHECK_INT(agree[k], n);
}

TEST_MAIN
