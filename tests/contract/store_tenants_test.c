/* What the store promises where there are several tenants. */
#include "tests/contract/store_rig.h"

static const char a_url[] = "https://a.example/page";
#define ETAG STR("\"v1\"")

static enum err new_job(struct rig *r, int64_t tenant, bool revalidates, struct job **ret_job) {
    struct job draft = rig_draft();

    draft.tenant = tenant;
    draft.options.revalidate = revalidates;
    return rig_job_of(r, &draft, a_url, ret_job);
}

/* The numbers of the tenant's jobs as digits, newest first. */
static int64_t listed(struct rig *r, const struct job_filter *f) {
    struct job **jobs;
    int64_t digits = 0;
    size_t n;

    if (store_job_list(r->store, f, &jobs, &n) != ERR_OK)
        return -1;
    for (size_t i = 0; i < n; i++) {
        digits = digits * 10 + jobs[i]->no;
        job_free(jobs[i]);
    }
    free(jobs);
    return digits;
}

TEST(a_tenant_keeps_its_number) {
    int64_t a, b, again;

    RIG_OPEN(r);
    CHECK_OK(store_tenant(r.store, STR("a"), &a));
    CHECK_OK(store_tenant(r.store, STR("b"), &b));
    CHECK(a > 0 && b > 0 && a != b);
    store_free(r.store);
    CHECK_OK(rig_open(&r));
    CHECK_OK(store_tenant(r.store, STR("b"), &again));
    CHECK_INT(again, b);
    CHECK_OK(store_tenant(r.store, STR("A"), &again));
    CHECK(again != a && again != b);
}

TEST(a_job_is_its_tenants) {
    OWNED(job) struct job *of_7 = NULL;
    OWNED(job) struct job *of_8 = NULL;
    OWNED(job) struct job *of_nobody = NULL;
    int64_t tenant = -1;

    RIG_OPEN(r);
    CHECK_OK(new_job(&r, 7, false, &of_7));
    CHECK_OK(new_job(&r, 8, false, &of_8));
    CHECK_OK(new_job(&r, 0, false, &of_nobody));
    CHECK_INT(of_7->tenant, 7);
    CHECK_OK(store_job_tenant(r.store, &of_8->id, &tenant)); /* read */
    CHECK_INT(tenant, 8);
    tenant = -1;
    CHECK_OK(store_job_tenant(r.store, &of_8->id, &tenant)); /* remembered */
    CHECK_INT(tenant, 8);
    CHECK_OK(store_job_tenant(r.store, &of_nobody->id, &tenant));
    CHECK_INT(tenant, 0);
    CHECK_OK(store_job_delete(r.store, &of_8->id));
    CHECK_ERR(store_job_tenant(r.store, &of_8->id, &tenant), ERR_NOT_FOUND);
}

TEST(the_list_is_of_one_tenant) {
    OWNED(job) struct job *first = NULL;
    OWNED(job) struct job *second = NULL;
    OWNED(job) struct job *third = NULL;

    RIG_OPEN(r);
    CHECK_OK(new_job(&r, 7, false, &first));
    CHECK_OK(new_job(&r, 8, false, &second));
    CHECK_OK(new_job(&r, 7, false, &third));
    CHECK_INT(listed(&r, &(struct job_filter){.tenant = 7, .limit = 9}), 31);
    CHECK_INT(listed(&r, &(struct job_filter){.tenant = 7, .limit = 9, .before_no = 3}), 1);
    CHECK_INT(listed(&r, &(struct job_filter){.tenant = 8, .limit = 9, .state = JOB_QUEUED}), 2);
    CHECK_INT(listed(&r, &(struct job_filter){.tenant = 0, .limit = 9}), 0);
}

/* Fetches the URL for a job of |tenant|; *ret_known: by what it was known before. */
static enum err fetch(struct rig *r, int64_t tenant, bool *ret_known) {
    OWNED(job) struct job *job = NULL;
    struct result result;
    struct store_batch b = {.results = &result, .n_results = 1};
    enum err e = new_job(r, tenant, true, &job);

    if (e != ERR_OK || rig_take(r, job->no, &result, 1) != 1)
        return e == ERR_OK ? ERR_NOT_FOUND : e;
    *ret_known = result.task->known_page != 0;
    e = rig_succeed(&result, 1);
    result.record.etag = ETAG;
    if (e == ERR_OK)
        rig_commit(r, &b);
    e = e == ERR_OK ? result.answer : e;
    result_done(&result);
    return e;
}

TEST(what_a_tenant_knows_of_a_url_no_other_does) {
    bool known = true;

    RIG_OPEN(r);
    CHECK_OK(fetch(&r, 7, &known));
    CHECK(!known);
    CHECK_OK(fetch(&r, 8, &known));
    CHECK(!known);
    CHECK_OK(fetch(&r, 0, &known));
    CHECK(!known);
    CHECK_OK(fetch(&r, 7, &known));
    CHECK(known);
}

