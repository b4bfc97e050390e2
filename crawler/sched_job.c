/* Jobs: which of them is next, and what is known of each. */
#include <stdlib.h>

#include "base/mem.h"
#include "crawler/sched_impl.h"

enum {
    SHARE_UNIT = 60, /* of a request under way, divided by the weight */
    TURN_BITS = 40,  /* of a share: among equals the one served longest ago is next */
    MAX_SHARE = 1 << 22,
};

struct sched_job *job_get(const struct sched *s, int64_t no) {
    return map_get(&s->jobs, (uint64_t)no);
}

/* --- whose turn it is ----------------------------------------------------------------- */

static int64_t share_of(const struct sched_job *job) {
    uint64_t share = (uint64_t)job->started * SHARE_UNIT / job->weight;

    if (share > MAX_SHARE)
        share = MAX_SHARE;
    return (int64_t)(share << TURN_BITS | (job->turn_at & ((UINT64_C(1) << TURN_BITS) - 1)));
}

void job_place(struct sched *s, struct sched_job *job) {
    if (list_empty(&job->line))
        heap_remove(&s->able, &job->place);
    else
        heap_put(&s->able, &job->place, share_of(job));
}

/* --- coming and going ---------------------------------------------------------------------- */

static struct sched_job *job_new(struct sched *s, int64_t no) {
    struct sched_job *j = NEW(struct sched_job);

    j->no = no;
    map_init(&j->away);
    list_init(&j->line);
    list_init(&j->queues);
    list_init(&j->low);
    list_init(&j->hungry_low);
    list_init(&j->hungry_new);
    map_put(&s->jobs, (uint64_t)no, j);
    return j;
}

void sched_job_add(struct sched *s, int64_t job, const struct sched_job_options *o) {
    struct sched_job *j = job_get(s, job);

    if (j && !j->is_paused)
        return;
    if (!j)
        j = job_new(s, job);
    j->is_paused = false;
    j->delay_ms = o->host_delay_ms;
    j->connections = o->host_connections ? o->host_connections : 1;
    j->weight = o->priority + 1;
    j->obeys_robots = o->obeys_robots;
    j->after_host = s->options.first_host - 1;
    j->has_more_hosts = true;
    job_note_hunger(s, j);
}

static void drop_queues(struct sched *s, struct sched_job *job) {
    while (!list_empty(&job->queues))
        queue_free(s, CONTAINER_OF(job->queues.next, struct queue, of_job));
    s->asked_bytes -= job->asked_bytes;
    job->asked_bytes = 0;
    job->ask = 0;
    list_remove(&job->hungry_low);
    list_remove(&job->hungry_new);
    heap_remove(&s->due, &job->due);
}

void sched_job_pause(struct sched *s, int64_t job) {
    struct sched_job *j = job_get(s, job);

    if (!j || j->is_paused)
        return;
    drop_queues(s, j);
    j->is_paused = true;
}

static void forget(struct sched *s, struct sched_job *j) {
    drop_queues(s, j);
    heap_remove(&s->able, &j->place);
    map_done(&j->away);
    free(j);
}

void sched_job_remove(struct sched *s, int64_t job) {
    struct sched_job *j = map_remove(&s->jobs, (uint64_t)job);

    if (j)
        forget(s, j);
}

void jobs_free(struct sched *s) {
    struct sched_job *j;

    for (size_t at = 0; (j = map_next(&s->jobs, &at));)
        forget(s, j);
    map_done(&s->jobs);
}
