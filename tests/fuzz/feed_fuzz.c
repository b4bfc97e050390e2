/* feed_fuzz - a feed, a sitemap, or other XML: as extract_fuzz.
 *
 * The first two bytes choose options, the media type and the size of the pieces.
 */
#include "tests/fuzz/extract_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {
    "text/xml",
    "application/rss+xml; charset=utf-8",
    "application/atom+xml; charset=latin1",
    "application/xml; charset=utf-16be",
    "text/xml; charset=utf-16le",
    "text/xml; charset=shift_jis",
    "text/html",
    "",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct extract_options o;
    struct str type;

    if (size < 2)
        return 0;
    o = options_of(data[0]);
    type = str_of(types[data[1] % (sizeof types / sizeof *types)]);
    check_document(&o, type, STR_NONE, str_at((const char *)data + 2, size - 2), 1 + data[1] / 8);
    return 0;
}