TEST(a_tenant_may_have_so_much_and_no_more) {
    OWNED(job) struct job *first = NULL;
    OWNED(job) struct job *second = NULL;
    OWNED(job) struct job *other = NULL;
    struct tenant_load load;

    RIG r;

    rig_new_folder(&r);
    r.tenant_max_jobs = r.tenant_max_queued = 2;
    CHECK_OK(rig_open(&r));
    CHECK_OK(new_job(&r, 7, false, &first));
    CHECK_OK(store_tenant_may(r.store, 7, 1, 1));
    CHECK_ERR(store_tenant_may(r.store, 7, 1, 2), ERR_QUOTA_URLS);
    CHECK_OK(new_job(&r, 7, false, &second));
    CHECK_ERR(store_tenant_may(r.store, 7, 1, 0), ERR_QUOTA_JOBS);
    CHECK_ERR(new_job(&r, 7, false, &other), ERR_QUOTA_JOBS);
    CHECK_OK(new_job(&r, 8, false, &other));
    CHECK_OK(store_tenant_load(r.store, 7, &load));
    CHECK_INT(load.jobs, 2);
    CHECK_INT(load.urls, 2);
    CHECK_INT(listed(&r, &(struct job_filter){.tenant = 7, .limit = 9}), 21);
    job_free(TAKE(first));
    CHECK_OK(store_job_delete(r.store, &second->id));
    CHECK_OK(new_job(&r, 7, false, &first));
}

TEST(a_retry_that_opens_a_job_again_is_held_to_the_quota) {
    OWNED(job) struct job *done = NULL;
    OWNED(job) struct job *other = NULL;
    OWNED(job) struct job *open = NULL;
    struct result result;
    struct store_batch b = {.results = &result, .n_results = 1};
    uint64_t retried = 0;
    RIG r;

    rig_new_folder(&r);
    r.tenant_max_jobs = 1;
    CHECK_OK(rig_open(&r));
    CHECK_OK(new_job(&r, 7, false, &done));
    CHECK_INT(rig_take(&r, done->no, &result, 1), 1);
    rig_fail(&result, CODE_TIMEOUT);
    rig_commit(&r, &b);
    result_done(&result);
    CHECK_OK(new_job(&r, 7, false, &other));
    CHECK_ERR(store_job_retry(r.store, &done->id, 1ULL << CODE_TIMEOUT, NULL, &retried, &open),
              ERR_QUOTA_JOBS);
    CHECK_OK(store_job_delete(r.store, &other->id));
    CHECK_OK(store_job_retry(r.store, &done->id, 1ULL << CODE_TIMEOUT, NULL, &retried, &open));
    CHECK_INT(retried, 1);
}

/* --- two at once ------------------------------------------------------------------------- */

enum { LONG = 60000 };

struct adding {
    pthread_t thread;
    struct rig *rig;
    struct job *job;
    enum err answer;
};

static enum err add_list(struct adding *a) {
    OWNED(ingest) struct ingest *in = NULL;
    OWNED(job) struct job *now = NULL;
    struct submission sub = {0};
    char url[128];
    enum err e = store_ingest_new(a->rig->store, &in);

    for (int i = 0; i < LONG && e == ERR_OK; i++) {
        (void)snprintf(url, sizeof url, "https://host%d.example/more/%d", i % 9, i);
        e = rig_add(in, url);
    }
    if (e == ERR_OK)
        e = ingest_commit_into(in, &a->job->id, &now, &sub);
    submission_done(&sub);
    return e;
}

static void *run_adding(void *arg) {
    struct adding *a = arg;

    a->answer = add_list(a);
    return NULL;
}

TEST(of_two_lists_at_once_one_passes_the_quota) {
    OWNED(job) struct job *first = NULL;
    OWNED(job) struct job *second = NULL;
    struct adding both[2];
    struct tenant_load load;
    RIG r;

    rig_new_folder(&r);
    r.tenant_max_queued = LONG * 3 / 2;
    CHECK_OK(rig_open(&r));
    CHECK_OK(new_job(&r, 7, false, &first));
    CHECK_OK(new_job(&r, 7, false, &second));
    both[0] = (struct adding){.rig = &r, .job = first};
    both[1] = (struct adding){.rig = &r, .job = second};
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&both[i].thread, NULL, run_adding, &both[i]), 0);
    for (int i = 0; i < 2; i++)
        (void)pthread_join(both[i].thread, NULL);
    CHECK_INT((both[0].answer == ERR_OK) + (both[1].answer == ERR_OK), 1);
    CHECK_ERR(both[both[0].answer == ERR_OK].answer, ERR_QUOTA_URLS);
    CHECK_OK(store_tenant_load(r.store, 7, &load));
    CHECK_INT(load.urls, LONG + 2);
}

TEST_MAIN
