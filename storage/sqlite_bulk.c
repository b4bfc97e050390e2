#include "storage/sqlite_bulk.h"

#include <string.h>

enum err bulk_flush(struct bulk *b, struct db *db) {
    struct db_value one[1 + BULK_WIDTH_MOST] = {b->values[0]};
    enum err e = ERR_OK;

    if (b->n == BULK_ROWS) {
        b->n = 0;
        return db_run(db, b->insert_all, b->values, 1 + BULK_ROWS * b->width);
    }
    for (size_t i = 0; i < b->n && e == ERR_OK; i++) {
        memcpy(one + 1, b->values + 1 + i * b->width, b->width * sizeof *one);
        e = db_run(db, b->insert_one, one, 1 + b->width);
    }
    b->n = 0;
    return e;
}

enum err bulk_add(struct bulk *b, struct db *db, const struct db_value *values) {
    memcpy(b->values + 1 + b->n++ * b->width, values, b->width * sizeof *values);
    return b->n == BULK_ROWS ? bulk_flush(b, db) : ERR_OK;
}
