#include "server/deadlines.h"

#include <stdatomic.h>
#include <sys/socket.h>

#include "tests/test.h"

static const struct tcp_progress nothing_sent = {0, false};

TEST(each_phase_has_its_time) {
    struct deadline_rule r = {.phase = PHASE_HEADERS, .since_ms = 1000};

    CHECK_INT(deadline_due(&r, 1), 1000 + DEADLINE_HEADERS_MS);
    CHECK_INT(deadline_due(&r, 10), 1000 + DEADLINE_HEADERS_MS / 10);
    r.phase = PHASE_IDLE;
    CHECK_INT(deadline_due(&r, 1), 1000 + DEADLINE_IDLE_MS);
    r.phase = PHASE_WORK;
    CHECK_INT(deadline_due(&r, 1), INT64_MAX);
    r.phase = PHASE_HEADERS;
    CHECK(deadline_is_over(&r, 1000 + DEADLINE_HEADERS_MS, &nothing_sent, 1));
}

TEST(a_body_earns_time_by_its_bytes) {
    struct deadline_rule r = {.phase = PHASE_BODY, .since_ms = 0, .received = 5000000};

    CHECK_INT(deadline_due(&r, 1), DEADLINE_BODY_MS + 5000000);
}

TEST(an_answer_has_to_be_read_at_the_least_rate) {
    struct deadline_rule r = {.phase = PHASE_ANSWER, .since_ms = 0};
    struct tcp_progress slow = {1000, true}, fast = {1000000, true};

    CHECK_INT(deadline_due(&r, 1), 0); /* the first look only measures */
    CHECK(!deadline_is_over(&r, 500, &(struct tcp_progress){500, true}, 1));
    CHECK_INT(deadline_due(&r, 1), 500 + DEADLINE_ANSWER_MS);
    CHECK(!deadline_is_over(&r, 200000, &fast, 1));
    CHECK_INT(deadline_due(&r, 1), 200000 + DEADLINE_ANSWER_MS); /* the next window */
    fast.acked += 1000;
    CHECK(deadline_is_over(&r, 400000, &fast, 1));

    r = (struct deadline_rule){.phase = PHASE_ANSWER, .has_window = true};
    CHECK(deadline_is_over(&r, DEADLINE_ANSWER_MS, &slow, 1));
}

TEST(who_has_taken_all_is_not_late) {
    struct deadline_rule r = {.phase = PHASE_ANSWER, .has_window = true};

    CHECK(!deadline_is_over(&r, DEADLINE_ANSWER_MS, &(struct tcp_progress){10, false}, 1));
}

/* Waits for the end of |fd|'s stream, at most two seconds. */
static bool ends_soon(int fd) {
    struct timeval limit = {2, 0};
    char byte;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return recv(fd, &byte, 1, 0) == 0;
}

static void count_cut(void *arg) {
    atomic_fetch_add((atomic_int *)arg, 1);
}

/* Who is cut finds it counted already. */
TEST(cuts_who_is_late_and_nobody_else) {
    atomic_int n_cut = 0;
    OWNED(deadlines) struct deadlines *all = deadlines_new(500, count_cut, &n_cut); /* 60 ms */
    int late[2], working[2];
    struct deadline *of_late, *of_working;

    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, late) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, working) == 0);
    of_late = deadline_new(all, late[0]);
    of_working = deadline_new(all, working[0]);
    deadline_phase(of_working, PHASE_WORK);
    CHECK(ends_soon(late[1]));
    CHECK(atomic_load(&n_cut) == 1);
    deadline_free(of_late);
    deadline_free(of_working);
    for (int i = 0; i < 2; i++) {
        close(late[i]);
        close(working[i]);
    }
}

TEST_MAIN
