#include "storage/sqlite_held.h"

#include "base/clock.h"

void held_done(struct held *h) {
    job_free(TAKE(h->job));
}

static bool takes_urls(enum job_state s) {
    return s == JOB_QUEUED || s == JOB_RUNNING || s == JOB_PAUSED || s == JOB_COMPLETED;
}

enum err held_get(struct writer *w, const struct held *h, struct ledger *ret_ledger) {
    struct ledger l;
    enum err e = ledger_get(writer_db(w), h->no, &l);

    if (e != ERR_OK)
        return e;
    if (!job_state_is_shown(l.job.state))
        return ERR_NOT_FOUND;
    if (!takes_urls(l.job.state))
        return ERR_CONFLICT;
    *ret_ledger = l;
    return ERR_OK;
}

static enum err see_job(struct writer *w, struct held *h) {
    job_free(TAKE(h->job));
    return jobs_get(writer_db(w), h->id, 0, &h->job);
}

enum err held_begin(struct writer *w, struct held *h, struct ledger *ret_ledger) {
    enum err e = see_job(w, h);

    if (e != ERR_OK)
        return e;
    h->no = h->job->no;
    e = held_get(w, h, ret_ledger);
    if (e == ERR_OK && !h->holds) /* it may, of a run that was rolled back */
        h->holds = writer_hold(w, h->no);
    return e;
}

enum err held_end(struct writer *w, struct held *h) {
    struct ledger l;
    enum err e;

    writer_let_go(w, h->no);
    e = held_get(w, h, &l);
    if (e == ERR_OK)
        e = ledger_end_if_done(w, &l, clock_wall_ms());
    if (e == ERR_OK)
        e = ledger_put(w, &l);
    return e == ERR_OK || e == ERR_CONFLICT ? see_job(w, h) : e;
}
