/* jobjson - a job as callers see it. Pure. */
#ifndef API_JOBJSON_H
#define API_JOBJSON_H

#include "api/writer.h"
#include "storage/store.h"

/* What is known of a job beside what is stored with it. */
struct job_view {
    uint64_t
        running;    /* tasks that the engine has; clamped, so that the counts always sum to total */
    int64_t ran_ms; /* how long it ran, pauses not counted: see job_clock */
    struct str base_path; /* before the paths of its hrefs */
    int64_t hosts_ms;     /* what its slowest host needs by the delay alone; 0: not known */
};

/* Adds up the time in which a job ran, from its events in their order. */
struct job_clock {
    int64_t ran_ms;
    int64_t since; /* it runs since then; 0: it does not */
};
void job_clock_take(struct job_clock *c, const struct job_event *e);
int64_t job_clock_read(const struct job_clock *c, int64_t now_ms);

/* Writes the members of a job without the brackets: more may follow. */
void jobjson_write(struct writer *w, const struct job *j, const struct job_view *v);

/* Likewise, of one that changes: how far it is. */
void jobjson_write_progress(struct writer *w, const struct job *j, const struct job_view *v);

/* "submission": what became of a list. */
void jobjson_write_submission(struct writer *w, const struct submission *sub);

#endif
