/* html_names - the elements that the tokeniser knows, and what it knows of each
 * (HTML Standard, sections 13.2.4.2 and 13.2.6.4.7). An element that needs no
 * knowledge is listed where it is common: its name is then found, not stored.
 *
 * Pure data. tables/make_tables.c builds a perfect hash over the names.
 */
#ifndef CRAWLER_HTML_NAMES_H
#define CRAWLER_HTML_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum {
    EF_VOID = 1 << 0,       /* never has contents */
    EF_SPECIAL = 1 << 1,    /* of the special category */
    EF_CLOSES_P = 1 << 2,   /* its start tag ends an open p */
    EF_FORMATTING = 1 << 3, /* its end tag runs the adoption agency */
    EF_SCOPE = 1 << 4,      /* ends every scope */
    EF_IMPLIED = 1 << 5,    /* its end tag is implied by others */
    EF_HEADING = 1 << 6,
    EF_HEAD = 1 << 7,         /* stays in the head */
    EF_RAWTEXT = 1 << 8,      /* no tags and no references inside */
    EF_RCDATA = 1 << 9,       /* no tags inside */
    EF_NO_FRAMESET = 1 << 10, /* after it a frameset is ignored */
    EF_BREAKOUT = 1 << 11,    /* its start tag ends SVG and MathML */
    EF_TABLE_PART = 1 << 12,  /* ignored outside of a table */
    EF_BLOCK_END = 1 << 13,   /* its end tag closes it where it is in scope */
    EF_OWN_RULES = 1 << 14,   /* its start tag has rules beyond these flags */
    EF_NOT_PLAIN = 1 << 15    /* on top of the stack it makes rules for others, or on its end */
};

#define EF_BLOCK_ (EF_SPECIAL | EF_CLOSES_P | EF_BLOCK_END)
#define EF_HEADING_ (EF_SPECIAL | EF_CLOSES_P | EF_HEADING | EF_BREAKOUT | EF_OWN_RULES)
#define EF_PART_ (EF_SPECIAL | EF_TABLE_PART | EF_OWN_RULES)

