/* xml - a streaming reader of XML, as tolerant as readers of feeds have to be.
 *
 * Pure: no clock, no I/O, no globals. XML 1.0 and Namespaces in XML 1.0, without
 * validation. Bytes in as they arrive, in chunks of any size: one byte at a time tells
 * the same. Input is in an ASCII-compatible encoding, UTF-8 as a rule; bytes above 0x7f
 * are passed through as they are.
 *
 * References to characters and the five predefined entities are decoded. Document type
 * declarations are passed over: no entity is ever defined, fetched or expanded, and a
 * reference to one stays as it is written. Comments and processing instructions are not
 * told. Memory does not follow the document.
 *
 * No document is wrong. Where it is not well-formed:
 * - an end tag closes what is open up to the last element of its name; without one it
 *   is passed over;
 * - what no reference is stays as it is written ("a&b", "&nbsp;");
 * - an attribute may be without quotes or value; of two with one name the first counts;
 * - a '<' that begins no markup is text;
 * - nothing is read behind the end of the root element;
 * - what the end of the input cuts is not told.
 */
#ifndef CRAWLER_XML_H
#define CRAWLER_XML_H

#include "base/buf.h"
#include "base/own.h"

enum {
    XML_MAX_VALUE = 64 << 10,   /* bytes of a kept attribute value */
    XML_MAX_VALUES = 256 << 10, /* of all of them in one tag */
    XML_MAX_ATTRS = 32,         /* kept in one tag */
    XML_MAX_NAME = 128,         /* bytes of a name, prefix and all: longer ones are cut */
    XML_MAX_DEPTH = 128,        /* elements further down are passed over */
    XML_MAX_BINDINGS = 64,      /* of prefixes, at a time */
};

/* Namespaces are numbers: these, and what |namespace_of| makes of others. */
enum { XML_NO_NAMESPACE, XML_NAMESPACE, XML_FIRST_NAMESPACE };

struct xml_attr {
    struct str name; /* without prefix */
    int ns;
    struct str value;
    bool too_long; /* the value is longer than the limits, and empty */
};

/* Borrowed for the callback. */
struct xml_element {
    struct str name; /* without prefix */
    int ns;
    unsigned depth; /* of the root: 1 */
    const struct xml_attr *attrs;
    size_t n_attrs; /* at its end: 0 */
};

struct xml_options {
    /* False from any of these stops: xml_feed returns ERR_STOPPED. */
    bool (*start)(void *arg, const struct xml_element *e);
    bool (*end)(void *arg, const struct xml_element *e);
    /* In any number of pieces; only while wanted. */
    bool (*text)(void *arg, struct str piece);
    /* Which attributes to keep; the names are without prefix. */
    bool (*wants_attr)(void *arg, struct str element, struct str attr);
    /* The number of a namespace. |uri| STR_NONE: the prefix was not declared. Asked
     * once a declaration, or once a name of that prefix. */
    int (*namespace_of)(void *arg, struct str uri, struct str prefix);
    void *arg;
};

struct xml;
struct xml *xml_new(const struct xml_options *o);
void xml_free(struct xml *x); /* NULL is fine */
DEFINE_OWNED(xml)

/* ERR_STOPPED, ERR_NO_MEMORY. There is no call for the end: nothing waits for it. */
MUST_USE enum err xml_feed(struct xml *x, struct str bytes);
/* May be called in start and end: the text that follows is wanted or not. */
void xml_want_text(struct xml *x, bool wanted);

#endif
