/* Exports of what a crawl left: every format, pages, cursors, filters. */
#include <pthread.h>

#include "base/mem.h"
#include "storage/store.h"
#include "tests/unit/api/service.h"

/* --- a crawl that is over before it began ------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_done;

static void tell(void) {
    (void)pthread_mutex_lock(&lock);
    is_done = true;
    (void)pthread_cond_signal(&changed);
    (void)pthread_mutex_unlock(&lock);
}

static void await(void) {
    (void)pthread_mutex_lock(&lock);
    while (!is_done)
        (void)pthread_cond_wait(&changed, &lock);
    is_done = false;
    (void)pthread_mutex_unlock(&lock);
}

static void refilled(struct refill *r) {
    (void)r;
    tell();
}

static void committed(struct store_batch *b) {
    (void)b;
    tell();
}

enum { LINKS_A_PAGE = 7, LONG_PAGE = 3 /* of many links */, LONG_PAGE_LINKS = 5000 };

static enum err put_links(struct links *l, int64_t index) {
    int n = index == LONG_PAGE ? LONG_PAGE_LINKS : LINKS_A_PAGE;
    enum err e = ERR_OK;
    char url[64];

    for (int i = 0; i < n && e == ERR_OK; i++) {
        (void)snprintf(url, sizeof url, "%s://l%d.test/%lld/%d", i % 2 ? "https" : "http", i % 3,
                       (long long)index, i);
        e = links_put(l, str_of(url), TAG_A, ATTR_HREF, i % 2 ? STR("nofollow") : STR_NONE,
                      STR("a \"text\", \xc3\xa9"));
    }
    return e;
}

static enum err put_result(struct result *r, struct task *t) {
    bool failed = t->seq % 5 == 4;

    *r = (struct result){.task = t};
    buf_init(&r->text, 1 << 16);
    links_init(&r->links);
    r->record.index = task_index(t);
    r->record.referrer = -1;
    r->record.attempts = 1;
    r->record.outcome = failed ? OUTCOME_FAILED : OUTCOME_SUCCEEDED;
    r->record.code = failed ? CODE_TIMEOUT : CODE_NONE;
    if (buf_put(&r->text, task_url(t)) != ERR_OK)
        return ERR_NO_MEMORY;
    r->record.url = buf_str(&r->text);
    r->record.final_url = failed ? STR_NONE : r->record.url;
    r->record.content_type = STR("text/html;\tx");
    r->record.redirects = STR("301 http://a.test/\n302 http://b.test/");
    r->record.started_at = 1000;
    r->record.links_found = failed ? 0 : LINKS_A_PAGE;
    return failed ? ERR_OK : put_links(&r->links, t->seq);
}

/* Settles all tasks of the job, one commit each. */
static enum err settle_all(int64_t job, size_t n_hosts) {
    OWNED(refill) struct refill *r = refill_new(job, 0, n_hosts);

    r->after_host = -1;
    r->tasks_per_host = 1000;
    r->done = refilled;
    store_refill(store, r);
    await();
    for (size_t h = 0; h < r->n_new; h++) {
        struct list *l;

        while ((l = list_pop_front(&r->hosts[h].tasks))) {
            struct result result;
            struct store_batch b = {.epoch = store_epoch(store), .results = &result};

            if (put_result(&result, CONTAINER_OF(l, struct task, link)) != ERR_OK)
                return ERR_NO_MEMORY;
            b.n_results = 1;
            b.done = committed;
            store_commit(store, &b);
            await();
            result_done(&result);
            if (b.result != ERR_OK)
                return b.result;
        }
    }
    return r->result;
}

