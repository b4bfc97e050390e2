/* Deliveries: which there are, which are due, and what came of an attempt at one. Written
 * they are in sqlite_outbox.c. */
#include "storage/sqlite.h"

#include "base/clock.h"
#include "base/mem.h"

/* --- reading -------------------------------------------------------------------------- */

#define DELIVERY_COLUMNS                                                                           \
    "job,seq,event,state,at,next_at,tried_at,delivered_at,receiver,attempts,http_status,code"
enum { DELIVERY_WIDTH = 12 };

/* What a damaged row could hold must not become a wild enum. */
static enum err read_row(sqlite3_stmt *st, struct delivery *ret_delivery) {
    int64_t event = sqlite3_column_int64(st, 2), state = sqlite3_column_int64(st, 3);
    int64_t code = sqlite3_column_int64(st, 11);

    if (event < 0 || event >= WEBHOOK_EVENT_COUNT || state < 0 || state >= DELIVERY_STATE_COUNT ||
        code < 0 || code >= CODE_COUNT)
        return ERR_CORRUPT;
    *ret_delivery = (struct delivery){
        .job = sqlite3_column_int64(st, 0),
        .sequence = (uint64_t)sqlite3_column_int64(st, 1),
        .event = (enum webhook_event)event,
        .state = (enum delivery_state)state,
        .at = sqlite3_column_int64(st, 4),
        .next_at = sqlite3_column_int64(st, 5),
        .tried_at = sqlite3_column_int64(st, 6),
        .delivered_at = sqlite3_column_int64(st, 7),
        .receiver = sqlite3_column_int64(st, 8),
        .attempts = (uint32_t)sqlite3_column_int64(st, 9),
        .http_status = (uint32_t)sqlite3_column_int64(st, 10),
        .code = (enum code)code,
    };
    return ERR_OK;
}

struct deliveries_read {
    uint64_t after;
    size_t max_rows;
    delivery_visit *visit;
    void *arg;
    bool more;
};

static enum err read_all(struct db *db, int64_t job, struct deliveries_read *dr) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    bool goes_on = true;
    enum err e = DB_QUERY(
        db, &st, "SELECT " DELIVERY_COLUMNS " FROM delivery WHERE job=?1 AND seq>?2 ORDER BY seq",
        db_int(job), db_int((int64_t)dr->after));

    for (size_t n = 0; e == ERR_OK && (e = db_step(db, st)) == ERR_OK; n++) {
        struct delivery d;

        if (!goes_on || n == dr->max_rows) {
            dr->more = true;
            break;
        }
        e = read_row(st, &d);
        if (e != ERR_OK)
            break;
        dr->after = d.sequence;
        goes_on = dr->visit(dr->arg, &d);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err sqlite_deliveries_read(struct backend *b, int64_t job, uint64_t *after, size_t max_rows,
                                delivery_visit *visit, void *arg, bool *ret_more) {
    struct deliveries_read dr = {*after, max_rows, visit, arg, false};
    struct reader *reader;
    enum err e = pool_get(sqlite_of(b)->pool, &reader);

    if (e != ERR_OK)
        return e;
    e = read_all(reader->db, job, &dr);
    pool_put(sqlite_of(b)->pool, reader);
    if (e != ERR_OK)
        return e;
    *after = dr.after;
    *ret_more = dr.more;
    return ERR_OK;
}

/* --- those that are due ------------------------------------------------------------------ */

/* The index has few receivers, however much waits for each: one look for each of them. */
static enum err next_receiver(struct db *db, int64_t after, int64_t *ret_receiver,
                              int64_t *ret_next_at) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT receiver,next_at FROM delivery INDEXED BY delivery_due"
                          " WHERE next_at>0 AND receiver>?1 ORDER BY receiver,next_at LIMIT 1",
                          db_int(after));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e != ERR_OK)
        return e;
    *ret_receiver = sqlite3_column_int64(st, 0);
    *ret_next_at = sqlite3_column_int64(st, 1);
    return ERR_OK;
}

struct due_read {
    int64_t now_ms;
    size_t per_receiver;
    delivery_visit *visit;
    void *arg;
    int64_t next_at;
    bool is_over;
};

