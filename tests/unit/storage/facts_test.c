#include "storage/model.h"
#include "tests/test.h"

static const struct job told = {
    .version = 41,
    .state = JOB_COMPLETED,
    .stop_reason = STOP_PAGE_LIMIT,
    .counts = {.total = 15,
               .by_outcome = {0, 1, 2, 3, 4, 5},
               .duplicates = 6,
               .links_found = 1000000,
               .bytes = 5000000000,
               .not_followed = {7, 8, 9}},
    .started_at = 1700000000001,
    .finished_at = 1700000000002,
    .expires_at = 0,
    .last_progress_at = 1700000000003,
};

TEST(a_job_is_as_it_was) {
    OWNED_BUF struct buf b = BUF_INIT(FACTS_MAX_BYTES);
    struct job j = {.no = 7, .priority = 3, .version = 50, .expires_at = 1, .created_at = 5};

    CHECK_OK(facts_put_job(&b, &told));
    CHECK_OK(facts_take_job(buf_str(&b), &j));
    CHECK_INT(j.version, 41);
    CHECK_INT(j.state, JOB_COMPLETED);
    CHECK_INT(j.stop_reason, STOP_PAGE_LIMIT);
    CHECK(memcmp(&j.counts, &told.counts, sizeof j.counts) == 0);
    CHECK_INT(j.started_at, told.started_at);
    CHECK_INT(j.finished_at, told.finished_at);
    CHECK_INT(j.expires_at, 0);
    CHECK_INT(j.last_progress_at, told.last_progress_at);
    CHECK_INT(j.no, 7);
    CHECK_INT(j.priority, 3);
    CHECK_INT(j.created_at, 5);
}

TEST(damaged_facts) {
    OWNED_BUF struct buf b = BUF_INIT(FACTS_MAX_BYTES);
    struct job j = {.version = 50};

    CHECK_OK(facts_put_job(&b, &told));
    for (size_t len = 0; len < b.len; len++)
        CHECK_ERR(facts_take_job(str_upto(buf_str(&b), len), &j), ERR_CORRUPT);
    b.ptr[1] = JOB_STATE_COUNT;
    CHECK_ERR(facts_take_job(buf_str(&b), &j), ERR_CORRUPT);
    CHECK_INT(j.version, 50);
}

TEST(failures_come_one_after_the_other) {
    OWNED_BUF struct buf b = BUF_INIT(FACTS_MAX_BYTES), record = BUF_INIT(1000);
    const struct record r = {.url = STR("http://a/"),
                             .final_url = STR("http://a/"),
                             .outcome = OUTCOME_FAILED,
                             .code = CODE_DNS_ERROR,
                             .referrer = -1,
                             .host = 1};
    struct failure f;
    struct str facts;

    CHECK_OK(record_encode(&record, &r));
    CHECK_OK(facts_put_record(&b, 7, buf_str(&record)));
    CHECK_OK(facts_put_host(&b, STR("a.example:443"), CODE_HOST_UNAVAILABLE, 1000));
    facts = buf_str(&b);
    CHECK_OK(facts_next(&facts, &f));
    CHECK(!f.is_host && f.record.seq == 7 && f.record.code == CODE_DNS_ERROR);
    CHECK_STR(f.record.url, "http://a/");
    CHECK_OK(facts_next(&facts, &f));
    CHECK(f.is_host && f.n_urls == 1000 && f.code == CODE_HOST_UNAVAILABLE);
    CHECK_STR(f.host, "a.example:443");
    CHECK_ERR(facts_next(&facts, &f), ERR_NOT_FOUND);
    for (size_t len = 1; len < b.len; len++) {
        enum err e = ERR_OK;

        facts = str_upto(buf_str(&b), len);
        while (e == ERR_OK)
            e = facts_next(&facts, &f);
        CHECK(e == ERR_CORRUPT || e == ERR_NOT_FOUND);
    }
}

TEST(names_of_deliveries) {
    struct uuid job = uuid_new(1700000000000), other = uuid_new(1700000000000);
    char text[DELIVERY_ID_CHARS + 1], bad[DELIVERY_ID_CHARS + 8];
    uint64_t sequence = 0;

    delivery_id_text(&job, 1234567890123, text);
    CHECK_OK(delivery_id_parse(str_of(text), &job, &sequence));
    CHECK_INT(sequence, 1234567890123);
    CHECK_ERR(delivery_id_parse(str_of(text), &other, &sequence), ERR_NOT_FOUND);
    for (size_t len = 0; len <= UUID_TEXT_LEN + 1; len++)
        CHECK_ERR(delivery_id_parse(str_upto(str_of(text), len), &job, &sequence), ERR_NOT_FOUND);
    (void)snprintf(bad, sizeof bad, "%sx", text);
    CHECK_ERR(delivery_id_parse(str_of(bad), &job, &sequence), ERR_NOT_FOUND);
    (void)snprintf(bad, sizeof bad, "%.*s-01", UUID_TEXT_LEN, text);
    CHECK_ERR(delivery_id_parse(str_of(bad), &job, &sequence), ERR_NOT_FOUND);
    text[UUID_TEXT_LEN] = '_';
    CHECK_ERR(delivery_id_parse(str_of(text), &job, &sequence), ERR_NOT_FOUND);
}

TEST_MAIN