/* A job of 10 URLs on 2 hosts, all ended: 8 pages, one of them long. */
static bool crawl(void) {
    OWNED_BUF struct buf list = BUF_INIT(1 << 16);
    OWNED(job) struct job *j = NULL;
    struct uuid id;

    for (int i = 0; i < 10; i++)
        if (buf_printf(&list, "http://h%d.test/%d\n", i % 2, i) != ERR_OK)
            return false;
    if (call("POST /v1/jobs", "Content-Type: text/plain", buf_str(&list)) != 202)
        return false;
    if (uuid_parse(str_at(job_path("") + strlen("/v1/jobs/"), UUID_TEXT_LEN), &id) != ERR_OK ||
        store_job_get(store, &id, &j) != ERR_OK)
        return false;
    return settle_all(j->no, 10) == ERR_OK;
}

enum { ALL_LINKS = 7 * LINKS_A_PAGE + LONG_PAGE_LINKS };

static struct buf whole = {.max = 64 << 20}, pieces = {.max = 64 << 20};

static bool same(void) {
    return str_eq(buf_str(&whole), buf_str(&pieces));
}

static void take_body(struct buf *into) {
    buf_done(into);
    if (buf_put(into, buf_str(&body)) != ERR_OK)
        TEST_FAIL("out of memory");
}

static unsigned get_job(const char *below) {
    char target[512];

    (void)snprintf(target, sizeof target, "%s", job_path(below));
    return get(target);
}

/* The value of the last member |name| in |body|. */
static bool last_cursor(const char *before, char text[128]) {
    struct str rest = buf_str(&body);
    size_t at;
    bool found = false;

    while ((at = str_find_str(rest, str_of(before))) != STR_END) {
        rest = str_from(rest, at + strlen(before));
        (void)snprintf(text, 128, "%.*s", (int)str_find(rest, '"'), rest.ptr);
        found = true;
    }
    return found;
}

/* --- links ---------------------------------------------------------------------------------------
 */

TEST(streams_links_as_tsv) {
    CHECK(crawl());
    CHECK_INT(get_job("/links?format=tsv"), 200);
    CHECK(has_header("Content-Type: text/tab-separated-values; charset=utf-8\n"));
    CHECK(has_header("Content-Disposition: attachment; filename=\"job-"));
    CHECK(str_starts(buf_str(&body), STR("source_url\tparsed_url\nhttp://h")));
    CHECK_INT(count("\n"), ALL_LINKS + 1);
    take_body(&whole);
    CHECK_INT(get_job("/links?format=tsv&columns=source_url,parsed_url,cursor"), 200);
    CHECK_INT(count("\n"), ALL_LINKS + 1);
    CHECK_INT(get_job("/links?format=tsv"), 200);
    take_body(&pieces);
    CHECK(same());
}

TEST(goes_on_after_any_cursor) {
    char cursor[128], target[512];
    size_t line = 0;

    CHECK(crawl());
    CHECK_INT(get_job("/links?format=csv&columns=parsed_url,cursor"), 200);
    take_body(&whole);
    for (struct str rest = buf_str(&whole); rest.len; line++) {
        struct str row = str_cut(&rest, '\n');
        size_t comma = str_find(row, ',');

        if (line == 0 || line % 617 != 1)
            continue;
        (void)snprintf(cursor, sizeof cursor, "%.*s", (int)(row.len - comma - 2),
                       row.ptr + comma + 1);
        (void)snprintf(target, sizeof target,
                       "/links?format=csv&columns=parsed_url,cursor&after=%s", cursor);
        CHECK_INT(get_job(target), 200);
        CHECK(has_header("Content-Type: text/csv; charset=utf-8; header=absent\n"));
        CHECK(str_eq(buf_str(&body), rest));
    }
    CHECK(line > ALL_LINKS);
}

TEST(gives_the_same_links_in_pages) {
    char cursor[128], target[512] = "/links?limit=999";
    unsigned n = 0, pages = 0;

    CHECK(crawl());
    do {
        CHECK_INT(get_job(target), 200);
        CHECK(str_starts(buf_str(&body), STR("{\"items\":[{\"source_url\":\"http://h")));
        n += count("\"parsed_url\"");
        pages++;
        if (!last_cursor("\"next_cursor\":\"", cursor))
            break;
        CHECK(has_header("Link: </v1/jobs/"));
        (void)snprintf(target, sizeof target, "/links?limit=999&cursor=%s", cursor);
    } while (pages < 10);
    CHECK(holds("],\"next_cursor\":null}"));
    CHECK_INT(n, ALL_LINKS);
    CHECK_INT(pages, 6);
}

