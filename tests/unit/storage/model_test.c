#include "storage/model.h"

#include "storage/options.h"
#include "tests/test.h"

TEST(each_word_leads_back_to_its_number) {
    for (int i = JOB_QUEUED; i < JOB_DELETED; i++) {
        enum job_state s;

        CHECK_OK(job_state_of(str_of(job_state_text((enum job_state)i)), &s));
        CHECK_INT(s, i);
    }
    for (int i = CODE_NONE + 1; i < CODE_COUNT; i++) {
        enum code c;

        CHECK_OK(code_of(str_of(code_text((enum code)i)), &c));
        CHECK_INT(c, i);
    }
    for (int i = TAG_NONE + 1; i < TAG_COUNT; i++) {
        enum tag t;

        CHECK_OK(tag_of(str_of(tag_text((enum tag)i)), &t));
        CHECK_INT(t, i);
    }
}

TEST(hidden_states_and_empty_words_are_unknown) {
    enum job_state s;
    enum code c;
    enum tag t;
    enum outcome o;

    CHECK_ERR(job_state_of(STR("receiving"), &s), ERR_INVALID);
    CHECK_ERR(job_state_of(STR("deleted"), &s), ERR_INVALID);
    CHECK_ERR(code_of(STR(""), &c), ERR_INVALID);
    CHECK_ERR(tag_of(STR(""), &t), ERR_INVALID);
    CHECK_ERR(outcome_of(STR("Succeeded"), &o), ERR_INVALID);
}

TEST(a_host_lies_in_its_bucket) {
    const uint32_t buckets[] = {0, 1, 2047, 4095};

    for (size_t i = 0; i < sizeof buckets / sizeof *buckets; i++) {
        int64_t id = host_id(STR("example.com:443"), buckets[i]);

        CHECK(id >= host_id_first(buckets[i]) && id < host_id_first(buckets[i] + 1));
        CHECK(id != host_id(STR("example.com:80"), buckets[i]));
    }
    CHECK_INT(host_id_first(0), 0);
    CHECK_INT(host_id_first(HOST_BUCKETS), INT64_MAX);
}

TEST(nothing_leaves_a_deleted_job_and_nothing_comes_back_from_cancelled) {
    for (int to = 0; to < JOB_STATE_COUNT; to++) {
        CHECK(!job_state_may_move(JOB_DELETED, (enum job_state)to));
        CHECK(job_state_may_move(JOB_CANCELLED, (enum job_state)to) == (to == JOB_DELETED));
        CHECK(!job_state_may_move((enum job_state)to, JOB_RECEIVING));
    }
    CHECK(job_state_may_move(JOB_QUEUED, JOB_RUNNING));
    CHECK(job_state_may_move(JOB_RUNNING, JOB_CANCELLING));
    CHECK(!job_state_may_move(JOB_COMPLETED, JOB_CANCELLING));
}

TEST(a_code_says_its_outcome) {
    CHECK_INT(code_outcome(CODE_NONE), OUTCOME_SUCCEEDED);
    CHECK_INT(code_outcome(CODE_JOB_CANCELLED), OUTCOME_CANCELLED);
    CHECK_INT(code_outcome(CODE_ROBOTS_DISALLOWED), OUTCOME_DISALLOWED);
    CHECK(code_is_transient(CODE_TIMEOUT) && !code_is_transient(CODE_INVALID_URL));
}

TEST(a_task_holds_copies) {
    char url[] = "https://a.example/", input[] = "HTTPS://a.example";
    struct task *t = task_new(str_of(url), str_of(input));

    url[0] = input[0] = 'x';
    CHECK_STR(task_url(t), "https://a.example/");
    CHECK_STR(task_input(t), "HTTPS://a.example");
    CHECK(t->has_input && t->referrer == -1 && task_size(t) > sizeof *t);
    free(t);
}

TEST(a_task_may_be_known) {
    struct task *t =
        task_new_known(STR("https://a.example/"), STR_NONE, STR("\"x\""), STR("yesterday"));

    CHECK_STR(task_url(t), "https://a.example/");
    CHECK_STR(task_etag(t), "\"x\"");
    CHECK_STR(task_last_modified(t), "yesterday");
    CHECK_INT(task_size(t), sizeof *t + 18 + 3 + 9);
    free(t);
}

