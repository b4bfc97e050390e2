/* Starting a feed: with the jobs that are active at a moment between two transactions. */
#include "storage/sqlite.h"

#include "base/mem.h"

struct feed_request {
    struct request request;
    struct db *db;
    struct store_feed *feed;
    struct job_change *changes;
    size_t n, cap;
    enum err e;
};

static enum err read_active(struct feed_request *fr) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e =
        DB_QUERY(fr->db, &st, "SELECT no,state FROM job WHERE state IN (?1,?2,?3) ORDER BY no",
                 db_int(JOB_QUEUED), db_int(JOB_RUNNING), db_int(JOB_CANCELLING));

    while (e == ERR_OK && (e = db_step(fr->db, st)) == ERR_OK) {
        if (fr->n == fr->cap) {
            fr->cap = fr->cap ? fr->cap * 2 : 16;
            fr->changes = mem_resize(fr->changes, fr->cap, sizeof *fr->changes);
        }
        fr->changes[fr->n++] = (struct job_change){
            .job = sqlite3_column_int64(st, 0), .state = (enum job_state)sqlite3_column_int(st, 1)};
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err run_nothing(struct writer *w, struct request *request) {
    (void)w;
    (void)request;
    return ERR_OK;
}

/* Between two transactions: what was committed has been pushed, what comes will be. */
static void start_feed(struct request *request, enum err e) {
    struct feed_request *fr = CONTAINER_OF(request, struct feed_request, request);

    if (e == ERR_OK)
        fr->e = read_active(fr);
    if (e == ERR_OK && fr->e == ERR_OK)
        feed_start(fr->feed, fr->changes, fr->n);
}

enum err sqlite_feed_start(struct backend *b, struct store_feed *f) {
    struct feed_request fr = {
        .request = {.run = run_nothing, .done = start_feed},
        .db = sqlite_of(b)->db,
        .feed = f,
    };
    enum err e = writer_call(sqlite_of(b)->writer, &fr.request);

    free(fr.changes);
    return e == ERR_OK ? fr.e : e;
}
