/* mem - small fixed allocations. They do not fail: where there is no memory
 * for them the process ends with a message. What remote input can size does
 * not belong here but in struct buf.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "base/str.h"

/* Zeroed memory for |n| items of |size| bytes; free() it. Never NULL. */
void *mem_new(size_t n, size_t size);
/* |p| grown or shrunk to |n| items of |size| bytes (new bytes are not
 * zeroed); free() it. Never NULL. */
void *mem_resize(void *p, size_t n, size_t size);
/* A NUL-terminated copy; free() it. Never NULL. */
char *mem_chars(struct str s);

/* The end of the process: a library has no memory for something small and fixed. */
_Noreturn void mem_die(void);

#define NEW(type) ((type *)mem_new(1, sizeof(type)))
#define NEW_N(type, n) ((type *)mem_new((n), sizeof(type)))

#endif