#define HTML_ELEMENTS(X)                                                                           \
    X(A, "a", EF_FORMATTING | EF_OWN_RULES)                                                        \
    X(ABBR, "abbr", 0)                                                                             \
    X(ADDRESS, "address", EF_BLOCK_)                                                               \
    X(ANNOTATION_XML, "annotation-xml", 0)                                                         \
    X(APPLET, "applet", EF_SPECIAL | EF_SCOPE | EF_NO_FRAMESET | EF_BLOCK_END)                     \
    X(AREA, "area", EF_SPECIAL | EF_VOID | EF_NO_FRAMESET)                                         \
    X(ARTICLE, "article", EF_BLOCK_)                                                               \
    X(ASIDE, "aside", EF_BLOCK_)                                                                   \
    X(AUDIO, "audio", 0)                                                                           \
    X(B, "b", EF_FORMATTING | EF_BREAKOUT)                                                         \
    X(BASE, "base", EF_SPECIAL | EF_VOID | EF_HEAD)                                                \
    X(BASEFONT, "basefont", EF_SPECIAL | EF_VOID | EF_HEAD)                                        \
    X(BGSOUND, "bgsound", EF_SPECIAL | EF_VOID | EF_HEAD)                                          \
    X(BIG, "big", EF_FORMATTING | EF_BREAKOUT)                                                     \
    X(BLOCKQUOTE, "blockquote", EF_BLOCK_ | EF_BREAKOUT)                                           \
    X(BODY, "body", EF_SPECIAL | EF_BREAKOUT | EF_OWN_RULES)                                       \
    X(BR, "br", EF_SPECIAL | EF_VOID | EF_NO_FRAMESET | EF_BREAKOUT)                               \
    X(BUTTON, "button", EF_SPECIAL | EF_NO_FRAMESET | EF_BLOCK_END | EF_OWN_RULES)                 \
    X(CANVAS, "canvas", 0)                                                                         \
    X(CAPTION, "caption", EF_PART_ | EF_SCOPE)                                                     \
    X(CENTER, "center", EF_BLOCK_ | EF_BREAKOUT)                                                   \
    X(CITE, "cite", 0)                                                                             \
    X(CODE, "code", EF_FORMATTING | EF_BREAKOUT)                                                   \
    X(COL, "col", EF_PART_ | EF_VOID)                                                              \
    X(COLGROUP, "colgroup", EF_PART_ | EF_NOT_PLAIN)                                               \
    X(DD, "dd",                                                                                    \
      EF_SPECIAL | EF_NO_FRAMESET | EF_IMPLIED | EF_BREAKOUT | EF_BLOCK_END | EF_OWN_RULES)        \
    X(DEL, "del", 0)                                                                               \
    X(DESC, "desc", 0)                                                                             \
    X(DETAILS, "details", EF_BLOCK_)                                                               \
    X(DIALOG, "dialog", EF_CLOSES_P | EF_BLOCK_END)                                                \
    X(DIR, "dir", EF_BLOCK_)                                                                       \
    X(DIV, "div", EF_BLOCK_ | EF_BREAKOUT)                                                         \
    X(DL, "dl", EF_BLOCK_ | EF_BREAKOUT)                                                           \
    X(DT, "dt",                                                                                    \
      EF_SPECIAL | EF_NO_FRAMESET | EF_IMPLIED | EF_BREAKOUT | EF_BLOCK_END | EF_OWN_RULES)        \
    X(EM, "em", EF_FORMATTING | EF_BREAKOUT)                                                       \
    X(EMBED, "embed", EF_SPECIAL | EF_VOID | EF_NO_FRAMESET | EF_BREAKOUT)                         \
    X(FIELDSET, "fieldset", EF_BLOCK_)                                                             \
    X(FIGCAPTION, "figcaption", EF_BLOCK_)                                                         \
    X(FIGURE, "figure", EF_BLOCK_)                                                                 \
    X(FONT, "font", EF_FORMATTING)                                                                 \
    X(FOOTER, "footer", EF_BLOCK_)                                                                 \
    X(FOREIGNOBJECT, "foreignobject", 0)                                                           \
    X(FORM, "form", EF_SPECIAL | EF_OWN_RULES | EF_NOT_PLAIN)                                      \
    X(FRAME, "frame", EF_SPECIAL | EF_VOID | EF_OWN_RULES)                                         \
    X(FRAMESET, "frameset", EF_SPECIAL | EF_OWN_RULES)                                             \
    X(G, "g", 0)                                                                                   \
    X(H1, "h1", EF_HEADING_)                                                                       \
    X(H2, "h2", EF_HEADING_)                                                                       \
    X(H3, "h3", EF_HEADING_)                                                                       \
    X(H4, "h4", EF_HEADING_)                                                                       \
    X(H5, "h5", EF_HEADING_)                                                                       \
    X(H6, "h6", EF_HEADING_)                                                                       \
    X(HEAD, "head", EF_SPECIAL | EF_BREAKOUT | EF_OWN_RULES)                                       \
    X(HEADER, "header", EF_BLOCK_)                                                                 \
    X(HGROUP, "hgroup", EF_BLOCK_)                                                                 \
    X(HR, "hr", EF_SPECIAL | EF_VOID | EF_CLOSES_P | EF_NO_FRAMESET | EF_BREAKOUT)                 \
    X(HTML, "html", EF_SPECIAL | EF_OWN_RULES)                                                     \
    X(I, "i", EF_FORMATTING | EF_BREAKOUT)                                                         \
    X(IFRAME, "iframe", EF_SPECIAL | EF_NO_FRAMESET | EF_RAWTEXT)                                  \
    X(IMAGE, "image", EF_OWN_RULES) /* those of img, once html_tag_named() has it */               \
    X(IMG, "img", EF_SPECIAL | EF_VOID | EF_NO_FRAMESET | EF_BREAKOUT)                             \
    X(INPUT, "input", EF_SPECIAL | EF_VOID | EF_OWN_RULES)                                         \
    X(INS, "ins", 0)                                                                               \
    X(KBD, "kbd", 0)                                                                               \
    X(KEYGEN, "keygen", EF_SPECIAL | EF_VOID | EF_NO_FRAMESET)                                     \
    X(LABEL, "label", 0)                                                                           \
    X(LI, "li", EF_SPECIAL | EF_NO_FRAMESET | EF_IMPLIED | EF_BREAKOUT | EF_OWN_RULES)             \
    X(LINK, "link", EF_SPECIAL | EF_VOID | EF_HEAD)                                                \
    X(LISTING, "listing", EF_BLOCK_ | EF_NO_FRAMESET | EF_BREAKOUT)                                \
    X(MAIN, "main", EF_BLOCK_)                                                                     \
    X(MALIGNMARK, "malignmark", 0)                                                                 \
    X(MAP, "map", 0)                                                                               \
    X(MARK, "mark", 0)                                                                             \
    X(MARQUEE, "marquee", EF_SPECIAL | EF_SCOPE | EF_NO_FRAMESET | EF_BLOCK_END)                   \
    X(MATH, "math", EF_OWN_RULES)                                                                  \
    X(MENU, "menu", EF_BLOCK_ | EF_BREAKOUT)                                                       \
    X(META, "meta", EF_SPECIAL | EF_VOID | EF_HEAD | EF_BREAKOUT)                                  \
    X(MGLYPH, "mglyph", 0)                                                                         \
    X(MI, "mi", 0)                                                                                 \
    X(MN, "mn", 0)                                                                                 \
    X(MO, "mo", 0)                                                                                 \
    X(MS, "ms", 0)                                                                                 \
    X(MTEXT, "mtext", 0)                                                                           \
    X(NAV, "nav", EF_BLOCK_)                                                                       \
    X(NOBR, "nobr", EF_FORMATTING | EF_BREAKOUT | EF_OWN_RULES)                                    \
    X(NOEMBED, "noembed", EF_SPECIAL | EF_RAWTEXT)                                                 \
    X(NOFRAMES, "noframes", EF_SPECIAL | EF_HEAD | EF_RAWTEXT)                                     \
    X(NOSCRIPT, "noscript", EF_SPECIAL)                                                            \
    X(OBJECT, "object", EF_SPECIAL | EF_SCOPE | EF_NO_FRAMESET | EF_BLOCK_END)                     \
    X(OL, "ol", EF_BLOCK_ | EF_BREAKOUT)                                                           \
    X(OPTGROUP, "optgroup", EF_IMPLIED | EF_OWN_RULES | EF_NOT_PLAIN)                              \
    X(OPTION, "option", EF_IMPLIED | EF_OWN_RULES | EF_NOT_PLAIN)                                  \
    X(P, "p", EF_BLOCK_ | EF_IMPLIED | EF_BREAKOUT)                                                \
    X(PARAM, "param", EF_SPECIAL | EF_VOID)                                                        \
    X(PATH, "path", 0)                                                                             \
    X(PICTURE, "picture", 0)                                                                       \
    X(PLAINTEXT, "plaintext", EF_SPECIAL | EF_CLOSES_P | EF_OWN_RULES)                             \
    X(PRE, "pre", EF_BLOCK_ | EF_NO_FRAMESET | EF_BREAKOUT)                                        \
    X(Q, "q", 0)                                                                                   \
    X(RB, "rb", EF_IMPLIED | EF_OWN_RULES)                                                         \
    X(RP, "rp", EF_IMPLIED | EF_OWN_RULES)                                                         \
    X(RT, "rt", EF_IMPLIED | EF_OWN_RULES)                                                         \
    X(RTC, "rtc", EF_IMPLIED | EF_OWN_RULES)                                                       \
    X(RUBY, "ruby", EF_BREAKOUT)                                                                   \
    X(S, "s", EF_FORMATTING | EF_BREAKOUT)                                                         \
    X(SCRIPT, "script", EF_SPECIAL | EF_HEAD | EF_OWN_RULES)                                       \
    X(SEARCH, "search", EF_BLOCK_)                                                                 \
    X(SECTION, "section", EF_BLOCK_)                                                               \
    X(SELECT, "select", EF_SPECIAL | EF_NO_FRAMESET | EF_OWN_RULES | EF_NOT_PLAIN)                 \
    X(SMALL, "small", EF_FORMATTING | EF_BREAKOUT)                                                 \
    X(SOURCE, "source", EF_SPECIAL | EF_VOID)                                                      \
    X(SPAN, "span", EF_BREAKOUT)                                                                   \
    X(STRIKE, "strike", EF_FORMATTING | EF_BREAKOUT)                                               \
    X(STRONG, "strong", EF_FORMATTING | EF_BREAKOUT)                                               \
    X(STYLE, "style", EF_SPECIAL | EF_HEAD | EF_RAWTEXT)                                           \
    X(SUB, "sub", EF_BREAKOUT)                                                                     \
    X(SUMMARY, "summary", EF_BLOCK_)                                                               \
    X(SUP, "sup", EF_BREAKOUT)                                                                     \
    X(SVG, "svg", EF_OWN_RULES)                                                                    \
    X(TABLE, "table", EF_SPECIAL | EF_SCOPE | EF_NO_FRAMESET | EF_BREAKOUT | EF_OWN_RULES)         \
    X(TBODY, "tbody", EF_PART_)                                                                    \
    X(TD, "td", EF_PART_ | EF_SCOPE)                                                               \
    X(TEMPLATE, "template",                                                                        \
      EF_SPECIAL | EF_SCOPE | EF_HEAD | EF_NO_FRAMESET | EF_OWN_RULES | EF_NOT_PLAIN)              \
    X(TEXTAREA, "textarea", EF_SPECIAL | EF_NO_FRAMESET | EF_RCDATA)                               \
    X(TFOOT, "tfoot", EF_PART_)                                                                    \
    X(TH, "th", EF_PART_ | EF_SCOPE)                                                               \
    X(THEAD, "thead", EF_PART_)                                                                    \
    X(TIME, "time", 0)                                                                             \
    X(TITLE, "title", EF_SPECIAL | EF_HEAD | EF_RCDATA)                                            \
    X(TR, "tr", EF_PART_)                                                                          \
    X(TRACK, "track", EF_SPECIAL | EF_VOID)                                                        \
    X(TT, "tt", EF_FORMATTING | EF_BREAKOUT)                                                       \
    X(U, "u", EF_FORMATTING | EF_BREAKOUT)                                                         \
    X(UL, "ul", EF_BLOCK_ | EF_BREAKOUT)                                                           \
    X(USE, "use", 0)                                                                               \
    X(VAR, "var", EF_BREAKOUT)                                                                     \
    X(VIDEO, "video", 0)                                                                           \
    X(WBR, "wbr", EF_SPECIAL | EF_VOID | EF_NO_FRAMESET)                                           \
    X(XMP, "xmp", EF_SPECIAL | EF_CLOSES_P | EF_NO_FRAMESET | EF_RAWTEXT)

enum html_element {
    EL_OTHER, /* a name that is not listed */
#define X(id, name, flags) EL_##id,
    HTML_ELEMENTS(X)
#undef X
        EL_COUNT
};

/* Short names are their own key; longer ones are mixed and must be compared. */
enum { HTML_KEY_EXACT = 8 };
static inline uint64_t html_name_key(const char *name, size_t len) {
    uint64_t key = 0;

    if (len <= HTML_KEY_EXACT) {
        for (size_t i = 0; i < len; i++)
            key |= (uint64_t)(unsigned char)name[i] << (8 * i);
        return key;
    }
    for (size_t i = 0; i < len; i++)
        key = (key ^ (unsigned char)name[i]) * 0x100000001b3U;
    return key;
}

/* Where a key stands in the table of HTML_HASH_BITS bits, by the multiplier
 * that make_tables.c has found. */
enum { HTML_HASH_BITS = 10 };
static inline size_t html_name_slot(uint64_t key, uint64_t multiplier) {
    return (size_t)((key * multiplier) >> (64 - HTML_HASH_BITS));
}

#endif
