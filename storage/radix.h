/* radix - sorts pairs by a 64-bit key, in time that no input can make longer.
 *
 * Pure. Stable: pairs of equal keys stay in their order.
 */
#ifndef STORAGE_RADIX_H
#define STORAGE_RADIX_H

#include <stddef.h>
#include <stdint.h>

struct radix_pair {
    uint64_t key, value;
};

/* |scratch| has room for |n| pairs, too. */
void radix_sort(struct radix_pair *pairs, size_t n, struct radix_pair *scratch);

#endif
