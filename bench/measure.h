/* measure - what the benchmarks of the store share: CPU time, and an end where a
 * call fails.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/err.h"

static inline void check(enum err e, const char *what) {
    if (e == ERR_OK)
        return;
    (void)fprintf(stderr, "%s: %s\n", what, err_text(e));
    exit(1);
}

/* Of the process, all threads. */
static inline double cpu_us(void) {
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

#endif
