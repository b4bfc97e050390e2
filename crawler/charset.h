/* charset - which encoding a document is in, and conversion where bytes matter.
 *
 * Pure: no clock, no I/O, no globals. Encoding Standard (labels, section 4.2;
 * BOM, section 6) and HTML Standard section 13.2.3.2 (order: BOM, transport,
 * meta prescan, then a guess).
 */
#ifndef CRAWLER_CHARSET_H
#define CRAWLER_CHARSET_H

#include "base/buf.h"
#include "base/own.h"
#include "crawler/mime.h"

enum { CHARSET_PRESCAN_BYTES = 1024 };

/* An encoding of the standard: static, compare by pointer. */
struct charset;

const struct charset *charset_utf8(void);
const char *charset_name(const struct charset *c); /* "UTF-8", "windows-1252", ... */
bool charset_is_utf16(const struct charset *c);    /* not ASCII-compatible: decode before reading */
/* By label (section 4.2: trimmed, without case), or NULL. */
const struct charset *charset_of_label(struct str label);
/* The charset parameter of a Content-Type, or NULL. */
const struct charset *charset_of_mime(const struct mime *m);
/* By byte order mark; *ret_bom_len is its length (0 and NULL: none). */
const struct charset *charset_of_bom(struct str head, size_t *ret_bom_len);
/* "Prescan a byte stream to determine its encoding" over the first
 * CHARSET_PRESCAN_BYTES of |head|, or NULL. */
const struct charset *charset_of_meta(struct str head);
/* "Get an XML encoding" of a document without a byte order mark, or NULL. */
const struct charset *charset_of_xml(struct str head);
/* What a meta element with these attributes declares, or NULL (section 13.2.6.4.4,
 * for one that comes after the prescan's bytes). */
const struct charset *charset_of_meta_attrs(struct str http_equiv, struct str content,
                                            struct str charset);
/* For a document that declares nothing: UTF-8 where |sample| can be that, else
 * what uchardet makes of it, else windows-1252. */
const struct charset *charset_guess(struct str sample);

/* Converts in a stream. A decoder makes UTF-8 (U+FFFD for what is wrong), an
 * encoder bytes of the charset ("&#NNNN;" for what it cannot say). */
struct charset_decoder;
MUST_USE enum err charset_decoder_new(const struct charset *c,
                                      struct charset_decoder **ret_decoder);
void charset_decoder_free(struct charset_decoder *d);
DEFINE_OWNED(charset_decoder)
/* Appends; keeps an unfinished sequence for the next call. |last|: no more comes. */
MUST_USE enum err charset_decode(struct charset_decoder *d, struct str bytes, bool last,
                                 struct buf *out);
MUST_USE enum err charset_encode(const struct charset *c, struct str utf8, struct buf *out);

#endif
