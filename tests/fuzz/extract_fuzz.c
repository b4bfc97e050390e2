/* extract_fuzz - a document: the same links in one piece and in small ones, only valid
 * UTF-8 without controls in what comes out, and URLs that parse to themselves.
 *
 * The first two bytes choose options, the media type and the size of the pieces.
 */
#include "tests/fuzz/extract_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {
    "text/html",
    "text/html; charset=utf-8",
    "text/html; charset=windows-1252",
    "text/html; charset=shift_jis",
    "text/html; charset=gb18030",
    "text/html; charset=big5",
    "text/html; charset=utf-16le",
    "text/html; charset=iso-2022-jp",
    "text/html; charset=euc-jp",
    "text/html; charset=euc-kr",
    "",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct extract_options o;
    struct str type;

    if (size < 2)
        return 0;
    o = options_of(data[0]);
    type = str_of(types[data[1] % (sizeof types / sizeof *types)]);
    check_document(&o, type, STR_NONE, str_at((const char *)data + 2, size - 2), 1 + data[1] / 16);
    return 0;
}
