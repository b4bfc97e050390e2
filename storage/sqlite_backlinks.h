/* sqlite_backlinks - which pages name a URL, over the jobs of a tenant that index their links.
 *
 * A row a page and URL, by a hash of the URL: which link it is, is looked up in the page.
 * Writer's thread; the reading in the end any thread.
 */
#ifndef STORAGE_SQLITE_BACKLINKS_H
#define STORAGE_SQLITE_BACKLINKS_H

#include "storage/db.h"
#include "storage/linkrow.h"

/* What is not yet in the table. Zeroed: nothing. */
struct backlinks {
    struct backlinks_row *all;
    size_t n, cap;
};
void backlinks_clear(struct backlinks *b);
void backlinks_done(struct backlinks *b);

MUST_USE enum err backlinks_add(struct backlinks *b, int64_t page, struct links_view links);
/* Those that the page has in its table. */
MUST_USE enum err backlinks_add_stored(struct backlinks *b, struct db *db,
                                       struct linkrow_codec *codec, int64_t page);
/* Into the table; |b| is cleared. */
MUST_USE enum err backlinks_flush(struct backlinks *b, struct db *db, int64_t tenant);

#endif
