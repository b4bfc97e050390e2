#include "api/accept.h"

enum { MAX_RANGES = 32, Q_ONE = 1000 };

/* "0.25" in thousandths; what is no weight counts as 1. */
static unsigned weight(struct str s) {
    unsigned q = 0, place = Q_ONE;

    if (!str_starts(s, STR("0")))
        return Q_ONE;
    for (size_t i = 2; i < s.len && i < 5 && ascii_is_digit(s.ptr[i]); i++) {
        place /= 10;
        q += place * (unsigned)(s.ptr[i] - '0');
    }
    return q;
}

/* How narrowly |range| names |type|, or a coding: 3 exactly, 2 "type/" with any subtype, 1 all,
 * 0 not. */
static int match(struct str range, struct str type) {
    if (str_eq_ascii(range, STR("x-gzip"))) /* section 8.4.1.3 */
        range = STR("gzip");
    if (str_eq_ascii(range, type))
        return 3;
    if (str_eq(range, STR("*/*")) || str_eq(range, STR("*")))
        return 1;
    if (str_ends(range, STR("/*")) && str_starts_ascii(type, str_upto(range, range.len - 1)))
        return 2;
    return 0;
}

/* The weight that the narrowest matching range gives |type|. */
static unsigned quality(struct str accept, struct str type) {
    int best = 0;
    unsigned q = 0;

    for (int i = 0; i < MAX_RANGES && accept.len; i++) {
        struct str rest = str_cut(&accept, ',');
        int narrow = match(str_trim(str_cut(&rest, ';')), type);
        unsigned own = Q_ONE;

        while (rest.len) {
            struct str parameter = str_trim(str_cut(&rest, ';'));

            if (str_starts_ascii(parameter, STR("q=")))
                own = weight(str_from(parameter, 2));
        }
        if (narrow > best) {
            best = narrow;
            q = own;
        }
    }
    return q;
}

enum err accept_choose(struct str accept, unsigned formats, enum format *ret_format) {
    unsigned best = 0;

    if (str_trim(accept).len == 0)
        accept = STR("*/*");
    for (int f = 0; f < FORMAT_COUNT; f++) {
        unsigned q = quality(accept, format_type((enum format)f));

        if (q > best && formats >> f & 1) {
            best = q;
            *ret_format = (enum format)f;
        }
    }
    return best ? ERR_OK : ERR_NOT_FOUND;
}

bool accept_coding(struct str accept, enum pack_format *ret_format) {
    unsigned gzip = quality(accept, STR("gzip")), zstd = quality(accept, STR("zstd"));
    unsigned best, identity;

    *ret_format = zstd >= gzip ? PACK_ZSTD : PACK_GZIP;
    best = zstd >= gzip ? zstd : gzip;
    identity = quality(accept, STR("identity"));
    return best > 0 && best >= identity;
}
