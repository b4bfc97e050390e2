/* robots_pattern - the patterns of robots.txt, and the paths that they are held against.
 *
 * Pure. RFC 9309 sections 2.2.2 and 2.2.3. Both sides are brought to one normal form,
 * so that matching compares bytes: %XX of an unreserved character becomes that character,
 * other %XX keep their meaning and get capitals ("%2F" is not "/"), and what may not
 * stand in a URL becomes %XX. "*" and "$" do so too where they mean themselves. Part of
 * robots: no other part includes this.
 */
#ifndef CRAWLER_ROBOTS_PATTERN_H
#define CRAWLER_ROBOTS_PATTERN_H

#include "base/buf.h"

enum { ROBOTS_PATTERN_GROWTH = 3 }; /* at most so many bytes are written for one */

/* Bytes of a text that its owner knows; '*' stands for any run of bytes. */
struct robots_pattern {
    uint32_t at, len;
    bool is_anchored; /* a final '$', which is not among the bytes */
};

/* A value that is no pattern rules nothing: empty, or "admin/" without a "/" in front. */
static inline bool robots_pattern_is(struct str value) {
    return value.len && (value.ptr[0] == '/' || value.ptr[0] == '*');
}
/* Appends what robots_pattern_is. ERR_TOO_BIG where |text| has no room for its growth. */
MUST_USE enum err robots_pattern_put(struct buf *text, struct str value,
                                     struct robots_pattern *ret_pattern);
/* Appends a path with its query, likewise. */
MUST_USE enum err robots_path_put(struct buf *text, struct str path);

static inline struct str robots_pattern_str(const struct robots_pattern *p, struct str text) {
    return str_upto(str_from(text, p->at), p->len);
}
/* What counts for "the most octets", the anchor included. */
static inline uint32_t robots_pattern_octets(const struct robots_pattern *p) {
    return p->len + p->is_anchored;
}

/* Does the pattern |p| in |text| match a |path| in normal form? Linear in both; adds
 * the bytes that were searched to |*work|. */
bool robots_pattern_matches(const struct robots_pattern *p, struct str text, struct str path,
                            size_t *work);

#endif
