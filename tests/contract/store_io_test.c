/* What the store promises when single calls of the file system fail, or SQLite's allocations,
 * and when bits of its file have changed. The shim is a VFS that stands before SQLite's own. */
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/contract/store_rig.h"

/* --- the shim ------------------------------------------------------------------------- */

enum fault {
    NO_FAULT,
    MEMORY_FAILS,
    READ_FAILS,
    WRITE_FAILS,
    WRITE_IS_SHORT_OF_SPACE,
    SYNC_FAILS,
    TRUNCATE_FAILS
};

static atomic_int wanted;    /* enum fault */
static atomic_int countdown; /* calls of that kind until the one that fails */
static atomic_bool has_struck;

static void arm(enum fault f, int n) {
    atomic_store(&has_struck, false);
    atomic_store(&countdown, n);
    atomic_store(&wanted, (int)f);
}

static bool strikes(enum fault f) {
    if (atomic_load(&wanted) != (int)f || atomic_fetch_sub(&countdown, 1) != 1)
        return false;
    atomic_store(&has_struck, true);
    return true;
}

/* SQLite's own file lies behind ours, in one piece of memory. */
struct shim_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;

static sqlite3_file *real_of(sqlite3_file *f) {
    return ((struct shim_file *)(void *)f)->real;
}

static int shim_close(sqlite3_file *f) {
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int shim_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at) {
    if (strikes(READ_FAILS))
        return SQLITE_IOERR_READ;
    return real_of(f)->pMethods->xRead(real_of(f), to, n, at);
}

/* A write that fails may have written something. */
static int shim_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at) {
    if (strikes(WRITE_FAILS)) {
        (void)real_of(f)->pMethods->xWrite(real_of(f), from, n / 2, at);
        return SQLITE_IOERR_WRITE;
    }
    if (strikes(WRITE_IS_SHORT_OF_SPACE))
        return SQLITE_FULL;
    return real_of(f)->pMethods->xWrite(real_of(f), from, n, at);
}

