#include "crawler/idna.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "base/utf8.h"
#include "crawler/punycode.h"

enum {
    /* Of a whole domain, mapped, and of a label that becomes punycode, which is
     * quadratic. DNS ends at 253 bytes and 63. */
    MAX_POINTS = 1024,
    MAX_LABEL_POINTS = 256,
    MAX_ONE = 32, /* what one code point can be mapped to: U+FDFA gives 18 */
    SHARP_S = 0xdf,
    CAPITAL_SHARP_S = 0x1e9e,
    FINAL_SIGMA = 0x3c2,
    ZERO_WIDTH_NON_JOINER = 0x200c,
    ZERO_WIDTH_JOINER = 0x200d,
    IDEOGRAPHIC_STOP = 0x3002,
    VIRAMA_CLASS = 9,
    ACE_LEN = 4,
};

struct points {
    uint32_t at[MAX_POINTS];
    size_t n;
};

/* Those that transitional processing would have mapped, and the joiners. */
static bool is_deviation(uint32_t c) {
    return c == SHARP_S || c == FINAL_SIGMA || c == ZERO_WIDTH_NON_JOINER || c == ZERO_WIDTH_JOINER;
}

/* Most letters: no look at the tables of decompositions is needed to map them. */
static bool is_unchanged(uint32_t c) {
    ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
    int tag;

    return is_deviation(c) ||
           (!uc_is_property_changes_when_casefolded(c) && uc_decomposition(c, &tag, parts) < 0 &&
            !uc_is_property_default_ignorable_code_point(c));
}

/* NFKC_Casefold of one code point: UTS 46 section 7 derives its mapping from it. */
static enum err fold(uint32_t c, uint32_t *ret_points, size_t *ret_n) {
    uint32_t once[MAX_ONE], twice[MAX_ONE];
    size_t n_once = MAX_ONE, n_twice = MAX_ONE, n = 0;

    if (u32_casefold(&c, 1, NULL, UNINORM_NFKC, once, &n_once) != once ||
        u32_casefold(once, n_once, NULL, UNINORM_NFKC, twice, &n_twice) != twice)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < n_twice; i++)
        if (!uc_is_property_default_ignorable_code_point(twice[i]))
            ret_points[n++] = twice[i];
    *ret_n = n;
    return ERR_OK;
}

static bool is_stop(uint32_t c) {
    return c == '.' || c == IDEOGRAPHIC_STOP || c == 0xff0e || c == 0xff61;
}

/* Is mapped to nothing by folding, but UTS 46 does not ignore it: bidi controls and tags. */
static bool is_refused_control(uint32_t c) {
    return uc_is_property_bidi_control(c) || (c >= 0xe0000 && c <= 0xe007f);
}

/* What the mapping table of UTS 46 says of |c|. ERR_INVALID: disallowed. */
static enum err map_by_folding(uint32_t c, uint32_t ret_points[MAX_ONE], size_t *ret_n) {
    enum err e;

    if (is_refused_control(c))
        return ERR_INVALID;
    e = fold(c, ret_points, ret_n);
    for (size_t i = 0; e == ERR_OK && i < *ret_n; i++)
        if (is_stop(ret_points[i]))
            return ERR_INVALID;
    return e;
}

static enum err map_one(uint32_t c, uint32_t ret_points[MAX_ONE], size_t *ret_n) {
    uint32_t mapped;

    if (c < 0x80)
        mapped = (uint32_t)ascii_lower((char)c);
    else if (is_stop(c))
        mapped = '.';
    else if (c == CAPITAL_SHARP_S)
        mapped = SHARP_S;
    else if (is_unchanged(c))
        mapped = c;
    else
        return map_by_folding(c, ret_points, ret_n);
    ret_points[0] = mapped;
    *ret_n = 1;
    return ERR_OK;
}

static enum err map_domain(struct str domain, struct points *ret_mapped) {
    uint32_t mapped[MAX_ONE];
    size_t len, n;

    ret_mapped->n = 0;
    for (; domain.len; domain = str_from(domain, len)) {
        enum err e = map_one(utf8_first(domain, &len), mapped, &n);

        if (e != ERR_OK)
            return e;
        if (n > MAX_POINTS - ret_mapped->n)
            return ERR_INVALID;
        memcpy(ret_mapped->at + ret_mapped->n, mapped, n * sizeof *mapped);
        ret_mapped->n += n;
    }
    return ERR_OK;
}

