/* extract_bench - megabytes a second of one core over real pages: tokenise, resolve,
 * de-duplicate. extract_bench PAGE.html.gz...
 *
 * Each page comes in pieces as a transfer brings them; the best of some rounds counts
 * for a page, the median over all pages for the whole.
 */
#include <stdio.h>
#include <time.h>

#include "base/inflate.h"
#include "base/mem.h"
#include "crawler/extract.h"

enum { ROUNDS = 9, PASS_US = 2000, PIECE_BYTES = 16 << 10, PAGE_MAX_BYTES = 64 << 20 };

struct result {
    double mb_per_s, ns_per_link;
};

static int64_t cpu_us(void) {
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

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

static uint32_t extract_once(const struct extract_options *o, struct str html) {
    OWNED(extract)
    struct extract *x = extract_new(o, STR("http://www.example.com/news/page.html"),
                                    STR("text/html; charset=utf-8"));
    struct links links;
    uint32_t n;

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

static struct result measure(const struct extract_options *o, struct str html) {
    double best_us = 1e12;
    uint32_t n = 0;

    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = cpu_us(), now;
        int passes = 0;

        do {
            n = extract_once(o, html);
            passes++;
            now = cpu_us();
        } while (now - start < PASS_US);
        best_us =
            (double)(now - start) / passes < best_us ? (double)(now - start) / passes : best_us;
    }
    return (struct result){(double)html.len / best_us, best_us * 1000 / (n ? n : 1)};
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report(const char *name, const struct extract_options *o, const struct buf *pages,
                   size_t n) {
    double *speed = NEW_N(double, n), *link = NEW_N(double, n);

    for (size_t i = 0; i < n; i++) {
        struct result r = measure(o, buf_str(&pages[i]));

        speed[i] = r.mb_per_s;
        link[i] = r.ns_per_link;
    }
    qsort(speed, n, sizeof *speed, compare);
    qsort(link, n, sizeof *link, compare);
    printf("%-8s median %6.0f MB/s, least %6.0f MB/s; %5.0f ns a link in the median\n", name,
           speed[n / 2], speed[0], link[n / 2]);
    free(speed);
    free(link);
}

int main(int argc, char **argv) {
    size_t n = (size_t)argc - 1;
    struct extract_options o = extract_defaults();
    struct buf *pages = NEW_N(struct buf, n + 1);

    for (size_t i = 0; i < n; i++) {
        buf_init(&pages[i], PAGE_MAX_BYTES);
        if (read_page(argv[i + 1], &pages[i]) != ERR_OK) {
            (void)fprintf(stderr, "cannot read %s\n", argv[i + 1]);
            return 1;
        }
    }
    if (n == 0)
        return 2;
    report("default", &o, pages, n);
    o.text = true;
    report("texts", &o, pages, n);
    o.text = false;
    o.elements = UINT64_MAX;
    report("all", &o, pages, n);
    for (size_t i = 0; i < n; i++)
        buf_done(&pages[i]);
    free(pages);
    return 0;
}
