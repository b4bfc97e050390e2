/* html_internal - what the files of the tokeniser share: its state, and what
 * each file does for the others. Only crawler/html*.c include this.
 *
 *   html.c         the door, the loop, tokens on their way out
 *   html_text.c    text: data, RCDATA, RAWTEXT, script data, plaintext, CDATA
 *   html_tag.c     tags and their attributes
 *   html_fast.c    the short way over tags that nobody wants
 *   html_markup.c  comments and doctypes
 *   html_entity.c  character references
 *   html_tree.c    the stack of open elements; html_start.c and html_end.c: which
 *                  tags a tree builder would take; html_table.c: of these, tables and
 *                  templates; html_foreign.c: SVG and MathML
 *
 * Every state is a function of the standard's section 13.2.5, named after it. It
 * gets what is left of the chunk, which is not empty, and returns how far it came:
 * it takes a byte, or moves to another state, or both. A file's html_run_ function
 * goes on while the state is one of its own.
 */
#ifndef CRAWLER_HTML_INTERNAL_H
#define CRAWLER_HTML_INTERNAL_H

#include "crawler/html.h"
#include "crawler/html_names.h"

#define HTML_TEXT_STATES(X)                                                                        \
    X(DATA, data)                                                                                  \
    X(RCDATA, rcdata)                                                                              \
    X(RAWTEXT, rawtext)                                                                            \
    X(SCRIPT, script)                                                                              \
    X(PLAINTEXT, plaintext)                                                                        \
    X(RAW_LESS_THAN, raw_less_than)                                                                \
    X(RAW_END_OPEN, raw_end_open)                                                                  \
    X(RAW_END_NAME, raw_end_name)                                                                  \
    X(ESCAPE_START, escape_start)                                                                  \
    X(ESCAPE_START_DASH, escape_start_dash)                                                        \
    X(ESCAPED, escaped)                                                                            \
    X(ESCAPED_DASH, escaped_dash)                                                                  \
    X(ESCAPED_DASH_DASH, escaped_dash_dash)                                                        \
    X(ESCAPED_LESS_THAN, escaped_less_than)                                                        \
    X(DOUBLE_START, double_start)                                                                  \
    X(DOUBLE, double_escaped)                                                                      \
    X(DOUBLE_DASH, double_dash)                                                                    \
    X(DOUBLE_DASH_DASH, double_dash_dash)                                                          \
    X(DOUBLE_LESS_THAN, double_less_than)                                                          \
    X(DOUBLE_END, double_end)                                                                      \
    X(CDATA, cdata)                                                                                \
    X(CDATA_BRACKET, cdata_bracket)                                                                \
    X(CDATA_END, cdata_end)

#define HTML_TAG_STATES(X)                                                                         \
    X(TAG_OPEN, tag_open)                                                                          \
    X(END_TAG_OPEN, end_tag_open)                                                                  \
    X(TAG_NAME, tag_name)                                                                          \
    X(BEFORE_ATTR_NAME, before_attr_name)                                                          \
    X(ATTR_NAME, attr_name)                                                                        \
    X(AFTER_ATTR_NAME, after_attr_name)                                                            \
    X(BEFORE_VALUE, before_value)                                                                  \
    X(VALUE_DOUBLE, value_double)                                                                  \
    X(VALUE_SINGLE, value_single)                                                                  \
    X(VALUE_UNQUOTED, value_unquoted)                                                              \
    X(AFTER_VALUE, after_value)                                                                    \
    X(SELF_CLOSING, self_closing)

#define HTML_MARKUP_STATES(X)                                                                      \
    X(MARKUP_OPEN, markup_open)                                                                    \
    X(BOGUS_COMMENT, bogus_comment)                                                                \
    X(COMMENT_START, comment_start)                                                                \
    X(COMMENT_START_DASH, comment_start_dash)                                                      \
    X(COMMENT, comment)                                                                            \
    X(COMMENT_END_DASH, comment_end_dash)                                                          \
    X(COMMENT_END, comment_end)                                                                    \
    X(COMMENT_END_BANG, comment_end_bang)                                                          \
    X(DOCTYPE, doctype)                                                                            \
    X(BEFORE_DOCTYPE_NAME, before_doctype_name)                                                    \
    X(DOCTYPE_NAME, doctype_name)                                                                  \
    X(AFTER_DOCTYPE_NAME, after_doctype_name)                                                      \
    X(BEFORE_ID, before_id)                                                                        \
    X(DOCTYPE_ID, doctype_id)                                                                      \
    X(AFTER_PUBLIC_ID, after_public_id)                                                            \
    X(AFTER_SYSTEM_ID, after_system_id)                                                            \
    X(BOGUS_DOCTYPE, bogus_doctype)

