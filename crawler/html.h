/* html - a streaming tokeniser for HTML by the WHATWG rules.
 *
 * Pure: no clock, no I/O, no globals. Implements HTML Standard section 13.2.5
 * (all states) and of 13.2.6 what a reader of links must know without a tree.
 * Bytes in as they arrive, in chunks of any size: one byte at a time gives the
 * same tokens. Scripting is off: the content of noscript is read.
 *
 * Input is in an ASCII-compatible encoding; bytes above 0x7f are passed through
 * as they are (extract converts what matters). U+0000 and newlines are handled
 * as in section 13.2.3.5 and the states.
 */
#ifndef CRAWLER_HTML_H
#define CRAWLER_HTML_H

#include "base/buf.h"
#include "base/own.h"

enum html_token_kind { HTML_TEXT, HTML_START_TAG, HTML_END_TAG, HTML_COMMENT, HTML_DOCTYPE };

enum { HTML_MAX_VALUE = 64 << 10 }; /* bytes of a kept attribute value, name or piece of text */

struct html_attr {
    struct str name;  /* ASCII lower case */
    struct str value; /* character references decoded (as UTF-8 bytes) */
    bool too_long;    /* the value was longer than HTML_MAX_VALUE, and is empty */
    uint8_t number;   /* what wants_attr said, or 0 */
};

/* Borrowed for the callback. */
struct html_token {
    enum html_token_kind kind;
    struct str name; /* of a tag (ASCII lower case) or doctype */
    struct str text; /* of a piece of text or a comment; text comes in any number of pieces */
    const struct html_attr *attrs; /* kept ones, each name once, in order */
    size_t n_attrs;
    uint8_t number; /* of a tag: what wants_tag said, or 0 */
    bool self_closing;
    bool in_template; /* inside the contents of a template: not part of the document */
    bool in_foreign;  /* an element of SVG or MathML */
    /* of a doctype */
    struct str public_id, system_id;
    bool has_name, has_public_id, has_system_id, force_quirks;
};

struct html_options {
    /* Called for each token; false stops the parse (html_feed returns ERR_STOPPED). */
    bool (*token)(void *arg, const struct html_token *t);
    /* Which tags get a token, by the caller's own number for each, which comes with the token;
     * 0: none. Others pass without a look at their attributes. Asked once for each common
     * name, so the answer must stay the same. NULL: all. */
    uint8_t (*wants_tag)(void *arg, struct str tag_name);
    /* Of tags that get one, which attributes to keep, likewise: others are passed over without
     * being stored, and their names are not looked at for duplicates. NULL: all. */
    uint8_t (*wants_attr)(void *arg, uint8_t tag_number, struct str attr_name);
    void *arg;
    bool no_end_tags;                /* only start tags get a token */
    bool wants_text, wants_comments; /* else no such tokens */
};

struct html;
struct html *html_new(const struct html_options *o);
void html_free(struct html *h); /* NULL is fine */
DEFINE_OWNED(html)

/* ERR_STOPPED: the callback said stop; ERR_NO_MEMORY. */
MUST_USE enum err html_feed(struct html *h, struct str bytes);
MUST_USE enum err html_finish(struct html *h); /* the end of the input: last tokens come now */

/* May be called in the token callback of text: the next pieces are wanted or not. */
void html_want_text(struct html *h, bool wanted);

/* For tests: how whole tags are read while no text is wanted, whatever the processor is best
 * at. All ways lead to the same tokens. False: this build or processor has not that one. */
enum html_way { HTML_BY_STATES, HTML_BY_BASE, HTML_BY_AVX2, HTML_BY_PLAIN, HTML_WAYS };
bool html_read_by(struct html *h, enum html_way way);

/* For the conformance suite: starts in another state of the standard, as after
 * the start tag |last_start_tag|, as if in foreign content where CDATA is tested. */
enum html_start {
    HTML_START_DATA,
    HTML_START_PLAINTEXT,
    HTML_START_RCDATA,
    HTML_START_RAWTEXT,
    HTML_START_SCRIPT,
    HTML_START_CDATA
};
void html_start_in(struct html *h, enum html_start state, struct str last_start_tag);

#endif
