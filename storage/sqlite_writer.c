#include "storage/sqlite_writer.h"

#include <assert.h>
#include <errno.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
    TICK_MS = 1000, /* how often free space is looked at, and a failed write tried at least */
    BACKOFF_LEAST_MS = 100,
    BACKOFF_MOST_MS = 5000,
    SWEEP_PAUSE_MS = 20,      /* between two pieces of sweeping */
    SWEEP_LATEST_MS = 1000,   /* under load: a piece this often nevertheless */
    CHECKPOINT_FRAMES = 2000, /* pages in the WAL: 16 MB */
    TRUNCATE_FRAMES = DB_WAL_KEPT_BYTES / DB_PAGE_BYTES,
    TRUNCATE_WAIT_MS = 50, /* for readers to let the WAL go */
};

struct writer {
    struct backend *backend;
    struct db *db;
    bool (*sweep)(struct writer *w);
    void (*tick)(struct writer *w);
    pthread_t thread;

    pthread_mutex_t lock; /* guards this group */
    pthread_cond_t asked, answered;
    struct list queue; /* of requests */
    bool stopping;

    /* the writer's thread only */
    struct list kept;             /* requests that wait for the storage to work again */
    int64_t retry_at, backoff_ms; /* 0: all is well */
    int64_t tick_at, sweep_at, sweep_latest_at;
    bool may_sweep, is_full_sync;
    int wal_frames;
    struct job_change *changes; /* of the running transaction */
    size_t n_changes, cap_changes;
    struct news_item *notes; /* likewise */
    size_t n_notes, cap_notes;
    int64_t queued_delta;
    uint64_t results_delta;
    bool has_posted;
    struct hold {
        int64_t job, tenant;
        struct tenant_load promised;
    } *held;
    size_t n_held, cap_held;
    bool has_let_go;
};

struct db *writer_db(const struct writer *w) {
    return w->db;
}

struct backend *writer_backend(const struct writer *w) {
    return w->backend;
}

void writer_tell(struct writer *w, struct job_change change) {
    if (w->n_changes == w->cap_changes) {
        w->cap_changes = w->cap_changes ? w->cap_changes * 2 : 16;
        w->changes = mem_resize(w->changes, w->cap_changes, sizeof *w->changes);
    }
    w->changes[w->n_changes++] = change;
}

void writer_note(struct writer *w, struct news_item item) {
    if (w->n_notes == w->cap_notes) {
        w->cap_notes = w->cap_notes ? w->cap_notes * 2 : 16;
        w->notes = mem_resize(w->notes, w->cap_notes, sizeof *w->notes);
    }
    w->notes[w->n_notes++] = item;
}

void writer_count(struct writer *w, int64_t queued_urls, uint64_t results) {
    w->queued_delta += queued_urls;
    w->results_delta += results;
}

void writer_post(struct writer *w) {
    w->has_posted = true;
}

static size_t find_held(const struct writer *w, int64_t job) {
    size_t i = 0;

    while (i < w->n_held && w->held[i].job != job)
        i++;
    return i;
}

bool writer_is_held(const struct writer *w, int64_t job) {
    return find_held(w, job) < w->n_held;
}

bool writer_hold(struct writer *w, int64_t job) {
    if (writer_is_held(w, job))
        return false;
    if (w->n_held == w->cap_held) {
        w->cap_held = w->cap_held ? w->cap_held * 2 : 4;
        w->held = mem_resize(w->held, w->cap_held, sizeof *w->held);
    }
    w->held[w->n_held++] = (struct hold){.job = job};
    return true;
}

void writer_promise(struct writer *w, int64_t job, int64_t tenant, struct tenant_load more) {
    size_t at = find_held(w, job);

    assert(at < w->n_held);
    w->held[at].tenant = tenant;
    w->held[at].promised = more;
}

struct tenant_load writer_promised(const struct writer *w, int64_t tenant) {
    struct tenant_load sum = {0};

    for (size_t i = 0; i < w->n_held; i++) {
        if (w->held[i].tenant != tenant)
            continue;
        sum.jobs += w->held[i].promised.jobs;
        sum.urls += w->held[i].promised.urls;
    }
    return sum;
}

void writer_let_go(struct writer *w, int64_t job) {
    size_t at = find_held(w, job);

    if (at == w->n_held)
        return;
    w->held[at] = w->held[--w->n_held];
    w->has_let_go = true;
}

bool writer_has_let_go(const struct writer *w) {
    return w->has_let_go;
}

