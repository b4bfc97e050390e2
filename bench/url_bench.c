/* url_bench - nanoseconds a URL, for absolute and for relative links.
 *
 * Each set is parsed again and again into one struct url, as the extractor does;
 * the best of many short rounds counts.
 */
#include <stdio.h>

#include "base/clock.h"
#include "crawler/url.h"

enum { ROUNDS = 300, PASSES = 1000 };

static const char base_text[] = "https://www.example.com/news/2026/11/a-long-title.html?page=2";

static const char *const absolute[] = {
    "https://www.example.com/",
    "https://www.example.com/news/2026/11/22/a-title-of-some-words.html",
    "http://example.org/wiki/Main_Page?action=edit&section=2",
    "https://cdn.example.net/assets/img/logo-128x128.png?v=1a2b3c4d",
    "https://social.example/share?url=https%3A%2F%2Fwww.example.com%2Fnews&text=A%20title",
    "https://shop.example.co.uk:8443/products/category/item-12345#reviews",
};

static const char *const relative[] = {
    "/",
    "/news/2026/11/22/a-title-of-some-words.html",
    "../10/another-title.html",
    "?page=3",
    "#comments",
    "//cdn.example.net/assets/app.css",
    "item/12345/photo.jpg",
};

static const char *const unusual[] = {
    "http://caf\xc3\xa9.example/",   "https://www.example.com/wiki/Z\xc3\xbcrich#Geschichte",
    "/search?q=caf\xc3\xa9 au lait", "\n  https://www.example.com/a b.html  ",
    "http://192.168.0.1:8080/x",
};

static double best_ns(const char *const *texts, size_t n, const struct url *base, struct url *u) {
    int64_t best = INT64_MAX;

    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = clock_mono_us(), took;

        for (int pass = 0; pass < PASSES; pass++)
            for (size_t i = 0; i < n; i++)
                if (url_parse(u, str_of(texts[i]), base, NULL) != ERR_OK)
                    return -1;
        took = clock_mono_us() - start;
        best = took < best ? took : best;
    }
    return (double)best * 1000 / (double)(n * PASSES);
}

#define N_OF(list) (sizeof(list) / sizeof *(list))

int main(void) {
    OWNED_URL struct url base;
    OWNED_URL struct url u;

    url_init(&base);
    url_init(&u);
    if (url_parse(&base, str_of(base_text), NULL, NULL) != ERR_OK)
        return 1;
    printf("absolute %6.1f ns\n", best_ns(absolute, N_OF(absolute), &base, &u));
    printf("relative %6.1f ns\n", best_ns(relative, N_OF(relative), &base, &u));
    printf("unusual  %6.1f ns\n", best_ns(unusual, N_OF(unusual), &base, &u));
    return 0;
}