TEST(streams_links_as_ndjson) {
    char cursor[128], target[512];

    CHECK(crawl());
    CHECK_INT(get_job("/links?format=ndjson&limit=10"), 200);
    CHECK_INT(count("\n"), 10);
    CHECK_INT(count("\"tag\":\"a\",\"attr\":\"href\""), 10);
    CHECK(holds("\"text\":\"a \\\"text\\\", \xc3\xa9\""));
    CHECK(last_cursor("\"cursor\":\"", cursor));
    take_body(&whole);
    CHECK_INT(get_job("/links?format=ndjson"), 200);
    CHECK_INT(count("\n"), ALL_LINKS);
    CHECK(str_starts(buf_str(&body), buf_str(&whole)));
    take_body(&pieces);
    (void)snprintf(target, sizeof target, "/links?format=ndjson&after=%s", cursor);
    CHECK_INT(get_job(target), 200);
    CHECK_OK(buf_put(&whole, buf_str(&body)));
    CHECK(same());
}

TEST(filters_links) {
    CHECK(crawl());
    CHECK_INT(get_job("/links?format=tsv&scheme=https"), 200);
    CHECK_INT(count("\thttps://"), 7 * 3 + LONG_PAGE_LINKS / 2);
    CHECK_INT(count("\thttp://"), 0);
    CHECK_INT(get_job("/links?format=tsv&source=HTTP://h0.test:80/2"), 200);
    CHECK_INT(count("\n"), 1 + LINKS_A_PAGE);
    CHECK_INT(get_job("/links?format=tsv&host=l2.test"), 200);
    CHECK_INT(count("\thttp"), 7 * 2 + LONG_PAGE_LINKS / 3);
    CHECK_INT(get_job("/links?source=http://nowhere.test/"), 200);
    CHECK_STR(buf_str(&body), "{\"items\":[],\"next_cursor\":null}");
    CHECK_INT(get_job("/links?source=nonsense"), 400);
    CHECK_INT(get_job("/links?source="), 400);
    CHECK_INT(get_job("/links?host="), 400);
    CHECK_INT(get_job("/links?scheme="), 400);
    CHECK_INT(get_job("/links?scheme=HTTP"), 400);
    CHECK_INT(get_job("/links?scheme=http:"), 400);
    CHECK(holds("lower case, without the colon"));
}

TEST(refuses_what_it_cannot_give) {
    char cursor[128], target[512];

    CHECK(crawl());
    CHECK_INT(get_job("/links?limit=5"), 200);
    CHECK(last_cursor("\"next_cursor\":\"", cursor));
    (void)snprintf(target, sizeof target, "/urls?cursor=%s", cursor);
    CHECK_INT(get_job(target), 400);
    (void)snprintf(target, sizeof target, "/links?cursor=%s&after=%s", cursor, cursor);
    CHECK_INT(get_job(target), 400);
    CHECK_INT(get_job("/links?format=xml"), 400);
    CHECK_INT(get_job("/links?columns=tag"), 400);
    CHECK_INT(get_job("/links?format=tsv&columns=x"), 400);
    CHECK_INT(get_job("/links?follow=1"), 400);
    CHECK_INT(get_job("/links?format=csv&follow=1"), 400);
    CHECK_INT(get_job("/links?format=tsv&follow=yes"), 400);
    CHECK_INT(get_job("/urls?format=tsv&follow=1&outcome=pending"), 400);
    CHECK_INT(get_job("/links?limit=10001"), 400);
    (void)snprintf(target, sizeof target, "GET %s", job_path("/links"));
    CHECK_INT(call(target, "Accept: image/png", STR_NONE), 406);
    CHECK_INT(call(target, "Accept: text/csv", STR_NONE), 200);
    CHECK(str_starts(buf_str(&body), STR("source_url,parsed_url\r\n")));
}

