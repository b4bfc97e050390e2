/* How much CPU a settled URL takes in the store, beside its links and with them:
 * refill and commit of a whole job in batches of 10,000.
 *
 *   settle_bench [URLS [LINKS [FOLDER]]]     default: 10^4 and 10^6, no links
 *   settle_bench URLS LINKS FOLDER keep      leaves FOLDER/bench.db
 */
#include <stdio.h>

#include "bench/settled.h"

static void settle_in(const char *folder, long n, int n_links, bool indexes) {
    OWNED(store) struct store *s = open_store(folder);
    OWNED(job) struct job *job = make_job(s, n, indexes);
    struct settled took = settle_all(s, job->no, n_links);

    printf("%8ld URLs, %d links each: %.2f us of CPU to commit a page, %.2f to read its task\n", n,
           n_links, took.committing_us / (double)n, took.reading_us / (double)n);
}

static void run(const char *folder, long n, int n_links, bool indexes) {
    char made[200];

    make_folder(folder, made);
    settle_in(made, n, n_links, indexes);
    remove_folder(made);
}

int main(int argc, char **argv) {
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    int n_links = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
    const char *folder = argc > 3 ? argv[3] : "/tmp";

    if (n > 0) {
        (argc > 4 ? settle_in : run)(folder, n, n_links, false);
        return 0;
    }
    run(folder, 10000, n_links, false);
    run(folder, 1000000, n_links, false);
    run(folder, 5000000, n_links, false);
    printf("without, and with an index of the links:\n");
    run(folder, 100000, 20, false);
    run(folder, 100000, 20, true);
    return 0;
}