void writer_forget_let_go(struct writer *w) {
    w->has_let_go = false;
}

void writer_sweep_soon(struct writer *w) {
    w->may_sweep = true;
}

/* --- one transaction -------------------------------------------------------------- */

static enum err set_sync(struct writer *w, bool full) {
    enum err e = ERR_OK;

    if (full != w->is_full_sync)
        e = db_exec(w->db, full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    if (e == ERR_OK)
        w->is_full_sync = full;
    return e;
}

static void forget_effects(struct writer *w) {
    w->n_changes = 0;
    w->n_notes = 0;
    w->queued_delta = 0;
    w->results_delta = 0;
    w->has_posted = false;
}

static enum err begin(struct writer *w, bool durable) {
    enum err e = set_sync(w, durable);

    forget_effects(w);
    return e == ERR_OK ? db_run(w->db, "BEGIN IMMEDIATE", NULL, 0) : e;
}

/* Some errors have rolled back by themselves already. */
static void roll_back(struct writer *w) {
    forget_effects(w);
    if (!sqlite3_get_autocommit(w->db->handle) && db_exec(w->db, "ROLLBACK") != ERR_OK)
        w->backend->damaged = true; /* a rollback needs no space: nothing is sure any more */
}

static enum err commit(struct writer *w) {
    struct backend *b = w->backend;
    enum err e = db_run(w->db, "COMMIT", NULL, 0);