static int shim_truncate(sqlite3_file *f, sqlite3_int64 size) {
    if (strikes(TRUNCATE_FAILS))
        return SQLITE_IOERR_TRUNCATE;
    return real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int shim_sync(sqlite3_file *f, int flags) {
    if (strikes(SYNC_FAILS))
        return SQLITE_IOERR_FSYNC;
    return real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int shim_size(sqlite3_file *f, sqlite3_int64 *size) {
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int shim_lock(sqlite3_file *f, int level) {
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int shim_unlock(sqlite3_file *f, int level) {
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int shim_check(sqlite3_file *f, int *is_reserved) {
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), is_reserved);
}

static int shim_control(sqlite3_file *f, int op, void *arg) {
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int shim_sector(sqlite3_file *f) {
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int shim_traits(sqlite3_file *f) {
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int shim_map(sqlite3_file *f, int page, int size, int extends, void volatile **at) {
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extends, at);
}

static int shim_shm_lock(sqlite3_file *f, int offset, int n, int flags) {
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void shim_barrier(sqlite3_file *f) {
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int shim_unmap(sqlite3_file *f, int deletes) {
    return real_of(f)->pMethods->xShmUnmap(real_of(f), deletes);
}

static const sqlite3_io_methods shim_methods = {
    .iVersion = 2, /* without mapped reads */
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_traits,
    .xShmMap = shim_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_barrier,
    .xShmUnmap = shim_unmap,
};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret) {
    struct shim_file *own = (struct shim_file *)(void *)f;
    int code;

    (void)vfs;
    own->real = (sqlite3_file *)(void *)(own + 1);
    code = real_vfs->xOpen(real_vfs, name, own->real, flags, ret);
    own->base.pMethods = own->real->pMethods ? &shim_methods : NULL;
    return code;
}

static sqlite3_mem_methods real_memory;

static void *shim_malloc(int n) {
    return strikes(MEMORY_FAILS) ? NULL : real_memory.xMalloc(n);
}

static void *shim_realloc(void *p, int n) {
    return strikes(MEMORY_FAILS) ? NULL : real_memory.xRealloc(p, n);
}

/* Before the library is in use. */
static void set_up_memory(void) {
    sqlite3_mem_methods shim;

    CHECK_INT(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory), SQLITE_OK);
    shim = real_memory;
    shim.xMalloc = shim_malloc;
    shim.xRealloc = shim_realloc;
    CHECK_INT(sqlite3_config(SQLITE_CONFIG_MALLOC, &shim), SQLITE_OK);
}

/* From here on each database is opened through it. The first store sets up the library, which
 * would put its own in front. */
static void set_up_shim(void) {
    static sqlite3_vfs shim;

    if (real_vfs)
        return;
    set_up_memory();
    RIG_OPEN(first);
    real_vfs = sqlite3_vfs_find(NULL);
    shim = *real_vfs;
    shim.zName = "shim";
    shim.szOsFile = (int)sizeof(struct shim_file) + real_vfs->szOsFile;
    shim.xOpen = shim_open;
    (void)sqlite3_vfs_register(&shim, 1);
}

/* --- single calls that fail ------------------------------------------------------------- */

/* A job comes in, its URLs end, another one is cancelled: whatever was said to be done. */
struct story {
    struct job *done, *cancelled; /* NULL: refused */
    bool is_settled, is_moved;
};

static void play(struct rig *r, struct story *s) {
    OWNED(job) struct job *moved = NULL;

    if (rig_many(r, 60, 3, &s->done) == ERR_OK)
        s->is_settled = rig_settle_all(r, s->done->no, 3) == ERR_OK;
    if (rig_many(r, 20, 2, &s->cancelled) == ERR_OK)
        s->is_moved = store_job_move(r->store, &s->cancelled->id, JOB_CANCELLING, &moved) == ERR_OK;
}

static bool is_sound(const struct rig *r) {
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    bool is =
        sqlite3_open_v2(strchr(r->url, ':') + 1, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW &&
        strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;

    (void)sqlite3_finalize(st);
    (void)sqlite3_close(db);
    return is;
}

static void check_kept(struct rig *r, const struct story *s) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *other = NULL;

    if (s->done) {
        CHECK_OK(store_job_get(r->store, &s->done->id, &job));
        CHECK_INT(job->counts.total, 60);
        CHECK(rig_adds_up(r, job->no));
        if (s->is_settled)
            CHECK_INT(job->counts.links_found, 180);
        CHECK_OK(rig_settle_all(r, job->no, 3)); /* the rest, if any, can still be done */
    }
    if (s->cancelled) {
        CHECK_OK(store_job_get(r->store, &s->cancelled->id, &other));
        CHECK(rig_adds_up(r, other->no));
        CHECK(!s->is_moved || other->state == JOB_CANCELLED || other->state == JOB_CANCELLING);
    }
}

static void fail_once(enum fault f, int n) {
    RIG r;
    RIG after;
    struct story s = {0};

    rig_new_folder(&r);
    rig_new_folder(&after);
    arm(f, n);
    if (rig_open(&r) == ERR_OK) {
        play(&r, &s);
        CHECK(rig_becomes(&r, STORE_OK)); /* by itself */
    }
    atomic_store(&wanted, NO_FAULT);
    if (r.store) {
        rig_done(&after);
        CHECK_OK(rig_open_as_after_a_kill(&r, &after));
        check_kept(&after, &s);
        store_free(TAKE(after.store));
        CHECK(is_sound(&after));
        check_kept(&r, &s); /* and the one that went on */
    }
    job_free(s.done);
    job_free(s.cancelled);
}

/* Each call of the kind, or one in |stride|, until the story has fewer. */
static void fail_each(enum fault f, int stride) {
    int n = 1, struck = 0;

    set_up_shim();
    do {
        fail_once(f, n);
        if (test_failures)
            printf("# call %d of fault %d\n", n, (int)f);
        struck += atomic_load(&has_struck);
        n += stride;
    } while (atomic_load(&has_struck) && !test_failures);
    CHECK(struck > 0);
    printf("# %d of %d calls failed in turn\n", struck, n - stride);
}

static int stride(int usual) {
    return getenv("STORE_IO_ALL") ? 1 : usual;
}

TEST(memory_that_fails_loses_nothing) {
    fail_each(MEMORY_FAILS, stride(101));
}

TEST(a_read_that_fails_loses_nothing) {
    fail_each(READ_FAILS, stride(7));
}

TEST(a_write_that_fails_loses_nothing) {
    fail_each(WRITE_FAILS, stride(17));
}

TEST(a_write_without_space_loses_nothing) {
    fail_each(WRITE_IS_SHORT_OF_SPACE, stride(17));
}

TEST(a_sync_that_fails_loses_nothing) {
    fail_each(SYNC_FAILS, 1);
}

TEST(a_truncation_that_fails_loses_nothing) {
    set_up_shim();
    fail_once(TRUNCATE_FAILS, 1);
}

/* --- bits that changed -------------------------------------------------------------------- */

static bool see_record(void *arg, const struct record *r) {
    *(size_t *)arg += r->url.len;
    return true;
}

/* All links are looked at, whatever they have become. */
static bool see_links(void *arg, const struct links_part *p) {
    struct links_view v = p->links;
    struct str url;

    while (links_view_next_url(&v, &url) == ERR_OK)
        *(size_t *)arg += url.len;
    return true;
}

static uint64_t next_random(uint64_t *seed) {
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return *seed >> 33;
}

static enum err flip_bit(const struct rig *r, uint64_t *seed) {
    OWNED_FD int fd = open(strchr(r->url, ':') + 1, O_RDWR | O_CLOEXEC);
    struct stat s;
    unsigned char byte;
    off_t at;

    if (fd < 0 || fstat(fd, &s) != 0)
        return ERR_IO;
    at = (off_t)(next_random(seed) % (uint64_t)s.st_size);
    if (pread(fd, &byte, 1, at) != 1)
        return ERR_IO;
    byte ^= (unsigned char)(1U << next_random(seed) % 8);
    return pwrite(fd, &byte, 1, at) == 1 ? ERR_OK : ERR_IO;
}

/* Nothing crashes, stands still or goes on for ever; what is told may be an error. */
static void use(struct rig *r, const struct job *job) {
    OWNED(job) struct job *found = NULL;
    OWNED(job) struct job *more = NULL;
    OWNED(summary) struct summary *summary = NULL;
    struct record_filter any = {.url = STR_NONE};
    struct links_cursor at = {0, 0};
    int64_t after = 0;
    size_t seen = 0;
    bool goes_on;

    (void)!store_job_get(r->store, &job->id, &found);
    (void)!store_summary(r->store, job->no, &summary);
    (void)!store_records_read(r->store, job->no, &any, &after, 1000, see_record, &seen, &goes_on);
    (void)!store_links_read(r->store, job->no, &at, 1000, see_links, &seen, &goes_on);
    (void)!rig_settle_all(r, job->no, 2);
    (void)!rig_many(r, 50, 3, &more);
    (void)!store_job_delete(r->store, &job->id);
}

TEST(bits_that_changed_crash_nothing) {
    enum { FLIPS = 100 };
    uint64_t seed = 20261127;
    int refused = 0;
    RIG_OPEN(whole);
    OWNED(job) struct job *job = NULL;

    CHECK_OK(rig_many(&whole, 300, 7, &job));
    CHECK_OK(rig_settle_as(&whole, job->no, CODE_NONE));
    store_free(TAKE(whole.store));
    for (int i = 0; i < FLIPS; i++) {
        RIG r;

        rig_new_folder(&r);
        CHECK_OK(rig_copy_file(whole.folder, r.folder, "test.db"));
        CHECK_OK(flip_bit(&r, &seed));
        if (rig_open(&r) == ERR_OK)
            use(&r, job);
        else
            refused++;
    }
    printf("# %d of %d were refused at once\n", refused, FLIPS);
}

TEST_MAIN