#define HTML_ENTITY_STATES(X)                                                                      \
    X(REFERENCE, reference)                                                                        \
    X(NAMED_REFERENCE, named_reference)                                                            \
    X(NUMERIC_REFERENCE, numeric_reference)                                                        \
    X(HEX_START, hex_start)                                                                        \
    X(HEX_DIGITS, hex_digits)                                                                      \
    X(DECIMAL_DIGITS, decimal_digits)

enum html_state {
    S_STOPPED,
#define X(id, function) S_##id,
    HTML_TEXT_STATES(X) S_TEXT_END_,
    HTML_TAG_STATES(X) S_TAG_END_,
    HTML_MARKUP_STATES(X) S_MARKUP_END_,
    HTML_ENTITY_STATES(X)
#undef X
};

enum { HTML_MAX_ATTRS = 256, HTML_MAX_DEPTH = 512, HTML_MAX_ENTITY = 40, HTML_ASKED_BITS = 5 };

/* An attribute of the tag that is being read, by its places in html.kept. */
struct html_kept {
    uint32_t name_at, name_len, value_at, value_len;
    bool too_long;
    uint8_t number; /* the caller's; 0: html_tree.c alone wants it */
};

/* The tag that is being read. */
struct html_tag {
    enum html_element element;
    uint32_t name_hash; /* of a name that is not listed, else 0 */
    bool is_end, self_closing;
    uint8_t number;   /* the caller's, who gets a token; 0: none is wanted */
    bool keeps_attrs; /* somebody may want an attribute */
    /* of the attribute that is being read */
    bool keeps_name, keeps_value;
    uint32_t name_at;
    bool in_foreign, in_template;
};

struct html_doctype {
    struct buf name, public_id, system_id;
    bool has_name, has_public_id, has_system_id, force_quirks;
    bool reads_system; /* which of the two is being read */
    char quote;
};

enum html_namespace { NS_HTML, NS_SVG, NS_MATH };

/* How a template's contents are read: section 13.2.6.4.22. */
enum html_template_mode { TM_ANY, TM_BODY, TM_TABLE, TM_TBODY, TM_ROW, TM_COLGROUP };

/* Eight bytes: most tags do little else than put one of these on the stack. */
struct html_open {
    uint32_t name_hash; /* where element is EL_OTHER, else 0 */
    uint8_t element, ns;
    bool ends_scope : 1, is_special : 1;
    bool html_inside : 1, text_inside : 1; /* an integration point */
    bool is_plain : 1; /* HTML, and on top it leaves start tags to the rules for the body */
    uint8_t template_mode;
};

enum html_phase { PHASE_HEAD, PHASE_BODY, PHASE_FRAMESET, PHASE_AFTER_FRAMESET };

/* The stack of open elements without html, head and body. */
struct html_tree {
    size_t depth;
    size_t beyond;           /* open elements that found no room */
    uint16_t open[EL_COUNT]; /* how many of each are on the stack, as HTML */
    enum html_phase phase;
    size_t framesets;
    bool is_off;                            /* tokens only: nothing is ignored, no state changes */
    bool in_select;                         /* the insertion mode is "in select" */
    bool has_form;                          /* the form element pointer is set */
    bool frameset_ok;                       /* the flag of this name */
    struct html_open stack[HTML_MAX_DEPTH]; /* only those up to depth are set */
};

/* What the caller said of an attribute, whose name is of eight letters or less, in lower case. */
struct html_asked {
    uint64_t name;
    uint8_t len, tag, number; /* len 0: none */
};

enum { MATCH_FAILED = 255 };

typedef const char *html_fast_run(struct html *h, const char *p, const char *end);

struct html {
    struct html_options o;
    enum err result; /* what html_feed says once the state is S_STOPPED */
    enum html_state state;
    enum html_state raw_state; /* where an end tag that does not fit leads back to */
    bool after_cr;             /* a newline now belongs to the carriage return before */
    uint8_t matched;           /* bytes of a keyword so far, or MATCH_FAILED */

    struct html_tag tag;
    struct buf name;     /* of the tag, or what may become an end tag's name */
    struct buf raw_name; /* the end tag that ends raw text */
    struct buf kept;     /* names and values of attributes */
    size_t n_attrs;
    struct {
        bool is_known;
        uint8_t number;
    } answers[EL_COUNT];     /* the caller's, by element */
    html_fast_run *run_fast; /* NULL: never */
    struct html_asked asked[1 << HTML_ASKED_BITS];

