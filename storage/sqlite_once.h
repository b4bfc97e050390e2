/* sqlite_once - what is kept of calls that were carried out, and are not to be so again.
 *
 * once_put in the transaction that carries the call out, the tick on the writer's thread.
 */
#ifndef STORAGE_SQLITE_ONCE_H
#define STORAGE_SQLITE_ONCE_H

#include "storage/once.h"
#include "storage/sqlite_writer.h"

/* |o| was carried out: it made, or changed, |job|. NULL: it has no key. */
MUST_USE enum err once_put(struct db *db, const struct once *o, const struct uuid *job);
/* Once a second: some of those whose time is over leave. */
void once_tick(struct writer *w);

#endif
