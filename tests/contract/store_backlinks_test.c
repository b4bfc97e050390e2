/* What the store promises of jobs that index their links. */
#include "tests/contract/store_rig.h"

static const char hub[] = "https://hub.example/";
enum { PAGES = 12 };

static enum err new_job(struct rig *r, int64_t tenant, bool indexes, struct job **ret_job) {
    struct job draft = rig_draft();
    OWNED_BUF struct buf urls = BUF_INIT(4096);
    enum err e = ERR_OK;

    draft.tenant = tenant;
    draft.options.index_links = indexes;
    for (int i = 0; i < PAGES && e == ERR_OK; i++)
        e = buf_printf(&urls, "%shttps://a.example/%d", i ? " " : "", i);
    if (e == ERR_OK)
        e = buf_put_char(&urls, '\0');
    return e == ERR_OK ? rig_job_of(r, &draft, urls.ptr, ret_job) : e;
}

/* |n_links| that nobody else names, and then the hub. */
static enum err succeed(struct result *result, int n_links) {
    enum err e = rig_succeed(result, n_links);

    result->record.links_found++;
    return e == ERR_OK
               ? links_put(&result->links, str_of(hub), TAG_A, ATTR_HREF, STR("me"), STR("Hub"))
               : e;
}

/* A job whose pages all name the hub. */
static enum err finished_job(struct rig *r, int64_t tenant, bool indexes, int n_links,
                             struct job **ret_job) {
    struct result results[PAGES];
    struct store_batch b = {.results = results};
    enum err e = new_job(r, tenant, indexes, ret_job);

    if (e != ERR_OK)
        return e;
    b.n_results = rig_take(r, (*ret_job)->no, results, PAGES);
    for (size_t i = 0; i < b.n_results && e == ERR_OK; i++)
        e = succeed(&results[i], n_links);
    if (e == ERR_OK)
        rig_commit(r, &b);
    rig_free_results(results, b.n_results);
    return e == ERR_OK ? b.result : e;
}

struct found {
    const struct job *job; /* whose they should be */
    int n, wrong;
};

static void find(void *arg, const struct backlink *l) {
    struct found *f = arg;

    f->n++;
    f->wrong += memcmp(&l->job_id, &f->job->id, sizeof l->job_id) != 0 ||
                !str_starts(l->source_url, STR("https://a.example/")) ||
                !str_eq(l->link.url, str_of(hub)) || !str_eq(l->link.rel, STR("me")) ||
                !str_eq(l->link.text, STR("Hub"));
}

/* *ret_reads: how many it took. */
static enum err find_all(struct rig *r, int64_t tenant, size_t max_pages, struct found *f,
                         int *ret_reads) {
    int64_t after = 0;
    bool more = true;
    enum err e = ERR_OK;

    for (*ret_reads = 0; e == ERR_OK && more; ++*ret_reads)
        e = store_backlinks_read(r->store, tenant, str_of(hub), &after, max_pages, find, f, &more);
    return e;
}

static uint64_t swept(struct rig *r) {
    struct store_stats stats;

    store_stats(r->store, &stats);
    return stats.sweep_rows;
}

static bool is_swept(struct rig *r, uint64_t rows) {
    for (int i = 0; i < 1000 && swept(r) < rows; i++)
        (void)usleep(10000);
    return swept(r) == rows;
}

TEST(each_page_that_names_it_is_found_once) {
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *without = NULL;

    RIG_OPEN(r);
    CHECK_OK(finished_job(&r, 0, false, 3, &without));
    CHECK_OK(finished_job(&r, 0, true, 3, &job));
    for (size_t max_pages = 1; max_pages <= PAGES + 1; max_pages += 3) {
        struct found f = {.job = job};
        int reads;

        CHECK_OK(find_all(&r, 0, max_pages, &f, &reads));
        CHECK_INT(f.n, PAGES);
        CHECK_INT(f.wrong, 0);
        CHECK_INT(reads, (int)((PAGES + max_pages - 1) / max_pages));
    }
}

TEST(pages_with_very_many_links_are_looked_through_a_few_at_a_time) {
    OWNED(job) struct job *job = NULL;
    struct found f;
    int reads;

    RIG_OPEN(r);
    CHECK_OK(finished_job(&r, 0, true, 20000, &job)); /* many parts each */
    f = (struct found){.job = job};
    CHECK_OK(find_all(&r, 0, 1000, &f, &reads));
    CHECK_INT(f.n, PAGES);
    CHECK_INT(f.wrong, 0);
    CHECK_INT(reads, PAGES / 3); /* 50,000 links a read, and those of one page more */
}

TEST(each_tenant_finds_its_own) {
    OWNED(job) struct job *mine = NULL;
    OWNED(job) struct job *theirs = NULL;
    struct found f;
    int64_t a, b;
    int reads;

    RIG_OPEN(r);
    CHECK_OK(store_tenant(r.store, STR("a"), &a));
    CHECK_OK(store_tenant(r.store, STR("b"), &b));
    CHECK_OK(finished_job(&r, a, true, 1, &mine));
    CHECK_OK(finished_job(&r, b, true, 1, &theirs));
    f = (struct found){.job = theirs};
    CHECK_OK(find_all(&r, b, 5, &f, &reads));
    CHECK_INT(f.n, PAGES);
    CHECK_INT(f.wrong, 0);
    f = (struct found){.job = mine};
    CHECK_OK(find_all(&r, 0, 5, &f, &reads));
    CHECK_INT(f.n, 0);
}

TEST(they_are_not_found_once_their_job_is_deleted_and_leave_with_its_rows) {
    enum { LINKS = 4, ROWS = PAGES + PAGES * (LINKS + 1) + 1 + 4 + 4 + 1 };
    OWNED(job) struct job *job = NULL;
    OWNED(job) struct job *kept = NULL;
    struct found f;
    int reads;

    RIG_OPEN(r);
    CHECK_OK(finished_job(&r, 0, true, LINKS, &job));
    CHECK_OK(finished_job(&r, 0, true, LINKS, &kept));
    CHECK_OK(store_job_delete(r.store, &job->id));
    f = (struct found){.job = kept};
    CHECK_OK(find_all(&r, 0, 100, &f, &reads));
    CHECK_INT(f.n, PAGES);
    CHECK_INT(f.wrong, 0);
    CHECK(is_swept(&r, ROWS)); /* pages, their index, work, events, tallies, the job */
    f = (struct found){.job = kept};
    CHECK_OK(find_all(&r, 0, 100, &f, &reads));
    CHECK_INT(f.n, PAGES);
}

TEST(those_of_a_batch_outlive_a_kill_with_it) {
    OWNED(job) struct job *job = NULL;
    struct found f;
    int reads;
    RIG after;

    RIG_OPEN(r);
    CHECK_OK(finished_job(&r, 0, true, 2, &job));
    CHECK_OK(rig_open_as_after_a_kill(&r, &after));
    f = (struct found){.job = job};
    CHECK_OK(find_all(&after, 0, 100, &f, &reads));
    CHECK_INT(f.n, PAGES);
    CHECK_INT(f.wrong, 0);
}

TEST_MAIN
