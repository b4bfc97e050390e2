/* xml_internal - what the files of xml share: xml.c is the machine of states, xml_element.c
 * what comes of a whole tag, xml_reference.c what comes of "&...;". Nobody else includes
 * this.
 */
#ifndef CRAWLER_XML_INTERNAL_H
#define CRAWLER_XML_INTERNAL_H

#include "crawler/xml.h"

enum xml_state {
    XML_TEXT,
    XML_REFERENCE, /* in text or in a value: see in_value */
    XML_LESS,      /* behind '<' */
    XML_START_NAME,
    XML_IN_TAG,
    XML_ATTR_NAME,
    XML_BEFORE_EQUALS,
    XML_BEFORE_VALUE,
    XML_VALUE,
    XML_SLASH, /* of an empty element */
    XML_END_NAME,
    XML_END_REST,
    XML_BANG,     /* "<!": which kind it is */
    XML_SKIPPING, /* to |skip_end| */
    XML_CDATA,
    XML_DOCTYPE,
    XML_OVER, /* behind the root */
};

enum {
    XML_REFERENCE_BYTES = 32, /* longer ones are none */
    XML_BANG_BYTES = 8,
    XML_PREFIX_BYTES = 24, /* longer ones are never declared */
    XML_URI_BYTES = 256,   /* of a namespace: longer ones are cut */
};

/* One that is kept. The value is a stretch of |values|. */
struct xml_kept {
    char name[XML_MAX_NAME];
    size_t name_len;
    size_t start, len;
    bool too_long;
};

struct xml_binding {
    char prefix[XML_PREFIX_BYTES];
    size_t prefix_len;
    int ns;
};

struct xml_open {
    size_t name_start; /* in |names|, with its prefix */
    size_t n_bindings; /* when it was opened */
    int ns;
};

struct xml {
    struct xml_options options;
    enum xml_state state;
    enum err e;
    bool wants_text;
    size_t too_deep; /* open elements below XML_MAX_DEPTH */

    /* the tag at hand */
    char name[XML_MAX_NAME];
    size_t name_len;
    bool keeps_attr; /* the attribute at hand is the last of |kept| */
    char quote;      /* of the value at hand; 0: none */
    struct xml_kept kept[XML_MAX_ATTRS];
    size_t n_kept;
    struct buf values;

    /* what is open */
    struct xml_open open[XML_MAX_DEPTH];
    size_t depth;
    struct buf names;
    struct xml_binding bindings[XML_MAX_BINDINGS];
    size_t n_bindings;

    char reference[XML_REFERENCE_BYTES];
    size_t reference_len;
    bool in_value; /* the reference is */
    char bang[XML_BANG_BYTES];
    size_t bang_len;
    const char *skip_end; /* what ends what is skipped */
    size_t matched;       /* of its bytes, or of "]]>" */
    bool skips_in_doctype;
    unsigned brackets; /* of a DOCTYPE: inside its [ ] */
};

/* xml_element.c */
void xml_begin_tag(struct xml *x);
void xml_begin_attr(struct xml *x); /* its name is to come */
void xml_name_attr(struct xml *x);  /* it is whole: is it kept? */
void xml_put_value(struct xml *x, struct str bytes);
void xml_start_element(struct xml *x, bool is_empty);
void xml_end_element(struct xml *x); /* by x->name */

/* xml_reference.c: what "&" + |reference| + ";" stands for, into |bytes| (at least 4); 0:
 * nothing that is known. */
size_t xml_decode_reference(struct str reference, char *bytes);

static inline bool xml_is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

#endif
