/* blocklist - hosts that the operator wants left alone, whatever a list or a link says.
 *
 * A name stands for itself and for all names below it; an address for itself, as it stands
 * in a URL (what a name leads to is the matter of addrguard). Any thread; the list may be
 * read anew while others ask.
 */
#ifndef CRAWLER_BLOCKLIST_H
#define CRAWLER_BLOCKLIST_H

#include "base/buf.h"
#include "base/own.h"

struct blocklist;

struct blocklist *blocklist_new(void);    /* empty */
void blocklist_free(struct blocklist *b); /* NULL is fine */
DEFINE_OWNED(blocklist)

/* The hosts of |file| and no others from now on, unless there is an error: then |why| gets a
 * line. One a line; empty lines, and what follows a '#', are passed over. ERR_IO, or
 * ERR_INVALID for what is no host. */
MUST_USE enum err blocklist_read(struct blocklist *b, const char *file, struct buf *why);
size_t blocklist_count(struct blocklist *b);

/* |hostname|: as url_hostname gives it. |b| NULL: never. */
bool blocklist_has(struct blocklist *b, struct str hostname);

#endif
