/* A batch of results: outcome, links, counts and events of each URL in one
 * transaction. That a URL's task row is there to be deleted is the guard against
 * a second outcome. */
#include "storage/sqlite.h"

#include <assert.h>

#include "base/clock.h"
#include "base/mem.h"

struct batch_request {
    struct request request;
    struct sqlite *sqlite;
    struct store_batch *batch;
};

/* --- one result ---------------------------------------------------------------------- */

static enum err count_attempt(struct db *db, struct result *r) {
    const struct task *t = r->task;
    enum err e = DB_RUN(
        db, "UPDATE task SET tries=?4,due_at=?5 WHERE job=?1 AND host=?2 AND seq=?3",
        db_int(t->job), db_int(t->host), db_int(t->seq), db_int(t->attempts), db_int(r->due_at));

    if (e == ERR_OK && db_changes(db) != 1)
        r->answer = ERR_CONFLICT;
    return e;
}

/* A record of absurd length is stored without what made it so: a result that can
 * never be stored would be fetched for ever. */
static enum err encode_record(struct buf *b, const struct record *r) {
    struct record shorter = *r;
    enum err e;

    buf_clear(b);
    e = record_encode(b, r);
    if (e != ERR_TOO_BIG)
        return e;
    shorter.redirects = shorter.etag = shorter.content_type = shorter.input = STR_NONE;
    shorter.final_url = shorter.url;
    return record_encode(b, &shorter);
}

static enum err insert_more(struct sqlite *s, int64_t page, struct links_view *rest) {
    struct crawl_scratch *x = &s->scratch;
    enum err e = ERR_OK;

    for (int64_t part = 1; rest->n && e == ERR_OK; part++) {
        e = linkrow_encode(x->codec, rest, &x->links);
        if (e == ERR_OK)
            e = DB_RUN(s->db, "INSERT INTO page_more(page,part,links) VALUES(?1,?2,?3)",
                       db_int(page), db_int(part), db_blob(buf_str(&x->links)));
    }
    return e;
}

/* The record as it is stored: with the key of its task. */
static enum err encode(struct buf *b, const struct result *r) {
    struct record record = r->record;

    record.place = r->task->place;
    record.host = r->task->host;
    return encode_record(b, &record);
}

static enum err insert_page(struct sqlite *s, int64_t page, const struct result *r) {
    struct crawl_scratch *x = &s->scratch;
    struct links_view rest = links_view(&r->links);
    struct str links = STR_NONE;
    enum err e = encode(&x->record, r);

    if (e == ERR_OK && r->record.not_modified)
        return validators_copy_links(s->db, page, r->task->known_page, buf_str(&x->record));
    if (e == ERR_OK && rest.n) {
        e = linkrow_encode(x->codec, &rest, &x->links);
        links = buf_str(&x->links);
    }
    if (e == ERR_OK)
        e = DB_RUN(s->db, "INSERT INTO page(id,record,links) VALUES(?1,?2,?3)", db_int(page),
                   db_blob(buf_str(&x->record)), db_blob(links));
    return e == ERR_OK ? insert_more(s, page, &rest) : e;
}

static void count(struct job_counts *c, const struct result *res) {
    const struct record *r = &res->record;

    assert(r->outcome != OUTCOME_PENDING);
    c->by_outcome[r->outcome]++;
    c->links_found += r->links_found;
    c->bytes += r->bytes;
    c->not_followed.out_of_scope += res->follow.out_of_scope;
    c->not_followed.depth_limit += res->follow.depth_limit;
}

static bool may_grow(const struct ledger *l) {
    return l->keeps_seen && l->job.state != JOB_CANCELLING;
}

/* Where results of one job are: what is settled of the host that they are at. */
struct place {
    int64_t host;
    int64_t settled_below;
};

static enum err enter_host(struct db *db, const struct ledger *l, int64_t host, struct place *p) {
    struct host_mark mark;
    enum err e;

    if (p->host == host)
        return ERR_OK;
    e = hosts_mark(db, l, host, &mark);
    *p = (struct place){host, hosts_settled_below(l, mark)};
    return e;
}

/* insert_page has left its record in the scratch. */
static enum err note_failure(struct sqlite *s, struct ledger *l, const struct result *r,
                             int64_t seq) {
    struct crawl_scratch *x = &s->scratch;

    if (r->record.outcome != OUTCOME_FAILED)
        return ERR_OK;
    return outbox_put_failed(s->db, l, &x->failures, seq, buf_str(&x->record), clock_wall_ms());
}

