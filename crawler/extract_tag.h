/* extract_tag - which attributes of which elements carry URLs, and how. Pure. */
#ifndef CRAWLER_EXTRACT_TAG_H
#define CRAWLER_EXTRACT_TAG_H

#include "storage/model.h"

enum value_kind {
    VALUE_URL,
    VALUE_SRCSET,  /* HTML Standard, "parse a srcset attribute" */
    VALUE_SPACES,  /* URLs with spaces between */
    VALUE_COMMAS,  /* URLs with commas between */
    VALUE_REFRESH, /* "5; url=..." of a meta */
};

struct extract_attr {
    struct str name; /* STR_NONE ends the list */
    enum attr attr;
    enum value_kind kind;
};

enum { EXTRACT_TAG_ATTRS = 6 };
struct extract_tag {
    struct str name; /* lower case */
    enum tag tag;
    bool has_rel;
    struct extract_attr attrs[EXTRACT_TAG_ATTRS];
};

/* By an element's name in lower case; NULL where it carries no URLs. Static. */
const struct extract_tag *extract_tag_of(struct str name);
/* NULL: this attribute carries none there. */
const struct extract_attr *extract_attr_of(const struct extract_tag *tag, struct str name);

/* Walks the URLs of a value, as they are written. Not for VALUE_URL, which is one. */
struct extract_values {
    enum value_kind kind;
    struct str rest;
};
static inline struct extract_values extract_values(enum value_kind kind, struct str value) {
    return (struct extract_values){kind, value};
}
/* False at the end. */
bool extract_values_next(struct extract_values *v, struct str *ret_url);

#endif
