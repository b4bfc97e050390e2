#include "crawler/killer.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/test.h"

static const struct killer_key bad = {.job = 1, .host = 1LL << 40, .seq = 7};
static const struct killer_key good = {.job = 1, .host = 1LL << 40, .seq = 8};

/* A folder with the file in it. */
struct bench {
    char folder[32], path[64];
};

static void bench_init(struct bench *b) {
    snprintf(b->folder, sizeof b->folder, "/tmp/killer-XXXXXX");
    if (!mkdtemp(b->folder))
        abort();
    snprintf(b->path, sizeof b->path, "%s/killers", b->folder);
}

static void bench_done(struct bench *b) {
    unlink(b->path);
    rmdir(b->folder);
}
#define BENCH __attribute__((cleanup(bench_done))) struct bench

static struct killer *open_at(const struct bench *b) {
    struct killer *k = NULL;

    if (killer_open(b->path, &k) != ERR_OK)
        TEST_FAIL("cannot open %s", b->path);
    return k;
}

/* Another process reads |key|, and dies of it. */
static void crash(const struct bench *b, unsigned slot, const struct killer_key *key) {
    pid_t child = fork();
    struct killer *k = NULL;

    if (child == 0) {
        if (killer_open(b->path, &k) != ERR_OK)
            _exit(1);
        killer_enter(k, 0, &good);
        killer_leave(k, 0);
        killer_enter(k, slot, key);
        raise(SIGKILL);
    }
    if (child < 0 || waitpid(child, NULL, 0) != child)
        abort();
}

TEST(three_crashes_make_a_killer) {
    BENCH b;

    bench_init(&b);
    for (unsigned i = 0; i < KILLER_CRASHES; i++) {
        OWNED(killer) struct killer *k = open_at(&b);

        CHECK(!killer_is(k, &bad));
        killer_free(TAKE(k));
        crash(&b, i, &bad);
    }
    for (int i = 0; i < 2; i++) {
        OWNED(killer) struct killer *k = open_at(&b);

        CHECK(killer_is(k, &bad) && !killer_is(k, &good));
    }
}

TEST(what_got_through_is_forgotten) {
    BENCH b;

    bench_init(&b);
    crash(&b, 0, &bad);
    crash(&b, 0, &bad);
    {
        OWNED(killer) struct killer *k = open_at(&b);

        killer_enter(k, 0, &bad);
        killer_leave(k, 0);
        killer_passed(k, &good);
        killer_passed(k, &bad);
    }
    crash(&b, 0, &bad);
    {
        OWNED(killer) struct killer *k = open_at(&b);

        CHECK(!killer_is(k, &bad));
    }
}

/* Each piece leaves; the crash of a later piece must still add up. */
TEST(a_piece_that_got_through_is_no_page) {
    BENCH b;

    bench_init(&b);
    for (int i = 0; i < KILLER_CRASHES; i++) {
        OWNED(killer) struct killer *k = open_at(&b);

        killer_enter(k, 3, &bad);
        killer_leave(k, 3);
        killer_free(TAKE(k));
        crash(&b, 3, &bad);
    }
    {
        OWNED(killer) struct killer *k = open_at(&b);

        CHECK(killer_is(k, &bad));
    }
}

TEST(a_clean_end_is_no_crash) {
    BENCH b;

    bench_init(&b);
    for (int i = 0; i < 5; i++) {
        OWNED(killer) struct killer *k = open_at(&b);

        CHECK(!killer_is(k, &bad));
        killer_enter(k, 0, &bad);
        killer_leave(k, 0);
    }
}

static void end_busy(const struct bench *b, unsigned slot, int64_t seq) {
    OWNED(killer) struct killer *k = open_at(b);
    struct killer_key key = {.job = 2, .host = 2, .seq = seq};

    killer_enter(k, slot, &key);
}

