#include "crawler/xmlfeed_table.h"

static const struct xmlfeed_carrier rss_carriers[] = {
    {NS_CORE, "link", NULL, ATTR_LINK, ALWAYS},
    {NS_CORE, "url", NULL, ATTR_URL, IN_IMAGE},
    {NS_CORE, "docs", NULL, ATTR_DOCS, ALWAYS},
    {NS_CORE, "comments", NULL, ATTR_COMMENTS, ALWAYS},
    {NS_CORE, "guid", NULL, ATTR_GUID, IF_PERMALINK},
    {NS_CORE, "enclosure", "url", ATTR_ENCLOSURE, ALWAYS},
    {NS_CORE, "source", "url", ATTR_SOURCE, ALWAYS},
    {NS_ATOM, "link", "href", ATTR_LINK, ALWAYS},
    {NS_MEDIA, "content", "url", ATTR_MEDIA_CONTENT, ALWAYS},
    {NS_MEDIA, "thumbnail", "url", ATTR_MEDIA_THUMBNAIL, ALWAYS},
    {NS_MEDIA, "player", "url", ATTR_MEDIA_PLAYER, ALWAYS},
    {NS_ITUNES, "image", "href", ATTR_ITUNES_IMAGE, ALWAYS},
    {NS_WFW, "commentRss", NULL, ATTR_COMMENT_RSS, ALWAYS},
    {.name = NULL},
};
static const struct xmlfeed_carrier atom_carriers[] = {
    {NS_CORE, "link", "href", ATTR_LINK, ALWAYS},
    {NS_CORE, "content", "src", ATTR_CONTENT, ALWAYS},
    {NS_CORE, "generator", "uri", ATTR_GENERATOR, ALWAYS},
    {NS_CORE, "generator", "url", ATTR_GENERATOR, ALWAYS}, /* of Atom 0.3, as is the next one */
    {NS_CORE, "url", NULL, ATTR_URL, ALWAYS},
    {NS_CORE, "icon", NULL, ATTR_ICON, ALWAYS},
    {NS_CORE, "logo", NULL, ATTR_LOGO, ALWAYS},
    {NS_CORE, "uri", NULL, ATTR_URI, ALWAYS},
    {NS_MEDIA, "content", "url", ATTR_MEDIA_CONTENT, ALWAYS},
    {NS_MEDIA, "thumbnail", "url", ATTR_MEDIA_THUMBNAIL, ALWAYS},
    {NS_MEDIA, "player", "url", ATTR_MEDIA_PLAYER, ALWAYS},
    {.name = NULL},
};
static const struct xmlfeed_carrier sitemap_carriers[] = {
    {NS_CORE, "loc", NULL, ATTR_LOC, ALWAYS},
    {NS_IMAGE, "loc", NULL, ATTR_IMAGE_LOC, ALWAYS},
    {NS_VIDEO, "thumbnail_loc", NULL, ATTR_VIDEO_THUMBNAIL_LOC, ALWAYS},
    {NS_VIDEO, "content_loc", NULL, ATTR_VIDEO_CONTENT_LOC, ALWAYS},
    {NS_VIDEO, "player_loc", NULL, ATTR_VIDEO_PLAYER_LOC, ALWAYS},
    {.name = NULL},
};

const struct xmlfeed_carrier *xmlfeed_carriers(enum xmlfeed_kind kind) {
    switch (kind) {
    case XMLFEED_RSS:
    case XMLFEED_RDF:
        return rss_carriers;
    case XMLFEED_ATOM:
        return atom_carriers;
    case XMLFEED_SITEMAP:
    case XMLFEED_SITEMAP_INDEX:
        return sitemap_carriers;
    case XMLFEED_UNKNOWN:
    case XMLFEED_XHTML:
    case XMLFEED_OTHER:
        break;
    }
    return NULL;
}

/* A feed or sitemap without its namespace, or with a wrong one, is still meant as one. */
enum xmlfeed_kind xmlfeed_kind_of_root(const struct xml_element *root) {
    static const struct {
        const char *name;
        int ns; /* NS_CORE: any */
        enum xmlfeed_kind kind;
    } roots[] = {
        {"rss", NS_CORE, XMLFEED_RSS},
        {"feed", NS_ATOM, XMLFEED_ATOM},
        {"feed", NS_NONE, XMLFEED_ATOM},
        {"entry", NS_ATOM, XMLFEED_ATOM},
        {"RDF", NS_RDF, XMLFEED_RDF},
        {"urlset", NS_CORE, XMLFEED_SITEMAP},
        {"sitemapindex", NS_CORE, XMLFEED_SITEMAP_INDEX},
        {"html", NS_XHTML, XMLFEED_XHTML},
    };

    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        if (str_eq(root->name, str_of(roots[i].name)) &&
            (roots[i].ns == NS_CORE || roots[i].ns == root->ns))
            return roots[i].kind;
    }
    return XMLFEED_OTHER;
}

static const struct {
    const char *uri, *prefix; /* what the prefix is taken for where it was not declared */
    enum xmlfeed_ns ns;
} namespaces[] = {
    {"http://www.w3.org/2005/Atom", "atom", NS_ATOM},
    {"http://purl.org/atom/ns#", NULL, NS_ATOM},
    {"http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf", NS_RDF},
    {"http://purl.org/rss/1.0/", NULL, NS_RSS1},
    {"http://my.netscape.com/rdf/simple/0.9/", NULL, NS_RSS1},
    {"http://channel.netscape.com/rdf/simple/0.9/", NULL, NS_RSS1},
    {"http://www.sitemaps.org/schemas/sitemap/0.9", NULL, NS_SITEMAP},
    {"http://www.google.com/schemas/sitemap-image/1.1", "image", NS_IMAGE},
    {"http://www.google.com/schemas/sitemap-video/1.1", "video", NS_VIDEO},
    {"http://www.w3.org/1999/xhtml", "xhtml", NS_XHTML},
    {"http://search.yahoo.com/mrss/", "media", NS_MEDIA},
    {"http://search.yahoo.com/mrss", NULL, NS_MEDIA},
    {"http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes", NS_ITUNES},
    {"http://wellformedweb.org/CommentAPI/", "wfw", NS_WFW},
};

enum xmlfeed_ns xmlfeed_namespace(struct str uri, struct str prefix) {
    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
        if (uri.ptr ? str_eq(uri, str_of(namespaces[i].uri))
                    : str_eq(prefix, str_of(namespaces[i].prefix)))
            return namespaces[i].ns;
    }
    return NS_OTHER;
}
