/* readers - what other readers of HTML take for the same pages: libgumbo's tree and libxml2's SAX
 * reader, where these were found. They count the URLs of a, area and link; they resolve
 * nothing and keep nothing.
 */
#ifndef BENCH_READERS_H
#define BENCH_READERS_H

#include <stdlib.h>

#include "base/str.h"

typedef size_t count_links(struct str html);

static inline bool peer_is_link(const char *name) {
    struct str s = str_of(name);

    return str_eq(s, STR("a")) || str_eq(s, STR("area")) || str_eq(s, STR("link"));
}

#ifdef HAVE_GUMBO
#include <gumbo.h>

static inline size_t gumbo_count(const GumboNode *node) {
    const GumboElement *e = &node->v.element;
    size_t n;

    if (node->type != GUMBO_NODE_ELEMENT)
        return 0;
    n = peer_is_link(gumbo_normalized_tagname(e->tag)) &&
        gumbo_get_attribute(&e->attributes, "href");
    for (unsigned i = 0; i < e->children.length; i++)
        n += gumbo_count(e->children.data[i]);
    return n;
}

static inline size_t gumbo_links(struct str html) {
    GumboOutput *tree = gumbo_parse_with_options(&kGumboDefaultOptions, html.ptr, html.len);
    size_t n = gumbo_count(tree->root);

    gumbo_destroy_output(&kGumboDefaultOptions, tree);
    return n;
}
#endif

#ifdef HAVE_LIBXML2
#include <libxml/HTMLparser.h>

static inline void libxml2_start(void *arg, const xmlChar *name, const xmlChar **attrs) {
    if (!attrs || !peer_is_link((const char *)name))
        return;
    for (; attrs[0]; attrs += 2)
        *(size_t *)arg += str_eq(str_of((const char *)attrs[0]), STR("href"));
}

static inline size_t libxml2_links(struct str html) {
    htmlSAXHandler sax = {.startElement = libxml2_start};
    size_t n = 0;
    htmlParserCtxtPtr x = htmlCreatePushParserCtxt(&sax, &n, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);

    if (!x)
        abort();
    (void)htmlParseChunk(x, html.ptr, (int)html.len, 1);
    htmlFreeParserCtxt(x);
    return n;
}
#endif

#endif
