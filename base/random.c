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

uint64_t random_u64(void) {
    uint64_t v;

    random_bytes(&v, sizeof v);
    return v;
}
