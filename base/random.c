#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *dst, size_t n) {
    char *at = dst;

    while (n) {
        ssize_t got = getrandom(at, n, 0);

        if (got < 0 && errno != EINTR)
            abort();
        if (got > 0) {
            at += got;
            n -= (size_t)got;
        }
    }
}

/* Drawn by the kernel some at a time: a system call for each would cost as much as
 * reading a small page's head. */
uint64_t random_u64(void) {
    static _Thread_local uint64_t drawn[32];
    static _Thread_local size_t left;

    if (left == 0) {
        random_bytes(drawn, sizeof drawn);
        left = sizeof drawn / sizeof *drawn;
    }
    return drawn[--left];
}
