#include "crawler/trap.h"

#include "crawler/scope.h"

enum {
    ROUNDS = 3,      /* a run of segments so many times in a row */
    MOST_OF_ONE = 4, /* times that one segment may stand in a path */
    ALL_SEGMENTS = SCOPE_MAX_SEGMENTS + 1,
};

struct segments {
    size_t n;
    struct str at[ALL_SEGMENTS];
};

/* Without the empty one behind a slash at the end; stops where there are too many. */
static void split(struct str path, struct segments *ret_segments) {
    ret_segments->n = 0;
    path = str_from(path, 1);
    while (path.len > 0 && ret_segments->n < ALL_SEGMENTS)
        ret_segments->at[ret_segments->n++] = str_cut(&path, '/');
}

/* Dates and tiles of maps say little. An empty one does count. */
static bool is_number(struct str s) {
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_digit(s.ptr[i]))
            return false;
    return s.len > 0;
}

static bool are_numbers(const struct str *segments, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!is_number(segments[i]))
            return false;
    return true;
}

/* Do |len| segments come ROUNDS times in a row somewhere? */
static bool has_rounds(const struct segments *s, size_t len) {
    size_t run = 0;

    for (size_t i = 0; i + len < s->n; i++) {
        run = str_eq(s->at[i], s->at[i + len]) ? run + 1 : 0;
        if (run >= (ROUNDS - 1) * len && !are_numbers(s->at + i + 1, len))
            return true;
    }
    return false;
}

static bool has_one_often(const struct segments *s) {
    for (size_t i = 0; i + MOST_OF_ONE < s->n; i++) {
        int times = 0;

        for (size_t k = i; k < s->n; k++)
            times += str_eq(s->at[i], s->at[k]);
        if (times > MOST_OF_ONE && !is_number(s->at[i]))
            return true;
    }
    return false;
}

static bool repeats_itself(const struct segments *s) {
    for (size_t len = 1; len * ROUNDS <= s->n; len++)
        if (has_rounds(s, len))
            return true;
    return has_one_often(s);
}

static size_t count_parameters(struct str query) {
    size_t n = 0;

    while (query.len > 0)
        n += str_cut(&query, '&').len > 0;
    return n;
}

bool trap_is_likely(const struct url *u) {
    struct segments s;

    if (url_without_fragment(u).len > SCOPE_MAX_URL_BYTES ||
        count_parameters(url_query(u)) > SCOPE_MAX_PARAMETERS)
        return true;
    split(url_path(u), &s);
    return s.n > SCOPE_MAX_SEGMENTS || repeats_itself(&s);
}
