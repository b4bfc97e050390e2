/* glob_fuzz - "PATTERN\nURL": the automaton says the same as a matcher that tries all. */
#include <assert.h>

#include "crawler/glob.h"

enum { SMALL_BYTES = 16 }; /* trying all takes exponential time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool tries_all(struct str p, struct str s) {
    while (str_starts(p, STR("**")))
        p = str_from(p, 1);
    if (p.len == 0)
        return s.len == 0;
    if (p.ptr[0] == '*')
        return tries_all(str_from(p, 1), s) || (s.len > 0 && tries_all(p, str_from(s, 1)));
    if (s.len == 0)
        return false;
    if (p.ptr[0] == '?')
        return tries_all(str_from(p, 1), str_from(s, 1));
    if (p.ptr[0] == '\\')
        p = str_from(p, 1);
    return p.ptr[0] == s.ptr[0] && tries_all(str_from(p, 1), str_from(s, 1));
}

static bool is_plain(struct str pattern) {
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.ptr[i] <= ' ' || pattern.ptr[i] > '~')
            return false;
    return pattern.len <= SMALL_BYTES && pattern.ptr[0] != '/';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct str url = str_at((const char *)data, size), pattern = str_cut(&url, '\n');
    OWNED(glob) struct glob *g = NULL;
    bool matches;

    if (glob_new(pattern, &g) != ERR_OK)
        return 0;
    matches = glob_matches(g, url, url.len / 2);
    if (is_plain(pattern) && url.len <= SMALL_BYTES)
        assert(matches == tries_all(pattern, url));
    return 0;
}
