#include "storage/seeds.h"

#include "storage/radix.h"
#include "tests/test.h"

static enum err add(struct seeds *s, int host, int page) {
    char url[128], key[64];

    (void)snprintf(url, sizeof url, "https://host%d.example/a/path/that/takes/room/%d", host, page);
    (void)snprintf(key, sizeof key, "host%d.example:443", host);
    return seeds_add(s, &(struct seed){.url = str_of(url), .host_key = str_of(key)});
}

/* Are the tasks in order, and how many are they? */
static int read_all(struct seeds *s, bool *ret_in_order) {
    int64_t host = -1, seq = -1;
    struct seedrow row;
    int n = 0;

    *ret_in_order = true;
    while (seeds_next_task(s, &row) == ERR_OK) {
        *ret_in_order = *ret_in_order && (row.host > host || (row.host == host && row.seq > seq)) &&
                        row.host == host_id(row.host_key, 0);
        host = row.host;
        seq = row.seq;
        n++;
    }
    return n;
}

static void check_sizes(int n, int hosts, int repeat_each) {
    OWNED(seeds) struct seeds *s = seeds_new("/tmp");
    struct seeds_counts c;
    bool in_order;

    for (int i = 0; i < n; i++)
        CHECK_OK(add(s, i % hosts, i / repeat_each * hosts));
    CHECK_OK(seeds_settle(s, &c));
    CHECK_INT(c.received, n);
    CHECK_INT(c.accepted + c.duplicates, n);
    CHECK_INT(read_all(s, &in_order), c.accepted);
    CHECK(in_order);
}

TEST(of_any_size) {
    const int sizes[] = {1, 2, 100, 5000, 40000, 150000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_sizes(sizes[i], 97, 1);
}

TEST(all_on_one_host) {
    check_sizes(100000, 1, 1);
}

TEST(most_of_them_repeated) {
    OWNED(seeds) struct seeds *s = seeds_new("/tmp");
    struct seeds_counts c;
    struct seedrow row;
    int n = 0;

    for (int round = 0; round < 50; round++)
        for (int i = 0; i < 2000; i++)
            CHECK_OK(add(s, i % 10, i));
    CHECK_OK(seeds_settle(s, &c));
    CHECK_INT(c.accepted, 2000);
    CHECK_INT(c.duplicates, 98000);
    while (seeds_next_task(s, &row) == ERR_OK) {
        CHECK(row.seq < 2000); /* the first occurrence */
        n++;
    }
    CHECK_INT(n, 2000);
}

TEST(rejects_come_in_the_order_of_the_list) {
    OWNED(seeds) struct seeds *s = seeds_new("/tmp");
    struct seeds_counts c;
    struct seedrow row;
    char input[64];
    int64_t last = -1;
    int n = 0;

    for (int i = 0; i < 60000; i++) {
        struct seed seed = {.code = CODE_INVALID_URL, .input = str_of(input)};

        (void)snprintf(input, sizeof input, "not a URL, whatever one may say: %d", i);
        seed.input = str_of(input);
        CHECK_OK(i % 3 ? seeds_add(s, &seed) : add(s, i % 7, i));
    }
    CHECK_OK(seeds_settle(s, &c));
    CHECK_INT(c.rejected, 40000);
    while (seeds_next_reject(s, &row) == ERR_OK) {
        CHECK(row.seq > last && row.seq % 3 && row.code == CODE_INVALID_URL);
        last = row.seq;
        n++;
    }
    CHECK_INT(n, 40000);
}

TEST(radix_sorts_and_keeps_the_order_of_equals) {
    enum { N = 5000 };
    static struct radix_pair pairs[N], scratch[N];
    uint64_t x = 88172645463325252ULL;

    for (size_t n = 0; n <= N; n += n < 100 ? 7 : 700) {
        for (size_t i = 0; i < n; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            pairs[i] = (struct radix_pair){i % 3 ? x : x % 8, i};
        }
        radix_sort(pairs, n, scratch);
        for (size_t i = 1; i < n; i++)
            CHECK(pairs[i - 1].key < pairs[i].key ||
                  (pairs[i - 1].key == pairs[i].key && pairs[i - 1].value < pairs[i].value));
    }
}

TEST_MAIN
