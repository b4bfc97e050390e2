/* prefixbudget - how many URLs of one shape a job has let in: what an endless calendar, or
 * a list that can be sorted in every way, may take of it.
 *
 * Pure; a plain object of the caller's, one a job that follows links. A shape is host,
 * directory of the path with each run of digits alike, and the names of the query's
 * parameters in any order:
 *
 *   https://example.com/cal/2026/05/day?view=week&id=7   example.com:443 /cal/0/0/ id view
 *
 * Without a query and without a digit in the directory a URL has no budget: "/wiki/" may
 * be as large as the job. Memory is bounded (64 KiB): past some thousands of shapes the
 * least used one makes room and leaves its count to the next, so a shape is never counted
 * too low, and too high at most by all that was let in divided by about 4,000.
 *
 * Counts what the caller lets in, which is each URL once: ask after duplicates are out.
 */
#ifndef CRAWLER_PREFIXBUDGET_H
#define CRAWLER_PREFIXBUDGET_H

#include "base/own.h"
#include "crawler/url.h"

enum { PREFIXBUDGET_LEAST = 1000 };

/* For a job of |max_pages|: half of them, and PREFIXBUDGET_LEAST at least. */
uint32_t prefixbudget_limit(uint64_t max_pages);

struct prefixbudget; /* opaque; one thread at a time, but for prefixbudget_key */

/* |seed|: random, so that no site crafts shapes that are counted together. */
struct prefixbudget *prefixbudget_new(uint32_t limit, uint64_t seed);
void prefixbudget_free(struct prefixbudget *b); /* NULL is fine */
DEFINE_OWNED(prefixbudget)

/* The shape of an http or https URL, for this object only; 0: it has no budget. Any thread. */
uint64_t prefixbudget_key(const struct prefixbudget *b, const struct url *u);
/* Counts one more of its shape and says true; false: the budget is used up. */
bool prefixbudget_admit(struct prefixbudget *b, uint64_t key);

#endif
