/* What the store promises of the difference of two jobs. */
#include "storage/diff.h"

#include "base/hash.h"
#include "tests/contract/store_rig.h"

/* --- jobs ------------------------------------------------------------------------ */

/* Page N has the links first .. first + n - 1. */
struct draft {
    int first_page, pages;
    int first_link, links;
};

static enum err add_pages(struct rig *r, const struct draft *d, struct job **ret_job) {
    OWNED(ingest) struct ingest *in = NULL;
    struct job draft = rig_draft();
    struct submission sub = {0};
    char url[128];
    enum err e = store_ingest_new(r->store, &in);

    for (int i = 0; i < d->pages && e == ERR_OK; i++) {
        (void)snprintf(url, sizeof url, "https://a.example/%d", d->first_page + i);
        e = rig_add(in, url);
    }
    if (e == ERR_OK)
        e = ingest_commit(in, &draft, ret_job, &sub);
    submission_done(&sub);
    return e;
}

static enum err put_links(struct result *result, const struct draft *d) {
    char url[128];
    enum err e = rig_succeed(result, 0);

    result->record.links_found = (uint32_t)d->links;
    for (int i = 0; i < d->links && e == ERR_OK; i++) {
        (void)snprintf(url, sizeof url, "https://l.example/%d", d->first_link + i);
        e = links_put(&result->links, str_of(url), TAG_A, ATTR_HREF, STR("me"), STR("Text"));
    }
    return e;
}

enum { BATCH = 10000 };

static enum err settle_some(struct rig *r, const struct draft *d, int64_t job, size_t *ret_n) {
    struct result *results = NEW_N(struct result, BATCH);
    struct store_batch b = {.results = results};
    enum err e = ERR_OK;

    *ret_n = b.n_results = rig_take(r, job, results, BATCH);
    for (size_t i = 0; i < b.n_results && e == ERR_OK; i++)
        e = put_links(&results[i], d);
    if (e == ERR_OK && b.n_results)
        rig_commit(r, &b);
    rig_free_results(results, b.n_results);
    free(results);
    return e == ERR_OK ? b.result : e;
}

static int64_t finished(struct rig *r, struct draft d) {
    OWNED(job) struct job *job = NULL;
    size_t n = 1;
    enum err e = add_pages(r, &d, &job);

    while (e == ERR_OK && n)
        e = settle_some(r, &d, job->no, &n);
    return e == ERR_OK ? job->no : -1;
}

/* --- readers ------------------------------------------------------------------------- */

struct reader {
    int take;      /* of each turn; then it stops */
    int end;       /* that it takes at all */
    uint64_t hash; /* of all that it took, in order */
    int n, n_added;
    int left;      /* of this turn */
    bool is_wrong; /* the texts */
    struct diff_place last;
};

static enum err take(void *arg, const struct diff_link *l) {
    struct reader *r = arg;
    char line[512];

    if (r->left == 0 || r->n == r->end)
        return ERR_STOPPED;
    r->left--;
    r->n++;
    r->n_added += l->is_added;
    r->is_wrong |= !str_eq(l->link.rel, STR("me")) || !str_eq(l->link.text, STR("Text"));
    (void)snprintf(line, sizeof line, "%016" PRIx64 "%d %.*s %.*s", r->hash, l->is_added,
                   (int)l->source_url.len, l->source_url.ptr, (int)l->link.url.len,
                   l->link.url.ptr);
    r->hash = hash_u64(str_of(line));
    r->last = l->after;
    return ERR_OK;
}

static enum err read_on(struct rig *r, int64_t from, int64_t to, struct reader *reader) {
    OWNED(diff) struct diff *d = store_diff_new(r->store, from, to, reader->last);
    enum err e = ERR_OK;

    while (e == ERR_OK && !diff_is_over(d) && reader->n < reader->end) {
        reader->left = reader->take;
        e = diff_step(d, take, reader);
        reader->is_wrong |= diff_place(d).hash < reader->last.hash;
    }
    return e;
}

/* |n| is -1 where something went wrong. */
static struct reader read_all(struct rig *r, int64_t from, int64_t to, int take) {
    struct reader reader = {.take = take, .end = 1 << 30};

    if (read_on(r, from, to, &reader) != ERR_OK || reader.is_wrong)
        reader.n = -1;
    return reader;
}

/* --- what is promised --------------------------------------------------------------------- */

TEST(one_job_does_not_differ_from_itself) {
    int64_t job;
    RIG_OPEN(r);

    job = finished(&r, (struct draft){0, 20, 0, 5});
    CHECK(job > 0);
    CHECK_INT(read_all(&r, job, job, 1000).n, 0);
}

TEST(what_is_told_is_what_differs) {
    int64_t from, to;
    struct reader found;
    RIG_OPEN(r);

    from = finished(&r, (struct draft){0, 20, 0, 6});
    to = finished(&r, (struct draft){5, 20, 2, 5});
    found = read_all(&r, from, to, 1000);
    CHECK_INT(found.n_added, 15 * 1 + 5 * 5);
    CHECK_INT(found.n - found.n_added, 15 * 2 + 5 * 6);
}

TEST(one_who_stops_goes_on_where_he_was) {
    int64_t from, to;
    struct reader whole;
    RIG_OPEN(r);

    from = finished(&r, (struct draft){0, 8, 0, 6});
    to = finished(&r, (struct draft){3, 8, 2, 7});
    whole = read_all(&r, from, to, 1000);
    for (int take = 1; take < 9; take++) {
        struct reader found = read_all(&r, from, to, take);

        CHECK_INT(found.n, whole.n);
        CHECK(found.hash == whole.hash);
    }
}

TEST(one_who_comes_back_goes_on_behind_what_he_had) {
    int64_t from, to;
    struct reader whole;
    RIG_OPEN(r);

    from = finished(&r, (struct draft){0, 4, 0, 6});
    to = finished(&r, (struct draft){2, 4, 2, 7});
    whole = read_all(&r, from, to, 1000);
    for (int end = 1; end < whole.n; end++) {
        struct reader found = {.take = 3, .end = end};

        CHECK_OK(read_on(&r, from, to, &found));
        CHECK_INT(found.n, end);
        found.end = 1 << 30;
        CHECK_OK(read_on(&r, from, to, &found));
        CHECK_INT(found.n, whole.n);
        CHECK(found.hash == whole.hash);
    }
}

/* In a hundred parts, and taken up anew for each of the turns. */
TEST(a_page_may_have_any_number_of_links) {
    int64_t from, to;
    struct reader whole;
    RIG_OPEN(r);

    from = finished(&r, (struct draft){0, 1, 0, 100000});
    to = finished(&r, (struct draft){0, 1, 50000, 100000});
    whole = read_all(&r, from, to, 1 << 30);
    CHECK_INT(whole.n, 100000);
    CHECK_INT(whole.n_added, 50000);
    CHECK(read_all(&r, from, to, 9999).hash == whole.hash);
}

/* More than are sorted in memory. */
TEST(a_job_may_have_any_number_of_pages) {
    int64_t from, to;
    struct reader whole;
    RIG_OPEN(r);

    from = finished(&r, (struct draft){0, 120000, 0, 1});
    to = finished(&r, (struct draft){110000, 20000, 0, 1});
    whole = read_all(&r, from, to, 1000);
    CHECK_INT(whole.n, 120000);
    CHECK_INT(whole.n_added, 10000);
}

TEST_MAIN
