/* url_path - writes the path of a URL: segments escaped, dots resolved.
 *
 * Pure. The path state of the URL Standard (section 4.4) and "shorten a url's
 * path" (4.2). Part of url: nobody else includes this.
 */
#ifndef CRAWLER_URL_PATH_H
#define CRAWLER_URL_PATH_H

#include "base/str.h"

struct url_path {
    char *start; /* of the path that is written; segments are "/..." */
    char *end;   /* of what is written: at no slash that waits for its segment */
    bool is_special, is_file;
};

/* Reads segments from |*in|, up to its '?', '#' or end, and writes them: room for
 * 3 * |in->len| + 1 bytes. |*in| is then at what ended them. */
void url_path_put(struct url_path *path, struct str *in);

/* Without its last segment; a file's drive letter stays. */
void url_path_shorten(struct url_path *path);

/* "C:" or "C|" at the front, and then nothing or one of "/\?#". */
bool url_starts_with_drive(struct str s);
bool url_is_drive(struct str s); /* "C:" or "C|" and no more */

#endif
