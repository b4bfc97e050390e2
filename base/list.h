/* list - an intrusive doubly linked list. Nodes live in what they link; the
 * list owns nothing. One thread at a time.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev, *next; /* itself where empty (head) or unlinked (node) */
};

/* The struct that holds the node |p| as its |member|. */
#define CONTAINER_OF(p, type, member)                                                              \
    ((type *)(void *)((char *)(void *)(p) - offsetof(type, member)))

static inline void list_init(struct list *l) {
    l->prev = l->next = l;
}
static inline bool list_empty(const struct list *l) {
    return l->next == l;
}
static inline void list_insert_(struct list *node, struct list *prev, struct list *next) {
    node->prev = prev;
    node->next = next;
    prev->next = next->prev = node;
}
static inline void list_push_back(struct list *head, struct list *node) {
    list_insert_(node, head->prev, head);
}
static inline void list_push_front(struct list *head, struct list *node) {
    list_insert_(node, head, head->next);
}
/* Unlinks; harmless on an unlinked node that was list_init()ed. */
static inline void list_remove(struct list *node) {
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}
/* The first node, unlinked, or NULL. */
static inline struct list *list_pop_front(struct list *head) {
    struct list *first = head->next;

    if (first == head)
        return NULL;
    list_remove(first);
    return first;
}

#endif
