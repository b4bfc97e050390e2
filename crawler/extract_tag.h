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

/* So that the tokeniser can hand tags and attributes back without their names being looked up
 * again: numbers from 1. Those of attributes count within their tag, and go on with the names
 * that say something about a URL. */
enum { EXTRACT_REL = EXTRACT_TAG_ATTRS + 1, EXTRACT_HTTP_EQUIV, EXTRACT_CHARSET };
enum { EXTRACT_NO_URLS = UINT8_MAX }; /* the number of no tag here */

uint8_t extract_tag_number(const struct extract_tag *tag);
const struct extract_tag *extract_tag_by(uint8_t number); /* NULL: EXTRACT_NO_URLS */
/* 0: an attribute that does not matter there. */
uint8_t extract_attr_number(const struct extract_tag *tag, struct str name);
/* NULL: it carries no URL. */
static inline const struct extract_attr *extract_attr_by(const struct extract_tag *tag,
                                                         uint8_t number) {
    return number <= EXTRACT_TAG_ATTRS ? &tag->attrs[number - 1] : NULL;
}
/* The two in one: NULL where this attribute carries none there. */
static inline const struct extract_attr *extract_attr_of(const struct extract_tag *tag,
                                                         struct str name) {
    uint8_t number = extract_attr_number(tag, name);

    return number ? extract_attr_by(tag, number) : NULL;
}

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