    if (e != ERR_OK)
        return e;
    b->commits++;
    b->queued_urls += (uint64_t)w->queued_delta; /* modulo 2^64: a negative one subtracts */
    b->results += w->results_delta;
    news_tell(b->news, w->notes, w->n_notes);
    for (size_t i = 0; i < w->n_changes; i++)
        feeds_push(b->feeds, w->changes[i]);
    if (w->has_posted)
        post_wake(b->post);
    forget_effects(w);
    return ERR_OK;
}

/* --- health ------------------------------------------------------------------------ */

static void failed(struct writer *w, enum err e) {
    if (e == ERR_CORRUPT)
        w->backend->damaged = true;
    w->backend->degraded = true;
    w->backoff_ms = w->backoff_ms ? w->backoff_ms * 2 : BACKOFF_LEAST_MS;
    if (w->backoff_ms > BACKOFF_MOST_MS)
        w->backoff_ms = BACKOFF_MOST_MS;
    w->retry_at = clock_mono_ms() + w->backoff_ms;
}

static void worked(struct writer *w) {
    w->backend->degraded = false;
    w->backoff_ms = 0;
}

static void look_at_space(struct writer *w) {
    struct statvfs fs;

    if (statvfs(w->backend->spool_folder, &fs) == 0)
        w->backend->low_space = (uint64_t)fs.f_bavail * fs.f_frsize < w->backend->min_free_bytes;
}

static int on_wal(void *arg, sqlite3 *handle, const char *name, int frames) {
    struct writer *w = arg;

    (void)handle;
    (void)name;
    w->wal_frames = frames;
    w->backend->wal_bytes = (uint64_t)frames * DB_PAGE_BYTES;
    return SQLITE_OK;
}

/* A reader may keep the WAL from shrinking, and a full disk may: the next commit
 * tries again, so that a failure need not be told. */
void writer_checkpoint(struct writer *w) {
    (void)sqlite3_wal_checkpoint_v2(w->db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void checkpoint(struct writer *w) {
    sqlite3 *handle = w->db->handle;

    if (w->wal_frames < CHECKPOINT_FRAMES)
        return;
    writer_checkpoint(w);
    if (w->wal_frames < TRUNCATE_FRAMES)
        return;
    (void)sqlite3_busy_timeout(handle, TRUNCATE_WAIT_MS);
    (void)sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(handle, DB_BUSY_MS);
}

/* --- groups of requests -------------------------------------------------------------- */

static struct request *of_link(struct list *l) {
    return CONTAINER_OF(l, struct request, link);
}

static void answer(struct request *r, enum err e) {
    list_remove(&r->link);
    r->done(r, e);
}

/* Runs all of |group|. *ret_culprit: one that failed after it had changed something,
 * for which the others must not pay. */
static enum err run_all(struct writer *w, struct list *group, struct request **ret_culprit) {
    for (struct list *l = group->next; l != group; l = l->next) {
        struct request *r = of_link(l);
        int64_t before = sqlite3_total_changes64(w->db->handle);

        r->answer = r->run(w, r);
        if (db_err_is_of_storage(r->answer))
            return r->answer;
        if (r->answer != ERR_OK && sqlite3_total_changes64(w->db->handle) != before) {
            *ret_culprit = r;
            return r->answer;
        }
    }
    return ERR_OK;
}

static bool any_durable(const struct list *group) {
    for (struct list *l = group->next; l != group; l = l->next)
        if (of_link(l)->durable)
            return true;
    return false;
}

static enum err try_group(struct writer *w, struct list *group, struct request **ret_culprit) {
    enum err e = begin(w, any_durable(group));

    if (e == ERR_OK)
        e = run_all(w, group, ret_culprit);
    if (e == ERR_OK)
        e = commit(w);
    if (e != ERR_OK)
        roll_back(w);
    return e;
}

static void move_all(struct list *from, struct list *to) {
    struct list *l;

    while ((l = list_pop_front(from)))
        list_push_back(to, l);
}

static void fail_group(struct writer *w, struct list *group, enum err e) {
    bool may_wait = !w->backend->damaged;
    struct list *l;

    if (e == ERR_BUSY) /* a tool of somebody's holds the database; see store.h for the errors */
        e = ERR_IO;
    while ((l = list_pop_front(group))) {
        struct request *r = of_link(l);

        if (r->waits_out && may_wait)
            list_push_back(&w->kept, l);
        else
            r->done(r, e);
    }
}

static void run_group(struct writer *w, struct list *group) {
    int64_t started = clock_mono_us();
    struct request *culprit = NULL;
    enum err e = w->backend->damaged ? ERR_CORRUPT : try_group(w, group, &culprit);

    while (culprit) {
        answer(culprit, e);
        culprit = NULL;
        e = try_group(w, group, &culprit);
    }
    if (e != ERR_OK) {
        failed(w, e);
        fail_group(w, group, e);
        return;
    }
    worked(w);
    w->backend->commit_us += (uint64_t)(clock_mono_us() - started);
    while (!list_empty(group)) {
        struct request *r = of_link(group->next);

        answer(r, r->answer);
    }
    checkpoint(w);
}

/* --- the thread ------------------------------------------------------------------------ */

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t next_deadline(const struct writer *w) {
    int64_t at = w->tick_at;

    if (w->backoff_ms)
        return least(at, w->retry_at);
    return w->may_sweep ? least(at, w->sweep_at) : at;
}

/* Waits for requests or the next deadline; moves the requests into |group|. False:
 * the writer is to stop and nothing is left to do. */
static bool wait_for_work(struct writer *w, struct list *group) {
    int64_t deadline = next_deadline(w);
    const struct timespec until = {deadline / 1000, deadline % 1000 * 1000000};
    bool goes_on;

    pthread_mutex_lock(&w->lock);
    while (list_empty(&w->queue) && !w->stopping)
        if (pthread_cond_timedwait(&w->asked, &w->lock, &until) == ETIMEDOUT)
            break;
    goes_on = !w->stopping || !list_empty(&w->queue);
    move_all(&w->queue, group);
    pthread_mutex_unlock(&w->lock);
    return goes_on;
}

/* A write of which nothing becomes visible: does the storage work again? */
static enum err probe(struct writer *w, void *arg) {
    (void)arg;
    return DB_RUN(w->db, "UPDATE node SET epoch=epoch WHERE id=?1", db_int(1));
}

static void try_again(struct writer *w) {
    struct list group;

    list_init(&group);
    move_all(&w->kept, &group);
    if (!list_empty(&group))
        run_group(w, &group);
    else if (!w->backend->damaged)
        writer_alone(w, probe, NULL);
}

static void sweep(struct writer *w, int64_t now) {
    w->may_sweep = w->sweep(w);
    w->sweep_at = now + SWEEP_PAUSE_MS;
    w->sweep_latest_at = now + SWEEP_LATEST_MS;
    checkpoint(w);
}

static void do_what_is_due(struct writer *w, bool idle) {
    int64_t now = clock_mono_ms();

    bool ticks = now >= w->tick_at;

    if (ticks) {
        look_at_space(w);
        w->tick_at = now + TICK_MS;
    }
    if (w->backoff_ms ? now >= w->retry_at : !list_empty(&w->kept))
        try_again(w);
    if (ticks && !w->backoff_ms && !w->backend->damaged)
        w->tick(w);
    if (w->backoff_ms)
        return;
    if (w->may_sweep && now >= (idle ? w->sweep_at : w->sweep_latest_at))
        sweep(w, now);
}

static void *work(void *arg) {
    struct writer *w = arg;
    struct list group;
    bool idle;

    list_init(&group);
    while (wait_for_work(w, &group)) {
        idle = list_empty(&group);
        /* Also while others are kept: a write that works says that storage does. */
        if (!idle)
            run_group(w, &group);
        do_what_is_due(w, idle);
    }
    if (!list_empty(&w->kept))
        try_again(w);
    while (!list_empty(&w->kept))
        answer(of_link(w->kept.next), ERR_STOPPED);
    return NULL;
}

/* --- the door ---------------------------------------------------------------------------- */

bool writer_alone(struct writer *w, enum err (*run)(struct writer *w, void *arg), void *arg) {
    enum err e = begin(w, false);

    if (e == ERR_OK)
        e = run(w, arg);
    if (e == ERR_OK)
        e = commit(w);
    if (e == ERR_OK) {
        worked(w);
        return true;
    }
    roll_back(w);
    failed(w, e);
    return false;
}

void writer_ask(struct writer *w, struct request *r) {
    bool stopping;

    list_init(&r->link);
    pthread_mutex_lock(&w->lock);
    stopping = w->stopping;
    if (!stopping) {
        list_push_back(&w->queue, &r->link);
        pthread_cond_signal(&w->asked);
    }
    pthread_mutex_unlock(&w->lock);
    if (stopping)
        r->done(r, ERR_STOPPED);
}

/* Someone waits for |asked|. */
struct waiting {
    struct request request; /* runs |asked| */
    struct request *asked;
    struct writer *writer;
    bool is_done; /* guarded by the writer's lock */
    enum err e;
};

static enum err run_asked(struct writer *w, struct request *r) {
    struct waiting *waiting = CONTAINER_OF(r, struct waiting, request);

    return waiting->asked->run(w, waiting->asked);
}

static void wake_waiting(struct request *r, enum err e) {
    struct waiting *waiting = CONTAINER_OF(r, struct waiting, request);
    struct writer *w = waiting->writer;

    if (waiting->asked->done)
        waiting->asked->done(waiting->asked, e);
    pthread_mutex_lock(&w->lock);
    waiting->e = e;
    waiting->is_done = true;
    pthread_cond_broadcast(&w->answered);
    pthread_mutex_unlock(&w->lock);
}

enum err writer_call(struct writer *w, struct request *r) {
    struct waiting waiting = {
        .request = {.run = run_asked, .done = wake_waiting, .durable = r->durable},
        .asked = r,
        .writer = w,
    };

    writer_ask(w, &waiting.request);
    pthread_mutex_lock(&w->lock);
    while (!waiting.is_done)
        pthread_cond_wait(&w->answered, &w->lock);
    pthread_mutex_unlock(&w->lock);
    return waiting.e;
}

static void init_locks(struct writer *w) {
    pthread_condattr_t monotonic;

    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->asked, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_cond_init(&w->answered, NULL);
    (void)pthread_mutex_init(&w->lock, NULL);
}

enum err writer_new(const struct writer_options *o, struct writer **ret_writer) {
    OWNED(writer) struct writer *w = NEW(struct writer);

    w->backend = o->backend;
    w->db = o->db;
    w->sweep = o->sweep;
    w->tick = o->tick;
    w->may_sweep = true; /* what the last process left */
    list_init(&w->queue);
    list_init(&w->kept);
    init_locks(w);
    look_at_space(w);
    (void)sqlite3_wal_hook(w->db->handle, on_wal, w);
    if (pthread_create(&w->thread, NULL, work, w) != 0)
        return ERR_NO_MEMORY;
    *ret_writer = TAKE(w);
    return ERR_OK;
}

void writer_stop(struct writer *w) {
    bool was_stopping;

    pthread_mutex_lock(&w->lock);
    was_stopping = w->stopping;
    w->stopping = true;
    pthread_cond_signal(&w->asked);
    pthread_mutex_unlock(&w->lock);
    if (!was_stopping)
        (void)pthread_join(w->thread, NULL);
}

void writer_free(struct writer *w) {
    if (!w)
        return;
    assert(list_empty(&w->queue) && list_empty(&w->kept));
    (void)pthread_cond_destroy(&w->asked);
    (void)pthread_cond_destroy(&w->answered);
    (void)pthread_mutex_destroy(&w->lock);
    free(w->changes);
    free(w->notes);
    free(w->held);
    free(w);
}
