/* failing_malloc - preloaded into the service, lets chosen allocations fail.
 *
 * The file FAILING_MALLOC, two 64-bit numbers, is shared with the test: how many
 * allocations still succeed, and how many after these fail. Any thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

struct plan {
    _Atomic int64_t left; /* counts down, and on below zero */
    _Atomic int64_t failing;
};
static struct plan *plan;

__attribute__((constructor)) static void read_plan(void) {
    const char *path = getenv("FAILING_MALLOC");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    void *p = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p != MAP_FAILED)
        plan = p;
    (void)close(fd);
}

static int fails(void) {
    if (!plan)
        return 0;
    int64_t left = atomic_fetch_sub(&plan->left, 1);
    if (left > 0 || left <= -atomic_load(&plan->failing))
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) {
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size) {
    return fails() ? NULL : __libc_realloc(p, size);
}

void *reallocarray(void *p, size_t n, size_t size) {
    size_t all = 0;

    if (__builtin_mul_overflow(n, size, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(p, all);
}
