/* extract_bench - megabytes a second of one core over real pages: tokenise, resolve,
 * de-duplicate; beside other readers of HTML, in turn page by page.
 *
 *   extract_bench PAGE.html.gz...
 *   extract_bench hostile        what made-up documents take, one twice as long as the other
 *
 * Each page comes in pieces as a transfer brings them; the best of some rounds counts
 * for a page, the median over all pages for the whole.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/inflate.h"
#include "base/mem.h"
#include "bench/readers.h"
#include "crawler/extract.h"

enum {
    ROUNDS = 9,
    PASS_NS = 2000000,
    BATCH_BYTES = 256 << 10, /* of a page again and again, between two looks at the clock */
    PIECE_BYTES = 16 << 10,
    MAX_BYTES = 1 << 30
};

/* --- readers */

static struct extract_options options;

static size_t extract_links(struct str html) {
    OWNED(extract)
    struct extract *x = extract_new(&options, STR("http://www.example.com/news/page.html"),
                                    STR("text/html; charset=utf-8"));
    struct links links;
    size_t n;

    links_init(&links);
    for (; html.len; html = str_from(html, PIECE_BYTES)) {
        if (extract_feed(x, str_upto(html, PIECE_BYTES)) != ERR_OK)
            exit(1);
    }
    if (extract_finish(x, &links) != ERR_OK)
        exit(1);
    n = links.n;
    links_done(&links);
    return n;
}

static size_t links_with(uint64_t elements, bool text, struct str html) {
    options = extract_defaults();
    options.elements = elements ? elements : options.elements;
    options.text = text;
    return extract_links(html);
}

static size_t default_links(struct str html) {
    return links_with(0, false, html);
}

static size_t links_and_texts(struct str html) {
    return links_with(0, true, html);
}

static size_t all_links(struct str html) {
    return links_with(UINT64_MAX, false, html);
}

static const struct reader {
    const char *name;
    count_links *count;
} readers[] = {
    {"default", default_links}, {"texts", links_and_texts}, {"all", all_links},
#ifdef HAVE_GUMBO
    {"libgumbo", gumbo_links},
#endif
#ifdef HAVE_LIBXML2
    {"libxml2", libxml2_links},
#endif
};

enum { READERS = sizeof readers / sizeof *readers };

/* --- measuring */

static int64_t cpu_ns(void) {
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double best_ns(count_links *count, struct str html, size_t *ret_links) {
    size_t batch = 1 + BATCH_BYTES / (html.len + 1);
    double best = 1e18;

    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = cpu_ns(), now;
        size_t passes = 0;

        do {
            for (size_t i = 0; i < batch; i++)
                *ret_links = count(html);
            passes += batch;
            now = cpu_ns();
        } while (now - start < PASS_NS);
        if ((double)(now - start) / (double)passes < best)
            best = (double)(now - start) / (double)passes;
    }
    return best;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t n) {
    qsort(values, n, sizeof *values, compare);
    return values[n / 2];
}

/* --- real pages */

static enum err keep(void *arg, struct str piece) {
    return buf_put(arg, piece);
}

static enum err read_page(const char *path, struct buf *html) {
    OWNED(inflate) struct inflate *f = inflate_new(INFLATE_GZIP);
    FILE *file = fopen(path, "rb");
    char piece[1 << 16];
    enum err e = f && file ? ERR_OK : ERR_IO;
    size_t n = sizeof piece;

    while (e == ERR_OK && n == sizeof piece) { /* a short piece is the last one */
        n = fread(piece, 1, sizeof piece, file);
        e = inflate_feed(f, str_at(piece, n), keep, html);
    }
    if (file)
        (void)fclose(file);
    return e == ERR_OK ? inflate_finish(f) : e;
}

static int measure_pages(char **paths, size_t n) {
    double *speed[READERS], *link[READERS], first = 0;

    for (size_t r = 0; r < READERS; r++) {
        speed[r] = NEW_N(double, n);
        link[r] = NEW_N(double, n);
    }
    for (size_t i = 0; i < n; i++) {
        OWNED_BUF struct buf page = BUF_INIT(MAX_BYTES);
        size_t links = 0;

        if (read_page(paths[i], &page) != ERR_OK) {
            (void)fprintf(stderr, "cannot read %s\n", paths[i]);
            return 1;
        }
        for (size_t r = 0; r < READERS; r++) {
            double ns = best_ns(readers[r].count, buf_str(&page), &links);

            speed[r][i] = (double)page.len * 1000 / ns;
            link[r][i] = ns / (double)(links ? links : 1);
        }
    }
    for (size_t r = 0; r < READERS; r++) {
        double mb_per_s = median(speed[r], n);

        first = r ? first : mb_per_s;
        printf("%-8s median %6.0f MB/s, least %6.0f MB/s; %6.0f ns a link in the median; "
               "1/%.1f of the first\n",
               readers[r].name, mb_per_s, speed[r][0], median(link[r], n), first / mb_per_s);
        free(speed[r]);
        free(link[r]);
    }
    return 0;
}

/* --- documents that somebody made to hurt */

static void repeat(struct buf *b, const char *text, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (buf_put(b, str_of(text)) != ERR_OK)
            abort();
}

static void nested(struct buf *b, size_t n) {
    repeat(b, "<div><b>", n / 2);
}

static void misnested(struct buf *b, size_t n) {
    repeat(b, "<a><b></a><p></b><table><td>", n / 7);
}

static void unclosed_quote(struct buf *b, size_t n) {
    repeat(b, "<a href=\"", 1);
    repeat(b, "0123456789", n / 10);
}

static void lone_less_than(struct buf *b, size_t n) {
    repeat(b, "<script>", 1);
    repeat(b, "</<!-", n / 5);
}

static void all_different(struct buf *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (buf_printf(b, "<a href=%zx>", i) != ERR_OK)
            abort();
}

static int measure_hostile(void) {
    static const struct {
        const char *name;
        void (*make)(struct buf *b, size_t n);
        size_t n;
    } cases[] = {{"100,000 nested tags", nested, 100000},
                 {"100,000 misnested tags", misnested, 100000},
                 {"an attribute of 10 MB", unclosed_quote, 10 << 20},
                 {"10 MB of what ends no script", lone_less_than, 10 << 20},
                 {"5,000,000 links", all_different, 5000000}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double ms[2];

        for (size_t k = 0; k < 2; k++) {
            OWNED_BUF struct buf html = BUF_INIT(MAX_BYTES);
            int64_t start;

            cases[i].make(&html, cases[i].n << k);
            start = cpu_ns();
            (void)default_links(buf_str(&html));
            ms[k] = (double)(cpu_ns() - start) / 1e6;
        }
        printf("%-30s %8.1f ms, of twice as much %8.1f ms\n", cases[i].name, ms[0], ms[1]);
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "hostile") == 0)
        return measure_hostile();
    return argc > 1 ? measure_pages(argv + 1, (size_t)argc - 1) : 2;
}