TEST(keeps_the_latest) {
    BENCH b;
    struct killer_key key = {.job = 2, .host = 2};

    bench_init(&b);
    for (int round = 0; round < KILLER_CRASHES; round++)
        end_busy(&b, 0, -1);
    for (int64_t seq = 0; seq < KILLER_ENTRIES; seq++)
        for (int round = 0; round < KILLER_CRASHES; round++)
            end_busy(&b, 1, seq);
    {
        OWNED(killer) struct killer *k = open_at(&b);

        for (key.seq = 0; key.seq < KILLER_ENTRIES; key.seq++)
            CHECK(killer_is(k, &key));
        key.seq = -1;
        CHECK(!killer_is(k, &key));
    }
}

/* In place where it has that size already: file systems sync what was cut to nothing. */
static void write_file(const struct bench *b, const char *bytes, size_t n) {
    OWNED_FD int fd = open(b->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || ftruncate(fd, (off_t)n) != 0 || write(fd, bytes, n) != (ssize_t)n)
        abort();
}

/* Returns its size. */
static size_t read_file(const struct bench *b, char *bytes, size_t max) {
    FILE *f = fopen(b->path, "rb");
    size_t n;

    if (!f)
        abort();
    n = fread(bytes, 1, max, f);
    fclose(f);
    return n;
}

TEST(begins_anew_where_the_file_is_none_of_ours) {
    static char bytes[1 << 16];
    BENCH b;
    size_t n;

    bench_init(&b);
    crash(&b, 0, &bad);
    n = read_file(&b, bytes, sizeof bytes);
    CHECK(n > 0 && n < sizeof bytes);
    for (size_t size = 0; size < sizeof bytes; size = size * 2 + 1) {
        memset(bytes, 0xff, sizeof bytes);
        write_file(&b, bytes, size);
        killer_free(open_at(&b));
        CHECK_INT(read_file(&b, bytes, sizeof bytes), n);
    }
    memset(bytes, 0xff, sizeof bytes);
    write_file(&b, bytes, n);
    for (int i = 0; i < KILLER_CRASHES; i++)
        crash(&b, 0, &bad);
    {
        OWNED(killer) struct killer *k = open_at(&b);

        CHECK(killer_is(k, &bad));
    }
}

/* One byte changed anywhere: no more is lost than what it stood in. */
TEST(damage_makes_no_killers) {
    static char bytes[1 << 16];
    BENCH b;
    size_t n;

    bench_init(&b);
    crash(&b, 0, &bad);
    crash(&b, 0, &bad);
    killer_free(open_at(&b));
    n = read_file(&b, bytes, sizeof bytes);
    for (size_t i = 0; i < n; i += 3) {
        OWNED(killer) struct killer *k = NULL;

        bytes[i] ^= 0x55;
        write_file(&b, bytes, n);
        bytes[i] ^= 0x55;
        k = open_at(&b);
        CHECK(!killer_is(k, &bad) && !killer_is(k, &good));
    }
}

TEST(is_off_without_a_file) {
    struct killer *k = NULL;

    CHECK_ERR(killer_open("/nowhere/killers", &k), ERR_IO);
    CHECK_ERR(killer_open("/tmp", &k), ERR_IO);
    CHECK_ERR(killer_open("/dev/null", &k), ERR_IO);
    killer_enter(k, 0, &bad);
    killer_leave(k, 0);
    killer_passed(k, &bad);
    CHECK(!killer_is(k, &bad));
    killer_free(k);
}

TEST(follows_no_link_and_is_for_us_alone) {
    BENCH b;
    struct killer *k = NULL;
    struct stat st;

    bench_init(&b);
    killer_free(open_at(&b));
    CHECK(stat(b.path, &st) == 0 && (st.st_mode & 0777) == 0600);
    unlink(b.path);
    CHECK(symlink("/tmp/killer-elsewhere", b.path) == 0);
    CHECK_ERR(killer_open(b.path, &k), ERR_IO);
    CHECK(access("/tmp/killer-elsewhere", F_OK) != 0);
}

TEST_MAIN
