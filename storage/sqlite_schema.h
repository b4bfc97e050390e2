/* sqlite_schema - the tables, and how older ones become these. */
#ifndef STORAGE_SQLITE_SCHEMA_H
#define STORAGE_SQLITE_SCHEMA_H

#include "storage/db.h"

/* ERR_UNSUPPORTED: a newer version, or another program's database; |why| (may be
 * NULL) gets a line then. Changes nothing. */
MUST_USE enum err sqlite_schema_admit(struct db *db, struct buf *why);

/* Brings an admitted database to the newest version, each step in one transaction. */
MUST_USE enum err sqlite_schema_migrate(struct db *db);

#endif