TEST(a_copy_of_a_task_stands_alone) {
    struct task *t = task_new(STR("https://a.example/"), STR("a.example"));
    struct task *copy;

    t->seq = 7;
    t->place = 3;
    t->due_at = 1700000000000;
    copy = task_copy(t);
    free(t);
    CHECK_STR(task_url(copy), "https://a.example/");
    CHECK_STR(task_input(copy), "a.example");
    CHECK(copy->seq == 7 && copy->place == 3 && copy->due_at == 1700000000000);
    CHECK(list_empty(&copy->link));
    CHECK_INT(task_index(copy), 3);
    copy->referrer = 0;
    CHECK_INT(task_index(copy), -1);
    free(copy);
}

TEST(options_come_back_as_they_were) {
    struct job_options o = {.given = 1u << OPTION_ROBOTS,
                            .host_delay_ms = 60000,
                            .max_body_bytes = UINT64_MAX,
                            .robots = ROBOTS_IGNORE,
                            .user_agent = (char *)"agent/1",
                            .elements = UINT64_MAX,
                            .schemes = (char *)"*",
                            .fragments = FRAGMENTS_KEEP,
                            .text = true,
                            .max_links = 7,
                            .deadline_seconds = 3600,
                            .max_depth = 3,
                            .max_pages = 1ULL << 33,
                            .scope = SCOPE_MODE_DOMAIN,
                            .include = (char *)"https://*.example/*\n*/a*",
                            .sitemap = SITEMAP_ONLY,
                            .revalidate = true,
                            .retention_seconds = 86400};
    struct job_options back;
    struct buf b OWNED_BUF = BUF_INIT(1024);

    CHECK_OK(options_encode(&b, &o));
    CHECK_OK(buf_put(&b, STR("\x7f\x03new"))); /* a tag of a later version */
    CHECK_OK(options_decode(buf_str(&b), &back));
    CHECK_INT(back.given, o.given);
    CHECK_INT(back.host_delay_ms, 60000);
    CHECK(back.max_body_bytes == UINT64_MAX && back.elements == UINT64_MAX && back.text);
    CHECK_INT(back.robots, ROBOTS_IGNORE);
    CHECK_INT(back.fragments, FRAGMENTS_KEEP);
    CHECK_STR(str_of(back.user_agent), "agent/1");
    CHECK_STR(str_of(back.schemes), "*");
    CHECK(back.deadline_seconds == 3600 && back.max_depth == 3 && back.max_pages == 1ULL << 33);
    CHECK(back.scope == SCOPE_MODE_DOMAIN && back.sitemap == SITEMAP_ONLY && back.revalidate);
    CHECK_STR(str_of(back.include), "https://*.example/*\n*/a*");
    CHECK_INT(back.retention_seconds, 86400);
    CHECK(!back.exclude);
    job_options_done(&back);
}

TEST(an_unknown_choice_is_the_first_one) {
    const char of_a_later_version[] = {OPTION_SCOPE + 1, 1, 77};
    struct job_options back;
    struct buf b OWNED_BUF = BUF_INIT(1024);

    CHECK_OK(buf_put(&b, str_at(of_a_later_version, sizeof of_a_later_version)));
    CHECK_OK(options_decode(buf_str(&b), &back));
    CHECK_INT(back.scope, SCOPE_MODE_PAGE);
    job_options_done(&back);
}

TEST(a_job_grows_by_links_or_by_sitemaps) {
    CHECK(!job_options_grow(&(struct job_options){.scope = SCOPE_MODE_ANY}));
    CHECK(job_options_grow(&(struct job_options){.max_depth = 1}));
    CHECK(job_options_grow(&(struct job_options){.sitemap = SITEMAP_INCLUDE}));
}

TEST(cut_options_are_damaged) {
    struct job_options o = {.user_agent = (char *)"agent/1"}, back;
    struct buf b OWNED_BUF = BUF_INIT(1024);

    CHECK_OK(options_encode(&b, &o));
    CHECK_ERR(options_decode(str_upto(buf_str(&b), b.len - 1), &back), ERR_CORRUPT);
}

TEST_MAIN
