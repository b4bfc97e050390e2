/* extract_text - what goes with a link: the text inside its element, and its rel.
 * Pure.
 */
#ifndef CRAWLER_EXTRACT_TEXT_H
#define CRAWLER_EXTRACT_TEXT_H

#include "base/buf.h"

enum { TEXT_MAX_BYTES = 1000 };

/* Appends |s| as valid UTF-8 of at most TEXT_MAX_BYTES, without controls, with one
 * space for each run of spaces, and none at the ends. */
MUST_USE enum err extract_text_put_tidy(struct buf *b, struct str s);
/* The same of |s| alone: |*ret_tidy| is |s| where that is so already, else in |b|. */
MUST_USE enum err extract_text_tidy(struct buf *b, struct str s, struct str *ret_tidy);
/* Appends a piece of text, runs of ASCII spaces made one; false once |b| holds all
 * that could matter. */
MUST_USE bool extract_text_collect(struct buf *b, struct str piece);

/* Is |word| among the space-separated words of |s|? ASCII letters without case. */
bool extract_text_has_word(struct str s, struct str word);

#endif
