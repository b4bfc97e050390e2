/* heap - a binary min-heap of intrusive nodes, ordered by an int64_t key.
 *
 * Equal keys leave in no particular order. Nodes live in what they order; the
 * heap owns only its array of pointers. One thread at a time.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    int64_t key;
    size_t at; /* place + 1; 0 where it is in no heap */
};

struct heap {
    struct heap_node **nodes;
    size_t n, cap;
};

void heap_done(struct heap *h); /* an all-zero heap is an empty one */

/* Puts |node| in at |key|, or moves it there where it is in already. O(log n) */
void heap_put(struct heap *h, struct heap_node *node, int64_t key);
/* Takes |node| out; nothing happens where it is not in. O(log n) */
void heap_remove(struct heap *h, struct heap_node *node);
/* The node with the least key, left in, or NULL. O(1) */
struct heap_node *heap_first(const struct heap *h);

static inline bool heap_has(const struct heap_node *node) {
    return node->at != 0;
}

#endif
