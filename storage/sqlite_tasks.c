#include "storage/sqlite_tasks.h"

struct taskrow taskrow_of(sqlite3_stmt *row) {
    struct taskrow t = {
        .host = sqlite3_column_int64(row, 0),
        .seq = sqlite3_column_int64(row, 1),
        .depth = (uint32_t)sqlite3_column_int64(row, 2),
        .tries = (uint32_t)sqlite3_column_int64(row, 3),
        .tries_before = (uint32_t)sqlite3_column_int64(row, 4),
        .due_at = sqlite3_column_int64(row, 5),
        .referrer = sqlite3_column_int64(row, 6),
        .place = sqlite3_column_int64(row, 7) - 1,
        .url = db_column(row, 8),
        .input = db_column(row, 9),
        .prefix_len = (uint32_t)sqlite3_column_int64(row, 10),
        .is_entitled = sqlite3_column_int64(row, 11) != 0,
    };

    if (t.place < 0)
        t.place = t.seq;
    return t;
}

struct task *taskrow_task(const struct taskrow *row, int64_t job, const struct validators *known) {
    struct task *t = task_new_known(row->url, row->input, known->etag, known->last_modified);

    t->job = job;
    t->known_page = known->page;
    t->host = row->host;
    t->seq = row->seq;
    t->place = row->place;
    t->referrer = row->referrer;
    t->depth = (uint16_t)row->depth;
    t->prefix_len = (uint16_t)row->prefix_len;
    t->is_entitled = row->is_entitled || row->referrer < 0;
    t->attempts = (uint16_t)row->tries;
    t->attempts_before = (uint16_t)row->tries_before;
    t->due_at = row->due_at;
    return t;
}

enum err taskrow_insert(struct db *db, int64_t job, const struct taskrow *row) {
    return DB_RUN(db,
                  "INSERT INTO task(job," TASKROW_COLUMNS ")"
                  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
                  db_int(job), db_int(row->host), db_int(row->seq), db_int(row->depth),
                  db_int(row->tries), db_int(row->tries_before), db_int(row->due_at),
                  db_int(row->referrer), db_int(row->place == row->seq ? 0 : row->place + 1),
                  db_blob(row->url), db_blob(row->input.len ? row->input : STR_NONE),
                  db_int(row->prefix_len), db_int(row->is_entitled));
}

enum err taskrow_delete(struct db *db, int64_t job, int64_t host, int64_t seq,
                        bool *ret_was_there) {
    enum err e = DB_RUN(db, "DELETE FROM task WHERE job=?1 AND host=?2 AND seq=?3", db_int(job),
                        db_int(host), db_int(seq));

    *ret_was_there = db_changes(db) == 1;
    return e;
}