static enum err read_due(struct db *db, int64_t receiver, struct due_read *dr) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    struct delivery d = {.next_at = 0};
    enum err e = DB_QUERY(db, &st,
                          "SELECT " DELIVERY_COLUMNS " FROM delivery INDEXED BY delivery_due"
                          " WHERE next_at>0 AND receiver=?1 ORDER BY next_at LIMIT ?2",
                          db_int(receiver), db_int((int64_t)dr->per_receiver));

    while (e == ERR_OK && !dr->is_over && d.next_at <= dr->now_ms &&
           (e = db_step(db, st)) == ERR_OK) {
        e = read_row(st, &d);
        if (e == ERR_OK && d.next_at <= dr->now_ms)
            dr->is_over = !dr->visit(dr->arg, &d);
    }
    if (d.next_at > dr->now_ms && d.next_at < dr->next_at)
        dr->next_at = d.next_at;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err read_receivers(struct db *db, struct due_read *dr) {
    int64_t receiver = -1, next_at;
    enum err e = ERR_OK;

    while (!dr->is_over && (e = next_receiver(db, receiver, &receiver, &next_at)) == ERR_OK) {
        if (next_at <= dr->now_ms)
            e = read_due(db, receiver, dr);
        else if (next_at < dr->next_at)
            dr->next_at = next_at;
        if (e != ERR_OK)
            return e;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err sqlite_deliveries_due(struct backend *b, int64_t now_ms, size_t per_receiver,
                               delivery_visit *visit, void *arg, int64_t *ret_next_at) {
    struct due_read dr = {now_ms, per_receiver, visit, arg, INT64_MAX, false};
    struct reader *reader;
    enum err e = pool_get(sqlite_of(b)->pool, &reader);

    if (e != ERR_OK)
        return e;
    e = read_receivers(reader->db, &dr);
    pool_put(sqlite_of(b)->pool, reader);
    if (e == ERR_OK)
        *ret_next_at = dr.next_at;
    return e;
}

/* --- one with all that it tells ------------------------------------------------------------ */

static enum err read_message(struct db *db, int64_t job, uint64_t sequence, struct message *m) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e = DB_QUERY(db, &st,
                          "SELECT " DELIVERY_COLUMNS ",facts,"
                          "(SELECT webhook_ended FROM job WHERE no=?1) FROM delivery"
                          " WHERE job=?1 AND seq=?2",
                          db_int(job), db_int((int64_t)sequence));

    if (e == ERR_OK)
        e = db_step(db, st);
    if (e == ERR_OK)
        e = read_row(st, &m->delivery);
    if (e == ERR_OK)
        e = buf_put(&m->facts, db_column(st, DELIVERY_WIDTH));
    if (e == ERR_OK)
        m->is_unwanted = sqlite3_column_int64(st, DELIVERY_WIDTH + 1) != 0;
    return e;
}

static enum err get_message(struct db *db, int64_t job, uint64_t sequence,
                            struct message **ret_message) {
    OWNED(message) struct message *m = NEW(struct message);
    enum err e;

    m->facts = BUF_INIT(FACTS_MAX_BYTES);
    e = read_message(db, job, sequence, m);
    if (e == ERR_OK)
        e = jobs_get(db, NULL, job, &m->job);
    if (e == ERR_OK && m->delivery.event != WEBHOOK_URLS_FAILED)
        e = facts_take_job(buf_str(&m->facts), m->job);
    if (e == ERR_OK)
        *ret_message = TAKE(m);
    return e;
}

enum err sqlite_message_get(struct backend *b, int64_t job, uint64_t sequence,
                            struct message **ret_message) {
    struct reader *reader;
    enum err e = pool_get(sqlite_of(b)->pool, &reader);

    if (e != ERR_OK)
        return e;
    e = get_message(reader->db, job, sequence, ret_message);
    pool_put(sqlite_of(b)->pool, reader);
    return e;
}

/* --- what came of an attempt --------------------------------------------------------------- */

struct attempt_request {
    struct request request;
    struct attempt *attempt;
};

static enum delivery_state state_after(enum attempt_verdict v) {
    switch (v) {
    case ATTEMPT_DELIVERED:
        return DELIVERY_DELIVERED;
    case ATTEMPT_RETRY:
        return DELIVERY_RETRYING;
    default:
        return DELIVERY_FAILED;
    }
}

/* The first of the job's that were not tried yet has its turn. */
static enum err give_turn(struct db *db, int64_t job, int64_t now) {
    return DB_RUN(db,
                  "UPDATE delivery SET next_at=?2 WHERE job=?1 AND next_at=0 AND seq="
                  "(SELECT min(seq) FROM delivery INDEXED BY delivery_untried"
                  " WHERE job=?1 AND state=0)",
                  db_int(job), db_int(now));
    _Static_assert(DELIVERY_PENDING == 0, "the number in the statement");
}

/* Where somebody has asked for another attempt meanwhile, that is to come. */
static enum err update_state(struct db *db, const struct attempt *a) {
    int64_t next_at = a->verdict == ATTEMPT_RETRY ? a->next_at : 0;

    return DB_RUN(
        db,
        "UPDATE delivery SET state=iif(next_at=?5,?3,1),next_at=iif(next_at=?5,?4,next_at)"
        " WHERE job=?1 AND seq=?2",
        db_int(a->job), db_int((int64_t)a->sequence), db_int(state_after(a->verdict)),
        db_int(next_at), db_int(a->due_at));
    _Static_assert(DELIVERY_RETRYING == 1, "the number in the statement");
}

static enum err update_attempts(struct db *db, const struct attempt *a) {
    int64_t delivered_at = a->verdict == ATTEMPT_DELIVERED ? a->tried_at : 0;

    return DB_RUN(db,
                  "UPDATE delivery SET attempts=attempts+1,tried_at=?3,http_status=?4,code=?5,"
                  "delivered_at=iif(delivered_at,delivered_at,?6) WHERE job=?1 AND seq=?2",
                  db_int(a->job), db_int((int64_t)a->sequence), db_int(a->tried_at),
                  db_int(a->http_status), db_int(a->code), db_int(delivered_at));
}

static enum err run_attempt(struct writer *w, struct request *r) {
    const struct attempt *a = CONTAINER_OF(r, struct attempt_request, request)->attempt;
    struct db *db = writer_db(w);
    enum err e;

    if (a->verdict == ATTEMPT_DROP)
        return DB_RUN(db, "DELETE FROM delivery WHERE job=?1 AND seq=?2", db_int(a->job),
                      db_int((int64_t)a->sequence));
    e = update_state(db, a);
    if (e == ERR_OK && a->was_made)
        e = update_attempts(db, a);
    if (e == ERR_OK && a->verdict == ATTEMPT_ENDS)
        e = DB_RUN(db, "UPDATE job SET webhook_ended=1 WHERE no=?1", db_int(a->job));
    return e == ERR_OK ? give_turn(db, a->job, a->tried_at) : e;
}

static void answered(struct request *r, enum err e) {
    struct attempt_request *ar = CONTAINER_OF(r, struct attempt_request, request);
    struct attempt *a = ar->attempt;

    a->result = e;
    free(ar);
    a->done(a);
}

void sqlite_attempt_put(struct backend *b, struct attempt *a) {
    struct attempt_request *ar = NEW(struct attempt_request);

    ar->request = (struct request){.run = run_attempt, .done = answered, .waits_out = true};
    ar->attempt = a;
    writer_ask(sqlite_of(b)->writer, &ar->request);
}

/* --- another attempt ------------------------------------------------------------------------- */

struct repeat {
    struct request request;
    int64_t job;
    uint64_t sequence;
    struct delivery delivery; /* answered */
};

static enum err read_one(struct db *db, const struct repeat *r, struct delivery *ret_delivery) {
    OWNED_ROWS sqlite3_stmt *st = NULL;
    enum err e =
        DB_QUERY(db, &st, "SELECT " DELIVERY_COLUMNS " FROM delivery WHERE job=?1 AND seq=?2",
                 db_int(r->job), db_int((int64_t)r->sequence));

    if (e == ERR_OK)
        e = db_step(db, st);
    return e == ERR_OK ? read_row(st, ret_delivery) : e;
}

static enum err make_due(struct db *db, const struct repeat *r) {
    enum err e =
        DB_RUN(db, "UPDATE delivery SET state=1,next_at=?3 WHERE job=?1 AND seq=?2 AND state<>0",
               db_int(r->job), db_int((int64_t)r->sequence), db_int(clock_wall_ms()));
    _Static_assert(DELIVERY_PENDING == 0 && DELIVERY_RETRYING == 1, "as in the statement");

    return e == ERR_OK ? DB_RUN(db, "UPDATE job SET webhook_ended=0 WHERE no=?1 AND webhook_ended",
                                db_int(r->job))
                       : e;
}

static enum err run_repeat(struct writer *w, struct request *request) {
    struct repeat *r = CONTAINER_OF(request, struct repeat, request);
    struct db *db = writer_db(w);
    struct ledger l;
    enum err e = ledger_get(db, r->job, &l);

    if (e == ERR_OK && !job_state_is_shown(l.job.state))
        e = ERR_NOT_FOUND;
    if (e == ERR_OK)
        e = read_one(db, r, &r->delivery);
    if (e == ERR_OK)
        e = make_due(db, r);
    if (e == ERR_OK)
        e = read_one(db, r, &r->delivery);
    writer_post(w);
    return e;
}

enum err sqlite_delivery_repeat(struct backend *b, int64_t job, uint64_t sequence,
                                struct delivery *ret_delivery) {
    struct repeat r = {
        .request = {.run = run_repeat, .durable = true}, .job = job, .sequence = sequence};
    enum err e = writer_call(sqlite_of(b)->writer, &r.request);

    if (e == ERR_OK)
        *ret_delivery = r.delivery;
    return e;
}
