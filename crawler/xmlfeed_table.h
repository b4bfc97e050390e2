/* xmlfeed_table - what xmlfeed knows of each format: which elements carry URLs, and in which
 * namespaces. Pure. Nobody else includes it.
 */
#ifndef CRAWLER_XMLFEED_TABLE_H
#define CRAWLER_XMLFEED_TABLE_H

#include "crawler/xml.h"
#include "crawler/xmlfeed.h"

enum xmlfeed_ns {
    NS_NONE = XML_NO_NAMESPACE,
    NS_XML = XML_NAMESPACE,
    NS_OTHER = XML_FIRST_NAMESPACE,
    NS_ATOM,
    NS_RDF,
    NS_RSS1,
    NS_SITEMAP,
    NS_IMAGE,
    NS_VIDEO,
    NS_XHTML,
    NS_MEDIA,
    NS_ITUNES,
    NS_WFW,
    NS_CORE, /* of the root, whatever that is */
};

/* When the element counts. */
enum xmlfeed_condition { ALWAYS, IN_IMAGE, IF_PERMALINK };

/* Where the links are. */
struct xmlfeed_carrier {
    enum xmlfeed_ns ns;
    const char *name;     /* NULL ends the list */
    const char *url_attr; /* NULL: it is the text */
    enum attr attr;
    enum xmlfeed_condition condition;
};

/* NULL: a document of this kind has no links. */
const struct xmlfeed_carrier *xmlfeed_carriers(enum xmlfeed_kind kind);
enum xmlfeed_kind xmlfeed_kind_of_root(const struct xml_element *root);
/* Of |uri|; STR_NONE: of a prefix that was not declared. */
enum xmlfeed_ns xmlfeed_namespace(struct str uri, struct str prefix);

#endif