    char opening[8]; /* what came after "<!" */
    struct buf comment;
    struct html_doctype doctype;

    struct {                    /* a character reference */
        enum html_state back;   /* the state that it stands in */
        uint16_t low, high;     /* the names that begin with what was read */
        uint16_t match;         /* the longest that is complete, plus 1 */
        uint8_t len, match_len; /* bytes read, bytes of that match */
        char chars[HTML_MAX_ENTITY];
        uint32_t code;
    } ref;

    struct html_tree tree; /* its stack at its end: html_new() clears what is before that */
    struct html_kept attrs[HTML_MAX_ATTRS]; /* n_attrs are set */
};

/* --- html.c: tokens on their way out; each may change the state to S_STOPPED */
void html_fail(struct html *h, enum err e);
/* Text of the document, but not of raw text elements. */
void html_put_text(struct html *h, struct str s);
void html_put_raw_text(struct html *h, struct str s);
void html_put_tag(struct html *h);
void html_put_tag_with(struct html *h, const struct html_attr *attrs, size_t n);
void html_put_comment(struct html *h);
void html_put_doctype(struct html *h);
void html_put_usual_doctype(struct html *h); /* that of HTML, with no identifiers */
/* Appends; what the buffer has no room for is dropped. */
void html_keep(struct html *h, struct buf *b, struct str s);

/* --- html_text.c */
const char *html_run_text(struct html *h, const char *p, const char *end);
void html_finish_text(struct html *h);

/* --- html_tag.c */
const char *html_run_tag(struct html *h, const char *p, const char *end);
void html_finish_tag(struct html *h);
void html_tag_begin(struct html *h, bool is_end);
void html_tag_put_name(struct html *h, const char *p, const char *q); /* in any case */
/* The name is complete, in html.name: finds the element and who wants what. */
void html_tag_named(struct html *h);
void html_tag_end(struct html *h); /* at the ">" */
/* The same, without the token: whether the caller gets one. */
bool html_tag_taken(struct html *h);
/* Decoded bytes of the value that is being read. */
void html_put_value(struct html *h, struct str s);
/* A kept attribute of the tag that is complete, or NULL. */
const struct html_kept *html_tag_attr(const struct html *h, struct str name);
struct str html_attr_value(const struct html *h, const struct html_kept *a);
struct str html_tag_name(const struct html *h);
extern const struct str html_element_names[EL_COUNT];
extern const uint16_t html_element_flags[EL_COUNT];
/* The perfect hash over the names, by html_name_slot(). */
extern const uint64_t html_element_multiplier;
extern const uint64_t html_element_keys[EL_COUNT];
extern const unsigned char html_element_slots[1U << HTML_HASH_BITS];

uint8_t html_tag_ask(struct html *h, enum html_element e);

/* The caller's number for the tags of a listed element, or 0. */
static inline uint8_t html_tag_number(struct html *h, enum html_element e, bool is_end) {
    if (is_end && h->o.no_end_tags)
        return 0;
    return h->answers[e].is_known ? h->answers[e].number : html_tag_ask(h, e);
}

/* --- html_fast.c */
/* In the data state, while no text is wanted: from |p| to what needs its states,
 * a "<" or text, or to where the state has become another, or to the end. */
html_fast_run html_fast_base, html_fast_avx2, html_fast_plain;

/* --- html_markup.c */
const char *html_run_markup(struct html *h, const char *p, const char *end);
void html_finish_markup(struct html *h);
void html_comment_begin(struct html *h);

/* --- html_entity.c */
const char *html_run_entity(struct html *h, const char *p, const char *end);
void html_finish_entity(struct html *h);   /* leads back to the state that it stood in */
void html_reference_begin(struct html *h); /* after the "&" */

/* --- html_tree.c, html_start.c, html_end.c */
extern const struct html_open html_as_opened[EL_COUNT]; /* each as HTML, name_hash 0 */
/* Of an element whose start tag has rules of its own, by |flags| that matter: whether these
 * change nothing as things stand. Rules that rarely do not are left to html_tree_start(). */
bool html_tree_rules_idle(const struct html_tree *t, enum html_element e, uint16_t flags);
void html_tree_init(struct html_tree *t);
/* What follows is the raw text of |e|. */
void html_tree_start_raw(struct html *h, enum html_element e);
/* False: a tree builder ignores this tag. The state is that of the contents. */
bool html_tree_start(struct html *h);
bool html_tree_end(struct html *h);
void html_tree_text(struct html_tree *t, struct str s);
bool html_tree_shows_text(const struct html_tree *t);
bool html_tree_is_foreign(const struct html_tree *t);         /* CDATA sections may come */
enum html_element html_tree_image(const struct html_tree *t); /* what "<image>" is now */
/* An attribute of this start tag decides what a tree builder makes of it. */
bool html_tree_needs_attrs(const struct html_tree *t, enum html_element element);
bool html_tree_wants_attr(enum html_element element, struct str name);

