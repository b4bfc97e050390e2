/* charset_table - what charset*.c know of each encoding. Nobody else includes it. */
#ifndef CRAWLER_CHARSET_TABLE_H
#define CRAWLER_CHARSET_TABLE_H

#include "crawler/charset.h"

enum charset_kind {
    CHARSET_UTF8,
    CHARSET_UTF16BE,
    CHARSET_UTF16LE,
    CHARSET_SINGLE,       /* ASCII and the table |upper| */
    CHARSET_MULTI,        /* iconv's word for it */
    CHARSET_REPLACEMENT,  /* one U+FFFD for all there is: such encodings can hide scripts */
    CHARSET_USER_DEFINED, /* 0x80 and up are U+F780 and up */
};

struct charset {
    const char *name;
    enum charset_kind kind;
    const char *iconv;     /* MULTI: its name in iconv */
    const uint16_t *upper; /* SINGLE: code points of 0x80 to 0xff; 0: none */
    const char *labels;    /* lower case, one space between */
};

enum { CHARSET_COUNT = 40 };
extern const struct charset charset_table[CHARSET_COUNT]; /* UTF-8 is the first */

#endif
