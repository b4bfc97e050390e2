/* extract_page - from tokens to links: which attributes of which elements, what goes
 * with them, and the text of an <a>. Pure.
 *
 * Takes bytes in UTF-8; wrong ones count as U+FFFD. Which encoding a document is in
 * is extract.c's question; resolving is extract_found's.
 */
#ifndef CRAWLER_EXTRACT_PAGE_H
#define CRAWLER_EXTRACT_PAGE_H

#include "crawler/extract_found.h"
#include "crawler/html.h"

/* The <a> whose text is being read. What is found inside it waits, so that links
 * stay in document order. */
struct anchor {
    bool is_open;
    bool in_raw_text; /* in a script or style: no text that anybody reads */
    unsigned cells;   /* table cells opened inside */
    struct buf value; /* the found value; its text is still empty */
    struct buf text;
    struct buf held;
};

struct extract_page {
    const struct extract_options *options;
    struct html *html;
    struct extract_found found;
    struct anchor anchor;
    struct buf rel;
    enum err e;                 /* what stopped the tokeniser */
    bool takes_charset;         /* a meta element may still say the encoding */
    const struct charset *late; /* what one said then, or NULL */
};

/* |x| may not move. False: out of memory; extract_page_done() it all the same. */
bool extract_page_init(struct extract_page *x, const struct extract_options *o,
                       struct str document_url);
void extract_page_done(struct extract_page *x);

MUST_USE enum err extract_page_feed(struct extract_page *x, struct str bytes);
MUST_USE enum err extract_page_finish(struct extract_page *x, struct links *ret_links);

#endif
