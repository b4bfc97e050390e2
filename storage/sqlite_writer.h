/* sqlite_writer - the one thread, with the one connection, that changes the
 * database and checkpoints it.
 *
 * Others hand it requests. All that wait go into one transaction, in their order
 * (group commit); after the commit each is answered. If storage fails (disk full
 * and the like) the transaction is rolled back as a whole: requests that wait
 * things out stay and are tried again, the others are answered with the error.
 * When nothing is asked it sweeps, and looks at the free space.
 */
#ifndef STORAGE_SQLITE_WRITER_H
#define STORAGE_SQLITE_WRITER_H

#include "base/list.h"
#include "storage/backend.h"
#include "storage/db.h"

struct writer;

/* Embedded in what is asked. */
struct request {
    struct list link;
    /* In the transaction; may run again after a rollback. An error other than of
     * storage (db_err_is_of_storage) only where it changed nothing. */
    enum err (*run)(struct writer *w, struct request *r);
    /* After the commit or the failure, on the writer's thread (on the asking one
     * where the writer has stopped). The request is not touched after. */
    void (*done)(struct request *r, enum err e);
    bool durable;   /* a promise to a caller: synced before it is answered */
    bool waits_out; /* kept until the storage works again */
    enum err answer;
};

struct writer_options {
    struct backend *backend; /* borrowed: its health, its feeds and news, its counts */
    struct db *db;           /* borrowed */
    /* A small piece of background work, outside of a transaction; true where
     * there is more. On the writer's thread. */
    bool (*sweep)(struct writer *w);
    /* Once a second, as sweep; not while storage fails. */
    void (*tick)(struct writer *w);
};

MUST_USE enum err writer_new(const struct writer_options *o, struct writer **ret_writer);
void writer_stop(struct writer *w); /* see store_stop */
void writer_free(struct writer *w); /* NULL is fine; stopped before */
DEFINE_OWNED(writer)

void writer_ask(struct writer *w, struct request *r);
/* Asks and waits; |done| may be NULL. */
MUST_USE enum err writer_call(struct writer *w, struct request *r);

/* For run and sweep. */
struct db *writer_db(const struct writer *w);
struct backend *writer_backend(const struct writer *w);
/* What becomes true with the commit of the transaction that runs. */
void writer_tell(struct writer *w, struct job_change change);
void writer_note(struct writer *w, struct news_item item);
void writer_count(struct writer *w, int64_t queued_urls, uint64_t results);
void writer_post(struct writer *w); /* there may be something for webhooks */
/* A transaction of the sweep's own; whether it worked. If not, the writer's health
 * says so, and the sweep is called again once storage works. */
bool writer_alone(struct writer *w, enum err (*run)(struct writer *w, void *arg), void *arg);
/* A job that somebody works on in several transactions is held, so that it does not end
 * between two of them. False: it is held by another. In memory: not undone by a rollback. */
MUST_USE bool writer_hold(struct writer *w, int64_t job);
void writer_let_go(struct writer *w, int64_t job); /* harmless where it is not held */
/* A held job is still to get so much, which counts as its tenant's already. */
void writer_promise(struct writer *w, int64_t job, int64_t tenant, struct tenant_load more);
struct tenant_load writer_promised(const struct writer *w, int64_t tenant);
bool writer_is_held(const struct writer *w, int64_t job);
bool writer_has_let_go(const struct writer *w); /* of any, since it was forgotten last */
void writer_forget_let_go(struct writer *w);
void writer_sweep_soon(struct writer *w); /* there is something to sweep */
/* Outside of a transaction: brings what is in the WAL into the file, as far as readers let it. */
void writer_checkpoint(struct writer *w);

#endif
