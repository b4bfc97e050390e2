/* sqlite_grown - which hosts of a job got new tasks in a transaction: for its feeds,
 * which are told of a few hosts each, or of many at once.
 */
#ifndef STORAGE_SQLITE_GROWN_H
#define STORAGE_SQLITE_GROWN_H

#include "storage/sqlite_ledger.h"

enum { GROWN_TOLD = 32 };

struct grown {
    int64_t hosts[GROWN_TOLD];
    size_t n; /* more than GROWN_TOLD: many */
};
/* Hosts of which one comes again and again should come in a row. */
void grown_add(struct grown *g, int64_t host);
void grown_note_all(struct grown *g); /* they are looked through from the first */
void grown_tell(const struct grown *g, struct writer *w, const struct ledger *l);

#endif