static enum err store_page(struct sqlite *s, struct ledger *l, const struct result *r) {
    int64_t seq = l->next_page++, page = page_id(l->job.no, seq);
    enum err e = insert_page(s, page, r);

    if (e == ERR_OK && l->indexes_links)
        e = r->record.not_modified
                ? backlinks_add_stored(&s->scratch.backlinks, s->db, s->scratch.codec, page)
                : backlinks_add(&s->scratch.backlinks, page, links_view(&r->links));
    if (e == ERR_OK)
        e = note_failure(s, l, r, seq);
    return e == ERR_OK && l->variant ? validators_note(s->db, l, page, r) : e;
}

static enum err settle(struct sqlite *s, struct ledger *l, struct result *r) {
    bool was_there;
    const struct task *t = r->task;
    enum err e = r->record.not_modified ? validators_get_old(s->db, r) : ERR_OK;

    if (e == ERR_NOT_FOUND) {
        r->answer = ERR_NOT_FOUND;
        return ERR_OK;
    }
    if (e == ERR_OK)
        e = taskrow_delete(s->db, t->job, t->host, t->seq, &was_there);
    if (e != ERR_OK)
        return e;
    if (!was_there) {
        r->answer = ERR_CONFLICT;
        return ERR_OK;
    }
    e = store_page(s, l, r);
    if (e != ERR_OK)
        return e;
    count(&l->job.counts, r);
    tally_add(&s->scratch.tally, &r->record, 1);
    return may_grow(l) ? growth_add(&s->scratch.growth, l, r) : ERR_OK;
}

/* --- the results of one job ------------------------------------------------------------- */

/* Results say that the job runs, and the last one that it is completed. */
static enum err move_on(struct writer *w, struct ledger *l, struct failures *f, int64_t now) {
    enum err e = ERR_OK;

    if (l->job.state == JOB_QUEUED)
        e = ledger_move(w, l, JOB_RUNNING, STOP_NONE, now);
    if (e == ERR_OK)
        e = outbox_flush_failed(writer_db(w), l, f, now);
    return e == ERR_OK ? ledger_end_if_done(w, l, now) : e;
}

static enum err close_ledger(struct writer *w, struct ledger *l, struct failures *f,
                             int64_t settled) {
    int64_t now = clock_wall_ms();
    enum err e;

    if (!settled)
        return ERR_OK;
    l->job.version++;
    l->job.last_progress_at = now;
    e = move_on(w, l, f, now);
    if (e == ERR_OK)
        e = ledger_put(w, l);
    writer_count(w, -settled, (uint64_t)settled);
    return e;
}

static enum err take(struct sqlite *s, struct ledger *l, struct place *p, struct result *r) {
    enum err e = enter_host(s->db, l, r->task->host, p);

    if (e != ERR_OK)
        return e;
    if (r->task->seq < p->settled_below) {
        r->answer = ERR_CONFLICT;
        return ERR_OK;
    }
    return r->again ? count_attempt(s->db, r) : settle(s, l, r);
}

static enum err settle_job(struct writer *w, struct sqlite *s, struct result **results, size_t n) {
    struct place place = {.host = -1};
    struct ledger l;
    int64_t first_page, grown = 0;
    enum err e = ledger_get(s->db, results[0]->task->job, &l);

    if (e == ERR_NOT_FOUND || (e == ERR_OK && !ledger_takes_results(&l))) {
        for (size_t i = 0; i < n; i++)
            results[i]->answer = ERR_CONFLICT;
        return ERR_OK;
    }
    if (e != ERR_OK)
        return e;
    failures_clear(&s->scratch.failures); /* of a run that was rolled back */
    tally_clear(&s->scratch.tally);
    backlinks_clear(&s->scratch.backlinks);
    first_page = l.next_page;
    for (size_t i = 0; i < n && e == ERR_OK; i++)
        e = take(s, &l, &place, results[i]);
    if (e == ERR_OK && may_grow(&l))
        e = growth_settle(&s->scratch.growth, w, &l, &grown);
    writer_count(w, grown, 0);
    if (e == ERR_OK)
        e = tally_flush(&s->scratch.tally, s->db, l.job.no);
    if (e == ERR_OK)
        e = backlinks_flush(&s->scratch.backlinks, s->db, l.job.tenant);
    return e == ERR_OK ? close_ledger(w, &l, &s->scratch.failures, l.next_page - first_page) : e;
}

