#include "crawler/webhook.h"

#include "tests/test.h"

/* The example of Standard Webhooks' own libraries. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define BODY "{\"test\": 2432232314}"

TEST(signs_as_others_do) {
    OWNED_BUF struct buf b = BUF_INIT(100);

    CHECK_OK(webhook_sign(&b, STR(SECRET), STR(ID), 1614265330, STR(BODY)));
    CHECK_STR(buf_str(&b), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    CHECK_ERR(webhook_sign(&b, STR("MfKQ"), STR(ID), 1, STR(BODY)), ERR_INVALID);
    CHECK_ERR(webhook_sign(&b, STR("whsec_x"), STR(ID), 1, STR(BODY)), ERR_INVALID);
}

TEST(the_head_of_a_message) {
    struct job_options o = {.webhook_secret = (char[]){SECRET},
                            .webhook_headers = (char[]){"Authorization: Bearer x\nX-A: "}};
    static const char *const wanted[] = {
        "Content-Type: application/json",
        ("webhook-id: " ID),
        "webhook-timestamp: 1614265330",
        "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "Authorization: Bearer x",
        "X-A: ",
    };
    struct webhook_head h;

    CHECK_OK(webhook_make_head(&o, STR(ID), 1614265330, STR(BODY), &h));
    CHECK_INT(h.n, 6);
    for (size_t i = 0; i < h.n; i++)
        CHECK_STR(h.lines[i], wanted[i]);
    webhook_head_done(&h);
    o.webhook_secret = o.webhook_headers = NULL;
    CHECK_OK(webhook_make_head(&o, STR(ID), 1, STR(BODY), &h));
    CHECK_INT(h.n, 3);
    webhook_head_done(&h);
}

TEST(waits_longer_each_time) {
    static const int64_t seconds[] = {5, 30, 300, 1800, 7200, 21600, 43200};

    CHECK_INT(webhook_retry_ms(0), -1);
    for (uint32_t i = 0; i < WEBHOOK_RETRIES; i++)
        CHECK_INT(webhook_retry_ms(i + 1), seconds[i] * 1000);
    CHECK_INT(webhook_retry_ms(WEBHOOK_RETRIES + 1), -1);
    CHECK_INT(webhook_retry_ms(UINT32_MAX), -1);
}

static struct attempt judged(uint32_t status, enum code code, int64_t retry_after_ms,
                             uint32_t before) {
    struct attempt a = {.tried_at = 1000000};
    struct fetch_reply reply = {.status = status, .retry_after_ms = retry_after_ms};

    webhook_judge(&a, &reply, code, before, 1);
    return a;
}

TEST(what_an_answer_means) {
    static const struct {
        uint32_t status;
        enum code code, wanted;
        enum attempt_verdict verdict;
    } cases[] = {
        {200, CODE_NONE, CODE_NONE, ATTEMPT_DELIVERED},
        {204, CODE_NONE, CODE_NONE, ATTEMPT_DELIVERED},
        {200, CODE_BODY_TOO_LARGE, CODE_NONE, ATTEMPT_DELIVERED},
        {200, CODE_TIMEOUT, CODE_NONE, ATTEMPT_DELIVERED}, /* of its body */
        {302, CODE_NONE, CODE_HTTP_3XX, ATTEMPT_RETRY},
        {404, CODE_NONE, CODE_HTTP_4XX, ATTEMPT_RETRY},
        {410, CODE_NONE, CODE_HTTP_4XX, ATTEMPT_ENDS},
        {429, CODE_NONE, CODE_RATE_LIMITED, ATTEMPT_RETRY},
        {500, CODE_NONE, CODE_HTTP_5XX, ATTEMPT_RETRY},
        {0, CODE_CONNECT_ERROR, CODE_CONNECT_ERROR, ATTEMPT_RETRY},
        {0, CODE_BLOCKED_ADDRESS, CODE_BLOCKED_ADDRESS, ATTEMPT_RETRY},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct attempt a = judged(cases[i].status, cases[i].code, -1, 0);

        CHECK_INT(a.verdict, cases[i].verdict);
        CHECK_INT(a.code, cases[i].wanted);
        CHECK_INT(a.http_status, cases[i].status);
        CHECK(a.was_made);
    }
}

TEST(when_to_try_again) {
    CHECK_INT(judged(500, CODE_NONE, -1, 0).next_at, 1005000);
    CHECK_INT(judged(500, CODE_NONE, -1, 6).next_at, 1000000 + 43200000);
    CHECK_INT(judged(500, CODE_NONE, -1, 7).verdict, ATTEMPT_FAILED);
    CHECK_INT(judged(503, CODE_NONE, 60000, 0).next_at, 1060000);
    CHECK_INT(judged(503, CODE_NONE, 1000, 1).next_at, 1030000); /* no sooner than usual */
    CHECK_INT(judged(410, CODE_NONE, 1000, 1).next_at, 0);
}

TEST_MAIN
