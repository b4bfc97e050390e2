/* html_bench - how fast the tokeniser reads real pages, as a reader of links asks
 * for them: a, area, link and base with their URLs.
 *
 *   html_bench [FOLDER]      FOLDER holds *.html.gz; by default those of TEST_DATA
 *
 * Each page is read again and again in chunks as they come from the network; the
 * best of some rounds counts, in CPU time. MB are 10^6 bytes.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crawler/html.h"

enum {
    ROUNDS = 9,
    BYTES_A_ROUND = 4 << 20,
    MAX_PAGE = 64 << 20,
    MAX_PAGES = 1024,
    CHUNK = 64 << 10
};

static uint8_t wants_tag(void *arg, struct str name) {
    (void)arg;
    return str_eq(name, STR("a")) || str_eq(name, STR("area")) || str_eq(name, STR("link")) ||
           str_eq(name, STR("base"));
}

static uint8_t wants_attr(void *arg, uint8_t tag, struct str name) {
    (void)arg;
    (void)tag;
    return str_eq(name, STR("href")) || str_eq(name, STR("rel"));
}

static bool count(void *arg, const struct html_token *t) {
    *(size_t *)arg += t->n_attrs;
    return true;
}

static void read_page(struct str page, size_t *n) {
    struct html_options o = {.token = count,
                             .wants_tag = wants_tag,
                             .wants_attr = wants_attr,
                             .arg = n,
                             .no_end_tags = true};
    OWNED(html) struct html *h = html_new(&o);

    while (page.len) {
        if (html_feed(h, str_upto(page, CHUNK)) != ERR_OK)
            abort();
        page = str_from(page, CHUNK);
    }
    if (html_finish(h) != ERR_OK)
        abort();
}

static int64_t cpu_ns(void) {
    struct timespec t;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
        abort();
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double mb_a_second(struct str page) {
    int passes = 1 + (int)(BYTES_A_ROUND / page.len);
    int64_t best = INT64_MAX;
    size_t n = 0;

    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = cpu_ns(), took;

        for (int pass = 0; pass < passes; pass++)
            read_page(page, &n);
        took = cpu_ns() - start;
        best = took < best ? took : best;
    }
    return (double)page.len * passes * 1000 / (double)(best ? best : 1);
}

static void unpack(const char *folder, const char *name, struct buf *b) {
    char command[4096 + 300];
    char *room;
    size_t n;
    FILE *f;

    (void)snprintf(command, sizeof command, "gzip -dc '%s/%s'", folder, name);
    f = popen(command, "r"); /* NOLINT: a shell is what a bench may have */
    if (!f)
        abort();
    do {
        if (buf_room(b, CHUNK, &room) != ERR_OK)
            abort();
        n = fread(room, 1, CHUNK, f);
        buf_grew(b, n);
    } while (n);
    (void)pclose(f);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static size_t measure_all(const char *folder, double *rates, size_t *ret_bytes) {
    DIR *dir = opendir(folder);
    struct dirent *entry;
    size_t n = 0;

    while (dir && n < MAX_PAGES && (entry = readdir(dir))) {
        OWNED_BUF struct buf page = BUF_INIT(MAX_PAGE);

        if (!str_ends(str_of(entry->d_name), STR(".gz")))
            continue;
        unpack(folder, entry->d_name, &page);
        *ret_bytes += page.len;
        if (page.len)
            rates[n++] = mb_a_second(buf_str(&page));
    }
    if (dir)
        (void)closedir(dir);
    return n;
}

int main(int argc, char **argv) {
    const char *data = getenv("TEST_DATA");
    static double rates[MAX_PAGES];
    char folder[4096];
    size_t bytes = 0, n;

    (void)snprintf(folder, sizeof folder, "%s/pages/html", data ? data : "../shared/data");
    n = measure_all(argc > 1 ? argv[1] : folder, rates, &bytes);
    if (n == 0) {
        printf("skipped: no pages in %s\n", argc > 1 ? argv[1] : folder);
        return 77;
    }
    qsort(rates, n, sizeof *rates, by_value);
    printf("%zu pages, %.1f MB: median %.0f MB/s, slowest %.0f, fastest %.0f\n", n,
           (double)bytes / 1e6, rates[n / 2], rates[0], rates[n - 1]);
    return 0;
}