/* --- the batch ------------------------------------------------------------------------- */

static int compare(int64_t a, int64_t b) {
    return a < b ? -1 : a > b;
}

static int compare_results(const void *pa, const void *pb) {
    const struct task *a = (*(struct result *const *)pa)->task;
    const struct task *b = (*(struct result *const *)pb)->task;
    int order = compare(a->job, b->job);

    if (!order)
        order = compare(a->host, b->host);
    return order ? order : compare(a->seq, b->seq);
}

/* In the order of the keys, so that neighbours on disk are changed together. */
static struct result **sorted(struct crawl_scratch *x, struct store_batch *b) {
    if (b->n_results > x->cap_sorted) {
        x->cap_sorted = b->n_results;
        x->sorted = mem_resize(x->sorted, x->cap_sorted, sizeof(struct result *));
    }
    for (size_t i = 0; i < b->n_results; i++) {
        b->results[i].answer = ERR_OK;
        x->sorted[i] = &b->results[i];
    }
    if (b->n_results)
        qsort(x->sorted, b->n_results, sizeof(struct result *), compare_results);
    return x->sorted;
}

static enum err settle_all(struct writer *w, struct sqlite *s, struct store_batch *b) {
    struct result **results = sorted(&s->scratch, b);
    enum err e = ERR_OK;

    for (size_t i = 0, end; i < b->n_results && e == ERR_OK; i = end) {
        for (end = i + 1; end < b->n_results && results[end]->task->job == results[i]->task->job;)
            end++;
        e = settle_job(w, s, results + i, end - i);
    }
    return e;
}

/* Only where there is really none: a task that waits for a retry in memory alone
 * would be lost with the process. */
static enum err pass_over(struct db *db, const struct job_host *d) {
    return DB_RUN(db,
                  "UPDATE work SET queued=0 WHERE job=?1 AND host=?2 AND NOT EXISTS"
                  " (SELECT 1 FROM task WHERE job=?1 AND host=?2)",
                  db_int(d->job), db_int(d->host));
}

static enum err release(struct writer *w, int64_t job) {
    struct ledger l;
    enum err e = ledger_get(writer_db(w), job, &l);

    if (e == ERR_OK && l.job.state == JOB_CANCELLING)
        return ledger_settle_cancelled(w, &l, clock_wall_ms());
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err check_epoch(struct db *db, uint64_t epoch) {
    int64_t in_force;
    enum err e = db_number(db, "SELECT epoch FROM node WHERE id=1", &in_force);

    if (e == ERR_OK && (uint64_t)in_force != epoch)
        return ERR_CONFLICT;
    return e;
}

static enum err run_batch(struct writer *w, struct request *request) {
    struct batch_request *br = CONTAINER_OF(request, struct batch_request, request);
    struct store_batch *b = br->batch;
    enum err e = check_epoch(writer_db(w), b->epoch);

    if (e == ERR_OK)
        e = settle_all(w, br->sqlite, b);
    for (size_t i = 0; i < b->n_drained && e == ERR_OK; i++)
        e = pass_over(writer_db(w), &b->drained[i]);
    for (size_t i = 0; i < b->n_deferred && e == ERR_OK; i++)
        e = hosts_defer(writer_db(w), &b->deferred[i]);
    for (size_t i = 0; i < b->n_unavailable && e == ERR_OK; i++)
        e = hosts_settle(w, &b->unavailable[i]);
    for (size_t i = 0; i < b->n_memos && e == ERR_OK; i++)
        e = hosts_remember(writer_db(w), &b->memos[i]);
    for (size_t i = 0; i < b->n_released && e == ERR_OK; i++)
        e = release(w, b->released[i]);
    return e;
}

static void committed(struct request *request, enum err e) {
    struct batch_request *br = CONTAINER_OF(request, struct batch_request, request);
    struct store_batch *b = br->batch;

    b->result = e;
    free(br);
    b->done(b);
}

void sqlite_commit(struct backend *b, struct store_batch *batch) {
    struct batch_request *br = NEW(struct batch_request);

    br->request = (struct request){.run = run_batch, .done = committed, .waits_out = true};
    br->sqlite = sqlite_of(b);
    br->batch = batch;
    writer_ask(br->sqlite->writer, &br->request);
}
