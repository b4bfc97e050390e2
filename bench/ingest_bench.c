/* How much CPU a URL of a submitted list takes in the store: sorted, freed of
 * duplicates, durable.
 *
 *   ingest_bench [URLS [HOSTS [FOLDER]]]     default: 10^4 and 10^6, a host for each 5
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/own.h"
#include "bench/measure.h"
#include "storage/store.h"

static long max_rss_kb(void) {
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

enum { URL_ROOM = 128 };

/* A URL of about 63 bytes; hosts come in no order, one URL in a hundred twice. */
static struct seed make_seed(long i, long hosts, char url[URL_ROOM], char key[URL_ROOM]) {
    long n = i % 100 == 99 ? i - 50 : i;
    long host = n * 7919 % hosts;
    int url_len = snprintf(url, URL_ROOM,
                           "https://www.host%06ld.example/articles/2026/some-title-%ld", host, n);
    int key_len = snprintf(key, URL_ROOM, "www.host%06ld.example:443", host);

    return (struct seed){.url = str_at(url, (size_t)url_len),
                         .host_key = str_at(key, (size_t)key_len)};
}

/* What making the URLs alone takes, to be left out. */
static double making_us(long n, long hosts) {
    double start = cpu_us();
    char url[URL_ROOM], key[URL_ROOM];

    for (long i = 0; i < n; i++)
        (void)make_seed(i, hosts, url, key);
    return cpu_us() - start;
}

static void ingest(struct store *s, long n, long hosts) {
    OWNED(ingest) struct ingest *in = NULL;
    OWNED(job) struct job *job = NULL;
    struct submission sub = {0};
    const struct job draft = {.created_at = clock_wall_ms()};
    double making = making_us(n, hosts), start = cpu_us(), added;
    int64_t wall = clock_mono_ms();
    char url[URL_ROOM], key[URL_ROOM];

    check(store_ingest_new(s, &in), "store_ingest_new");
    for (long i = 0; i < n; i++) {
        struct seed seed = make_seed(i, hosts, url, key);

        check(ingest_add(in, &seed), "ingest_add");
    }
    added = cpu_us();
    check(ingest_commit(in, &draft, &job, &sub), "ingest_commit");
    printf("%8ld URLs, %7ld hosts: %.2f us of CPU a URL (%.2f to add), %.2f s in all, %llu twice, "
           "peak %ld MB\n",
           n, hosts, (cpu_us() - start - making) / (double)n, (added - start - making) / (double)n,
           (double)(clock_mono_ms() - wall) / 1000, (unsigned long long)sub.duplicates,
           max_rss_kb() / 1024);
    submission_done(&sub);
}

static void run(const char *folder, long n, long hosts) {
    OWNED(store) struct store *s = NULL;
    OWNED_CHARS char *made = NULL;
    char url[256];
    struct store_options o = {.max_queued_urls = 100000000};

    (void)snprintf(url, sizeof url, "%s/ingest-bench-XXXXXX", folder);
    made = mem_chars(str_of(url));
    if (!mkdtemp(made))
        check(ERR_IO, made);
    (void)snprintf(url, sizeof url, "sqlite:%s/bench.db", made);
    o.url = str_of(url);
    check(store_open(&o, &s, NULL), url);
    ingest(s, n, hosts > 0 ? hosts : 1);
    store_free(TAKE(s));
    (void)snprintf(url, sizeof url, "%s/bench.db", made);
    (void)unlink(url);
    (void)snprintf(url, sizeof url, "%s/bench.db.lock", made);
    (void)unlink(url);
    (void)rmdir(made);
}

int main(int argc, char **argv) {
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    const char *folder = argc > 3 ? argv[3] : "/tmp";

    if (n > 0) {
        run(folder, n, argc > 2 ? strtol(argv[2], NULL, 10) : n / 5);
        return 0;
    }
    run(folder, 10000, 2000);
    run(folder, 1000000, 200000);
    return 0;
}
