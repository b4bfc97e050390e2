/* sqlite_pool - connections for reading, each lent to one thread at a time.
 *
 * Any thread. They never write and never checkpoint.
 */
#ifndef STORAGE_SQLITE_POOL_H
#define STORAGE_SQLITE_POOL_H

#include "storage/db.h"
#include "storage/linkrow.h"

struct reader {
    struct db *db;
    struct linkrow_codec *codec;
    struct reader *next; /* while it is in the pool */
};

struct pool;
struct pool *pool_new(const char *path); /* borrowed */
void pool_free(struct pool *p);          /* all readers are back; NULL is fine */

/* Lends a reader within a read transaction of its own: all that it reads is of one
 * moment. */
MUST_USE enum err pool_get(struct pool *p, struct reader **ret_reader);
void pool_put(struct pool *p, struct reader *r); /* ends the transaction */

#endif
