/* crawld url BASE INPUT: prints the resolved URL. */
#include <stdio.h>

#include "crawler/url.h"
#include "server/commands.h"

static int invalid(const char *what, struct str text) {
    (void)fprintf(stderr, "crawld: the %s does not parse: %s\n", what, url_why_invalid(text));
    return 1;
}

int cmd_url(char *const *argv) {
    OWNED_URL struct url base, url;
    struct str base_text, text;
    bool has_base;

    url_init(&base);
    url_init(&url);
    if (!argv[0] || !argv[1] || argv[2]) {
        (void)fprintf(stderr, "crawld: usage: crawld url BASE INPUT (an empty BASE for none)\n");
        return EXIT_USAGE;
    }
    base_text = str_of(argv[0]);
    text = str_of(argv[1]);
    has_base = base_text.len > 0;
    if (has_base && url_parse(&base, base_text, NULL, NULL) != ERR_OK)
        return invalid("base", base_text);
    if (url_parse(&url, text, has_base ? &base : NULL, NULL) != ERR_OK)
        return invalid("URL", text);
    return printf("%.*s\n", (int)url_href(&url).len, url_href(&url).ptr) < 0;
}
