/* slots - how many transfers run at once, over all engines: whoever has something to fetch
 * may have what the others leave, and where they all want more, who has fewest goes first.
 *
 * An engine is named by its number. Any thread; an engine's calls come from one.
 */
#ifndef CRAWLER_SLOTS_H
#define CRAWLER_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/own.h"

struct slots;

/* At most |most| transfers, of |n_engines|. */
struct slots *slots_new(size_t most, unsigned n_engines);
void slots_free(struct slots *s); /* NULL is fine */
DEFINE_OWNED(slots)

/* One more for |engine|. False: it gets none now, and waits for one. */
bool slots_take(struct slots *s, unsigned engine);
/* |n| of those that |engine| has are free again. */
void slots_give(struct slots *s, unsigned engine, size_t n);
/* |engine| waits no more. */
void slots_rest(struct slots *s, unsigned engine);
/* One is free, and another engine waits: it is to try again. */
bool slots_are_wanted(struct slots *s, unsigned engine);

#endif