/* Normalisation form C. */
static enum err compose(const struct points *from, struct points *ret_to) {
    uint32_t *result;

    ret_to->n = MAX_POINTS;
    result = u32_normalize(UNINORM_NFC, from->at, from->n, ret_to->at, &ret_to->n);
    if (result == ret_to->at)
        return ERR_OK;
    free(result);
    return result ? ERR_INVALID : ERR_NO_MEMORY;
}

/* Valid in the table: stays as it is, and is no control, space, or unassigned. */
static bool is_valid(uint32_t c) {
    uint32_t mapped[MAX_ONE];
    size_t n;
    uint32_t refused = UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Z;

    if (c < 0x80 || is_deviation(c))
        return c < 'A' || c > 'Z';
    if (uc_is_general_category_withtable(c, refused))
        return false;
    if ((c >= 0x2ff0 && c <= 0x2fff) || c == 0x31ef || c == 0xfffc || c == 0xfffd)
        return false;
    return map_one(c, mapped, &n) == ERR_OK && n == 1 && mapped[0] == c;
}

struct label {
    const uint32_t *at;
    size_t n;
};

/* "xn--", which the standard calls the ASCII compatible encoding prefix. */
static bool is_ace(struct label l) {
    static const uint32_t prefix[ACE_LEN] = {'x', 'n', '-', '-'};

    return l.n >= ACE_LEN && memcmp(l.at, prefix, sizeof prefix) == 0;
}

static bool joins(uint32_t c, int side) {
    int type = uc_joining_type(c);

    return type == UC_JOINING_TYPE_D || type == side;
}

/* RFC 5892, appendix A.1 and A.2. */
static bool joiner_may_stand(struct label l, size_t at) {
    size_t before = at, after = at + 1;

    if (at > 0 && uc_combining_class(l.at[at - 1]) == VIRAMA_CLASS)
        return true;
    if (l.at[at] == ZERO_WIDTH_JOINER)
        return false;
    while (before > 0 && uc_joining_type(l.at[before - 1]) == UC_JOINING_TYPE_T)
        before--;
    while (after < l.n && uc_joining_type(l.at[after]) == UC_JOINING_TYPE_T)
        after++;
    return before > 0 && joins(l.at[before - 1], UC_JOINING_TYPE_L) && after < l.n &&
           joins(l.at[after], UC_JOINING_TYPE_R);
}

/* UTS 46 section 4.1 but for the bidi rule; the label is in form C. */
static bool label_is_valid(struct label l) {
    if (l.n == 0)
        return true;
    if (is_ace(l) || uc_is_general_category_withtable(l.at[0], UC_CATEGORY_MASK_M))
        return false;
    for (size_t i = 0; i < l.n; i++) {
        bool is_joiner = l.at[i] == ZERO_WIDTH_NON_JOINER || l.at[i] == ZERO_WIDTH_JOINER;

        if (!is_valid(l.at[i]) || (is_joiner && !joiner_may_stand(l, i)))
            return false;
    }
    return true;
}

#define BIDI(class) (1U << UC_BIDI_##class)
enum {
    BIDI_RIGHT = BIDI(R) | BIDI(AL),
    BIDI_NEUTRAL = BIDI(ES) | BIDI(CS) | BIDI(ET) | BIDI(ON) | BIDI(BN) | BIDI(NSM),
};

static unsigned bidi_bit(uint32_t c) {
    return 1U << uc_bidi_class(c);
}

/* RFC 5893 section 2. */
static bool label_keeps_bidi_rule(struct label l) {
    unsigned first, last, all = 0;
    size_t end = l.n;

    if (l.n == 0)
        return true;
    while (end > 1 && bidi_bit(l.at[end - 1]) == BIDI(NSM))
        end--;
    first = bidi_bit(l.at[0]);
    last = bidi_bit(l.at[end - 1]);
    for (size_t i = 0; i < l.n; i++)
        all |= bidi_bit(l.at[i]);
    if (first == BIDI(L))
        return !(all & ~(BIDI(L) | BIDI(EN) | BIDI_NEUTRAL)) && (last & (BIDI(L) | BIDI(EN)));
    return (first & BIDI_RIGHT) && !(all & ~(BIDI_RIGHT | BIDI(AN) | BIDI(EN) | BIDI_NEUTRAL)) &&
           (last & (BIDI_RIGHT | BIDI(EN) | BIDI(AN))) &&
           (all & (BIDI(EN) | BIDI(AN))) != (BIDI(EN) | BIDI(AN));
}

