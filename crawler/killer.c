/* The file: a head, a slot a thread, and the table of crashes. It is written in memory order
 * of this machine and read by the same one; its size is fixed.
 *
 * Stores to a slot need no fence: who reads them is another process, after this one is
 * dead. They are atomic so that the compiler leaves them where they stand.
 */
#include "crawler/killer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/mem.h"

#define MAGIC "crawldk1"

enum { CACHE_LINE = 64, MODE = 0600 };

struct head {
    char magic[8];
    uint64_t opened; /* so many times: the age of entries is told by it */
};

struct slot {
    _Alignas(CACHE_LINE) struct killer_key key;
    uint64_t check;
    _Atomic uint32_t is_busy;
};

struct entry {
    struct killer_key key;
    uint64_t check;           /* of key: an entry that was written in part is none */
    uint64_t opened;          /* head.opened at its last crash */
    _Atomic uint32_t crashes; /* 0: empty */
};

struct file {
    struct head head;
    struct slot slots[KILLER_SLOTS];
    struct entry entries[KILLER_ENTRIES];
};

struct killer {
    struct file *file;
    bool has_entries; /* at the start: after that none come */
};

static uint64_t check_of(const struct killer_key *key) {
    return hash_u64_seeded(str_at((const char *)key, sizeof *key), 1);
}

static bool is_same(const struct killer_key *a, const struct killer_key *b) {
    return a->job == b->job && a->host == b->host && a->seq == b->seq;
}

/* --- the table ------------------------------------------------------------------------ */

static struct entry *find(const struct killer *k, const struct killer_key *key) {
    if (!k || !k->has_entries)
        return NULL;
    for (size_t i = 0; i < KILLER_ENTRIES; i++) {
        struct entry *e = &k->file->entries[i];

        if (atomic_load_explicit(&e->crashes, memory_order_relaxed) && is_same(&e->key, key))
            return e;
    }
    return NULL;
}

/* An empty one, else the one whose last crash is the longest ago. */
static struct entry *entry_to_fill(struct file *f) {
    struct entry *oldest = f->entries;

    for (size_t i = 0; i < KILLER_ENTRIES; i++) {
        struct entry *e = &f->entries[i];

        if (atomic_load(&e->crashes) == 0)
            return e;
        if (e->opened < oldest->opened)
            oldest = e;
    }
    return oldest;
}

static void put_crash(struct killer *k, const struct killer_key *key) {
    struct entry *e = find(k, key);

    if (!e) {
        e = entry_to_fill(k->file);
        atomic_store(&e->crashes, 0);
        e->key = *key;
        e->check = check_of(key);
    }
    e->opened = k->file->head.opened;
    if (atomic_load(&e->crashes) < KILLER_CRASHES)
        atomic_fetch_add(&e->crashes, 1);
    k->has_entries = true;
}

static void drop_damaged_entries(struct killer *k) {
    for (size_t i = 0; i < KILLER_ENTRIES; i++) {
        struct entry *e = &k->file->entries[i];

        if (atomic_load(&e->crashes) > KILLER_CRASHES || e->check != check_of(&e->key) ||
            e->opened > k->file->head.opened)
            atomic_store(&e->crashes, 0);
        k->has_entries |= atomic_load(&e->crashes) > 0;
    }
}

static void count_crashes(struct killer *k) {
    for (size_t i = 0; i < KILLER_SLOTS; i++) {
        struct slot *s = &k->file->slots[i];

        if (atomic_load(&s->is_busy) == 1 && s->check == check_of(&s->key))
            put_crash(k, &s->key);
        atomic_store(&s->is_busy, 0);
    }
}

/* --- the file ------------------------------------------------------------------------- */

static enum err err_of(int number) {
    return number == ENOSPC || number == EDQUOT ? ERR_FULL : ERR_IO;
}

/* A file of the right size with room for all of it on the disk: a store into a hole would
 * end the process when the disk is full. */
static enum err make_room(int fd) {
    struct stat st;
    int number;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return ERR_IO;
    if (st.st_size != (off_t)sizeof(struct file) && ftruncate(fd, 0) != 0)
        return ERR_IO;
    number = posix_fallocate(fd, 0, (off_t)sizeof(struct file));
    return number == 0 ? ERR_OK : err_of(number);
}

static enum err map_file(int fd, struct file **ret_file) {
    void *p = mmap(NULL, sizeof(struct file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (p == MAP_FAILED)
        return ERR_IO;
    *ret_file = p;
    return ERR_OK;
}

/* Takes over what the last process left. */
static void read_file(struct killer *k) {
    struct head *head = &k->file->head;

    if (memcmp(head->magic, MAGIC, sizeof head->magic) != 0 || head->opened > INT64_MAX) {
        memset(k->file, 0, sizeof *k->file);
        memcpy(head->magic, MAGIC, sizeof head->magic);
    }
    head->opened++;
    drop_damaged_entries(k);
    count_crashes(k);
}

enum err killer_open(const char *path, struct killer **ret_killer) {
    OWNED_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, MODE);
    struct file *file;
    struct killer *k;
    enum err e;

    if (fd < 0)
        return err_of(errno);
    e = make_room(fd);
    if (e == ERR_OK)
        e = map_file(fd, &file);
    if (e != ERR_OK)
        return e;
    k = NEW(struct killer);
    k->file = file;
    read_file(k);
    *ret_killer = k;
    return ERR_OK;
}

void killer_free(struct killer *k) {
    if (!k)
        return;
    (void)munmap(k->file, sizeof *k->file);
    free(k);
}

/* --- while pages are read ------------------------------------------------------------- */

void killer_enter(struct killer *k, unsigned slot, const struct killer_key *key) {
    struct slot *s;

    if (!k)
        return;
    s = &k->file->slots[slot];
    s->key = *key;
    s->check = check_of(key);
    atomic_store_explicit(&s->is_busy, 1, memory_order_release);
}

void killer_leave(struct killer *k, unsigned slot) {
    if (k)
        atomic_store_explicit(&k->file->slots[slot].is_busy, 0, memory_order_release);
}

void killer_passed(struct killer *k, const struct killer_key *key) {
    struct entry *e = find(k, key);

    if (e)
        atomic_store_explicit(&e->crashes, 0, memory_order_relaxed);
}

bool killer_is(const struct killer *k, const struct killer_key *key) {
    const struct entry *e = find(k, key);

    return e && atomic_load_explicit(&e->crashes, memory_order_relaxed) >= KILLER_CRASHES;
}
