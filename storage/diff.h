/* diff - how the links of two jobs differ, page by page.
 *
 * Pages end in any order, and a job may have millions: so both jobs' pages are sorted by a
 * hash of their URL (on disk, where they are many) and then gone through side by side. The
 * order of what is told is that of the hashes, the same each time. Memory: some 20 MB, and
 * the links of two pages. One thread at a time.
 */
#ifndef STORAGE_DIFF_H
#define STORAGE_DIFF_H

#include "storage/store.h"

struct diff_place {
    int64_t hash;     /* of the page at hand */
    uint64_t ordinal; /* of its differences, so many were told */
};

struct diff_link { /* borrowed */
    bool is_added; /* else removed */
    struct str source_url;
    struct link link;
    struct diff_place after; /* where to go on behind it */
};
/* ERR_STOPPED: not this one yet, and no more now. */
typedef enum err diff_visit(void *arg, const struct diff_link *l);

struct diff;
/* From what |from| found to what |to| found, which are finished; behind |after| (at first
 * zeroed). */
struct diff *store_diff_new(struct store *s, int64_t from, int64_t to, struct diff_place after);
void diff_free(struct diff *d); /* NULL is fine */
DEFINE_OWNED(diff)

/* Does a little of the work, which may visit nothing: some short reads of the store, and at most
 * the differences of one URL. Where the visitor stopped, the next one goes on with the link that
 * it did not take. ERR_NOT_FOUND: one of the jobs, or a page, is gone; errors of the visitor. */
MUST_USE enum err diff_step(struct diff *d, diff_visit *visit, void *arg);
bool diff_is_over(const struct diff *d);
struct diff_place diff_place(const struct diff *d); /* behind what was visited */

#endif
