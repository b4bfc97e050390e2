/* glob - patterns over whole URLs: "https://example.com/blog-*", "*.pdf", "*?page=*".
 *
 * Pure. The dialect:
 *   *    any run of characters, also none, also with "/" ("**" means the same)
 *   ?    any one character; so the "?" of a query matches itself
 *   \x   x itself; all else is itself too, "[" and "{" among it
 * A pattern matches a URL as a whole, in its canonical form without fragment, and
 * letters by their case: scheme and host are lower-case there. One that begins with "/"
 * is matched against path and query alone, on any host. What is not ASCII, and the space,
 * means itself percent-encoded, as paths and queries hold it.
 *
 * Matching takes linear time: a few operations a character of the URL for each 64
 * characters of the pattern, whatever they are.
 */
#ifndef CRAWLER_GLOB_H
#define CRAWLER_GLOB_H

#include "base/own.h"
#include "base/str.h"

enum { GLOB_MAX_BYTES = 1024 };

struct glob; /* opaque; immutable */

/* ERR_INVALID: empty, a "\" at its end, or control characters. ERR_TOO_BIG: longer
 * than GLOB_MAX_BYTES. */
MUST_USE enum err glob_new(struct str pattern, struct glob **ret_glob);
void glob_free(struct glob *g); /* NULL is fine */
DEFINE_OWNED(glob)

/* |url|: in canonical form, without fragment; |path_start|: where its path begins. */
bool glob_matches(const struct glob *g, struct str url, size_t path_start);

#endif