/* --- records
 * --------------------------------------------------------------------------------------- */

TEST(lists_records) {
    CHECK(crawl());
    CHECK_INT(get_job("/urls"), 200);
    CHECK_INT(count("\"seq\":"), 10);
    CHECK_INT(count("\"outcome\":\"failed\",\"code\":\"timeout\""), 2);
    CHECK(holds("\"redirects\":[{\"status\":301,\"url\":\"http://a.test/\"},"
                "{\"status\":302,\"url\":\"http://b.test/\"}],"
                "\"started_at\":\"1970-01-01T00:00:01.000Z\""));
    CHECK(holds("\"input\":null"));
    CHECK(holds("\"next_cursor\":null"));
    CHECK_INT(get_job("/urls?outcome=failed"), 200);
    CHECK_INT(count("\"seq\":"), 2);
    CHECK_INT(get_job("/urls?code=timeout&host=h0.test"), 200);
    CHECK_INT(count("\"seq\":"), 1);
    CHECK_INT(get_job("/urls?url=http://h1.test/3%23x"), 200);
    CHECK_INT(count("\"seq\":"), 1);
    CHECK_INT(get_job("/urls?outcome=pending"), 200);
    CHECK_STR(buf_str(&body), "{\"items\":[],\"next_cursor\":null}");
    CHECK_INT(get_job("/urls?outcome=gone"), 400);
    CHECK_INT(get_job("/urls?code="), 400);
    CHECK_INT(get_job("/urls?host="), 400);
    CHECK_INT(get("/v1/jobs?name="), 400);
    CHECK_INT(get("/v1/jobs?state="), 400);
}

TEST(lists_records_in_every_format) {
    char cursor[128], target[512];

    CHECK(crawl());
    CHECK_INT(get_job("/urls?format=tsv"), 200);
    CHECK_INT(count("\n"), 11);
    CHECK_INT(count("\t"), 11 * 21);
    CHECK(holds("text/html; x"));
    CHECK_INT(get_job("/urls?format=csv"), 200);
    CHECK_INT(count("\r\n"), 11);
    CHECK(has_header("Content-Type: text/csv; charset=utf-8; header=present\n"));
    CHECK_INT(get_job("/urls?format=csv&columns=outcome,cursor"), 200);
    CHECK(str_starts(buf_str(&body), STR("outcome,cursor\r\n")));
    CHECK_INT(get_job("/urls?format=csv&columns=outcome,outcome"), 400);
    CHECK_INT(get_job("/urls?format=csv&columns=outcome,"), 400);
    CHECK_INT(get_job("/urls?columns=outcome"), 400);
    CHECK_INT(get_job("/urls?format=ndjson"), 200);
    take_body(&whole);
    CHECK_INT(get_job("/urls?format=ndjson&limit=3"), 200);
    CHECK(last_cursor("\"cursor\":\"", cursor));
    take_body(&pieces);
    (void)snprintf(target, sizeof target, "/urls?format=ndjson&after=%s", cursor);
    CHECK_INT(get_job(target), 200);
    CHECK_OK(buf_put(&pieces, buf_str(&body)));
    CHECK(same());
}

TEST(pages_through_records) {
    char cursor[128], target[512] = "/urls?limit=4&outcome=succeeded";
    unsigned n = 0;

    CHECK(crawl());
    for (int page = 0; page < 5; page++) {
        CHECK_INT(get_job(target), 200);
        n += count("\"seq\":");
        CHECK(count("\"seq\":") <= 4);
        if (!last_cursor("\"next_cursor\":\"", cursor))
            break;
        (void)snprintf(target, sizeof target, "/urls?limit=4&outcome=succeeded&cursor=%s", cursor);
    }
    CHECK_INT(n, 8);
}

