#include "api/jobjson.h"

#include "tests/test.h"

static struct buf out = {.max = 1 << 16};

static const char *shown(const struct job *j, const struct job_view *v) {
    struct writer w = writer_on(&out);

    buf_clear(&out);
    writer_open(&w, '{');
    jobjson_write(&w, j, v);
    writer_close(&w, '}');
    if (w.err != ERR_OK || buf_put_char(&out, '\0') != ERR_OK)
        return "";
    return out.ptr;
}

static bool shows(const struct job *j, const struct job_view *v, const char *what) {
    const char *text = shown(j, v);

    if (strstr(text, what))
        return true;
    printf("  %s is not in %s\n", what, text);
    return false;
}

TEST(running_is_clamped) {
    struct job j = {.state = JOB_RUNNING, .counts = {.total = 5}};

    j.counts.by_outcome[OUTCOME_SUCCEEDED] = 2;
    CHECK(
        shows(&j, &(struct job_view){.running = 9}, "\"queued\":0,\"running\":3,\"succeeded\":2"));
    CHECK(
        shows(&j, &(struct job_view){.running = 1}, "\"queued\":2,\"running\":1,\"succeeded\":2"));
}

TEST(links_that_are_not_followed_are_counted) {
    const struct job j = {.state = JOB_RUNNING, .counts = {.not_followed = {3, 2, 1}}};

    CHECK(shows(&j, &(struct job_view){0},
                "\"not_followed\":{\"out_of_scope\":3,\"depth_limit\":2,\"page_limit\":1}"));
}

TEST(the_pace_tells_the_end) {
    struct job j = {.state = JOB_RUNNING, .counts = {.total = 40}};
    struct job_view v = {.ran_ms = 4000};

    j.counts.by_outcome[OUTCOME_SUCCEEDED] = 9;
    j.counts.by_outcome[OUTCOME_FAILED] = 1;
    CHECK(shows(&j, &v,
                "\"progress\":0.250,\"urls_per_second\":2.500,\"eta_seconds\":12,"
                "\"poll_after_ms\":10000"));
    v.hosts_ms = 30000; /* one host is slower than all together were so far */
    CHECK(shows(&j, &v, "\"urls_per_second\":2.500,\"eta_seconds\":30,"));
    v = (struct job_view){.hosts_ms = 1500}; /* nothing has ended yet */
    CHECK(shows(&j, &v, "\"urls_per_second\":0,\"eta_seconds\":2,\"poll_after_ms\":1500"));
    v = (struct job_view){0};
    CHECK(shows(&j, &v, "\"eta_seconds\":null,\"poll_after_ms\":1000"));
}

TEST(what_was_settled_in_masses_is_no_pace) {
    struct job j = {.state = JOB_COMPLETED, .counts = {.total = 1000}};
    struct job_view v = {.ran_ms = 1000};

    j.counts.by_outcome[OUTCOME_SUCCEEDED] = 3;
    j.counts.by_outcome[OUTCOME_SKIPPED] = 997;
    CHECK(shows(&j, &v,
                "\"progress\":1,\"urls_per_second\":3,\"eta_seconds\":0,"
                "\"poll_after_ms\":null"));
}

TEST(a_paused_job_has_no_end_in_sight) {
    struct job j = {.state = JOB_PAUSED, .counts = {.total = 4}};
    struct job_view v = {.ran_ms = 1000};

    j.counts.by_outcome[OUTCOME_SUCCEEDED] = 2;
    CHECK(shows(&j, &v, "\"urls_per_second\":2,\"eta_seconds\":null,\"poll_after_ms\":10000"));
    j.state = JOB_CANCELLING;
    CHECK(shows(&j, &v, "\"eta_seconds\":null,\"poll_after_ms\":500"));
}

TEST(an_empty_job_is_done_when_it_is_over) {
    struct job j = {.state = JOB_PAUSED};

    CHECK(shows(&j, &(struct job_view){0}, "\"progress\":0,"));
    j.state = JOB_COMPLETED;
    CHECK(shows(&j, &(struct job_view){0}, "\"progress\":1,"));
}

TEST(the_clock_stands_while_a_job_does) {
    static const struct job_event events[] = {
        {.at = 1000, .state = JOB_QUEUED},    {.at = 2000, .state = JOB_RUNNING},
        {.at = 5000, .state = JOB_PAUSED},    {.at = 9000, .state = JOB_RUNNING},
        {.at = 9500, .state = JOB_COMPLETED}, {.at = 20000, .state = JOB_RUNNING},
        {.at = 19000, .state = JOB_PAUSED}, /* the wall clock was put back */
        {.at = 30000, .state = JOB_RUNNING},  {.at = 31000, .state = JOB_CANCELLING},
        {.at = 32000, .state = JOB_CANCELLED}};
    static const int64_t ran[] = {0, 700, 3000, 3700, 3500, 4200, 3500, 4200, 5200, 5500};
    struct job_clock c = {0};

    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        job_clock_take(&c, &events[i]);
        CHECK_INT(job_clock_read(&c, events[i].at + 700), ran[i]);
    }
    CHECK_INT(job_clock_read(&c, 0), 5500);
    buf_done(&out);
}

TEST_MAIN
