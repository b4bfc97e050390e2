/* url_escape - which bytes of a URL's parts are written as %XX.
 *
 * Pure. The percent-encode sets of the URL Standard (section 1.3) and its
 * forbidden host code points (3.2), one table each. Part of url: nobody else
 * includes this.
 */
#ifndef CRAWLER_URL_ESCAPE_H
#define CRAWLER_URL_ESCAPE_H

#include <string.h>

#include "base/str.h"

/* Bits of url_byte_class[]: the byte is in this percent-encode set ... */
enum {
    URL_SET_C0 = 1,
    URL_SET_FRAGMENT = 2,
    URL_SET_QUERY = 4,
    URL_SET_SPECIAL_QUERY = 8,
    URL_SET_PATH = 16,
    URL_SET_USERINFO = 32,
    /* ... or is what a path may not simply copy: the path set, '/' and '\'. */
    URL_PATH_STOP = 64,
    /* ... or may not be in the host of a URL that is not special. */
    URL_NOT_IN_HOST = 128,
    /* ... or may be in a scheme behind its first letter. */
    URL_IN_SCHEME = 256,
    /* ... or is what a domain may not simply copy: capitals, and what may not be in it. */
    URL_DOMAIN_STOP = 512,
};
extern const uint16_t url_byte_class[256];

/* The lower-case byte where it may stand in a domain, else 0. */
extern const char url_domain_byte[256];

enum { URL_ESCAPE_GROWTH = 3 }; /* at most so many bytes are written for one */

static inline bool url_byte_is(char c, unsigned classes) {
    return url_byte_class[(unsigned char)c] & classes;
}

/* Copies bytes from |p| to |*w| up to the first that is of |classes|, or |end|;
 * returns where that is, and leaves |*w| behind what was written. */
static inline const char *url_copy_run(const char *p, const char *end, unsigned classes,
                                       char **w_at) {
    char *w = *w_at;

    for (; end - p >= 4; p += 4, w += 4) {
        unsigned found = url_byte_class[(unsigned char)p[0]] | url_byte_class[(unsigned char)p[1]] |
                         url_byte_class[(unsigned char)p[2]] | url_byte_class[(unsigned char)p[3]];

        if (found & classes)
            break;
        memcpy(w, p, 4);
    }
    while (p < end && !url_byte_is(*p, classes))
        *w++ = *p++;
    *w_at = w;
    return p;
}

/* Writes |s| to |w|, its bytes that are in |set| as %XX: room for
 * URL_ESCAPE_GROWTH * |s.len| bytes. Returns the end of what was written. */
char *url_escape(char *w, struct str s, unsigned set);
char *url_escape_byte(char *w, char c);

#endif
