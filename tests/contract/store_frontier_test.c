/* What the store promises of the frontier: whose hosts they are, when they are due, what
 * is remembered of them. */
#include "tests/contract/store_rig.h"

/* --- ranges ------------------------------------------------------------------------- */

TEST(a_refill_opens_hosts_of_its_range_only) {
    enum { HOSTS = 64, PARTS = 4 };
    OWNED(job) struct job *job = NULL;
    size_t n = 0;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, HOSTS, HOSTS, &job));
    for (uint32_t part = 0; part < PARTS; part++) {
        OWNED(refill) struct refill *f = refill_new(job->no, 0, HOSTS);

        f->host_from = host_id_first(part * HOST_BUCKETS / PARTS);
        f->host_to = host_id_first((part + 1) * HOST_BUCKETS / PARTS);
        f->after_host = f->host_from - 1;
        f->tasks_per_host = 5;
        rig_refill(&r, f);
        CHECK_OK(f->result);
        CHECK(f->n_new > 0 && f->n_new < HOSTS && !f->more_hosts);
        for (size_t h = 0; h < f->n_new; h++) {
            CHECK(f->hosts[h].host >= f->host_from && f->hosts[h].host < f->host_to);
            CHECK_INT(f->hosts[h].host, rig_host(f->hosts[h].name));
        }
        n += f->n_new;
    }
    CHECK_INT(n, HOSTS);
}

TEST(a_refill_tells_how_far_it_looked) {
    OWNED(job) struct job *job = NULL;
    OWNED(refill) struct refill *first = NULL;
    OWNED(refill) struct refill *rest = NULL;

    RIG_OPEN(r);
    CHECK_OK(rig_many(&r, 10, 10, &job));
    first = refill_new(job->no, 0, 4);
    first->tasks_per_host = 1;
    rig_refill(&r, first);
    CHECK_INT(first->n_new, 4);
    CHECK_INT(first->after_host, first->hosts[3].host);
    rest = refill_new(job->no, 0, 10);
    rest->tasks_per_host = 1;
    rest->after_host = first->after_host;
    rig_refill(&r, rest);
    CHECK_INT(rest->n_new, 6);
    CHECK(!rest->more_hosts);
}

TEST_MAIN
