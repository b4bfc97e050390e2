#include "base/heap.h"

#include <stdlib.h>

#include "base/mem.h"

void heap_done(struct heap *h) {
    free(h->nodes);
    *h = (struct heap){0};
}

static void place(struct heap *h, size_t at, struct heap_node *node) {
    h->nodes[at] = node;
    node->at = at + 1;
}

static void move_up(struct heap *h, size_t at, struct heap_node *node) {
    while (at > 0) {
        size_t parent = (at - 1) / 2;

        if (h->nodes[parent]->key <= node->key)
            break;
        place(h, at, h->nodes[parent]);
        at = parent;
    }
    place(h, at, node);
}

static void move_down(struct heap *h, size_t at, struct heap_node *node) {
    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= h->n)
            break;
        if (child + 1 < h->n && h->nodes[child + 1]->key < h->nodes[child]->key)
            child++;
        if (h->nodes[child]->key >= node->key)
            break;
        place(h, at, h->nodes[child]);
        at = child;
    }
    place(h, at, node);
}

/* Settles |node|, whose place is |at| for now, to where its key belongs. */
static void settle(struct heap *h, size_t at, struct heap_node *node) {
    if (at > 0 && h->nodes[(at - 1) / 2]->key > node->key)
        move_up(h, at, node);
    else
        move_down(h, at, node);
}

void heap_put(struct heap *h, struct heap_node *node, int64_t key) {
    node->key = key;
    if (heap_has(node)) {
        settle(h, node->at - 1, node);
        return;
    }
    if (h->n == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 16;
        h->nodes = mem_resize(h->nodes, h->cap, sizeof(struct heap_node *));
    }
    h->n++;
    move_up(h, h->n - 1, node);
}

void heap_remove(struct heap *h, struct heap_node *node) {
    size_t at;
    struct heap_node *last;

    if (!heap_has(node))
        return;
    at = node->at - 1;
    node->at = 0;
    last = h->nodes[--h->n];
    if (last != node)
        settle(h, at, last);
}

struct heap_node *heap_first(const struct heap *h) {
    return h->n ? h->nodes[0] : NULL;
}