static bool is_bidi_domain(const struct points *p) {
    for (size_t i = 0; i < p->n; i++)
        if (bidi_bit(p->at[i]) & (BIDI_RIGHT | BIDI(AN)))
            return true;
    return false;
}

/* The label that starts at |*at|; moves |*at| past its dot. False: no more. */
static bool next_label(const struct points *p, size_t *at, struct label *ret_label) {
    size_t start = *at, end = start;

    if (start > p->n)
        return false;
    while (end < p->n && p->at[end] != '.')
        end++;
    *ret_label = (struct label){p->at + start, end - start};
    *at = end + 1;
    return true;
}

static bool label_is_ascii(struct label l) {
    for (size_t i = 0; i < l.n; i++)
        if (l.at[i] >= 0x80)
            return false;
    return true;
}

static bool is_composed(const struct points *p) {
    struct points composed;

    return compose(p, &composed) == ERR_OK && composed.n == p->n &&
           memcmp(composed.at, p->at, p->n * sizeof *p->at) == 0;
}

/* What stands after "xn--". ERR_INVALID where it is no punycode, all ASCII, or not in form C. */
static enum err decode_ace(struct label l, struct points *ret_decoded) {
    char text[MAX_POINTS];

    if (!label_is_ascii(l))
        return ERR_INVALID;
    for (size_t i = 0; i < l.n; i++)
        text[i] = (char)l.at[i];
    if (punycode_decode(str_at(text, l.n), ret_decoded->at, MAX_POINTS, &ret_decoded->n) != ERR_OK)
        return ERR_INVALID;
    if (label_is_ascii((struct label){ret_decoded->at, ret_decoded->n}))
        return ERR_INVALID;
    return is_composed(ret_decoded) ? ERR_OK : ERR_INVALID;
}

/* The domain with its "xn--" labels decoded: never longer than it was. */
static enum err decode_labels(const struct points *from, struct points *ret_to) {
    struct points decoded;
    struct label l;

    ret_to->n = 0;
    for (size_t at = 0; next_label(from, &at, &l);) {
        if (l.at > from->at)
            ret_to->at[ret_to->n++] = '.';
        if (is_ace(l)) {
            if (decode_ace((struct label){l.at + ACE_LEN, l.n - ACE_LEN}, &decoded) != ERR_OK)
                return ERR_INVALID;
            l = (struct label){decoded.at, decoded.n};
        }
        memcpy(ret_to->at + ret_to->n, l.at, l.n * sizeof *l.at);
        ret_to->n += l.n;
    }
    return ERR_OK;
}

static enum err put_label(struct buf *out, struct label l) {
    enum err e = ERR_OK;

    if (!label_is_ascii(l)) {
        if (l.n > MAX_LABEL_POINTS)
            return ERR_INVALID;
        e = buf_put(out, STR("xn--"));
        return e == ERR_OK ? punycode_put(out, l.at, l.n) : e;
    }
    for (size_t i = 0; i < l.n && e == ERR_OK; i++)
        e = buf_put_char(out, (char)l.at[i]);
    return e;
}

static enum err put_labels(struct buf *out, const struct points *domain) {
    bool is_bidi = is_bidi_domain(domain);
    enum err e = ERR_OK;
    struct label l;

    for (size_t at = 0; e == ERR_OK && next_label(domain, &at, &l);) {
        if (!label_is_valid(l) || (is_bidi && !label_keeps_bidi_rule(l)))
            return ERR_INVALID;
        if (l.at > domain->at)
            e = buf_put_char(out, '.');
        if (e == ERR_OK)
            e = put_label(out, l);
    }
    return e;
}

enum err idna_to_ascii(struct str domain, struct buf *out) {
    struct points mapped, composed;
    enum err e = map_domain(domain, &mapped);

    if (e == ERR_OK)
        e = compose(&mapped, &composed);
    if (e == ERR_OK)
        e = decode_labels(&composed, &mapped);
    return e == ERR_OK ? put_labels(out, &mapped) : e;
}
