/* random - the kernel's random numbers. Any thread. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *dst, size_t n); /* ends the process where the kernel has none */
uint64_t random_u64(void);

#endif
