#include "base/heap.h"

#include "tests/test.h"

enum { N = 500 };

static unsigned next_random(unsigned *state) {
    *state = *state * 1103515245U + 12345U;
    return *state >> 8;
}

/* Every node is where its place says, and no child is before its parent. */
static bool is_sound(const struct heap *h) {
    for (size_t i = 0; i < h->n; i++)
        if (h->nodes[i]->at != i + 1 || (i && h->nodes[(i - 1) / 2]->key > h->nodes[i]->key))
            return false;
    return true;
}

TEST(gives_the_least_first) {
    static struct heap_node nodes[N];
    struct heap h = {0};
    unsigned seed = 7;
    int64_t last = INT64_MIN;

    for (int i = 0; i < N; i++)
        heap_put(&h, &nodes[i], (int64_t)next_random(&seed) % 100);
    while (heap_first(&h)) {
        CHECK(heap_first(&h)->key >= last);
        last = heap_first(&h)->key;
        heap_remove(&h, heap_first(&h));
    }
    heap_done(&h);
}

TEST(stays_sound_under_moves_and_removals) {
    static struct heap_node nodes[N];
    struct heap h = {0};
    unsigned seed = 42;

    for (int step = 0; step < 20000; step++) {
        struct heap_node *node = &nodes[next_random(&seed) % N];

        if (next_random(&seed) % 3)
            heap_put(&h, node, (int64_t)next_random(&seed) % 50);
        else
            heap_remove(&h, node);
        CHECK(is_sound(&h));
    }
    heap_done(&h);
}

TEST_MAIN