TEST(lists_what_has_not_ended) {
    char cursor[128], target[512];

    CHECK_INT(post_text("", "http://a.test/\nhttp://b.test/\nhttp://c.test/x#y\nbad url\n"), 202);
    CHECK_INT(get_job("/urls"), 200);
    CHECK_INT(count("\"seq\":"), 1); /* the rejected one */
    CHECK(holds("\"index\":3,\"place\":3,\"input\":\"bad url\",\"url\":null"));
    CHECK_INT(get_job("/urls?outcome=pending&limit=2"), 200);
    CHECK_INT(count("\"seq\":null"), 2);
    CHECK_INT(count("\"outcome\":null,\"code\":null"), 2);
    CHECK(last_cursor("\"next_cursor\":\"", cursor));
    (void)snprintf(target, sizeof target, "/urls?outcome=pending&cursor=%s", cursor);
    CHECK_INT(get_job(target), 200);
    CHECK_INT(count("\"seq\":null"), 1);
}

/* Whether /urls in |format| goes on behind each of its |n| lines, by the cursor that
 * follows |before| in it. */
static bool goes_on_behind_each_line(const char *format, const char *before, unsigned n) {
    char target[512];
    unsigned line = 0;

    (void)snprintf(target, sizeof target, "/urls?format=%s", format);
    if (get_job(target) != 200)
        return false;
    take_body(&whole);
    for (struct str rest = buf_str(&whole); rest.len;) {
        struct str row = str_cut(&rest, '\n');
        size_t at = str_find_str(row, str_of(before));
        char cursor[128];

        if (line == 0 && strstr(format, "columns")) { /* their names */
            line++;
            continue;
        }
        if (at == STR_END)
            return false;
        row = str_from(row, at + strlen(before));
        (void)snprintf(cursor, sizeof cursor, "%.*s", (int)strcspn(row.ptr, "\"\r\n"), row.ptr);
        (void)snprintf(target, sizeof target, "/urls?format=%s&after=%s", format, cursor);
        if (get_job(target) != 200 || !str_eq(buf_str(&body), rest))
            return false;
        line++;
    }
    return line == n;
}

TEST(lists_what_a_cancel_settled) {
    char line[128];

    CHECK_INT(post_text("", "http://a.test/\nhttp://b.test/\nbad url\n"), 202);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/cancel"));
    CHECK_INT(call(line, "", STR_NONE), 200);
    if (str_find_str(buf_str(&body), STR("\"state\":\"cancelled\"")) == STR_END) {
        struct uuid id;
        OWNED(job) struct job *j = NULL;
        struct store_batch b = {.epoch = store_epoch(store), .n_released = 1, .done = committed};

        CHECK_OK(uuid_parse(str_at(job_path("") + strlen("/v1/jobs/"), UUID_TEXT_LEN), &id));
        CHECK_OK(store_job_get(store, &id, &j));
        b.released = &j->no;
        store_commit(store, &b);
        await();
    }
    CHECK_INT(get_job(""), 200);
    CHECK(holds(
        "\"state\":\"cancelled\",\"stop_reason\":\"cancelled_by_user\",\"is_finished\":true"));
    CHECK(holds("\"total\":3,\"queued\":0,\"running\":0,\"succeeded\":0,\"failed\":1,"
                "\"disallowed\":0,\"skipped\":0,\"cancelled\":2}"));
    CHECK(holds("\"actions\":[]"));
    CHECK_INT(get_job("/urls"), 200);
    CHECK_INT(count("\"seq\":"), 3);
    CHECK_INT(count("\"outcome\":\"cancelled\",\"code\":\"job_cancelled\""), 2);
    CHECK(goes_on_behind_each_line("ndjson", "\"cursor\":\"", 3));
    CHECK(goes_on_behind_each_line("tsv&columns=outcome,cursor", "\t", 4));
    CHECK(goes_on_behind_each_line("csv&columns=seq,cursor", ",", 4));
    CHECK_INT(get_job("/urls?outcome=cancelled"), 200);
    CHECK_INT(count("\"seq\":"), 2);
    CHECK_INT(get_job("/urls?outcome=pending"), 200);
    CHECK_INT(count("\"seq\":"), 0);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/cancel"));
    CHECK_INT(call(line, "", STR_NONE), 200);
}

