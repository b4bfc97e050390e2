/* iplimit - how many requests run at one IP address, over all engines: many names may lie
 * on one server.
 *
 * Any thread.
 */
#ifndef CRAWLER_IPLIMIT_H
#define CRAWLER_IPLIMIT_H

#include <stdbool.h>

#include "base/own.h"
#include "crawler/address.h"

struct iplimit;

/* |most|: requests at once to one address; 0: any number. */
struct iplimit *iplimit_new(unsigned most);
void iplimit_free(struct iplimit *l); /* NULL is fine */
DEFINE_OWNED(iplimit)

/* Takes a place at |a| (its port does not count). False: none is free. */
bool iplimit_take(struct iplimit *l, const struct address *a);
/* Gives one back that was taken. */
void iplimit_give(struct iplimit *l, const struct address *a);

#endif
