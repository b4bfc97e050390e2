/* summary - how the URLs of a job ended, counted.
 *
 * Pure. Times are kept by their order of magnitude: a quarter of an octave, so that what is
 * told of them is at most a fourth too large.
 */
#ifndef STORAGE_SUMMARY_H
#define STORAGE_SUMMARY_H

#include "storage/model.h"

enum {
    SUMMARY_STATUSES = 1000,
    SUMMARY_TYPES = 65, /* media types; the last is for all that find no room */
    SUMMARY_TYPE_BYTES = 100,
    SUMMARY_TIMES = 128,
    SUMMARY_HOSTS = 20,
};

struct summary_type {
    char type[SUMMARY_TYPE_BYTES + 1]; /* lower case, without parameters; empty: none or others */
    int64_t n;
};

struct summary_host {
    char *name; /* "example.com:443" */
    uint64_t n; /* URLs, ended or not */
};

struct summary {
    struct job_counts counts;
    uint64_t version;
    uint64_t by_code[CODE_COUNT];
    /* Of those to which a server answered: */
    uint64_t by_status[SUMMARY_STATUSES];
    struct summary_type types[SUMMARY_TYPES]; /* those that occur most first */
    size_t n_types;
    uint64_t by_time[SUMMARY_TIMES];          /* see summary_time */
    struct summary_host hosts[SUMMARY_HOSTS]; /* those with the most URLs first */
    size_t n_hosts;
    uint64_t host_count; /* in all */
};

void summary_free(struct summary *s); /* NULL is fine */
DEFINE_OWNED(summary)

/* The class of a time in ms. */
size_t summary_time(int64_t ms);
/* The longest time of a class. */
int64_t summary_time_most(size_t class);
/* The time that |permille| of those counted take at most; -1: none is counted. */
int64_t summary_quantile(const uint64_t by_time[SUMMARY_TIMES], unsigned permille);

#endif