static unsigned retry(const char *query, const char *headers) {
    char line[256], below[160];

    (void)snprintf(below, sizeof below, "/retry%s", query);
    (void)snprintf(line, sizeof line, "POST %s", job_path(below));
    return call(line, headers, STR_NONE);
}

TEST(puts_failed_urls_back) {
    CHECK(crawl());
    CHECK_INT(get_job(""), 200);
    CHECK(holds("\"succeeded\":8,\"failed\":2,"));
    CHECK(holds("\"actions\":[\"retry\"]"));
    CHECK_INT(retry("?code=http_5xx,%20dns_error", ""), 202);
    CHECK(holds("\"state\":\"completed\""));
    CHECK(holds("\"retried\":0}"));
    CHECK_INT(retry("", ""), 202);
    CHECK(holds("\"state\":\"running\""));
    CHECK(holds("\"total\":10,\"queued\":2,\"running\":0,\"succeeded\":8,\"failed\":0,"));
    CHECK(holds("\"actions\":[\"pause\",\"cancel\"]"));
    CHECK(holds("\"retried\":2}"));
    CHECK_INT(retry("?code=timeout", ""), 202); /* while it runs */
    CHECK(holds("\"retried\":0}"));
    CHECK_INT(get_job("/urls?outcome=pending"), 200);
    CHECK_INT(count("\"attempts\":1,"), 2);
}

TEST(refuses_retries_that_are_none) {
    char line[128];

    CHECK(crawl());
    CHECK_INT(retry("?code=", ""), 400);
    CHECK(holds("\"parameter\":\"code\""));
    CHECK_INT(retry("?code=timeout,", ""), 400);
    CHECK_INT(retry("?code=timeout,nonsense", ""), 400);
    CHECK(holds("must be a list of codes"));
    CHECK_INT(retry("?code=succeeded", ""), 400);
    CHECK_INT(retry("?code=timeout,invalid_url", ""), 400);
    CHECK(holds("invalid_url is nothing that another try could mend"));
    CHECK_INT(retry("?code=unsupported_scheme", ""), 400);
    CHECK_INT(retry("?code=job_cancelled", ""), 400);
    CHECK_INT(retry("?outcome=failed", ""), 400);
    CHECK_INT(call("POST /v1/jobs/0190a000-0000-7000-8000-000000000000/retry", "", STR_NONE), 404);
    CHECK_INT(get_job("/retry"), 405);
    CHECK_INT(post_text("", "http://a.test/"), 202);
    CHECK_INT(retry("", ""), 202); /* nothing has failed: nothing to do */
    CHECK(holds("\"retried\":0}"));
    CHECK_INT(call("POST /v1/jobs", "Content-Type: text/plain", STR("http://a.test/")), 202);
    (void)snprintf(line, sizeof line, "POST %s", job_path("/cancel"));
    CHECK_INT(call(line, "", STR_NONE), 200);
    CHECK_INT(retry("", ""), 409);
    CHECK(holds("cannot be retried"));
}

TEST(refuses_to_cancel_what_is_over) {
    char line[128];

    CHECK(crawl());
    CHECK_INT(get_job(""), 200);
    CHECK(holds("\"state\":\"completed\",\"stop_reason\":\"no_more_urls\""));
    CHECK(holds("\"progress\":1,"));
    (void)snprintf(line, sizeof line, "POST %s", job_path("/cancel"));
    CHECK_INT(call(line, "", STR_NONE), 409);
}

int main(int argc, char **argv) {
    int failed = service_main(argc, argv);

    buf_done(&whole);
    buf_done(&pieces);
    return failed;
}