/* What most tags come to. There is room on the stack. */
static inline void html_tree_push_plain(struct html_tree *t, enum html_element e,
                                        uint32_t name_hash) {
    struct html_open *o = &t->stack[t->depth++];

    *o = html_as_opened[e];
    o->name_hash = name_hash;
    t->open[e]++;
}

/* On top is what was pushed so. */
static inline void html_tree_pop_plain(struct html_tree *t) {
    t->depth--;
    t->open[t->stack[t->depth].element]--;
}

/* Nothing is open that makes rules for start tags, and the head has not ended. */
static inline bool html_tree_is_in_head(const struct html_tree *t) {
    return t->depth == 0 && t->phase == PHASE_HEAD && !t->is_off;
}

/* Start tags are read by the rules for the body, and by no others. */
static inline bool html_tree_is_plain(const struct html_tree *t) {
    if (t->depth == 0)
        return t->phase == PHASE_BODY && !t->is_off;
    return t->stack[t->depth - 1].is_plain;
}

/* The flags of |e| that matter to its start tag, once it is read so. */
static inline uint16_t html_tree_start_flags(const struct html_tree *t, enum html_element e) {
    const uint16_t no_matter = EF_SPECIAL | EF_FORMATTING | EF_SCOPE | EF_IMPLIED | EF_BREAKOUT |
                               EF_BLOCK_END | EF_VOID | EF_HEAD;
    uint16_t flags = html_element_flags[e] & (uint16_t)~no_matter;

    if (t->open[EL_P] == 0)
        flags &= (uint16_t)~EF_CLOSES_P;
    if (!t->frameset_ok)
        flags &= (uint16_t)~EF_NO_FRAMESET;
    return flags;
}

/* The start tag of |e| does nothing but go on the stack, or not even that if it is void. */
static inline bool html_tree_is_plain_start(const struct html_tree *t, enum html_element e) {
    const uint16_t of_head = EF_HEAD | EF_VOID;
    uint16_t flags = html_tree_start_flags(t, e);

    if (!html_tree_is_plain(t))
        return html_tree_is_in_head(t) && (html_element_flags[e] & of_head) == of_head;
    if (t->depth == HTML_MAX_DEPTH)
        return false;
    return flags == 0 || html_tree_rules_idle(t, e, flags);
}

/* The contents of |e| are raw text, and neither of its tags does anything else. */
static inline bool html_tree_is_plain_raw(const struct html_tree *t, enum html_element e) {
    uint16_t flags = html_tree_start_flags(t, e);

    if (!html_tree_is_plain(t) && !(html_tree_is_in_head(t) && html_element_flags[e] & EF_HEAD))
        return false;
    return t->beyond == 0 && t->open[e] == 0 &&
           (flags == EF_RAWTEXT || flags == EF_RCDATA || e == EL_SCRIPT);
}

/* The start tag of |e| does nothing but go on the stack, as SVG, or not even that if it closes
 * itself. */
static inline bool html_tree_is_plain_svg(const struct html_tree *t, enum html_element e) {
    const struct html_open *top = t->depth ? &t->stack[t->depth - 1] : NULL;

    if (t->depth == HTML_MAX_DEPTH)
        return false;
    if (e == EL_SVG && html_tree_is_plain(t))
        return true;
    if (!top || top->ns != NS_SVG || top->html_inside || html_element_flags[e] & EF_BREAKOUT)
        return false;
    return e != EL_FONT && e != EL_FOREIGNOBJECT && e != EL_DESC && e != EL_TITLE && e != EL_IMAGE;
}

static inline void html_tree_push_svg(struct html_tree *t, enum html_element e) {
    t->stack[t->depth++] = (struct html_open){.element = (uint8_t)e, .ns = NS_SVG};
}

static inline bool html_is_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\f' || c == '\r';
}
static inline bool html_is_alnum(char c) {
    return ascii_is_alpha(c) || ascii_is_digit(c);
}
/* Steps over the newline of a CR LF that was read as one newline. */
static inline const char *html_after_cr(struct html *h, const char *p) {
    if (!h->after_cr)
        return p;
    h->after_cr = false;
    return *p == '\n' ? p + 1 : p;
}

#define HTML_REPLACEMENT STR("\xef\xbf\xbd")

#endif
